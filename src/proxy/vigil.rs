//! An upstream that nobody can stand in for is down: one request goes on trying, the others wait for it to succeed.
//!
//! So an outage of seconds costs a few extra requests, not some for each file that go is waiting for.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Failures in a row, of whatever requests, after which it counts as down.
const MANY: u32 = 3;

/// What is known of one upstream.
#[derive(Debug, Default)]
pub struct Vigil {
    failures: Cell<u32>,
    /// Since the first of them.
    since: Cell<Option<Instant>>,
    kept: Cell<bool>,
    changed: Notify,
}

/// What a request does that was held back.
#[derive(Debug)]
pub enum Held<'a> {
    /// Ask again: the upstream has answered somebody.
    Life,
    /// Go on trying for all.
    Watch(Watch<'a>),
    /// End: the time is over.
    Over,
}

/// The right to try, given back when dropped.
#[derive(Debug)]
pub struct Watch<'a>(&'a Vigil);

impl Vigil {
    /// An attempt failed.
    pub fn failed(&self) {
        if self.failures.get() == 0 {
            self.since.set(Some(Instant::now()));
        }
        self.failures.set(self.failures.get().saturating_add(1));
    }

    /// The upstream did what it was asked. Whether it was down until now.
    pub fn life(&self) -> bool {
        let back = self.is_down();
        self.failures.set(0);
        self.changed.notify_waiters();
        back
    }

    /// Whether it is down.
    pub fn is_down(&self) -> bool {
        self.failures.get() >= MANY
    }

    /// Whether it is down, and has done nothing that it was asked for so long.
    pub fn is_down_for(&self, bound: Duration) -> bool {
        self.is_down() && self.since.get().is_some_and(|since| since.elapsed() >= bound)
    }

    /// Waits, at most so long, until it is of use to ask again.
    pub async fn hold(&self, most: Duration) -> Held<'_> {
        let wait = async {
            loop {
                let changed = self.changed.notified();
                if !self.is_down() {
                    return Held::Life;
                }
                if !self.kept.replace(true) {
                    return Held::Watch(Watch(self));
                }
                changed.await;
            }
        };
        tokio::time::timeout(most, wait).await.unwrap_or(Held::Over)
    }
}

/// Who came back from being down, in order. What was asked of one before that may never be answered.
#[derive(Debug, Default)]
pub struct Returns {
    peers: RefCell<Vec<usize>>,
    changed: Notify,
}

impl Returns {
    /// An upstream came back.
    pub fn add(&self, peer: usize) {
        self.peers.borrow_mut().push(peer);
        self.changed.notify_waiters();
    }

    /// How many did.
    pub fn count(&self) -> usize {
        self.peers.borrow().len()
    }

    /// The first of certain ones that came back after so many.
    pub async fn next(&self, of: impl Fn(usize) -> bool, after: usize) -> usize {
        loop {
            let changed = self.changed.notified();
            let new = self
                .peers
                .borrow()
                .iter()
                .skip(after)
                .copied()
                .find(|&peer| of(peer));
            match new {
                Some(peer) => return peer,
                None => changed.await,
            }
        }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.0.kept.set(false);
        self.0.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_back() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let returns = Returns::default();
        returns.add(0);
        let after = returns.count();
        runtime.block_on(async {
            let all = async { [1, 2, 0].map(|peer| returns.add(peer)) };
            let (who, _) = tokio::join!(returns.next(|p| p != 1, after), all);
            assert!(who == 2 || who == 0, "{who}");
            assert_eq!(returns.next(|p| p != 1, after).await, 2);
            assert_eq!(returns.next(|p| p == 0, 0).await, 0);
        });
    }

    #[test]
    fn one_tries_and_the_others_wait() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let vigil = Vigil::default();
        (0..3).for_each(|_| vigil.failed());
        let hour = Duration::from_secs(3600);
        runtime.block_on(async {
            let Held::Watch(watch) = vigil.hold(hour).await else {
                panic!("nobody tries");
            };
            assert!(matches!(vigil.hold(Duration::ZERO).await, Held::Over));
            // Whoever gives up hands the watch on; whoever succeeds ends it.
            let (next, ()) = tokio::join!(vigil.hold(hour), async { drop(watch) });
            assert!(matches!(next, Held::Watch(_)));
            let (other, _) = tokio::join!(vigil.hold(hour), async { vigil.life() });
            assert!(matches!(other, Held::Life));
            assert!(!vigil.life(), "it was well already");
        });
    }
}
