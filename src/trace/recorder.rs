//! The recorder: a cheap handle that takes events and never blocks, never fails and never slows the work.

use super::event::{Event, Record};
use std::sync::{Arc, Mutex};
use std::time::Instant;

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
}

impl Recorder {
    /// Takes events and forgets them.
    pub fn off() -> Recorder {
        Recorder {
            start: Instant::now(),
            sink: Sink::Off,
        }
    }

    /// Keeps events in memory; [`Recorder::records`] reads them back. For tests.
    pub fn memory() -> Recorder {
        Recorder {
            start: Instant::now(),
            sink: Sink::Memory(Arc::default()),
        }
    }

    /// Notes that something happened now.
    pub fn emit(&self, event: Event) {
        let t = (self.start.elapsed().as_secs_f64() * 1e6).round() / 1e3;
        match &self.sink {
            Sink::Off => {}
            Sink::Memory(records) => {
                records
                    .lock()
                    .unwrap_or_else(|e| e.into_inner())
                    .push(Record { t, event });
            }
        }
    }

    /// What a [`Recorder::memory`] has taken so far; empty for any other.
    pub fn records(&self) -> Vec<Record> {
        match &self.sink {
            Sink::Memory(records) => records.lock().unwrap_or_else(|e| e.into_inner()).clone(),
            Sink::Off => Vec::new(),
        }
    }
}
