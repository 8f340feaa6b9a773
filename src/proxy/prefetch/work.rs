//! What is to be asked next. Nothing here waits or asks; `cached` looks whether a file is in the module cache.

use super::super::request::{Kind, Resource};
use super::super::spool::Spooled;
use super::facts::{Facts, Module, Place, file};
use super::flight::Flight;
use super::graph::Graph;
use super::needed::Needed;
use super::{Infos, Sources};
use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

/// Zips of more bytes than this on average are large: small files go first, so that go has what it asks for first.
const LARGE: u64 = 128 << 10;
/// So many zips tell what the average is.
const ENOUGH: u64 = 4;

/// Where the zip of a module stands.
#[derive(Debug)]
pub enum Zip {
    /// To be asked for.
    Queued,
    /// Asked for, by us or by go.
    Asked,
    /// It has come and waits for go.
    Here(Spooled),
    /// go has it: the module cache will, or does already.
    Passed,
}

/// A file of a module.
#[derive(Debug, Clone)]
pub struct File {
    /// The module.
    pub module: Module,
    /// The request for it.
    pub resource: Resource,
}

/// The state of it.
#[derive(Debug)]
pub struct Work {
    /// The project.
    pub facts: Arc<Facts>,
    /// The packages that the command loads, if it does.
    pub needed: Option<Needed>,
    /// The module graph, where the command reads it.
    pub graph: Option<Graph>,
    /// Requests that run or have ended, by their labels.
    pub flights: HashMap<String, Flight>,
    /// How many run.
    pub flying: usize,
    /// Zips.
    pub zips: HashMap<Module, Zip>,
    modcache: PathBuf,
    /// Whether the module cache held nothing when the project was read: what is in it since came through here.
    cold: bool,
    modules: bool,
    infos: Infos,
    /// Paths of the build list that were looked at.
    listed: HashSet<String>,
    /// What go has asked for, or we have: nothing is asked for twice.
    known: HashSet<String>,
    mods: VecDeque<File>,
    /// go.mod files that come with a zip that is still to be asked for.
    with_zip: VecDeque<File>,
    queue: VecDeque<File>,
    info: VecDeque<File>,
    /// Modules to be read in the module cache, as soon as they are there.
    late: Vec<Module>,
    came: u64,
    bytes: u64,
}

impl Work {
    /// What this command needs for certain.
    pub fn new(facts: Arc<Facts>, sources: &Sources, needed: Option<Needed>) -> Work {
        let old = facts.workspace || !facts.is_pruned();
        let graph = (sources.need.graph || old).then(|| Graph::new(Arc::clone(&facts)));
        let mut work = Work {
            needed,
            graph,
            flights: HashMap::new(),
            flying: 0,
            zips: HashMap::new(),
            cold: !sources.modcache.join("cache/download").exists(),
            modcache: sources.modcache.clone(),
            modules: sources.need.modules,
            infos: sources.need.infos,
            listed: HashSet::new(),
            known: HashSet::new(),
            mods: VecDeque::new(),
            with_zip: VecDeque::new(),
            queue: VecDeque::new(),
            info: VecDeque::new(),
            late: Vec::new(),
            came: 0,
            bytes: 0,
            facts,
        };
        for module in work.facts.requires() {
            work.in_build_list(&module);
        }
        work
    }

    // A module of the build list.
    fn in_build_list(&mut self, module: &Module) {
        let Place::Module(module) = self.facts.place(module) else {
            return;
        };
        if self.modules {
            self.want_zip(&module);
        }
        if self.infos == Infos::All {
            self.want(&module, Kind::Info);
        }
    }

    /// go asks for this now. Gives what was asked ahead for it.
    pub fn claim(&mut self, resource: &Resource, module: &Module) -> Option<Flight> {
        self.known.insert(resource.label.clone());
        let flight = self.flights.remove(&resource.label);
        if resource.kind == Kind::Zip {
            let next = match self.zips.get(module) {
                Some(Zip::Here(_) | Zip::Passed) => Zip::Passed,
                _ => Zip::Asked,
            };
            self.zips.insert(module.clone(), next);
        }
        flight
    }

    /// go asked for this before the project was read; its zip is, or will be, in the module cache.
    pub fn asked_early(&mut self, resource: &Resource) {
        self.known.insert(resource.label.clone());
        if let Some((path, version)) = resource.version().filter(|_| resource.kind == Kind::Zip) {
            self.zips.insert((path.into(), version.into()), Zip::Passed);
        }
    }

    /// Puts everything that is wanted by now in its queue. Gives the places that can be read at once.
    pub fn collect(&mut self) -> Vec<Place> {
        let graph = self.graph.as_mut();
        let (mods, reached) = graph.map(|g| (g.fresh(), g.reached())).unwrap_or_default();
        for module in mods {
            self.want(&module, Kind::Mod);
        }
        let lists = self.modules || self.infos == Infos::All;
        for path in reached.iter().filter(|_| lists) {
            if self.listed.insert(path.clone())
                && let Some(module) = self.facts.selected(path)
            {
                self.in_build_list(&module);
            }
        }
        let mut ready = Vec::new();
        for place in self.needed.as_mut().map(Needed::fresh).unwrap_or_default() {
            let Place::Module(module) = &place else {
                ready.push(place);
                continue;
            };
            match self.zips.get(module) {
                Some(Zip::Here(_)) => ready.push(place),
                Some(Zip::Queued | Zip::Asked) => {}
                Some(Zip::Passed) => self.late.push(module.clone()),
                None => {
                    if self.cached(module, "zip") {
                        self.zips.insert(module.clone(), Zip::Passed);
                        ready.push(place);
                    } else {
                        self.want_zip(module);
                    }
                }
            }
        }
        for module in std::mem::take(&mut self.late) {
            match self.zip_file(&module).exists() {
                true => ready.push(Place::Module(module)),
                false => self.late.push(module),
            }
        }
        ready
    }

    /// A zip has come: to wait for go, or on its way to it.
    pub fn landed(&mut self, module: &Module, body: &Spooled, taken: bool) {
        self.came += 1;
        self.bytes += body.len();
        let now = match taken {
            true => Zip::Passed,
            false => Zip::Here(body.clone()),
        };
        self.zips.insert(module.clone(), now);
    }

    /// A package was found in this module: go reads its go.mod, and most commands its `.info`.
    pub fn used(&mut self, module: &Module) {
        self.want(module, Kind::Mod);
        if self.infos != Infos::None {
            self.want(module, Kind::Info);
        }
    }

    /// The next request, where there is one; zips only where there is `room` for what comes. From an upstream that is
    /// `quick` no zip takes long.
    pub fn next(&mut self, room: bool, quick: bool) -> Option<File> {
        let large = !quick && self.came >= ENOUGH && self.bytes / self.came > LARGE;
        while let Some(file) = self.mods.pop_front() {
            if matches!(self.zips.get(&file.module), Some(Zip::Queued)) {
                self.with_zip.push_back(file);
            } else if self.begin(&file) {
                return Some(file);
            }
        }
        if room
            && !large
            && let Some(zip) = self.next_zip()
        {
            return Some(zip);
        }
        while let Some(file) = self.with_zip.pop_front().or_else(|| self.info.pop_front()) {
            if self.begin(&file) {
                return Some(file);
            }
        }
        if room { self.next_zip() } else { None }
    }

    fn next_zip(&mut self) -> Option<File> {
        while let Some(file) = self.queue.pop_front() {
            if self.begin(&file) {
                self.zips.insert(file.module.clone(), Zip::Asked);
                return Some(file);
            }
        }
        None
    }

    /// The request for the go.mod of a module whose zip is being asked for: it is in there.
    pub fn inside(&mut self, module: &Module) -> Option<Resource> {
        let resource = self.facts.resource(module, &Kind::Mod)?;
        let wanted = !self.cached(module, "mod") && self.known.insert(resource.label.clone());
        wanted.then_some(resource)
    }

    /// The zip of a module, where it waits for go.
    pub fn body(&self, module: &Module) -> Option<Spooled> {
        match self.zips.get(module) {
            Some(Zip::Here(body)) => Some(body.clone()),
            _ => None,
        }
    }

    /// Where the module cache keeps a module's zip.
    pub fn zip_file(&self, (path, version): &Module) -> PathBuf {
        self.modcache
            .join("cache/download")
            .join(file(path, version, "zip"))
    }

    fn want_zip(&mut self, module: &Module) {
        if self.zips.contains_key(module) || self.cached(module, "zip") {
            return;
        }
        if let Some(resource) = self.facts.resource(module, &Kind::Zip) {
            self.zips.insert(module.clone(), Zip::Queued);
            let module = module.clone();
            self.queue.push_back(File { module, resource });
        }
    }

    fn want(&mut self, module: &Module, kind: Kind) {
        let extension = if kind == Kind::Mod { "mod" } else { "info" };
        if let Some(resource) = self.facts.resource(module, &kind)
            && !self.known.contains(&resource.label)
            && !self.cached(module, extension)
        {
            let file = File {
                module: module.clone(),
                resource,
            };
            match kind {
                Kind::Mod => self.mods.push_back(file),
                _ => self.info.push_back(file),
            }
        }
    }

    fn begin(&mut self, file: &File) -> bool {
        self.known.insert(file.resource.label.clone())
    }

    fn cached(&self, (path, version): &Module, extension: &str) -> bool {
        let cache = (!self.cold).then(|| self.modcache.join("cache/download"));
        cache.is_some_and(|cache| cache.join(file(path, version, extension)).exists())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Need;
    use super::*;
    use crate::gomod;
    use bytes::Bytes;

    const LONG: usize = 200 << 10;

    fn work(cache: &std::path::Path) -> Work {
        let main = gomod::directives(
            b"module m.io/m\ngo 1.21\nrequire (\n\ta.io/a v1.0.0\n\tb.io/b v1.0.0\n\tg.io/g v1.0.0\n)\n",
        );
        let sums = "a.io/a v1.0.0 h1:x\na.io/a v1.0.0/go.mod h1:x\nb.io/b v1.0.0 h1:x\nb.io/b v1.0.0/go.mod h1:x\n\
                    g.io/g v1.0.0/go.mod h1:x\n";
        let facts = Facts::of(vec![("/m".into(), main)], &[sums.into()], "");
        let sources = Sources {
            need: Need {
                graph: true,
                modules: true,
                packages: None,
                infos: Infos::All,
            },
            dir: "/m".into(),
            module: None,
            work: None,
            modcache: cache.into(),
        };
        let mut work = Work::new(Arc::new(facts), &sources, None);
        assert!(work.collect().is_empty());
        work
    }

    fn names(work: &mut Work, room: bool) -> Vec<String> {
        let files = std::iter::from_fn(|| work.next(room, false));
        files
            .map(|f| f.resource.label.replace(".io/", "").replace("@v1.0.0", ""))
            .collect()
    }

    fn body(bytes: usize) -> Spooled {
        let spool = super::super::super::spool::Spool::new("/".as_ref(), "/".as_ref());
        let mut body = spool.body();
        body.push(&Bytes::from(vec![0; bytes])).unwrap();
        body.end()
    }

    fn module(name: &str) -> Module {
        (format!("{name}.io/{name}"), "v1.0.0".into())
    }

    #[test]
    fn zips_come_first_and_nothing_twice() {
        let dir = tempfile::tempdir().unwrap();
        let mut work = work(dir.path());
        // No zip of this one will bring its go.mod; those of the others would, were their flights begun.
        let want = [
            "gg mod", "aa zip", "bb zip", "aa mod", "bb mod", "aa info", "bb info", "gg info",
        ];
        assert_eq!(names(&mut work, true), want);
        assert_eq!(names(&mut work, true), [""; 0]);
    }

    #[test]
    fn a_zip_on_its_way_brings_the_go_mod() {
        let dir = tempfile::tempdir().unwrap();
        let mut work = work(dir.path());
        assert_eq!(work.next(true, false).unwrap().resource.kind, Kind::Mod);
        let zip = work.next(true, false).unwrap();
        assert_eq!(work.inside(&zip.module).unwrap().label, "a.io/a@v1.0.0 mod");
        assert_eq!(work.inside(&zip.module), None);
        assert!(!names(&mut work, true).contains(&"aa mod".to_owned()));
    }

    #[test]
    fn without_room_small_files_go_on_and_no_zip_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let mut work = work(dir.path());
        let small = ["gg mod", "aa mod", "bb mod", "aa info", "bb info", "gg info"];
        assert_eq!(names(&mut work, false), small);
        assert_eq!(names(&mut work, true), ["aa zip", "bb zip"]);
    }

    #[test]
    fn large_zips_come_last_unless_they_come_quickly() {
        let dir = tempfile::tempdir().unwrap();
        let mut work = work(dir.path());
        for name in ["w", "x", "y", "z"] {
            work.landed(&module(name), &body(LONG), false);
        }
        // A go.mod that no zip brings comes before everything.
        assert_eq!(work.next(true, true).unwrap().resource.kind, Kind::Mod);
        assert_eq!(work.next(true, true).unwrap().resource.kind, Kind::Zip);
        let names = names(&mut work, true);
        assert_eq!(names[names.len() - 1..], ["bb zip"]);
    }

    #[test]
    fn what_go_has_or_the_cache_holds_is_not_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let cached = dir.path().join("cache/download/b.io/b/@v/v1.0.0.zip");
        std::fs::create_dir_all(cached.parent().unwrap()).unwrap();
        std::fs::write(cached, "").unwrap();
        let mut work = work(dir.path());
        let a = module("a");
        let zip = work.facts.resource(&a, &Kind::Zip).unwrap();
        assert!(work.claim(&zip, &a).is_none());
        let want = ["aa mod", "bb mod", "gg mod", "aa info", "bb info", "gg info"];
        assert_eq!(names(&mut work, true), want);
        work.landed(&a, &body(1), true);
        assert!(work.body(&a).is_none());
        work.landed(&module("b"), &body(1), false);
        assert_eq!(work.body(&module("b")).unwrap().len(), 1);
        let zip = work.facts.resource(&module("b"), &Kind::Zip).unwrap();
        work.claim(&zip, &module("b"));
        assert!(work.body(&module("b")).is_none(), "it is go's now");
    }
}
