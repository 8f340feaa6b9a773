//! The thread behind a recorder: takes records from the queue and writes them.

use super::event::{Event, Record};
use super::file::FileSink;
use super::recorder::Finished;
use nix::sys::signal::{SigSet, SigmaskHow};
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::Thread;
use std::time::Duration;

/// Records that may wait for the disk.
const QUEUE: usize = 4096;

/// How long the first record of many waits for company: a writer that woke for each would take a processor from go
/// hundreds of times a second.
const NAP: Duration = Duration::from_millis(20);

/// How the recording is to end: its last record, and whether the file is kept.
type Closing = Arc<Mutex<Option<(Record, bool)>>>;

/// A running writer.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Sender<Record>,
    waiting: Arc<AtomicUsize>,
    closing: Closing,
    done: Receiver<Finished>,
    thread: Thread,
}

/// Starts the thread. No signal is delivered to it: they are the main thread's.
pub(super) fn start(sink: FileSink, dropped: Arc<AtomicU64>) -> io::Result<Writer> {
    // Bounded by a count: a bounded channel of std takes and clears all its room, over a megabyte, when it is made.
    let (queue, records) = channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    let taken = Arc::clone(&waiting);
    let (report, done) = channel();
    let closing = Closing::default();
    let at_end = Arc::clone(&closing);
    // A thread inherits the mask; blocking inside it would leave a moment without.
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK).ok();
    let thread = std::thread::Builder::new().name("trace".into()).spawn(move || {
        let _ = report.send(write(sink, &records, &taken, &at_end, &dropped));
    });
    if let Some(mask) = before {
        let _ = mask.thread_set_mask();
    }
    // The thread is never joined: `finish` waits for its report with a bound.
    let thread = thread?.thread().clone();
    Ok(Writer {
        queue,
        waiting,
        closing,
        done,
        thread,
    })
}

impl Writer {
    /// Queues a record; false where the queue is full.
    pub fn send(&self, record: Record) -> bool {
        if self.waiting.fetch_add(1, Relaxed) < QUEUE && self.queue.send(record).is_ok() {
            return true;
        }
        self.waiting.fetch_sub(1, Relaxed);
        false
    }

    /// Ends the recording and waits for the writer, but no longer than `bound`.
    pub fn finish(self, end: Record, keep: bool, bound: Duration) -> Finished {
        *self.closing.lock().unwrap_or_else(|e| e.into_inner()) = Some((end, keep));
        // The closed queue is the sign to end, after what it still holds.
        drop(self.queue);
        self.thread.unpark();
        let late = "the trace may be incomplete: the disk took too long";
        let done = self.done.recv_timeout(bound);
        done.unwrap_or_else(|_| Finished::failed(late.to_string()))
    }
}

/// Writes until the queue is closed. What is queued is handed to the system before the thread waits for more, so that
/// a killed process leaves all but the records of the last moment.
fn write(
    sink: FileSink,
    records: &Receiver<Record>,
    waiting: &AtomicUsize,
    closing: &Closing,
    dropped: &AtomicU64,
) -> Finished {
    let taken = |record| {
        waiting.fetch_sub(1, Relaxed);
        record
    };
    let mut file = match sink.open() {
        Ok(file) => file,
        Err(warning) => {
            // The queue is emptied all the same, or every event would count as dropped.
            records.iter().map(taken).for_each(drop);
            return Finished::failed(warning);
        }
    };
    let ending = || closing.lock().unwrap_or_else(|e| e.into_inner()).is_some();
    while let Ok(first) = records.recv() {
        if !ending() {
            std::thread::park_timeout(NAP);
        }
        for record in std::iter::once(first).chain(records.try_iter()).map(taken) {
            if !file.write(record, false) {
                dropped.fetch_add(1, Relaxed);
            }
        }
        if !ending() {
            file.flush();
            file.sweep();
        }
    }
    let Some((mut end, keep)) = closing.lock().unwrap_or_else(|e| e.into_inner()).take() else {
        // Every handle was dropped without an end: the file stays as it is, without its last record.
        return file.close(true);
    };
    if let Event::End { dropped: told, .. } = &mut end.event {
        *told = dropped.load(Relaxed);
    }
    file.write(end, true);
    file.flush();
    file.close(keep)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_takes_nothing_and_does_not_wait() {
        let (queue, records) = channel();
        let (_report, done) = channel();
        let writer = Writer {
            queue,
            waiting: Arc::new(AtomicUsize::new(QUEUE - 2)),
            closing: Closing::default(),
            done,
            thread: std::thread::current(),
        };
        let record = || Record {
            t: 0.0,
            event: Event::Warning { text: "w".into() },
        };
        let taken: Vec<bool> = (0..4).map(|_| writer.send(record())).collect();
        assert_eq!(taken, [true, true, false, false]);
        drop(records);
        // The thread is gone or stuck: finishing ends all the same.
        let finished = writer.finish(record(), true, Duration::ZERO);
        assert!(finished.path.is_none() && finished.warning.is_some());
    }
}
