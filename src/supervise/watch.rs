//! The loop: one poll over signals and streams, on the thread that started the child.

use super::child::{self, Change};
use super::clock::WorkClock;
use super::ending::Execution;
use super::judge::Judge;
use super::relay::{Ours, Relay, Streams};
use super::signals::Signals;
use super::{End, Job, SpawnError, dump, fds, spawn};
use crate::activity::Activity;
use crate::trace::{Event, Recorder};
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
    let mut supervision = Supervision {
        recorder,
        signals,
        relays: streams.relays,
        pid,
        clock: WorkClock::default(),
        judge: Judge::new(job, activity, recorder, pid),
        execution: None,
        end: End::default(),
        ended: None,
        heard: Instant::now(),
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
    recorder: &'a Recorder,
    signals: Signals,
    relays: Vec<Relay<'a>>,
    pid: Pid,
    clock: WorkClock,
    judge: Judge<'a>,
    execution: Option<Execution>,
    end: End,
    // When the child ended; its pid is no longer ours then.
    ended: Option<Instant>,
    // When the child's streams last brought something.
    heard: Instant,
}

impl Supervision<'_> {
    fn step(&mut self) {
        let began = Instant::now();
        let asked = self.timeout();
        self.wait(asked);
        self.take_signals(false);
        self.reap();
        self.clock.advance(asked, began.elapsed());
        if self.ended.is_none()
            && let Some(execution) = self.judge.tick(self.clock.now(), self.execution.is_some())
        {
            if execution.dumps() {
                self.relays.first_mut().map(Relay::keep);
            }
            self.execution = Some(execution);
        }
        self.execute();
    }

    fn execute(&mut self) {
        let (now, ended) = (self.clock.now(), self.ended.is_some());
        let Some(execution) = &mut self.execution else {
            return;
        };
        execution.tick(now, ended, self.recorder);
        if !execution.is_whole() && execution.done(ended) {
            self.judge.leaf_ended(now, &execution.survivors());
            self.execution = None;
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
                self.judge.live().clear();
                heard |= relay.advance(self.recorder);
            } else if relay.holds_tail() && self.heard.elapsed() >= TAIL {
                relay.give_up_tail(self.recorder);
            }
        }
        // A reader who takes his time (`go list | less`) is no hang of go's.
        if heard || self.relays.iter().any(Relay::blocked) {
            self.judge.progress(self.clock.now());
        }
        if heard {
            self.heard = Instant::now();
        }
    }

    fn timeout(&self) -> Duration {
        let mut timeout = LOOK.min(self.judge.due_in(&self.clock));
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
                let ends = arrival.ends().then_some(arrival.signal as i32);
                self.end.dismissed = self.end.dismissed.or(ends);
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
            self.judge.live().clear();
            self.signals.stop_self(signal);
            let _ = kill(self.pid, Signal::SIGCONT);
        }
        self.clock.set_stopped(false);
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
        drained || self.end.dismissed.is_some() || (quiet && !blocked)
    }

    // What came on stderr since QUIT: stacks, or something that is nobody's but the user's.
    fn take_dump(&mut self) {
        let relay = self.relays.first_mut();
        let Some((relay, kept)) = relay.and_then(|r| r.take_kept().map(|kept| (r, kept))) else {
            return;
        };
        match dump::stacks(&kept) {
            Some(stacks) => self.judge.record_stacks(stacks),
            None => relay.give_back(kept, self.recorder),
        }
    }

    fn close(mut self) -> End {
        self.judge.live().clear();
        self.end.hung = self.judge.hung();
        self.end.named = self.judge.named();
        self.end.leaves_ended = self.judge.leaves();
        self.end.ended_by_us = self.judge.sentence().map(str::to_string);
        self.take_dump();
        for relay in self.relays.drain(..) {
            relay.close(self.recorder, &mut self.end);
        }
        self.end
    }
}
