//! The recorder: a cheap handle that takes events and never blocks, never fails and never slows the work.
//!
//! Events go through a bounded queue to a thread that alone touches the disk; what the queue has no room for is
//! counted. Nothing is told before [`Recorder::finish`], and then at most one problem.

use super::event::{Event, Record};
use super::file::{self, FileSink};
use super::redact;
use super::writer::{self, Writer};
use crate::outcome::Outcome;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// How long [`Recorder::finish`] waits for the disk.
const FLUSH: Duration = Duration::from_millis(500);

/// Takes events. Clones share one recording.
#[derive(Debug, Clone)]
pub struct Recorder {
    start: Instant,
    sink: Sink,
}

#[derive(Debug, Clone)]
enum Sink {
    Off,
    Memory(Arc<Mutex<Vec<Record>>>),
    File(Arc<ToFile>),
}

#[derive(Debug)]
struct ToFile {
    state: Mutex<State>,
    dropped: Arc<AtomicU64>,
    eventful: AtomicBool,
}

#[derive(Debug)]
enum State {
    /// Nothing happened yet: no thread, no file.
    Idle(Box<FileSink>),
    Running(Writer),
    /// The thread could not be started.
    Failed(String),
    Finished,
}

/// What became of the trace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finished {
    /// The file, where there is one.
    pub path: Option<PathBuf>,
    /// Whether the file is ours to remove: not one that the user named.
    pub removable: bool,
    /// What did not work, for one warning on stderr; one clause.
    pub warning: Option<String>,
}

impl Finished {
    pub(super) fn failed(warning: String) -> Finished {
        Finished {
            warning: Some(warning),
            ..Finished::default()
        }
    }
}

impl Recorder {
    /// Takes events and forgets them.
    pub fn off() -> Recorder {
        Recorder::with(Sink::Off)
    }

    /// Whether events are forgotten.
    pub fn is_off(&self) -> bool {
        matches!(self.sink, Sink::Off)
    }

    /// Keeps events in memory; [`Recorder::records`] reads them back. For tests.
    pub fn memory() -> Recorder {
        Recorder::with(Sink::Memory(Arc::default()))
    }

    /// Writes events to a file; the thread that does so starts with the first of them.
    pub fn to_file(sink: FileSink) -> Recorder {
        Recorder::with(Sink::File(Arc::new(ToFile {
            state: Mutex::new(State::Idle(Box::new(sink))),
            dropped: Arc::default(),
            eventful: AtomicBool::new(false),
        })))
    }

    fn with(sink: Sink) -> Recorder {
        Recorder {
            start: Instant::now(),
            sink,
        }
    }

    /// Notes that something happened now.
    pub fn emit(&self, event: Event) {
        let t = self.elapsed_ms();
        match &self.sink {
            Sink::Off => {}
            Sink::Memory(records) => {
                let event = redact::event(event);
                records
                    .lock()
                    .unwrap_or_else(|e| e.into_inner())
                    .push(Record { t, event });
            }
            Sink::File(file) => file.take(Record { t, event }),
        }
    }

    /// What a [`Recorder::memory`] has taken so far; empty for any other.
    pub fn records(&self) -> Vec<Record> {
        match &self.sink {
            Sink::Memory(records) => records.lock().unwrap_or_else(|e| e.into_inner()).clone(),
            Sink::Off | Sink::File(_) => Vec::new(),
        }
    }

    /// Whether anything but plain success was recorded: a failed attempt, a retry, a wait, an ending, a warning.
    pub fn eventful(&self) -> bool {
        match &self.sink {
            Sink::Off => false,
            Sink::Memory(_) => self.records().iter().any(|record| is_eventful(&record.event)),
            Sink::File(file) => file.eventful.load(Relaxed),
        }
    }

    /// Writes the last record and waits, at most 500 ms, until everything is written. With `keep` false the file is
    /// removed again (unless the user named that very file). Events after it are ignored; a second call does nothing.
    pub fn finish(&self, outcome: Outcome, keep: bool) -> Finished {
        self.finish_within(FLUSH, outcome, keep)
    }

    fn finish_within(&self, bound: Duration, outcome: Outcome, keep: bool) -> Finished {
        let t = self.elapsed_ms();
        let (outcome, code) = match outcome {
            Outcome::Exited(code) => ("exited", code),
            Outcome::Signaled(signal) => ("signaled", signal),
            Outcome::Ours(code) => ("ours", code as i32),
        };
        // The writer puts in what was dropped.
        let end = Event::End {
            outcome: outcome.to_string(),
            code,
            total_ms: t,
            dropped: 0,
        };
        match &self.sink {
            Sink::Off => Finished::default(),
            Sink::Memory(_) => {
                self.emit(end);
                Finished::default()
            }
            Sink::File(file) => file.finish(Record { t, event: end }, keep, bound),
        }
    }

    /// Adds what happened to the finished trace itself, which is then no longer what was sent or shown.
    pub fn add(&self, finished: &Finished, event: Event) {
        let t = self.elapsed_ms();
        if let Some(path) = &finished.path {
            // The trace stands without it.
            let _ = file::append(path, Record { t, event });
        }
    }

    fn elapsed_ms(&self) -> f64 {
        (self.start.elapsed().as_secs_f64() * 1e6).round() / 1e3
    }
}

impl ToFile {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn take(&self, record: Record) {
        if is_eventful(&record.event) {
            self.eventful.store(true, Relaxed);
        }
        let mut state = self.state();
        if let State::Idle(sink) = &*state {
            *state = match writer::start(sink.as_ref().clone(), Arc::clone(&self.dropped)) {
                Ok(writer) => State::Running(writer),
                Err(e) => State::Failed(format!("no trace is written: no thread could be started: {e}")),
            };
        }
        if let State::Running(writer) = &*state
            && !writer.send(record)
        {
            self.dropped.fetch_add(1, Relaxed);
        }
    }

    fn finish(&self, end: Record, keep: bool, bound: Duration) -> Finished {
        // The lock is not held while waiting, so that a late event does not wait either.
        let state = std::mem::replace(&mut *self.state(), State::Finished);
        match state {
            State::Idle(_) | State::Finished => Finished::default(),
            State::Failed(warning) => Finished::failed(warning),
            State::Running(writer) => writer.finish(end, keep, bound),
        }
    }
}

fn is_eventful(event: &Event) -> bool {
    match event {
        Event::Retry { .. }
        | Event::Waiting { .. }
        | Event::Ending { .. }
        | Event::Cause { .. }
        | Event::Evidence { .. }
        | Event::Warning { .. } => true,
        Event::Attempt(attempt) => !matches!(attempt.outcome.as_str(), "ok" | "not-found"),
        _ => false,
    }
}

#[cfg(test)]
#[path = "recorder_tests.rs"]
mod tests;
