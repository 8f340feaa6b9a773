//! Asking ahead of go: what go is going to need, before go asks for it (docs/prefetch.md).
//!
//! Only under the first prefix, by the same walk of the list as for go itself. A request of go's for what is in flight
//! joins that flight.

mod contents;
mod facts;
mod flight;
mod graph;
mod needed;
mod pace;
mod patterns;
mod reading;
mod work;

pub use contents::Archive;
pub use facts::{Facts, Module, Place, file};
pub use flight::Ahead;
pub use needed::Tests;

use super::asking::Job;
use super::engine::Engine;
use super::list::List;
use super::request::{Kind, Resource};
use super::spool::Spooled;
use super::walk::{Verdict, walk};
use crate::gomod::Tags;
use flight::{Course, Flight, Held, Landed, Share};
use needed::Needed;
use pace::Pace;
use reading::Inside;
use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};
use work::{File, Work};

/// How long go's first requests wait for the project to be read.
const MOMENT: Duration = Duration::from_millis(20);
/// Turns at the upstream that are left to go's own requests.
const LEFT_TO_GO: usize = 2;
/// A public mirror that has answered nothing in this time is not next door: it is asked at full width.
const GLANCE: Duration = Duration::from_millis(5);

/// What a command needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Every go.mod of the module graph, whatever the packages are in.
    pub graph: bool,
    /// The zip of every module in the build list.
    pub modules: bool,
    /// The zips of the modules that these packages are in, and those they import.
    pub packages: Option<Packages>,
    /// Which modules' `.info`.
    pub infos: Infos,
}

/// The packages that a command loads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packages {
    /// Its arguments.
    pub patterns: Vec<String>,
    /// Whose tests are loaded, too.
    pub tests: Tests,
    /// What holds in the build.
    pub tags: Tags,
}

/// Which modules' `.info` a command reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Infos {
    /// Nobody's.
    None,
    /// Those of modules that provide a package.
    Used,
    /// Those of the whole build list.
    All,
}

/// What a run may be helped with. Nothing is read before go's first request, unless every module is needed.
#[derive(Debug, Clone)]
pub struct Sources {
    /// What the command needs.
    pub need: Need,
    /// Where it works.
    pub dir: PathBuf,
    /// The go.mod in effect; its go.sum stands beside it.
    pub module: Option<PathBuf>,
    /// The go.work in effect.
    pub work: Option<PathBuf>,
    /// GOMODCACHE.
    pub modcache: PathBuf,
}

/// The state of it.
#[derive(Debug)]
pub struct Prefetch {
    sources: Option<Arc<Sources>>,
    private: String,
    pace: RefCell<Pace>,
    held: Rc<RefCell<Held>>,
    begun: Cell<bool>,
    ready: Notify,
    /// Once the project is read.
    work: RefCell<Option<Work>>,
    /// What go asked for before that.
    early: RefCell<Vec<Resource>>,
}

impl Prefetch {
    /// Nothing is read or asked yet. Where an element that go asks itself stands before the first upstream, nothing
    /// ever is: that one may have what go needs.
    pub fn new(sources: Option<Sources>, private: &str, list: &List, most: usize) -> Prefetch {
        Prefetch {
            sources: sources.filter(|_| list.position(0) == Some(0)).map(Arc::new),
            private: private.to_owned(),
            pace: RefCell::new(Pace::new(most)),
            held: Rc::default(),
            begun: Cell::new(false),
            ready: Notify::new(),
            work: RefCell::new(None),
            early: RefCell::default(),
        }
    }

    /// Notes what an attempt was told, whoever made it.
    pub fn told(&self, status: Option<u16>) {
        if matches!(status, Some(429 | 503)) {
            self.pace.borrow_mut().refused();
        }
    }

    // Does something with the state, once there is one. Nothing is awaited meanwhile.
    fn with<T>(&self, act: impl FnOnce(&mut Work) -> T) -> Option<T> {
        self.work.borrow_mut().as_mut().map(act)
    }
}

/// Begins while go is starting, where the command needs every module for certain.
pub fn begin_early(engine: &Rc<Engine>) {
    let sources = engine.prefetch.sources.as_ref();
    if let Some(sources) = sources.filter(|s| s.need.modules) {
        begin_once(engine, sources);
    }
}

fn begin_once(engine: &Rc<Engine>, sources: &Arc<Sources>) {
    if !engine.prefetch.begun.replace(true) {
        tokio::task::spawn_local(begin(Rc::clone(engine), Arc::clone(sources)));
    }
}

/// What was asked ahead for this request of go's; begins what follows from it. `None`: go's request is to be made.
pub async fn claim(engine: &Rc<Engine>, prefix: usize, resource: &Resource) -> Option<Verdict> {
    let prefetch = &engine.prefetch;
    let sources = prefetch.sources.as_ref().filter(|_| prefix == 0)?;
    let module = module_of(resource)?;
    begin_once(engine, sources);
    if prefetch.work.borrow().is_none() {
        // go's first request often finds its answer on the way already; it waits for no longer than it would notice.
        let _ = tokio::time::timeout(MOMENT, prefetch.ready.notified()).await;
    }
    let Some(flight) = prefetch.with(|work| work.claim(resource, &module)) else {
        prefetch.early.borrow_mut().push(resource.clone());
        return None;
    };
    pump(engine);
    let patience = prefetch.pace.borrow().patience().min(engine.rules.hedge_after);
    flight?.join(patience).await
}

/// go's own request has come to this: what is in it may lead on.
pub fn came(engine: &Rc<Engine>, prefix: usize, resource: &Resource, verdict: &Verdict) {
    if let Verdict::Whole(whole) = verdict
        && prefix == 0
        && whole.rest.is_none()
        && let Some(module) = module_of(resource)
    {
        arrived(engine, &module, &resource.kind, &whole.body, true, None);
    }
}

fn module_of(resource: &Resource) -> Option<Module> {
    let (path, version) = resource.version()?;
    Some((path.to_owned(), version.to_owned()))
}

// Reads the project, on a thread that may wait for a disk.
async fn begin(engine: Rc<Engine>, sources: Arc<Sources>) {
    let (of, private) = (Arc::clone(&sources), engine.prefetch.private.clone());
    let read = move || {
        let facts = Facts::read(of.module.as_deref(), of.work.as_deref(), &private);
        let packages = of.need.packages.as_ref();
        let roots = packages.map(|p| (patterns::roots(&facts, &of.dir, &p.patterns), p.tests));
        let facts = Arc::new(facts);
        let needed = roots.map(|(roots, tests)| {
            let mut needed = Needed::new(Arc::clone(&facts), tests);
            roots.packages.iter().for_each(|package| needed.named(package));
            roots.imports.iter().for_each(|package| needed.imported(package));
            needed
        });
        (facts, needed)
    };
    let read = tokio::task::spawn_blocking(read);
    // Whom to ask first; where go asks first, it is known already.
    engine.health.load().await;
    let (facts, needed) = read.await.unwrap_or_default();
    let mut work = Work::new(facts, &sources, needed);
    for resource in engine.prefetch.early.take() {
        work.asked_early(&resource);
    }
    *engine.prefetch.work.borrow_mut() = Some(work);
    pump(&engine);
    engine.prefetch.ready.notify_waiters();
    if engine.peers[0].public {
        tokio::time::sleep(GLANCE).await;
        engine.prefetch.pace.borrow_mut().open();
        pump(&engine);
    }
}

/// A file is there: what stands in it may lead on. `inside` waits for the go.mod in a zip.
fn arrived(
    engine: &Rc<Engine>,
    module: &Module,
    kind: &Kind,
    body: &Spooled,
    taken: bool,
    inside: Option<Inside>,
) {
    match kind {
        Kind::Mod => {
            let text = body.metadata().ok().flatten().unwrap_or_default();
            engine.prefetch.with(|work| {
                if let Some(graph) = &mut work.graph {
                    graph.learn(module, &text);
                }
            });
        }
        Kind::Zip => {
            let known = engine.prefetch.with(|work| {
                work.landed(module, body, taken);
                // Only what go.sum vouches for is looked into.
                work.facts.resource(module, &Kind::Zip).is_some()
            });
            if known == Some(true) {
                reading::zip(engine, module, Some(body.clone()), inside);
            }
        }
        _ => {}
    }
    pump(engine);
}

/// Starts as many requests as may run now.
fn pump(engine: &Rc<Engine>) {
    let prefetch = &engine.prefetch;
    for place in prefetch.with(Work::collect).unwrap_or_default() {
        reading::begin(engine, place);
    }
    while let Some((file, ahead)) = prefetch.with(|work| start(engine, work)).flatten() {
        let (landed, landing) = oneshot::channel();
        let inside = match file.resource.kind {
            Kind::Zip => prefetch.with(|work| inside(engine, work, &file)).flatten(),
            _ => None,
        };
        let label = file.resource.label.clone();
        let task = fly(Flying(Rc::clone(engine)), file, Rc::clone(&ahead), landed, inside);
        let task = tokio::task::spawn_local(task).abort_handle();
        let course = Some(Course { ahead, task });
        prefetch.with(|work| work.flights.insert(label, Flight { landing, course }));
    }
}

// The next file, and the turn for it.
fn start(engine: &Engine, work: &mut Work) -> Option<(File, Rc<Ahead>)> {
    let prefetch = &engine.prefetch;
    let turns = &engine.peers[0].turns;
    let held = prefetch.held.borrow();
    let pace = prefetch.pace.borrow();
    let most = pace.window();
    if work.flying >= most || turns.available_permits() <= LEFT_TO_GO || !held.room_for_small() {
        return None;
    }
    let file = work.next(held.room(), pace.is_quick())?;
    turns.try_acquire().ok()?.forget();
    work.flying += 1;
    Some((file, Rc::default()))
}

// The go.mod of a module is in its zip, and go.sum says what it must be: one request less.
fn inside(engine: &Engine, work: &mut Work, file: &File) -> Option<Inside> {
    let resource = work.inside(&file.module)?;
    let (landed, landing) = oneshot::channel();
    let flight = Flight {
        landing,
        course: None,
    };
    let expected = engine.sums.of(&resource).to_vec();
    work.flights.insert(resource.label, flight);
    Some(Inside {
        landed,
        expected,
        peer: 0,
        go_mod: None,
    })
}

/// Counts a flight until it ends, however it ends.
struct Flying(Rc<Engine>);

impl Drop for Flying {
    fn drop(&mut self) {
        self.0.peers[0].turns.add_permits(1);
        if let Ok(mut work) = self.0.prefetch.work.try_borrow_mut()
            && let Some(work) = work.as_mut()
        {
            work.flying = work.flying.saturating_sub(1);
        }
    }
}

async fn fly(
    guard: Flying,
    file: File,
    ahead: Rc<Ahead>,
    landed: oneshot::Sender<Landed>,
    mut inside: Option<Inside>,
) {
    let engine = Rc::clone(&guard.0);
    let prefetch = &engine.prefetch;
    let File { module, resource } = file;
    let job = Job {
        request: 0,
        resource: &resource,
        attempts: Cell::new(0),
        asked: Cell::new(Instant::now()),
        ahead: Some(&ahead),
    };
    let verdict = walk(&engine, &job, 0).await;
    let mut arrival = None;
    let verdict = match verdict {
        Verdict::Whole(whole) if whole.rest.is_none() => {
            // What went before the last attempt tells of troubles, not of the pace.
            let took = job.asked.get().elapsed();
            prefetch.pace.borrow_mut().came(took, whole.body.len());
            let share = Share::new(&prefetch.held, whole.body.len());
            arrival = Some((whole.body.clone(), ahead.joined()));
            if let Some(inside) = &mut inside {
                inside.peer = whole.peer;
                inside.go_mod = whole.go_mod.clone();
            }
            Some((Verdict::Whole(whole), share))
        }
        Verdict::Said(peer, told) if told.outcome.definite() => {
            let share = Share::new(&prefetch.held, 0);
            Some((Verdict::Said(peer, told), share))
        }
        _ => None,
    };
    let _ = landed.send(verdict);
    drop(guard);
    match arrival {
        Some((body, taken)) => arrived(&engine, &module, &resource.kind, &body, taken, inside),
        None => pump(&engine),
    }
}
