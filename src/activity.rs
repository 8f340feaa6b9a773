//! What is being waited for right now: the handle through which the proxy tells and supervision asks.
//!
//! The two engines do not know each other; the shim gives both the same `Arc<Activity>`.

use crate::cause::Cause;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

/// Where an upstream request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Waiting for its turn.
    Queued,
    /// Asking a credential helper.
    Credentials,
    /// Resolving the host's name.
    Resolving,
    /// Connecting to an address.
    Connecting,
    /// In the TLS handshake.
    Handshaking,
    /// The request is sent, no byte of the answer has come.
    Waiting,
    /// The body is arriving.
    Body,
    /// Waiting before the next attempt.
    Backoff,
}

impl Phase {
    /// The phase as a clause for a sentence such as "golang.org/x/text@v0.3.0 zip: connecting".
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Queued => "waiting for its turn",
            Phase::Credentials => "asking a credential helper",
            Phase::Resolving => "resolving the name",
            Phase::Connecting => "connecting, no answer yet",
            Phase::Handshaking => "in the TLS handshake",
            Phase::Waiting => "request sent, no answer yet",
            Phase::Body => "receiving",
            Phase::Backoff => "waiting before the next attempt",
        }
    }
}

/// One upstream request in flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flight {
    /// What is asked for, e.g. `golang.org/x/text@v0.3.0 zip`.
    pub resource: String,
    /// Who is asked: scheme and host, no credentials.
    pub upstream: String,
    /// Where it is.
    pub phase: Phase,
    /// When the request began.
    pub since: Instant,
    /// When its phase last changed or bytes last came.
    pub moved: Instant,
    /// Bytes of body received.
    pub bytes: u64,
    /// While it waits to be made again: why the attempt before failed, and what its upstream did, e.g. "refused the
    /// connection".
    pub failed: Option<(Cause, String)>,
}

impl Flight {
    /// Where it is, as a clause; while it waits to be made again, why.
    pub fn stands(&self) -> String {
        match &self.failed {
            Some((_, did)) => format!("{did}; to be asked again"),
            None => self.phase.as_str().to_string(),
        }
    }
}

/// Counters and the requests in flight.
#[derive(Debug, Default)]
pub struct Activity {
    bytes: AtomicU64,
    requests: AtomicU64,
    done: AtomicU64,
    next: AtomicU64,
    guard_died: AtomicBool,
    flights: Mutex<BTreeMap<u64, Flight>>,
}

/// A copy of [`Activity`] at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Body bytes received from upstreams.
    pub bytes: u64,
    /// Requests that go made to the loopback proxy.
    pub requests: u64,
    /// Requests of go's that were answered.
    pub done: u64,
    /// Upstream requests in flight, oldest first.
    pub flights: Vec<Flight>,
    /// The loopback proxy serves no longer.
    pub guard_died: bool,
}

impl Activity {
    /// Counts a request of go's.
    pub fn request(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    /// Counts an answer given to go.
    pub fn answered(&self) {
        self.done.fetch_add(1, Relaxed);
    }

    /// A value whose end, however it comes about, is that of the loopback proxy.
    pub fn guard(self: &Arc<Self>) -> Guard {
        Guard(Arc::clone(self))
    }

    /// Opens an upstream request; it is in flight until the handle is dropped.
    pub fn begin(self: &Arc<Self>, resource: impl Into<String>, upstream: impl Into<String>) -> FlightHandle {
        let id = self.next.fetch_add(1, Relaxed);
        let now = Instant::now();
        let flight = Flight {
            resource: resource.into(),
            upstream: upstream.into(),
            phase: Phase::Queued,
            since: now,
            moved: now,
            bytes: 0,
            failed: None,
        };
        self.table().insert(id, flight);
        FlightHandle {
            activity: Arc::clone(self),
            id,
        }
    }

    /// A copy of everything.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            bytes: self.bytes.load(Relaxed),
            requests: self.requests.load(Relaxed),
            done: self.done.load(Relaxed),
            flights: self.table().values().cloned().collect(),
            guard_died: self.guard_died.load(Relaxed),
        }
    }

    fn bytes_of(&self, id: u64, n: u64) {
        self.bytes.fetch_add(n, Relaxed);
        if let Some(flight) = self.table().get_mut(&id) {
            flight.bytes += n;
            flight.moved = Instant::now();
        }
    }

    fn phase_of(&self, id: u64, phase: Phase) {
        if let Some(flight) = self.table().get_mut(&id) {
            flight.phase = phase;
            flight.failed = None;
            flight.moved = Instant::now();
        }
    }

    fn failed_of(&self, id: u64, cause: Cause, did: &str) {
        if let Some(flight) = self.table().get_mut(&id) {
            flight.phase = Phase::Backoff;
            flight.failed = Some((cause, did.to_string()));
        }
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<u64, Flight>> {
        self.flights.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// The loopback proxy as long as it serves.
#[derive(Debug)]
pub struct Guard(Arc<Activity>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.guard_died.store(true, Relaxed);
    }
}

/// An upstream request in flight; dropping it takes it off the list.
#[derive(Debug)]
pub struct FlightHandle {
    activity: Arc<Activity>,
    id: u64,
}

impl FlightHandle {
    /// Notes that the request entered a phase.
    pub fn phase(&self, phase: Phase) {
        self.activity.phase_of(self.id, phase);
    }

    /// Notes that the request waits to be made again, because its upstream `did` something.
    pub fn failed(&self, cause: Cause, did: &str) {
        self.activity.failed_of(self.id, cause, did);
    }

    /// A voice for this request, which may outlive the borrow of the handle but not its flight.
    pub fn pulse(&self) -> Pulse {
        Pulse {
            activity: Arc::clone(&self.activity),
            id: self.id,
        }
    }
}

/// Reports the phase and the bytes of a request in flight; dropping it ends nothing.
#[derive(Debug)]
pub struct Pulse {
    activity: Arc<Activity>,
    id: u64,
}

impl Pulse {
    /// Notes that the request entered a phase.
    pub fn phase(&self, phase: Phase) {
        self.activity.phase_of(self.id, phase);
    }

    /// Notes that `n` bytes of body came.
    pub fn bytes(&self, n: u64) {
        self.activity.bytes_of(self.id, n);
    }

    /// Where the request is; `None` once it has landed.
    pub fn current(&self) -> Option<Phase> {
        self.activity.table().get(&self.id).map(|flight| flight.phase)
    }
}

impl Drop for FlightHandle {
    fn drop(&mut self) {
        self.activity.table().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flight_lives_as_long_as_its_handle() {
        let activity = Arc::new(Activity::default());
        let flight = activity.begin("m@v1.0.0 zip", "https://a");
        flight.phase(Phase::Body);
        flight.pulse().bytes(10);
        let snapshot = activity.snapshot();
        assert_eq!(
            (snapshot.bytes, snapshot.flights.len(), snapshot.flights[0].bytes),
            (10, 1, 10)
        );
        assert_eq!(snapshot.flights[0].phase, Phase::Body);
        drop(flight);
        assert!(activity.snapshot().flights.is_empty());
        assert_eq!(activity.snapshot().bytes, 10);
    }

    #[test]
    fn the_end_of_the_guard_is_known() {
        let activity = Arc::new(Activity::default());
        let guard = activity.guard();
        assert!(!activity.snapshot().guard_died);
        drop(guard);
        assert!(activity.snapshot().guard_died);
    }
}
