//! The loop: one poll over signals and streams, on the thread that started the child.

use super::child::{self, Change};
use super::ending::Execution;
use super::progress::Progress;
use super::relay::{Ours, Relay, Streams};
use super::signals::Signals;
use super::state::{Action, Watch, WorkClock};
use super::tree::Tree;
use super::{End, Job, SpawnError, fds, spawn, waiting};
use crate::activity::Activity;
use crate::trace::{Event, Recorder};
use crate::ui::{self, live::Live};
use nix::poll::PollFlags;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::time::{Duration, Instant};

/// The longest wait between two looks at what moved.
const LOOK: Duration = Duration::from_secs(1);
/// How long the beginning of a needle is held back when nothing follows it.
const TAIL: Duration = Duration::from_millis(100);
/// After the child's end: how long a pipe that somebody else keeps open may be silent, …
const QUIET: Duration = Duration::from_millis(500);
/// … and how long it may go on talking.
const EPILOGUE: Duration = Duration::from_secs(5);

/// Runs a job to its end, with output going to `ours`.
pub fn run(job: &Job, activity: &Activity, recorder: &Recorder, ours: Ours<'_>) -> Result<End, SpawnError> {
    let signals = Signals::install().map_err(SpawnError)?;
    let streams = Streams::open(job, ours).map_err(SpawnError)?;
    let pid = spawn::start(job, streams.stdio, &signals).map_err(SpawnError)?;
    drop(streams.theirs);
    recorder.emit(Event::Child {
        pid: pid.as_raw().unsigned_abs(),
        program: job.program.to_string_lossy().into_owned(),
    });
    let name = job.program.file_name().unwrap_or(job.program.as_os_str());
    let mut supervision = Supervision {
        activity,
        recorder,
        signals,
        relays: streams.relays,
        pid,
        name: name.to_string_lossy().into_owned(),
        clock: WorkClock::default(),
        watch: Watch::new(job.report_after, job.deadline),
        progress: Progress::default(),
        live: Live::new(job.progress),
        execution: None,
        end: End::default(),
        ended: None,
        heard: Instant::now(),
        dismissed: false,
    };
    // A failure leaves the signals blocked, which the loop survives: it looks at the child every second.
    let _ = supervision.signals.unblock();
    supervision.take_signals(true);
    while !supervision.finished() {
        supervision.step();
    }
    Ok(supervision.close())
}

struct Supervision<'a> {
    activity: &'a Activity,
    recorder: &'a Recorder,
    signals: Signals,
    relays: Vec<Relay<'a>>,
    pid: Pid,
    name: String,
    clock: WorkClock,
    watch: Watch,
    progress: Progress,
    live: Live,
    execution: Option<Execution>,
    end: End,
    // When the child ended; its pid is no longer ours then.
    ended: Option<Instant>,
    // When the child's streams last brought something.
    heard: Instant,
    // Somebody asked us to end after the child had.
    dismissed: bool,
}

impl Supervision<'_> {
    fn step(&mut self) {
        let began = Instant::now();
        let asked = self.timeout();
        self.wait(asked);
        self.take_signals(false);
        self.reap();
        self.clock.advance(asked, began.elapsed());
        if self.ended.is_none() {
            self.judge();
        }
        if let Some(execution) = &mut self.execution {
            execution.tick(self.clock.now(), self.ended.is_some(), self.recorder);
        }
    }

    fn wait(&mut self, timeout: Duration) {
        let mut wanted = vec![(self.signals.fd(), PollFlags::POLLIN)];
        wanted.extend(self.relays.iter().filter_map(Relay::interest));
        let ready = fds::wait(&wanted, timeout);
        let mut ready = ready.into_iter().skip(1);
        let mut heard = false;
        for relay in self.relays.iter_mut() {
            if relay.interest().is_some() && ready.next().is_some_and(|flags| !flags.is_empty()) {
                // What go prints stands on a line of its own.
                self.live.clear();
                heard |= relay.advance(self.recorder);
            } else if relay.holds_tail() && self.heard.elapsed() >= TAIL {
                relay.give_up_tail(self.recorder);
            }
        }
        if heard {
            self.heard = Instant::now();
            self.watch.progress(self.clock.now());
        }
    }

    fn timeout(&self) -> Duration {
        let mut timeout = LOOK.min(self.watch.due_in(self.clock.now()));
        timeout = timeout.min(self.live.interval().unwrap_or(LOOK));
        if self.relays.iter().any(Relay::holds_tail) || self.execution.is_some() {
            timeout = timeout.min(TAIL);
        }
        if self.ended.is_some() {
            timeout = LOOK.min(QUIET.saturating_sub(self.heard.elapsed())).min(TAIL);
        }
        timeout
    }

    fn take_signals(&mut self, before_child: bool) -> bool {
        let arrivals = self.signals.take();
        for arrival in &arrivals {
            if self.ended.is_some() {
                self.dismissed |= arrival.ends();
            } else if arrival.forward(before_child) {
                let _ = kill(self.pid, arrival.signal);
            }
        }
        arrivals.iter().any(|a| a.signal == Signal::SIGCONT)
    }

    fn reap(&mut self) {
        while self.ended.is_none() {
            match child::look(self.pid) {
                None => return,
                Some(Change::Continued) => self.clock.set_stopped(false),
                Some(Change::Stopped(signal)) => self.stopped(signal),
                Some(Change::Ended(death)) => {
                    (self.end.status, self.end.signal) = (death.status, death.signal);
                    self.ended = Some(Instant::now());
                    self.heard = Instant::now();
                    self.clock.set_stopped(false);
                    self.recorder.emit(death.event());
                }
            }
        }
    }

    // Ctrl-Z stops the whole group: we stop after the child has, as our starter expects of the pid it knows. A stop
    // by SIGSTOP was meant for the child alone.
    fn stopped(&mut self, signal: Option<Signal>) {
        self.clock.set_stopped(true);
        let Some(signal @ (Signal::SIGTSTP | Signal::SIGTTIN | Signal::SIGTTOU)) = signal else {
            return;
        };
        // Who is continued already must not stop now: nobody would continue us again.
        if !self.take_signals(false) {
            self.live.clear();
            self.signals.stop_self(signal);
            let _ = kill(self.pid, Signal::SIGCONT);
        }
        self.clock.set_stopped(false);
    }

    fn judge(&mut self) {
        let now = self.clock.now();
        let silent = self.watch.silent(now);
        let snapshot = self.activity.snapshot();
        if let Some(beat) = self.live.tick(&snapshot, now) {
            ui::note(&beat);
        }
        if self.progress.of_requests(&snapshot) || self.progress.of_processes(self.pid, now, silent) {
            self.watch.progress(now);
        }
        match self.watch.tick(now) {
            Some(Action::Report { silent }) => {
                let what = self.what();
                self.live.clear();
                ui::note(&waiting::note(silent, &what, &self.name));
                self.recorder.emit(Event::Waiting {
                    what,
                    for_ms: silent.as_secs_f64() * 1e3,
                });
            }
            Some(Action::End { why }) => {
                let why = format!("{why} while waiting for {}", self.what());
                self.live.clear();
                ui::note(&format!("ending {}: {why}", self.name));
                self.execution = Some(Execution::begin(self.pid, &self.name, &why, now));
                self.end.ended_by_us = Some(why);
            }
            None => {}
        }
    }

    fn what(&self) -> String {
        waiting::what(
            &self.activity.snapshot().flights,
            &Tree::read(self.pid),
            &self.name,
        )
    }

    fn finished(&self) -> bool {
        if let Some(execution) = &self.execution
            && !execution.done(self.ended.is_some())
        {
            return false;
        }
        let Some(ended) = self.ended else {
            // Nothing more can be done about one that survived KILL.
            return self.execution.is_some();
        };
        // Output that our own side is slow to take is never cut short; a pipe held open by an orphan is.
        let blocked = self.relays.iter().any(Relay::blocked);
        let quiet = self.heard.elapsed() >= QUIET || ended.elapsed() >= EPILOGUE;
        let drained = self.relays.iter().all(|r| r.interest().is_none());
        drained || self.dismissed || (quiet && !blocked)
    }

    fn close(mut self) -> End {
        self.live.clear();
        for relay in self.relays.drain(..) {
            self.end
                .held
                .extend(relay.close(self.recorder, &mut self.end.heard));
        }
        self.end
    }
}
