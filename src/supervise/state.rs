//! When to speak and when to act: pure decisions of events and time.

use std::time::Duration;

/// How long a process has after TERM.
const GRACE: Duration = Duration::from_secs(10);
/// How long a process has to vanish after KILL.
const VANISH: Duration = Duration::from_secs(2);
/// The bounds of a silence; zero switches one off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Say what is waited for.
    pub report_after: Duration,
    /// End what provably cannot end.
    pub kill_after: Duration,
    /// End what says nothing, and is no program of the user's and no lock.
    pub patience: Duration,
    /// The user's own bound for the whole command, silent or not.
    pub deadline: Option<Duration>,
}

/// What may be done about the thing that is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It may end by itself or is not ours to judge: it is named, never ended.
    Reported,
    /// It is silent and may stay so: ended after `patience`.
    Silent,
    /// It provably cannot end: ended after `hang.kill-after`.
    Endless,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Find out what is waited for, and then ask [`Bounds::decide`].
    Look {
        /// The length of the silence.
        silent: Duration,
        /// Whether a report is due, whatever is found.
        report: bool,
    },
    /// The user's own bound is reached, silence or not.
    Deadline(Duration),
}

/// What is to be done about a silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing yet.
    Wait,
    /// Say what is waited for.
    Report,
    /// End it, for this reason (one clause).
    End(String),
}

impl Bounds {
    /// What a silence of this length deserves, given what is waited for.
    pub fn decide(&self, class: Class, silent: Duration, report: bool) -> Decision {
        let patience = ("patience", self.patience);
        let bound = match class {
            Class::Reported => None,
            Class::Silent => Some(patience),
            Class::Endless if self.kill_after.is_zero() => Some(patience),
            Class::Endless => Some(("hang.kill-after", self.kill_after)),
        };
        match bound {
            Some((name, bound)) if !bound.is_zero() && silent >= bound => Decision::End(format!(
                "{name} of {} has passed",
                humantime::format_duration(bound)
            )),
            _ if report => Decision::Report,
            _ => Decision::Wait,
        }
    }
}

/// The longest time between two reports of one silence.
const REPORT_AT_LEAST_EVERY: Duration = Duration::from_secs(600);

/// Watches for silence and for the deadline. All times are those of a [`WorkClock`](super::clock::WorkClock).
#[derive(Debug, Clone)]
pub struct Watch {
    bounds: Bounds,
    deadline: Option<Duration>,
    moved: Duration,
    // Lengths of the silence at which something is due; `None`: nothing more in this silence.
    next_report: Option<Duration>,
    next_bounds: [Option<Duration>; 2],
}

impl Watch {
    /// A watch that starts at zero. It reports silence after `report_after`, then after twice that, four times …,
    /// and at least every ten minutes.
    pub fn new(bounds: Bounds) -> Watch {
        let mut watch = Watch {
            bounds,
            deadline: bounds.deadline,
            moved: Duration::ZERO,
            next_report: None,
            next_bounds: [None; 2],
        };
        watch.progress(Duration::ZERO);
        watch
    }

    /// The bounds it keeps.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Something moved.
    pub fn progress(&mut self, now: Duration) {
        let on = |bound: Duration| Some(bound).filter(|b| !b.is_zero());
        self.moved = now;
        self.next_report = on(self.bounds.report_after);
        self.next_bounds = [on(self.bounds.kill_after), on(self.bounds.patience)];
    }

    /// For how long nothing has moved.
    pub fn silent(&self, now: Duration) -> Duration {
        now.saturating_sub(self.moved)
    }

    /// What is due at `now`, each thing once.
    pub fn tick(&mut self, now: Duration) -> Option<Due> {
        if let Some(bound) = self.deadline.filter(|bound| now >= *bound) {
            self.deadline = None;
            return Some(Due::Deadline(bound));
        }
        let silent = self.silent(now);
        let mut report = false;
        while let Some(next) = self.next_report.filter(|next| *next <= silent) {
            report = true;
            let step = next.min(REPORT_AT_LEAST_EVERY.max(self.bounds.report_after));
            self.next_report = next.checked_add(step);
        }
        let mut look = report;
        for bound in &mut self.next_bounds {
            look |= bound.take_if(|b| *b <= silent).is_some();
        }
        look.then_some(Due::Look { silent, report })
    }

    /// Work time until something may be due.
    pub fn due_in(&self, now: Duration) -> Duration {
        let silences = self.next_bounds.iter().chain([&self.next_report]).flatten();
        let times = silences.map(|silent| self.moved.saturating_add(*silent));
        let next = times.chain(self.deadline).min();
        next.map_or(Duration::MAX, |next| next.saturating_sub(now))
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

    fn bounds(report: u64, kill: u64, patience: u64) -> Bounds {
        Bounds {
            report_after: s(report),
            kill_after: s(kill),
            patience: s(patience),
            deadline: None,
        }
    }

    #[test]
    fn silence_is_looked_at_when_a_report_or_a_bound_is_due() {
        enum In {
            Tick(u64, Option<(u64, bool)>),
            Move(u64),
        }
        use In::*;
        let table = [
            Tick(19, None),
            Tick(20, Some((20, true))),
            Tick(21, None),
            Tick(39, None),
            Tick(40, Some((40, true))),
            // hang.kill-after
            Tick(60, Some((60, false))),
            Tick(79, None),
            Tick(80, Some((80, true))),
            Move(81),
            Tick(100, None),
            Tick(101, Some((20, true))),
            // A late tick is one look, not one for every interval missed.
            Tick(300, Some((219, true))),
            Tick(301, None),
            Tick(401, Some((320, true))),
            // patience, and a report at least every ten minutes
            Tick(681, Some((600, false))),
            Tick(721, Some((640, true))),
            Tick(1320, None),
            Tick(1321, Some((1240, true))),
            Tick(1921, Some((1840, true))),
        ];
        let mut watch = Watch::new(bounds(20, 60, 600));
        for step in table {
            match step {
                Move(at) => watch.progress(s(at)),
                Tick(at, want) => {
                    let want = want.map(|(silent, report)| Due::Look {
                        silent: s(silent),
                        report,
                    });
                    assert_eq!(watch.tick(s(at)), want, "at {at}");
                }
            }
        }
    }

    #[test]
    fn only_what_may_be_ended_is_ended_and_at_its_own_bound() {
        use Class::*;
        let end = |why: &str| Decision::End(why.to_string());
        let kill = || end("hang.kill-after of 1m has passed");
        let patience = || end("patience of 10m has passed");
        let usual = bounds(20, 60, 600);
        let table = [
            (usual, Reported, 20, true, Decision::Report),
            (usual, Reported, 60, false, Decision::Wait),
            (usual, Reported, 100_000, true, Decision::Report),
            (usual, Silent, 20, true, Decision::Report),
            (usual, Silent, 60, false, Decision::Wait),
            (usual, Silent, 599, true, Decision::Report),
            (usual, Silent, 600, false, patience()),
            (usual, Endless, 59, true, Decision::Report),
            (usual, Endless, 60, false, kill()),
            (bounds(20, 0, 600), Endless, 60, false, Decision::Wait),
            (bounds(20, 0, 600), Endless, 600, false, patience()),
            (bounds(20, 0, 0), Endless, 6000, true, Decision::Report),
            (bounds(20, 60, 0), Silent, 6000, true, Decision::Report),
        ];
        for (bounds, class, silent, report, want) in table {
            assert_eq!(
                bounds.decide(class, s(silent), report),
                want,
                "{class:?} after {silent}"
            );
        }
    }

    #[test]
    fn the_deadline_ends_whatever_moves_and_only_once() {
        let mut watch = Watch::new(Bounds {
            deadline: Some(s(90)),
            ..bounds(20, 60, 600)
        });
        watch.progress(s(89));
        assert_eq!(watch.tick(s(89)), None);
        assert_eq!(watch.due_in(s(89)), s(1));
        assert_eq!(watch.tick(s(90)), Some(Due::Deadline(s(90))));
        assert_eq!(watch.tick(s(91)), None);
    }

    #[test]
    fn zero_switches_a_bound_off() {
        let mut watch = Watch::new(bounds(0, 0, 0));
        assert_eq!(
            (watch.tick(s(1000)), watch.due_in(s(1000))),
            (None, Duration::MAX)
        );
        let mut watch = Watch::new(bounds(0, 0, 600));
        assert_eq!(watch.due_in(s(0)), s(600));
        let look = Due::Look {
            silent: s(700),
            report: false,
        };
        assert_eq!(watch.tick(s(700)), Some(look));
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
