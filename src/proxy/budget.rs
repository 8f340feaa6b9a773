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

/// What is down for less is taken to be down for so long.
const SHORT: Duration = Duration::from_millis(100);

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

    /// The wait before an extra request to what has been down for some time, of the time it is given in all: what is
    /// left of the budget is spread so that each wait is the same part of the time before it. So an outage costs a
    /// certain multiple of its length, whatever that is, and the last request falls into the end of the time.
    pub fn pace(&self, wait: Duration, down: Duration, of: Duration) -> Duration {
        let waits = self.allowed().saturating_sub(self.extra.get()).saturating_add(1);
        let down = down.max(SHORT);
        let growth = of.div_duration_f64(down).max(1.0).powf(1.0 / waits as f64);
        wait.max(down.mul_f64(growth - 1.0))
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
        assert!(budget.tell() && !budget.tell());
    }

    #[test]
    fn what_is_left_of_it_is_spread_over_the_time_by_equal_parts() {
        let seconds = Duration::from_secs;
        let budget = Budget::default();
        let (mut now, mut tries) = (seconds(1), vec![]);
        (0..6).for_each(|_| budget.charge());
        while budget.take(true) {
            now += budget.pace(Duration::ZERO, now, seconds(81));
            tries.push(now.as_secs());
        }
        assert_eq!(tries, [3, 9, 27, 81], "the last one at the end");
        assert_eq!(budget.pace(seconds(1), seconds(90), seconds(60)), seconds(1));
        let first = budget.pace(Duration::ZERO, Duration::ZERO, seconds(60));
        assert!(first > seconds(59) && first < seconds(60), "{first:?}");
    }
}
