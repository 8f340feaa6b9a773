//! The retry budget: what is asked more than once stays a small part of what is asked.
//!
//! Upstreams that fail are not to be asked several times as much as ones that work. A first attempt at anything is
//! never refused, nor is the rest of a body that gets on: it asks for no byte twice.

use std::cell::Cell;
use std::time::Duration;

/// Extra requests that a run may make whatever its size.
const FREE: u64 = 10;
/// One more for so many requests.
const PER: u64 = 5;

/// How many are the last few.
const LAST: u32 = 3;

/// What a run has asked, and asked again. Pure.
#[derive(Debug, Default)]
pub struct Budget {
    requests: Cell<u64>,
    extra: Cell<u64>,
    told: Cell<bool>,
}

impl Budget {
    /// Counts a first attempt.
    pub fn request(&self) {
        self.requests.set(self.requests.get() + 1);
    }

    /// Takes one extra request. What is not the last hope (nobody waits for it, or another upstream may be asked)
    /// leaves the second half of the budget to what is.
    pub fn take(&self, last_hope: bool) -> bool {
        let allowed = self.allowed() / if last_hope { 1 } else { 2 };
        let left = self.extra.get() < allowed;
        if left {
            self.charge();
        }
        left
    }

    /// Counts an extra request that is made whatever is left.
    pub fn charge(&self) {
        self.extra.set(self.extra.get() + 1);
    }

    /// The wait before an extra request, so that the last few of them are spread over the time that is left.
    pub fn pace(&self, wait: Duration, time: Duration) -> Duration {
        let left = self.allowed().saturating_sub(self.extra.get());
        match u32::try_from(left) {
            Ok(left) if left <= LAST => wait.max(time / (left + 1)),
            _ => wait,
        }
    }

    /// Extra requests made.
    pub fn extra(&self) -> u64 {
        self.extra.get()
    }

    /// Whether it is to be said that the budget is spent: once.
    pub fn tell(&self) -> bool {
        !self.told.replace(true)
    }

    fn allowed(&self) -> u64 {
        FREE + self.requests.get() / PER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_of_the_requests_and_ten() {
        let budget = Budget::default();
        let take = |last| (0..1000).filter(|_| budget.take(last)).count();
        assert_eq!((take(false), take(true), take(true)), (5, 5, 0));
        for _ in 0..50 {
            budget.request();
        }
        assert_eq!((take(false), take(true)), (0, 10));
        budget.charge();
        assert_eq!((budget.extra(), budget.take(true)), (21, false));
        for _ in 0..10 {
            budget.request();
        }
        assert!(budget.take(true), "what was made beyond it is paid back first");
        let seconds = Duration::from_secs;
        assert_eq!(budget.pace(seconds(1), seconds(60)), seconds(60), "none is left");
        for _ in 0..10 {
            budget.request();
        }
        assert_eq!(budget.pace(seconds(1), seconds(60)), seconds(20), "two are left");
        assert_eq!(budget.pace(seconds(8), seconds(9)), seconds(8));
        for _ in 0..10 {
            budget.request();
        }
        assert_eq!(budget.pace(seconds(1), seconds(60)), seconds(1));
        assert!(budget.tell() && !budget.tell());
    }
}
