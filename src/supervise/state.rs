//! When to speak and when to act: pure decisions on a clock that stands still while the child is stopped.

use std::time::Duration;

/// How long a process has after TERM.
const GRACE: Duration = Duration::from_secs(10);
/// How long a process has to vanish after KILL.
const VANISH: Duration = Duration::from_secs(2);
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

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Say what is waited for; nothing has moved for so long.
    Report {
        /// The length of the silence.
        silent: Duration,
    },
    /// End the child: the user's bound is reached.
    End {
        /// Which bound, in one clause.
        why: String,
    },
}

/// Watches for silence and for the deadline. All times are those of a [`WorkClock`].
#[derive(Debug, Clone)]
pub struct Watch {
    report_after: Duration,
    deadline: Option<Duration>,
    moved: Duration,
    next_report: Duration,
}

impl Watch {
    /// A watch that starts at zero. It reports silence after `report_after`, then after twice that, four times …
    pub fn new(report_after: Duration, deadline: Option<Duration>) -> Watch {
        Watch {
            report_after,
            deadline,
            moved: Duration::ZERO,
            next_report: report_after,
        }
    }

    /// Something moved.
    pub fn progress(&mut self, now: Duration) {
        self.moved = now;
        self.next_report = self.report_after;
    }

    /// For how long nothing has moved.
    pub fn silent(&self, now: Duration) -> Duration {
        now.saturating_sub(self.moved)
    }

    /// What is due at `now`, each thing once.
    pub fn tick(&mut self, now: Duration) -> Option<Action> {
        if let Some(bound) = self.deadline.filter(|bound| now >= *bound) {
            self.deadline = None;
            let why = format!(
                "hang.deadline of {} has passed",
                humantime::format_duration(bound)
            );
            return Some(Action::End { why });
        }
        let silent = self.silent(now);
        if self.report_after.is_zero() || silent < self.next_report {
            return None;
        }
        while self.next_report <= silent {
            self.next_report = self.next_report.saturating_mul(2);
        }
        Some(Action::Report { silent })
    }

    /// Work time until something may be due.
    pub fn due_in(&self, now: Duration) -> Duration {
        let report = if self.report_after.is_zero() {
            Duration::MAX
        } else {
            (self.moved + self.next_report).saturating_sub(now)
        };
        match self.deadline {
            Some(bound) => report.min(bound.saturating_sub(now)),
            None => report,
        }
    }
}

/// A step of ending processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Ask them to end.
    Term,
    /// Make them end.
    Kill,
    /// They survived that: name them and go.
    Abandon,
}

/// Ends processes in three steps: TERM, after 10 s KILL, after 2 s more they are left.
#[derive(Debug, Clone)]
pub struct Ending {
    next: Option<Step>,
    at: Duration,
}

impl Ending {
    /// Begins at `now`; the first step is due at once.
    pub fn begin(now: Duration) -> Ending {
        Ending {
            next: Some(Step::Term),
            at: now,
        }
    }

    /// The step that is due at `now`, each once.
    pub fn tick(&mut self, now: Duration) -> Option<Step> {
        if now < self.at {
            return None;
        }
        let step = self.next?;
        (self.next, self.at) = match step {
            Step::Term => (Some(Step::Kill), now + GRACE),
            Step::Kill => (Some(Step::Abandon), now + VANISH),
            Step::Abandon => (None, now),
        };
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn silence_is_reported_at_doubling_intervals_and_progress_starts_anew() {
        enum In {
            Tick(u64, Option<u64>),
            Move(u64),
        }
        use In::*;
        let table = [
            Tick(19, None),
            Tick(20, Some(20)),
            Tick(21, None),
            Tick(39, None),
            Tick(40, Some(40)),
            Tick(79, None),
            Tick(80, Some(80)),
            Move(81),
            Tick(100, None),
            Tick(101, Some(20)),
            // A late tick reports once, not once for every interval missed.
            Tick(300, Some(219)),
            Tick(301, None),
        ];
        let mut watch = Watch::new(s(20), None);
        for step in table {
            match step {
                Move(at) => watch.progress(s(at)),
                Tick(at, want) => {
                    let want = want.map(|n| Action::Report { silent: s(n) });
                    assert_eq!(watch.tick(s(at)), want, "at {at}");
                }
            }
        }
    }

    #[test]
    fn the_deadline_ends_whatever_moves_and_only_once() {
        let mut watch = Watch::new(s(20), Some(s(90)));
        watch.progress(s(89));
        assert_eq!(watch.tick(s(89)), None);
        assert_eq!(watch.due_in(s(89)), s(1));
        let why = "hang.deadline of 1m 30s has passed".to_string();
        assert_eq!(watch.tick(s(90)), Some(Action::End { why }));
        assert_eq!(watch.tick(s(91)), None);
    }

    #[test]
    fn no_report_after_means_no_reports() {
        let mut watch = Watch::new(Duration::ZERO, None);
        assert_eq!(
            (watch.tick(s(1000)), watch.due_in(s(1000))),
            (None, Duration::MAX)
        );
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

    #[test]
    fn ending_takes_three_steps() {
        let mut ending = Ending::begin(s(5));
        let table = [
            (5, Some(Step::Term)),
            (6, None),
            (14, None),
            (15, Some(Step::Kill)),
            (16, None),
            (17, Some(Step::Abandon)),
            (99, None),
        ];
        for (at, want) in table {
            assert_eq!(ending.tick(s(at)), want, "at {at}");
        }
    }
}
