//! Asking ahead of go: what go.sum lists and go is going to need, before go asks for it (docs/prefetch.md).
//!
//! Only under the first prefix, by the same walk of the list as for go itself. A request of go's for what is in flight
//! joins that flight.

mod facts;
mod flight;
mod pace;

pub(super) use facts::escape;
pub use facts::{Scope, Sources};
pub use flight::Ahead;

use super::asking::Job;
use super::engine::{Engine, Peer};
use super::list::List;
use super::request::{Kind, Resource};
use super::walk::{Verdict, walk};
use crate::gomod;
use facts::{Facts, Module, file};
use flight::{Flight, Held, Landed, Share};
use pace::Pace;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::time::Instant;
use tokio::sync::oneshot;

/// Modules whose zip is asked for on a guess before go has confirmed any guess.
const TRUST: usize = 4;
/// Guesses that wait for go at most.
const GUESSES: usize = 64;

/// The state of it.
#[derive(Debug)]
pub struct Prefetch {
    sources: Option<Sources>,
    private: String,
    pace: RefCell<Pace>,
    held: Rc<RefCell<Held>>,
    work: RefCell<Work>,
}

#[derive(Debug, Default)]
struct Work {
    facts: Option<Rc<Facts>>,
    /// Certain to be asked for, in go's order.
    queue: VecDeque<Resource>,
    /// Whether the direct requirements are among the likely modules.
    seeded: bool,
    /// Modules whose zip may be asked for, the likeliest first.
    likely: VecDeque<Module>,
    /// What go has asked for, or we have: nothing is asked for twice.
    known: HashSet<String>,
    flights: HashMap<String, Flight>,
    flying: usize,
    /// Guessed modules that go has not asked for.
    open: HashSet<Module>,
    confirmed: usize,
}

impl Prefetch {
    /// Nothing is read or asked yet. Where an element that go asks itself stands before the first upstream, nothing
    /// ever is: that one may have what go needs.
    pub fn new(sources: Option<Sources>, private: &str, list: &List, first: &Peer, most: usize) -> Prefetch {
        Prefetch {
            sources: sources.filter(|_| list.position(0) == Some(0)),
            private: private.to_owned(),
            pace: RefCell::new(Pace::new(first.public, most)),
            held: Rc::default(),
            work: RefCell::default(),
        }
    }

    /// Notes what an attempt was told, whoever made it.
    pub fn told(&self, status: Option<u16>) {
        if matches!(status, Some(429 | 503)) {
            self.pace.borrow_mut().refused();
        }
    }
}

/// What was asked ahead for this request of go's; begins what follows from it. `None`: go's request is to be made.
pub async fn claim(engine: &Rc<Engine>, prefix: usize, resource: &Resource) -> Option<Verdict> {
    let sources = engine.prefetch.sources.as_ref().filter(|_| prefix == 0)?;
    let (path, version) = resource.version()?;
    let module = (path.to_owned(), version.to_owned());
    let flight = {
        let mut work = engine.prefetch.work.borrow_mut();
        work.known.insert(resource.label.clone());
        let flight = work.flights.remove(&resource.label);
        let begin = work.facts.is_none();
        let private = &engine.prefetch.private;
        let facts = work
            .facts
            .get_or_insert_with(|| Rc::new(Facts::read(sources, private)));
        let facts = Rc::clone(facts);
        match sources.scope {
            Scope::Download if begin => work.everything(&facts, sources),
            Scope::Load if resource.kind == Kind::Zip => work.after_zip(&facts, sources, module),
            _ => {}
        }
        flight
    };
    pump(engine);
    flight?.join().await
}

impl Work {
    // `go mod download`: every go.mod, then every .info one by one, then the zips (cmd/go/internal/modcmd/download.go).
    fn everything(&mut self, facts: &Facts, sources: &Sources) {
        for kind in [Kind::Mod, Kind::Info, Kind::Zip] {
            for require in &facts.requires {
                let module = (require.path.clone(), require.version.clone());
                self.want(facts, sources, &module, &kind);
            }
        }
    }

    // Package loading: go.mod and .info follow a zip; what it imports can only come from what is required.
    fn after_zip(&mut self, facts: &Facts, sources: &Sources, module: Module) {
        if self.open.remove(&module) {
            self.confirmed += 1;
        }
        if !std::mem::replace(&mut self.seeded, true) {
            let direct = facts.requires.iter().filter(|r| !r.indirect);
            self.likely = direct.map(|r| (r.path.clone(), r.version.clone())).collect();
        }
        self.want(facts, sources, &module, &Kind::Mod);
        self.want(facts, sources, &module, &Kind::Info);
    }

    fn want(&mut self, facts: &Facts, sources: &Sources, module: &Module, kind: &Kind) {
        if let Some(resource) = facts.resource(module, kind)
            && !self.known.contains(&resource.label)
            && !cached(sources, module, kind)
        {
            self.queue.push_back(resource);
        }
    }

    // The next request, guesses last: each guess that go confirms earns another.
    fn next(&mut self, facts: &Facts, sources: &Sources) -> Option<Resource> {
        loop {
            while let Some(resource) = self.queue.pop_front() {
                if self.known.insert(resource.label.clone()) {
                    return Some(resource);
                }
            }
            if self.open.len() >= (TRUST + self.confirmed).min(GUESSES) {
                return None;
            }
            let module = self.likely.pop_front()?;
            let zip = facts.resource(&module, &Kind::Zip);
            if zip.is_some_and(|zip| !self.known.contains(&zip.label))
                && !cached(sources, &module, &Kind::Zip)
            {
                self.want(facts, sources, &module, &Kind::Zip);
                self.want(facts, sources, &module, &Kind::Mod);
                self.open.insert(module);
            }
        }
    }

    // A go.mod came: what it requires is likely to be imported.
    fn learn(&mut self, facts: &Facts, text: &[u8]) {
        for require in gomod::directives(text).requires.into_iter().rev() {
            if require.indirect {
                continue;
            }
            if let Some(version) = facts.version(&require.path) {
                self.likely.push_front((require.path, version.to_owned()));
            }
        }
    }
}

fn cached(sources: &Sources, (path, version): &Module, kind: &Kind) -> bool {
    let extension = match kind {
        Kind::Zip => "zip",
        Kind::Mod => "mod",
        _ => "info",
    };
    let file = file(path, version, extension);
    sources.modcache.join("cache/download").join(file).exists()
}

/// Starts as many requests as may run now.
fn pump(engine: &Rc<Engine>) {
    let prefetch = &engine.prefetch;
    let Some(sources) = &prefetch.sources else { return };
    let mut work = prefetch.work.borrow_mut();
    let Some(facts) = work.facts.clone() else { return };
    while work.flying < prefetch.pace.borrow().window() && prefetch.held.borrow().room() {
        let Some(resource) = work.next(&facts, sources) else {
            return;
        };
        let label = resource.label.clone();
        let ahead = Rc::new(Ahead::default());
        let (landed, landing) = oneshot::channel();
        let guard = Flying::new(engine);
        work.flying += 1;
        let task = tokio::task::spawn_local(fly(guard, resource, Rc::clone(&ahead), landed));
        let task = task.abort_handle();
        work.flights.insert(label, Flight { ahead, landing, task });
    }
}

/// Counts a flight until it ends, however it ends.
struct Flying(Rc<Engine>);

impl Flying {
    fn new(engine: &Rc<Engine>) -> Flying {
        Flying(Rc::clone(engine))
    }
}

impl Drop for Flying {
    fn drop(&mut self) {
        if let Ok(mut work) = self.0.prefetch.work.try_borrow_mut() {
            work.flying = work.flying.saturating_sub(1);
        }
    }
}

async fn fly(guard: Flying, resource: Resource, ahead: Rc<Ahead>, landed: oneshot::Sender<Landed>) {
    let engine = Rc::clone(&guard.0);
    let begun = Instant::now();
    let job = Job {
        request: 0,
        resource: &resource,
        attempts: Cell::new(0),
        ahead: Some(&ahead),
    };
    let verdict = walk(&engine, &job, 0).await;
    let verdict = match verdict {
        Verdict::Whole(whole) if whole.rest.is_none() => {
            if resource.kind != Kind::Zip {
                engine.prefetch.pace.borrow_mut().came(begun.elapsed());
            }
            if resource.kind == Kind::Mod
                && let Ok(Some(text)) = whole.body.metadata()
                && engine
                    .prefetch
                    .sources
                    .as_ref()
                    .is_some_and(|s| s.scope == Scope::Load)
            {
                let mut work = engine.prefetch.work.borrow_mut();
                if let Some(facts) = work.facts.clone() {
                    work.learn(&facts, &text);
                }
            }
            let share = Share::new(&engine.prefetch.held, whole.body.len());
            Some((Verdict::Whole(whole), share))
        }
        Verdict::Said(peer, told) if told.outcome.definite() => {
            let share = Share::new(&engine.prefetch.held, 0);
            Some((Verdict::Said(peer, told), share))
        }
        _ => None,
    };
    let _ = landed.send(verdict);
    drop(guard);
    pump(&engine);
}
