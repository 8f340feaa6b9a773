//! The notes about a silence.

use super::diagnosis::Diagnosis;
use super::state::{Bounds, Class};
use crate::cause::Cause;
use std::time::Duration;

/// What is said about a silence: one line, and the next step below it when the cause is told for the first time.
pub fn note(silent: Duration, child: &str, found: &Diagnosis, bounds: &Bounds, first: bool) -> String {
    let bound = match found.class {
        Class::Reported => None,
        Class::Silent => Some(bounds.patience),
        Class::Endless => Some(bounds.kill_after),
    };
    let end = match bound.filter(|bound| *bound > silent) {
        Some(bound) => format!("; it will be ended after {}", rounded(bound)),
        None => String::new(),
    };
    let (what, tag) = (&found.what, found.cause.tag());
    let line = format!(
        "{child} has made no progress for {}: waiting for {what}{end} {tag}",
        rounded(silent)
    );
    match found.cause {
        // There is nothing to mend, or nothing is known.
        Cause::UserProgram | Cause::Unknown => line,
        cause if first => format!("{line}\n  {}", cause.next()),
        _ => line,
    }
}

/// A time as people write it, without fractions of a second where it has whole ones.
pub fn rounded(time: Duration) -> String {
    let time = match time.as_secs() {
        0 => Duration::from_millis(time.as_millis() as u64),
        seconds => Duration::from_secs(seconds),
    };
    humantime::format_duration(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_step_is_told_once_and_the_end_while_it_lies_ahead() {
        let bounds = Bounds {
            report_after: Duration::from_secs(20),
            kill_after: Duration::from_secs(60),
            patience: Duration::from_secs(600),
            deadline: None,
        };
        let found = |cause, class| Diagnosis {
            cause,
            class,
            what: "WHAT".into(),
            leaf: None,
        };
        let stalled = found(Cause::VcsStalled, Class::Silent);
        let lock = found(Cause::CacheLockHeld, Class::Reported);
        let user = found(Cause::UserProgram, Class::Reported);
        let table = [
            (
                &stalled,
                20,
                true,
                "go has made no progress for 20s: waiting for WHAT; it will be ended after 10m [vcs-stalled]\n  \
                 Try `git ls-remote URL` by hand; a module proxy in GOPROXY avoids git.",
            ),
            (
                &stalled,
                40,
                false,
                "go has made no progress for 40s: waiting for WHAT; it will be ended after 10m [vcs-stalled]",
            ),
            (
                &stalled,
                640,
                false,
                "go has made no progress for 10m 40s: waiting for WHAT [vcs-stalled]",
            ),
            (
                &lock,
                40,
                false,
                "go has made no progress for 40s: waiting for WHAT [cache-lock-held]",
            ),
            (
                &user,
                20,
                true,
                "go has made no progress for 20s: waiting for WHAT [user-program]",
            ),
        ];
        for (found, silent, first, want) in table {
            let silent = Duration::from_millis(silent * 1000 + 400);
            assert_eq!(note(silent, "go", found, &bounds, first), want);
        }
    }

    #[test]
    fn times_are_rounded() {
        assert_eq!(rounded(Duration::from_millis(90_900)), "1m 30s");
        assert_eq!(rounded(Duration::from_micros(200_500)), "200ms");
    }
}
