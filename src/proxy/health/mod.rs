//! The health of upstreams: a breaker for each, and what runs tell each other (docs/fetching.md).
//!
//! Nothing is read before the first request, and a breaker never refuses: it only says who is asked first.

mod breaker;
mod file;

pub use breaker::State;

use breaker::Breaker;
use file::{Moment, Saved};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, OnceCell};

/// How long the first request waits for what others left, on a file system that does not answer.
const READ: Duration = Duration::from_millis(200);
/// How often, and after how long, another process's lock is tried again.
const TRIES: u32 = 10;
const TRY_AFTER: Duration = Duration::from_millis(20);

/// The breakers of a run, by the upstreams' numbers.
#[derive(Debug)]
pub struct Health {
    dir: Option<PathBuf>,
    origins: Vec<String>,
    breakers: RefCell<Vec<Breaker>>,
    loaded: OnceCell<()>,
    /// Those that this run itself has seen fail.
    seen: RefCell<BTreeSet<usize>>,
    /// Those that this run has asked in vain for as long as it may.
    given_up: RefCell<BTreeSet<usize>>,
    news: RefCell<BTreeSet<usize>>,
    failure: Notify,
    saving: Cell<bool>,
    saved: Notify,
}

impl Health {
    /// Of upstreams with these origins, shared with other runs through a file in this directory.
    pub fn new(dir: Option<PathBuf>, origins: Vec<String>) -> Health {
        Health {
            breakers: RefCell::new(vec![Breaker::default(); origins.len()]),
            dir,
            origins,
            loaded: OnceCell::new(),
            seen: RefCell::default(),
            given_up: RefCell::default(),
            news: RefCell::default(),
            failure: Notify::new(),
            saving: Cell::new(false),
            saved: Notify::new(),
        }
    }

    /// Reads what other runs left, once.
    pub async fn load(&self) {
        let load = || async {
            let Some(dir) = self.dir.clone() else { return };
            let read = tokio::task::spawn_blocking(move || file::read(&dir, Moment::present()));
            let Ok(Ok(content)) = tokio::time::timeout(READ, read).await else {
                return;
            };
            let now = Moment::present();
            for (breaker, origin) in self.breakers.borrow_mut().iter_mut().zip(&self.origins) {
                if let Some(known) = content.breaker(origin, now) {
                    *breaker = known;
                }
            }
        };
        self.loaded.get_or_init(load).await;
    }

    /// Where an upstream stands.
    pub fn state(&self, peer: usize) -> State {
        let breakers = self.breakers.borrow();
        breakers
            .get(peer)
            .map_or(State::Closed, |b| b.state(Instant::now()))
    }

    /// Whether this run itself has seen it fail, and did not only hear of it.
    pub fn seen_failing(&self, peer: usize) -> bool {
        self.seen.borrow().contains(&peer)
    }

    /// Whether a request was given up at it, and nothing has come from it since: others need not wait as long.
    pub fn given_up(&self, peer: usize) -> bool {
        self.given_up.borrow().contains(&peer)
    }

    /// Nobody could stand in for it, and it was asked in vain to the end.
    pub fn give_up(&self, peer: usize) {
        self.given_up.borrow_mut().insert(peer);
    }

    /// It did what it was asked.
    pub fn succeeded(self: &Rc<Self>, peer: usize) {
        self.given_up.borrow_mut().remove(&peer);
        let news = self
            .breakers
            .borrow_mut()
            .get_mut(peer)
            .is_some_and(Breaker::succeeded);
        if news {
            self.save(peer);
        }
    }

    /// It failed; `at_once` where once is enough to prefer others.
    pub fn failed(self: &Rc<Self>, peer: usize, at_once: bool) {
        if let Some(breaker) = self.breakers.borrow_mut().get_mut(peer) {
            breaker.failed(at_once, Instant::now());
        }
        self.seen.borrow_mut().insert(peer);
        self.failure.notify_waiters();
        self.save(peer);
    }

    /// Ends when others are preferred to it.
    pub async fn unpreferred(&self, peer: usize) {
        loop {
            let failure = self.failure.notified();
            if self.state(peer) != State::Closed {
                return;
            }
            failure.await;
        }
    }

    /// A probe begins.
    pub fn probed(self: &Rc<Self>, peer: usize) {
        if let Some(breaker) = self.breakers.borrow_mut().get_mut(peer) {
            breaker.probed(Instant::now());
        }
        self.save(peer);
    }

    fn save(self: &Rc<Self>, peer: usize) {
        if self.dir.is_none() {
            return;
        }
        self.news.borrow_mut().insert(peer);
        if !self.saving.replace(true) {
            tokio::task::spawn_local(Rc::clone(self).write());
        }
    }

    /// Writes until there is no news left; what comes meanwhile goes with the next round.
    async fn write(self: Rc<Self>) {
        let mut tries = 0;
        while let Some(dir) = &self.dir
            && !self.news.borrow().is_empty()
        {
            let peers = self.news.take();
            let news: Vec<(String, Breaker)> = {
                let breakers = self.breakers.borrow();
                let of = |&peer: &usize| (self.origins[peer].clone(), breakers[peer]);
                peers.iter().map(of).collect()
            };
            let dir = dir.clone();
            let saved = tokio::task::spawn_blocking(move || file::save(&dir, &news, Moment::present())).await;
            if matches!(saved, Ok(Saved::Busy)) && tries < TRIES {
                tries += 1;
                self.news.borrow_mut().extend(peers);
                tokio::time::sleep(TRY_AFTER).await;
            }
        }
        self.saving.set(false);
        self.saved.notify_waiters();
    }

    /// Waits until everything is written.
    pub async fn settled(&self) {
        let saved = self.saved.notified();
        if self.saving.get() {
            saved.await;
        }
    }
}
