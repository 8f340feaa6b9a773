//! The breaker of one upstream. Pure: the time is given.

use std::time::{Duration, Instant};

/// Failures in a row after which others are preferred.
pub const FAILURES: u32 = 3;
/// For how long, before one request tries again.
pub const REST: Duration = Duration::from_secs(30);

/// Whether an upstream is to be asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is: nothing speaks against it.
    Closed,
    /// Others are preferred.
    Open,
    /// Others are preferred, but for one request that is to find out whether it is well again.
    Due,
}

/// What is known of an upstream's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Breaker {
    /// Failures in a row.
    pub failures: u32,
    /// The last of them.
    pub failed: Option<Instant>,
    /// When a probe is due; set while others are preferred.
    pub rests_until: Option<Instant>,
}

impl Breaker {
    /// It did what it was asked. Returns whether anything is new in that.
    pub fn succeeded(&mut self) -> bool {
        std::mem::take(self) != Breaker::default()
    }

    /// It failed; `at_once` where once is enough.
    pub fn failed(&mut self, at_once: bool, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        if at_once {
            self.failures = self.failures.max(FAILURES);
        }
        self.failed = Some(now);
        if self.failures >= FAILURES {
            self.rests_until = Some(now + REST);
        }
    }

    /// Where it stands.
    pub fn state(&self, now: Instant) -> State {
        match self.rests_until {
            None => State::Closed,
            Some(until) if now < until => State::Open,
            Some(_) => State::Due,
        }
    }

    /// A probe begins: until it has succeeded, everybody else goes on preferring others.
    pub fn probed(&mut self, now: Instant) {
        self.rests_until = Some(now + REST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failures_open_it_and_one_probe_closes_it() {
        let mut breaker = Breaker::default();
        let start = Instant::now();
        breaker.failed(false, start);
        breaker.failed(false, start);
        assert_eq!(breaker.state(start), State::Closed);
        assert!(breaker.succeeded() && !breaker.succeeded());
        for _ in 0..3 {
            breaker.failed(false, start);
        }
        assert_eq!(breaker.state(start), State::Open);
        let later = start + REST;
        assert_eq!(breaker.state(later), State::Due);
        breaker.probed(later);
        assert_eq!(breaker.state(later), State::Open, "everybody else");
        assert_eq!(breaker.state(later + REST), State::Due, "the probe got lost");
        assert!(breaker.succeeded());
        assert_eq!(breaker.state(later), State::Closed);
        breaker.failed(true, later);
        assert_eq!(breaker.state(later), State::Open, "silence is enough");
    }
}
