//! A clock that stands still while the child is stopped, and while we are.

use std::time::Duration;

/// How much later than asked a wait may return before we must have been stopped ourselves.
const SLACK: Duration = Duration::from_secs(1);

/// Time in which the child could work. Not counted: while it is stopped, and while we are (Ctrl-Z, SIGSTOP): a
/// wait that came back much later than asked was not a wait.
#[derive(Debug, Clone, Default)]
pub struct WorkClock {
    now: Duration,
    stopped: bool,
}

impl WorkClock {
    /// Time worked so far.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// The child was stopped or continued.
    pub fn set_stopped(&mut self, stopped: bool) {
        self.stopped = stopped;
    }

    /// A wait that was to last at most `asked` has taken `took`.
    pub fn advance(&mut self, asked: Duration, took: Duration) {
        if !self.stopped {
            self.now += took.min(asked + SLACK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn time_spent_stopped_does_not_count() {
        let mut clock = WorkClock::default();
        clock.advance(s(1), s(1));
        clock.set_stopped(true);
        clock.advance(s(1), s(1));
        clock.set_stopped(false);
        clock.advance(s(1), s(3600));
        clock.advance(Duration::MAX.mul_f64(0.5), s(5));
        assert_eq!(clock.now(), s(1 + 2 + 5));
    }
}
