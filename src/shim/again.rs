//! Whether a command that failed is run again: pure. Only what changes nothing but the module cache may be.

use super::argv::Command;
use super::guard::Report;
use super::verdict;
use crate::cause::Cause;

/// How many times at most.
pub const LIMIT: u32 = 2;

/// Causes that may be gone the next time: a connection that broke, a server or a network that was silent.
const PASSING: &[Cause] = &[
    Cause::ConnectionReset,
    Cause::TruncatedBody,
    Cause::ServerError,
    Cause::DnsNoAnswer,
    Cause::ConnectNoAnswer,
    Cause::VcsStalled,
    Cause::ProxyStalled,
];

/// The passing cause for which this run is worth another. What the proxy met it has retried already; what remains is
/// what go and git met by themselves.
pub fn worth(command: &Command, phase: bool, report: &Report) -> Option<Cause> {
    let failed = report.end.status != Some(0) && (report.end.signal.is_none() || report.end.hung.is_some());
    let own = report.summary.cause.is_none();
    let cause = verdict::of(report).map(|(cause, _)| cause)?;
    let passing = PASSING.contains(&cause);
    (failed && own && passing && (phase || may_be_repeated(command))).then_some(cause)
}

// `-json` prints what failed as well: twice would be wrong.
fn may_be_repeated(command: &Command) -> bool {
    let repeatable = ["mod download", "mod graph", "mod verify", "mod why"];
    repeatable.contains(&command.verb().as_str()) && !command.has("json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::Summary;
    use crate::supervise::End;
    use std::ffi::OsString;

    fn cause(
        line: &str,
        phase: bool,
        status: i32,
        hung: Option<Cause>,
        says: &str,
        met: Option<Cause>,
    ) -> Option<Cause> {
        let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let mut end = End {
            status: Some(status),
            hung,
            ..End::default()
        };
        end.heard.hear(says);
        let report = Report {
            end,
            summary: Summary {
                cause: met.map(|cause| (cause, String::new())),
                ..Summary::default()
            },
            proxied: true,
        };
        worth(&Command::parse(&args), phase, &report)
    }

    #[test]
    fn only_passing_failures_of_what_may_be_repeated() {
        let reset = "\tfatal: unable to access 'https://h/': Recv failure: Connection reset by peer";
        let denied = "\tfatal: Authentication failed for 'https://h/'";
        let (lost, hung) = (Some(Cause::ConnectionReset), Some(Cause::VcsStalled));
        let table = [
            ("mod download", false, 1, None, reset, None, lost),
            ("mod why x", false, 1, None, reset, None, lost),
            ("mod download", false, 1, hung, "", None, hung),
            ("build .", true, 1, hung, "", None, hung),
            ("build .", false, 1, hung, "", None, None),
            ("get x@latest", false, 1, None, reset, None, None),
            ("mod tidy", false, 1, None, reset, None, None),
            ("mod download -json", false, 1, None, reset, None, None),
            ("mod download", false, 0, None, reset, None, None),
            ("mod download", false, 1, None, denied, None, None),
            (
                "mod download",
                false,
                1,
                Some(Cause::GitCredentialPrompt),
                "",
                None,
                None,
            ),
            // The proxy has retried for long.
            ("mod download", false, 1, None, reset, lost, None),
        ];
        for (line, phase, status, hung, says, met, want) in table {
            assert_eq!(
                cause(line, phase, status, hung, says, met),
                want,
                "{line}: {says}"
            );
        }
    }
}
