//! Time behind a trait, so that decisions that depend on it are tested without waiting.

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

/// A source of time.
pub trait Clock: Send + Sync {
    /// Monotonic time since the clock was made.
    fn now(&self) -> Duration;
    /// The wall clock.
    fn wall(&self) -> SystemTime;
}

/// The system's clocks.
#[derive(Debug)]
pub struct System(Instant);

impl System {
    /// A clock that starts at zero now.
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for System {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct Manual {
    now: Mutex<Duration>,
    epoch: SystemTime,
}

impl Manual {
    /// Stands at zero; the wall clock shows `epoch`.
    pub fn new(epoch: SystemTime) -> Self {
        Self {
            now: Mutex::new(Duration::ZERO),
            epoch,
        }
    }

    /// Moves both clocks forward.
    pub fn advance(&self, by: Duration) {
        *self.now.lock().unwrap_or_else(|e| e.into_inner()) += by;
    }
}

impl Clock for Manual {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap_or_else(|e| e.into_inner())
    }
    fn wall(&self) -> SystemTime {
        self.epoch + self.now()
    }
}
