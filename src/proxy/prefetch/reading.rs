//! Looking into what is there: on threads that may wait for a disk, and back.

use super::super::engine::Engine;
use super::super::reply::Whole;
use super::super::spool::Spooled;
use super::super::walk::Verdict;
use super::contents::{self, Archive, Imports};
use super::facts::{Module, Place};
use super::flight::{Landed, Share};
use super::needed::Package;
use super::pump;
use crate::gomod::Tags;
use crate::gomod::h1;
use bytes::Bytes;
use std::io::{BufReader, Read, Seek};
use std::path::PathBuf;
use std::rc::Rc;
use tokio::sync::oneshot;

/// So many packages of a directory are read at once.
const PART: usize = 64;

/// Somebody who waits for the go.mod in a zip.
#[derive(Debug)]
pub struct Inside {
    /// Where it is told.
    pub landed: oneshot::Sender<Landed>,
    /// What go.sum says of it.
    pub expected: Vec<String>,
    /// The upstream that the zip came from, by its number.
    pub peer: usize,
    /// What was read of it while the zip was verified.
    pub go_mod: Option<Bytes>,
}

/// Reads the packages that wait in a place that can be read.
pub fn begin(engine: &Rc<Engine>, place: Place) {
    match place {
        Place::Module(module) => {
            let body = engine.prefetch.with(|work| work.body(&module)).flatten();
            zip(engine, &module, body, None);
        }
        Place::Dir(dir) => directory(engine, dir),
    }
}

fn tags(engine: &Engine) -> Tags {
    let packages = engine
        .prefetch
        .sources
        .as_ref()
        .and_then(|s| s.need.packages.as_ref());
    packages.map(|p| p.tags.clone()).unwrap_or_default()
}

// In parts, so that what the first packages import is on its way while the others are read.
fn directory(engine: &Rc<Engine>, root: PathBuf) {
    let mut packages = waiting(engine, &Place::Dir(root.clone())).into_iter().peekable();
    while packages.peek().is_some() {
        let part = packages.by_ref().take(PART).collect();
        tokio::task::spawn_local(packages_in(Rc::clone(engine), root.clone(), part));
    }
}

async fn packages_in(engine: Rc<Engine>, root: PathBuf, packages: Vec<Package>) {
    let tags = tags(&engine);
    let read = move || -> Vec<(Package, Imports)> {
        let of = |package: &Package| contents::of_dir(&root.join(&package.dir), &tags);
        let found = packages.into_iter().map(|package| (of(&package), package));
        found
            .filter_map(|(imports, package)| Some((package, imports?)))
            .collect()
    };
    let found = tokio::task::spawn_blocking(read).await.unwrap_or_default();
    engine.prefetch.with(|work| {
        for (package, imports) in &found {
            if let Some(needed) = &mut work.needed {
                needed.found(package, imports);
            }
        }
    });
    pump(&engine);
}

fn waiting(engine: &Engine, place: &Place) -> Vec<Package> {
    let taken = engine
        .prefetch
        .with(|work| Some(work.needed.as_mut()?.take(place)));
    taken.flatten().unwrap_or_default()
}

/// What was found in a zip.
#[derive(Default)]
struct Found {
    go_mod: Option<Vec<u8>>,
    packages: Vec<(Package, Imports)>,
}

/// Looks into a zip: one that has come, else that in the module cache.
pub fn zip(engine: &Rc<Engine>, module: &Module, body: Option<Spooled>, inside: Option<Inside>) {
    let packages = waiting(engine, &Place::Module(module.clone()));
    let leads_on = |work: &mut super::Work| {
        let graph = work.graph.as_ref().is_some_and(|graph| graph.waits_for(module));
        (graph, work.zip_file(module))
    };
    let Some((graph, file)) = engine.prefetch.with(leads_on) else {
        return;
    };
    if packages.is_empty() && inside.is_none() && !graph {
        return;
    }
    let inside = match inside {
        Some(mut inside) if packages.is_empty() && inside.go_mod.is_some() => {
            let text = inside.go_mod.take().unwrap_or_default();
            learn(engine, module, &text);
            return hand_over(engine, Some(text), inside);
        }
        other => other,
    };
    let (engine, module, tags) = (Rc::clone(engine), module.clone(), tags(engine));
    tokio::task::spawn_local(async move {
        let (path, version) = module.clone();
        let go_mod = graph || inside.is_some();
        let read = move || match body {
            Some(body) => {
                let archive = Archive::open(BufReader::new(body.reader()), &path, &version);
                archive.map(|archive| look(archive, &path, packages, go_mod, &tags))
            }
            None => {
                let archive = contents::cached(&file, &path, &version);
                archive.map(|archive| look(archive, &path, packages, go_mod, &tags))
            }
        };
        let found = tokio::task::spawn_blocking(read)
            .await
            .ok()
            .flatten()
            .unwrap_or_default();
        if let Some(text) = &found.go_mod {
            learn(&engine, &module, text);
        }
        engine.prefetch.with(|work| {
            for (package, imports) in &found.packages {
                if let Some(needed) = &mut work.needed {
                    needed.found(package, imports);
                }
            }
            if !found.packages.is_empty() {
                work.used(&module);
            }
        });
        if let Some(inside) = inside {
            hand_over(&engine, found.go_mod.map(Bytes::from), inside);
        }
        pump(&engine);
    });
}

fn look<R: Read + Seek>(
    mut archive: Archive<R>,
    path: &str,
    packages: Vec<Package>,
    go_mod: bool,
    tags: &Tags,
) -> Found {
    let go_mod = go_mod.then(|| archive.go_mod(path)).flatten();
    let dirs: Vec<&str> = packages.iter().map(|package| package.dir.as_str()).collect();
    let imports = match dirs.is_empty() {
        true => Default::default(),
        false => archive.packages(&dirs, tags),
    };
    let found = packages.into_iter().filter_map(|package| {
        let imports = imports.get(&package.dir)?.clone();
        Some((package, imports))
    });
    Found {
        packages: found.collect(),
        go_mod,
    }
}

fn learn(engine: &Engine, module: &Module, text: &[u8]) {
    engine.prefetch.with(|work| {
        if let Some(graph) = &mut work.graph {
            graph.learn(module, text);
        }
    });
}

// Only what go.sum vouches for byte by byte; else go's own request is made.
fn hand_over(engine: &Engine, text: Option<Bytes>, inside: Inside) {
    let body = text
        .filter(|text| inside.expected.contains(&h1::of_go_mod(text)))
        .and_then(|text| {
            let mut body = engine.spool.body();
            body.push(&text).ok()?;
            Some(body.end())
        });
    let landed = body.map(|body| {
        let share = Share::new(&engine.prefetch.held, body.len());
        let whole = Whole {
            content_type: "text/plain; charset=utf-8".into(),
            body,
            rest: None,
            peer: inside.peer,
            go_mod: None,
        };
        (Verdict::Whole(Box::new(whole)), share)
    });
    let _ = inside.landed.send(landed);
}
