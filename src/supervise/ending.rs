//! Ending the child and what descends from it, each process by pid and start time.

use super::state::{Ending, Step};
use super::tree::{self, Identity, Tree};
use crate::trace::{Event, Recorder};
use crate::ui;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::time::Duration;

/// Processes on their way out.
#[derive(Debug)]
pub struct Execution {
    steps: Ending,
    why: String,
    child: Pid,
    child_name: String,
    descendants: Vec<(Identity, String)>,
    abandoned: bool,
}

impl Execution {
    /// Begins at `now`; the first [`Execution::tick`] sends TERM.
    pub fn begin(child: Pid, child_name: &str, why: &str, now: Duration) -> Execution {
        Execution {
            steps: Ending::begin(now),
            why: why.to_string(),
            child,
            child_name: child_name.to_string(),
            descendants: Vec::new(),
            abandoned: false,
        }
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
        self.abandoned || (reaped && !self.descendants.iter().any(|(id, _)| tree::alive(*id)))
    }

    fn send(&mut self, signal: Signal, reaped: bool, recorder: &Recorder) {
        if !reaped {
            // Descendants are found while their parents live; those found before are kept.
            for process in Tree::read(self.child).processes {
                let known = self.descendants.iter().any(|(id, _)| *id == process.id);
                if process.id.pid != self.child.as_raw() && !known {
                    self.descendants.push((process.id, process.name));
                }
            }
            self.send_one(signal, self.child, &self.child_name, recorder);
        }
        for (id, name) in &self.descendants {
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
        let child = (!reaped).then_some((self.child.as_raw(), &self.child_name));
        let others = self.descendants.iter().filter(|(id, _)| tree::alive(*id));
        for (pid, name) in child.into_iter().chain(others.map(|(id, name)| (id.pid, name))) {
            ui::note(&format!("{name} (pid {pid}) survived SIGKILL and is left behind"));
        }
    }
}
