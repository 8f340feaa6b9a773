//! How a run ended, and the one table of exit codes that are ours.

/// The end of a run. The child's end and our own verdict are different variants, so that neither can be
/// taken for the other; only `main` turns this into the end of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// go ended by itself with this status: passed on unchanged.
    Exited(i32),
    /// go was killed by this signal number: reported by dying of the same signal.
    Signaled(i32),
    /// gosteady itself decided.
    Ours(Code),
}

/// Exit codes that gosteady uses when it decides by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Code {
    /// The command did its work.
    Ok = 0,
    /// `check`, `doctor`, `demo` or another command found something.
    Findings = 1,
    /// The command line of a gosteady command is wrong.
    Usage = 2,
    /// A gosteady command could reach none of its upstreams (EX_UNAVAILABLE).
    Unavailable = 69,
    /// A gosteady command failed for a reason inside gosteady (EX_SOFTWARE).
    Internal = 70,
    /// A toolchain install failed for a passing reason; safe to run again (EX_TEMPFAIL).
    TryAgain = 75,
    /// Refused by a pin or a policy that somebody wrote down (EX_CONFIG).
    Refused = 78,
    /// go was ended as hung, whatever status it then showed.
    Hung = 124,
    /// A go was found but could not be run.
    NotRunnable = 126,
    /// No go was found.
    NotFound = 127,
}

impl Outcome {
    /// The status a shell would show in `$?`: `128 + signal` for a death by signal.
    pub fn shell_status(self) -> i32 {
        match self {
            Outcome::Exited(code) => code,
            Outcome::Signaled(signal) => 128 + signal,
            Outcome::Ours(code) => code as i32,
        }
    }

    /// Whether the command succeeded.
    pub fn success(self) -> bool {
        self.shell_status() == 0
    }
}

/// A signal by its name, `SIGHUP`; one without a name by its number.
pub fn signal_name(signal: i32) -> String {
    nix::sys::signal::Signal::try_from(signal).map_or_else(
        |_| format!("signal {signal}"),
        |signal| signal.as_str().to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_by_name() {
        assert_eq!(signal_name(1), "SIGHUP");
        assert_eq!(signal_name(35), "signal 35");
    }

    #[test]
    fn statuses_as_a_shell_shows_them() {
        assert_eq!(Outcome::Exited(3).shell_status(), 3);
        assert_eq!(Outcome::Signaled(15).shell_status(), 143);
        assert_eq!(Outcome::Ours(Code::Hung).shell_status(), 124);
        assert!(Outcome::Exited(0).success());
        assert!(!Outcome::Ours(Code::NotFound).success());
    }
}
