//! Why a guarded command failed, and the lines that say so below go's own.

use super::guard::Report;
use crate::cause::Cause;

/// The cause of a failure and whom it concerns, from what the proxy met and what go said. Of what was ended as hung the
/// evidence tells, and has been told.
pub fn of(report: &Report) -> Option<(Cause, String)> {
    if report.end.ended_by_us.is_some() || report.end.leaves_ended > 0 {
        return None;
    }
    report.end.heard.verdict(report.summary.cause.clone())
}

/// The last lines on stderr: the cause with the next step, then where to read more. `trace` is the command that shows
/// the trace, where there is one that matters.
pub fn lines(blame: Option<&(Cause, String)>, trace: Option<&str>) -> Vec<String> {
    // That there is no such module is an answer, in go's own words; only the trace explains it.
    match (blame.filter(|(cause, _)| *cause != Cause::NotFound), trace) {
        (Some((cause, whom)), trace) => {
            let more = match trace {
                Some(trace) => format!("more: {}; {trace}", cause.more()),
                None => format!("more: {}", cause.more()),
            };
            vec![format!("{} {}", cause.tag(), cause.next_at(whom)), more]
        }
        (None, Some(trace)) => vec![format!("what happened: {trace}")],
        (None, None) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_at_the_end() {
        let down = (Cause::DnsNoAnswer, "https://m.example".to_owned());
        let trace = Some("gosteady trace show");
        for (blame, trace, wanted) in [
            (None, None, vec![]),
            (None, trace, vec!["what happened: gosteady trace show"]),
            (Some((Cause::NotFound, String::new())), None, vec![]),
            (
                Some(down),
                trace,
                vec![
                    "[dns-no-answer] Run `getent hosts m.example`; if it hangs too, mend /etc/resolv.conf, the VPN or \
                     the container's network.",
                    "more: gosteady explain dns-no-answer; gosteady trace show",
                ],
            ),
        ] {
            assert_eq!(lines(blame.as_ref(), trace), wanted);
        }
    }
}
