//! The modules that a project requires: which are in the module cache, and which upstream of GOPROXY has the others.
//!
//! Nobody is told a name that go would not have told: a module is asked for along the list as go walks it, up to the first
//! upstream that has it, and one that GONOPROXY matches is asked of nobody.

mod asking;
mod report;
#[cfg(test)]
mod tests;

pub use asking::ask;
pub use report::{json, table};

use crate::gomod::{escape, pattern};
use crate::proxy::{Facts, Module, Place, file};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// What the module cache has of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cached {
    /// Its zip, or its extracted files.
    Whole,
    /// Its go.mod only: enough for the module graph, not for a build that needs its packages.
    GoMod,
    /// Nothing.
    Nothing,
    /// It is a directory of this machine, and it is there.
    Directory,
}

/// What is known of a module in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It can be had.
    Ok,
    /// It is in this cache, and no upstream that was asked has it: another machine can't get it from them.
    CacheOnly,
    /// It is not in the cache, and go would ask its origin, or a directory; so nobody was asked.
    NotAsked,
    /// It is not in the cache, and an upstream refuses it (401 or 403): go would stop there.
    Refused,
    /// It is not in the cache, and whoever could have it did not say.
    Unavailable,
    /// It is not in the cache, and no upstream has it.
    Missing,
}

impl State {
    /// In words for a table.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::CacheOnly => "cache only",
            State::NotAsked => "not asked",
            State::Refused => "refused",
            State::Unavailable => "unavailable",
            State::Missing => "missing",
        }
    }
}

/// What an upstream said about a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status; `None` where no answer came.
    pub status: Option<u16>,
    /// `404 Not Found: no such module`, or why no answer came.
    pub words: String,
    /// How long it took.
    pub took: Duration,
    /// When the version was made, RFC 3339, where it says so.
    pub published: Option<String>,
}

impl Reply {
    /// Whether it has the module.
    pub fn has(&self) -> bool {
        self.status == Some(200)
    }

    /// Whether it refuses it, for want of credentials or by a rule of its own.
    pub fn refused(&self) -> bool {
        matches!(self.status, Some(401 | 403))
    }

    /// Whether it said that it does not have it.
    pub fn absent(&self) -> bool {
        matches!(self.status, Some(404 | 410))
    }
}

/// A module that the project requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Path and version in the build list.
    pub module: Module,
    /// What stands in its place, by a `replace` line.
    pub place: Place,
    /// What the cache has.
    pub cached: Cached,
    /// Whether GONOPROXY keeps it from every proxy.
    pub private: bool,
    /// What each upstream said, in the order of the list; `None` for one that was not asked.
    pub replies: Vec<Option<Reply>>,
}

impl Row {
    /// The module version that is to be had: the replacement where there is one; `None` for a directory.
    pub fn wanted(&self) -> Option<&Module> {
        match &self.place {
            Place::Module(module) => Some(module),
            Place::Dir(_) => None,
        }
    }

    /// What is known of it; `elsewhere`: whether go asks somebody besides the upstreams, an origin or a directory.
    pub fn state(&self, elsewhere: bool) -> State {
        let here = matches!(self.cached, Cached::Whole | Cached::Directory);
        let asked: Vec<&Reply> = self.replies.iter().flatten().collect();
        let absent = asked.iter().all(|reply| reply.absent());
        match &self.place {
            _ if asked.iter().any(|reply| reply.has()) => State::Ok,
            Place::Module(_) if here && absent && !asked.is_empty() => State::CacheOnly,
            _ if here => State::Ok,
            Place::Module(_) if asked.is_empty() && (self.private || elsewhere) => State::NotAsked,
            Place::Module(_) if asked.iter().any(|reply| reply.refused()) => State::Refused,
            Place::Module(_) if !absent => State::Unavailable,
            _ => State::Missing,
        }
    }
}

/// The build list as far as the files tell: what the main modules require, and for a workspace or a go.mod older than
/// Go 1.17 what else go.sum has the zip of.
pub fn required(facts: &Facts) -> Vec<Module> {
    let mut modules = facts.requires();
    if facts.workspace || !facts.is_pruned() {
        let mut known: BTreeSet<String> = modules.iter().map(|(path, _)| path.clone()).collect();
        let more = facts.zips.iter().filter(|(path, _)| known.insert(path.clone()));
        modules.extend(more.filter_map(|(path, _)| facts.selected(path)));
    }
    modules.retain(|(path, _)| !facts.is_main(path));
    modules.sort();
    modules
}

/// The rows before anybody is asked. `private` is GONOPROXY.
pub fn rows(facts: &Facts, modcache: Option<&Path>, private: &str) -> Vec<Row> {
    let row = |module: Module| {
        let place = facts.place(&module);
        Row {
            cached: cached(&place, modcache),
            private: match &place {
                Place::Module((path, _)) => pattern::matches_prefix(private, path),
                Place::Dir(_) => false,
            },
            module,
            place,
            replies: Vec::new(),
        }
    };
    required(facts).into_iter().map(row).collect()
}

/// What the cache has (golang.org/x/mod/module: EscapePath; cmd/go/internal/modfetch/cache.go).
fn cached(place: &Place, modcache: Option<&Path>) -> Cached {
    let (path, version) = match place {
        Place::Dir(dir) if dir.is_dir() => return Cached::Directory,
        Place::Dir(_) => return Cached::Nothing,
        Place::Module(module) => module,
    };
    let Some(modcache) = modcache else {
        return Cached::Nothing;
    };
    let kept = |extension: &str| {
        modcache
            .join("cache/download")
            .join(file(path, version, extension))
    };
    let tree = modcache.join(format!("{}@{}", escape(path), escape(version)));
    if kept("zip").is_file() || tree.is_dir() {
        Cached::Whole
    } else if kept("mod").is_file() {
        Cached::GoMod
    } else {
        Cached::Nothing
    }
}
