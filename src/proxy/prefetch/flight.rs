//! A request made ahead of go's: its way from the first byte to the hands of go.

use super::super::walk::Verdict;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::task::AbortHandle;

/// Whether a request is still a guess, or go has asked for the same meanwhile. What is only a guess is retried at
/// most once, raced only past an upstream that others are preferred to by now, and never spoken of.
#[derive(Debug, Default)]
pub struct Ahead {
    joined: Cell<bool>,
    changed: Notify,
}

impl Ahead {
    /// go has asked for it.
    pub fn join(&self) {
        self.joined.set(true);
        self.changed.notify_waiters();
    }

    /// Whether go has asked for it.
    pub fn joined(&self) -> bool {
        self.joined.get()
    }

    /// Ends when go has asked for it.
    pub async fn until_joined(&self) {
        while !self.joined.get() {
            self.changed.notified().await;
        }
    }
}

/// Bodies that wait for go.
#[derive(Debug, Default)]
pub struct Held {
    memory: u64,
    files: u64,
    open: u64,
}

const MEMORY: u64 = 10 << 20;
const FILES: u64 = 256 << 20;
const OPEN: u64 = 128;
/// Larger bodies are in files (`spool`).
const SMALL: u64 = 256 << 10;

impl Held {
    /// Whether there is room for another zip. What is in flight may exceed the bounds by its own size.
    pub fn room(&self) -> bool {
        self.memory < MEMORY && self.files < FILES && self.open < OPEN
    }

    /// Whether there is room for another small file: go asks for those first, and can't do without them.
    pub fn room_for_small(&self) -> bool {
        self.memory < 2 * MEMORY
    }

    fn add(&mut self, bytes: u64, sign: i64) {
        let (of, by) = if bytes > SMALL {
            self.open = self.open.saturating_add_signed(sign);
            (&mut self.files, bytes)
        } else {
            (&mut self.memory, bytes)
        };
        *of = if sign < 0 { of.saturating_sub(by) } else { *of + by };
    }
}

/// The share that one body has of what is held; given back when dropped.
#[derive(Debug)]
pub struct Share {
    held: Rc<RefCell<Held>>,
    bytes: u64,
}

impl Share {
    /// Takes a share.
    pub fn new(held: &Rc<RefCell<Held>>, bytes: u64) -> Share {
        held.borrow_mut().add(bytes, 1);
        Share {
            held: Rc::clone(held),
            bytes,
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.held.borrow_mut().add(self.bytes, -1);
    }
}

/// What came of it, if anything that go can be told.
pub type Landed = Option<(Verdict, Share)>;

/// A request made ahead of go's. Dropping it ends it.
#[derive(Debug)]
pub struct Flight {
    /// Where its end is told; it waits there for go.
    pub landing: oneshot::Receiver<Landed>,
    /// What drives it; `None` for a file that comes with another one.
    pub course: Option<Course>,
}

/// The task of a flight.
#[derive(Debug)]
pub struct Course {
    /// Whether go has joined.
    pub ahead: Rc<Ahead>,
    /// Its handle.
    pub task: AbortHandle,
}

impl Flight {
    /// Waits for its end as go's own request. `None` where go's request must be made after all, as it is for a file
    /// that has not come with the other one within `patience`.
    pub async fn join(mut self, patience: Duration) -> Option<Verdict> {
        let landing = &mut self.landing;
        let landed = match &self.course {
            Some(course) => {
                course.ahead.join();
                landing.await
            }
            None => tokio::time::timeout(patience, landing).await.ok()?,
        };
        let (verdict, _) = landed.ok()??;
        Some(verdict)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if let Some(course) = &self.course {
            course.task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_given_back() {
        let held = Rc::default();
        let shares: Vec<Share> = (0..64).map(|_| Share::new(&held, SMALL)).collect();
        assert!(!held.borrow().room());
        drop(shares);
        assert!(held.borrow().room());
        let large = Share::new(&held, FILES);
        assert!(!held.borrow().room());
        drop(large);
        let many: Vec<Share> = (0..OPEN).map(|_| Share::new(&held, SMALL + 1)).collect();
        assert!(!held.borrow().room());
        drop(many);
        let held = held.borrow();
        assert_eq!((held.memory, held.files, held.open), (0, 0, 0));
    }
}
