//! Ending processes: a stuck leaf alone, or the child and what descends from it. Each by pid and start time.

use super::state::{Ending, Step};
use super::tree::{self, Identity, Tree};
use crate::trace::{Event, Recorder};
use crate::ui;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::time::Duration;

/// Processes on their way out.
#[derive(Debug)]
pub struct Execution {
    steps: Ending,
    why: String,
    // None: only the others are to end.
    child: Option<Child>,
    others: Vec<(Identity, String)>,
    abandoned: bool,
}

#[derive(Debug)]
struct Child {
    pid: Pid,
    name: String,
    first: Signal,
}

impl Execution {
    /// Of the child and all below it, from `now` on. `dumps`: the child is a Go program, whose first signal is QUIT
    /// in place of TERM, because it answers that with the stacks of its goroutines.
    pub fn whole(child: Pid, name: &str, dumps: bool, why: &str, now: Duration) -> Execution {
        let first = if dumps { Signal::SIGQUIT } else { Signal::SIGTERM };
        Execution {
            child: Some(Child {
                pid: child,
                name: name.to_string(),
                first,
            }),
            ..Execution::begin(why, now)
        }
    }

    /// Of one descendant, from `now` on.
    pub fn leaf(leaf: Identity, name: &str, why: &str, now: Duration) -> Execution {
        Execution {
            others: vec![(leaf, name.to_string())],
            ..Execution::begin(why, now)
        }
    }

    fn begin(why: &str, now: Duration) -> Execution {
        Execution {
            steps: Ending::begin(now),
            why: why.to_string(),
            child: None,
            others: Vec::new(),
            abandoned: false,
        }
    }

    /// Whether the child itself is to end.
    pub fn is_whole(&self) -> bool {
        self.child.is_some()
    }

    /// Whether the child will answer with the stacks of its goroutines.
    pub fn dumps(&self) -> bool {
        self.child.as_ref().is_some_and(|c| c.first == Signal::SIGQUIT)
    }

    /// Those of the others that still run.
    pub fn survivors(&self) -> Vec<Identity> {
        let alive = |(id, _): &(Identity, String)| tree::alive(*id).then_some(*id);
        self.others.iter().filter_map(alive).collect()
    }

    /// Does what is due. `reaped`: the child's pid may by now be somebody else's.
    pub fn tick(&mut self, now: Duration, reaped: bool, recorder: &Recorder) {
        match self.steps.tick(now) {
            Some(Step::Term) => self.send(Signal::SIGTERM, reaped, recorder),
            Some(Step::Kill) => self.send(Signal::SIGKILL, reaped, recorder),
            Some(Step::Abandon) => self.abandon(reaped),
            None => {}
        }
    }

    /// Whether nothing is left to wait for.
    pub fn done(&self, reaped: bool) -> bool {
        let child = reaped || self.child.is_none();
        self.abandoned || (child && !self.others.iter().any(|(id, _)| tree::alive(*id)))
    }

    fn send(&mut self, signal: Signal, reaped: bool, recorder: &Recorder) {
        if let Some(child) = self.child.as_ref().filter(|_| !reaped) {
            // Descendants are found while their parents live; those found before are kept.
            let known: BTreeSet<Identity> = self.others.iter().map(|(id, _)| *id).collect();
            for process in Tree::read(child.pid, &known).processes {
                if process.id.pid != child.pid.as_raw() && !known.contains(&process.id) {
                    self.others.push((process.id, process.name));
                }
            }
            let signal = if signal == Signal::SIGTERM {
                child.first
            } else {
                signal
            };
            self.send_one(signal, child.pid, &child.name, recorder);
        }
        for (id, name) in &self.others {
            if tree::alive(*id) {
                self.send_one(signal, Pid::from_raw(id.pid), name, recorder);
            }
        }
    }

    fn send_one(&self, signal: Signal, pid: Pid, name: &str, recorder: &Recorder) {
        recorder.emit(Event::Ending {
            target: name.to_string(),
            pid: pid.as_raw().unsigned_abs(),
            signal: signal.as_str().trim_start_matches("SIG").to_string(),
            why: self.why.clone(),
        });
        let _ = kill(pid, signal);
        // A stopped process sees TERM only once it is continued.
        let _ = kill(pid, Signal::SIGCONT);
    }

    fn abandon(&mut self, reaped: bool) {
        self.abandoned = true;
        let child = self.child.as_ref().filter(|_| !reaped);
        let child = child.map(|c| (c.pid.as_raw(), &c.name));
        let others = self.others.iter().filter(|(id, _)| tree::alive(*id));
        for (pid, name) in child.into_iter().chain(others.map(|(id, name)| (id.pid, name))) {
            ui::note(&format!("{name} (pid {pid}) survived SIGKILL and is left behind"));
        }
    }
}
