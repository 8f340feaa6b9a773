//! Why a guarded command failed, and the lines that say so below go's own.

use super::guard::Report;
use crate::cause::Cause;

/// Silences that explain why go then found no way to a repository.
const NO_WAY: [Cause; 5] = [
    Cause::DnsNoAnswer,
    Cause::ConnectNoAnswer,
    Cause::SshHostKey,
    Cause::SshPassphrase,
    Cause::GitCredentialPrompt,
];

/// The cause of a failure and whom it concerns, from what the proxy met and what go said. Of what was ended as hung the
/// evidence tells, and has been told.
pub fn of(report: &Report) -> Option<(Cause, String)> {
    // What was ended for hanging is the cause of whatever go then says of it; for a program that nobody judges it says
    // nothing.
    let judged = |cause: &Cause| !matches!(cause, Cause::Unknown | Cause::UserProgram);
    if let Some(cause) = report.end.hung.filter(judged) {
        return Some((cause, String::new()));
    }
    if report.end.ended_by_us.is_some() || report.end.leaves_ended > 0 {
        return None;
    }
    if let Some(named) = report.end.named.filter(|cause| NO_WAY.contains(cause))
        && report.end.heard.is_guess()
    {
        return Some((named, String::new()));
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
    use crate::proxy::Summary;
    use crate::supervise::End;

    #[test]
    fn what_was_seen_knows_better_than_a_guess() {
        let (no_way, denied) = (
            "go: m: no secure protocol found for repository",
            "\tfatal: Authentication failed for 'https://h/'",
        );
        let auth = Some(Cause::GitAuthFailed);
        for (named, says, wanted) in [
            (None, no_way, auth),
            (Some(Cause::DnsNoAnswer), no_way, Some(Cause::DnsNoAnswer)),
            (Some(Cause::SshHostKey), no_way, Some(Cause::SshHostKey)),
            (Some(Cause::DnsNoAnswer), denied, auth),
            // A slow server may well have refused the login in the end.
            (Some(Cause::VcsStalled), no_way, auth),
        ] {
            let mut end = End {
                named,
                ..End::default()
            };
            end.heard.hear(says);
            let report = Report {
                end,
                summary: Summary::default(),
                proxied: false,
            };
            assert_eq!(of(&report).map(|(cause, _)| cause), wanted, "{named:?}: {says}");
        }
    }

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
