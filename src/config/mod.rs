//! gosteady's own settings, each with its origin.
//!
//! Layers, the strongest first: command line, environment, the project's `gosteady.toml`, the user's file, the
//! machine's file, defaults. Loading never fails: what is wrong becomes a [`Finding`] and the layer below applies.

pub mod checks;
pub mod file;
mod finding;
pub mod goenv;
pub mod key;
pub mod keys;
mod layer;
pub mod origin;
pub mod rules;
pub mod settings;
pub mod suggest;
mod value;

pub use checks::Checks;
pub use key::Key;
pub use keys::KEYS;
pub use origin::{Origin, Sourced};
pub use settings::{Enforce, Failover, Install, Settings};

use crate::error::{Finding, Level};
use crate::world::{VARIABLES, World};
use layer::{Owner, Stack};
use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use value::Base;

/// The settings in effect and how they came about.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The values.
    pub settings: Settings,
    /// What was not taken, and why; weaker layers first.
    pub findings: Vec<Finding>,
    /// The files that were there, weaker layers first.
    pub files: Vec<PathBuf>,
    /// Every value that `go.version` was given, the weaker layers first.
    pub go_versions: Vec<Sourced<String>>,
    /// What is said about the rules of `gosteady check`.
    pub checks: Checks,
    marks: Vec<Option<Mark>>,
    origins: Vec<(usize, Origin)>,
}

/// A place in a file that a finding is about.
#[derive(Debug, Clone)]
pub struct Mark {
    /// The file.
    pub path: PathBuf,
    /// Its text as it was read.
    pub text: Arc<str>,
    /// Byte offsets in the text.
    pub span: Range<usize>,
}

/// A setting as it is in effect.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Which one.
    pub key: &'static Key,
    /// The value as a person would write it, and who set it.
    pub value: Sourced<String>,
}

impl Loaded {
    /// Every setting with its value and origin, in the order of [`KEYS`].
    pub fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        KEYS.iter().enumerate().map(|(index, key)| Entry {
            key,
            value: Sourced {
                value: key.show(&self.settings),
                origin: self.origin_at(index),
            },
        })
    }

    /// Who set a key; [`Origin::Default`] also for a path that is no key.
    pub fn origin(&self, path: &str) -> Origin {
        let index = KEYS.iter().position(|k| k.path == path);
        index.map_or(Origin::Default, |i| self.origin_at(i))
    }

    /// The findings about one key.
    pub fn findings_about(&self, path: &str) -> impl Iterator<Item = &Finding> {
        let name = format!("`{path}");
        self.findings.iter().filter(move |f| f.what.starts_with(&name))
    }

    /// Every finding with its place in a file, where it has one.
    pub fn marked(&self) -> impl Iterator<Item = (&Finding, Option<&Mark>)> {
        self.findings.iter().zip(self.marks.iter().map(Option::as_ref))
    }

    fn origin_at(&self, index: usize) -> Origin {
        let set = self.origins.iter().rev().find(|(i, _)| *i == index);
        set.map_or(Origin::Default, |(_, origin)| origin.clone())
    }
}

/// Whether commands that make no request leave a line too.
pub fn invocations_all(loaded: &Loaded) -> bool {
    loaded.settings.trace_all_invocations
}

/// Reads every layer. Where there is no file and no variable of ours, this costs a few failed opens.
pub fn load(world: &World) -> Loaded {
    load_with(world, &[])
}

/// Reads every layer, with `KEY=VALUE` pairs of a command line on top.
pub fn load_with(world: &World, pairs: &[OsString]) -> Loaded {
    load_from(world, Path::new(file::SYSTEM), world.cwd.as_deref(), pairs)
}

/// The same with the project's file looked for at and above another directory, as `go -C DIR` does with go.mod.
pub fn load_in(world: &World, dir: &Path) -> Loaded {
    load_from(world, Path::new(file::SYSTEM), Some(dir), &[])
}

fn load_from(world: &World, system: &Path, project: Option<&Path>, pairs: &[OsString]) -> Loaded {
    let home = world.home();
    let base = Base {
        cwd: world.cwd.as_deref(),
        home,
    };
    let mut stack = Stack::default();
    let mut files = Vec::new();
    let mut put = |stack: &mut Stack, path: PathBuf, content: file::Content, owner: Owner| {
        match content {
            file::Content::Absent => return,
            file::Content::Bytes(bytes) => stack.file(&path, &bytes, owner, home),
            file::Content::Unreadable(why) => stack.unreadable(&path, &why),
        }
        files.push(path);
    };
    put(&mut stack, system.into(), file::read(system), Owner::Trusted);
    if let Some(dir) = world.config_dir() {
        let path = dir.join(file::USER);
        let content = file::read(&path);
        put(&mut stack, path, content, Owner::Trusted);
    }
    if let Some((path, content)) = project.and_then(|dir| file::nearest_project(dir, home)) {
        put(&mut stack, path, content, Owner::Project);
    }
    let vars = world.env.iter().map(|(n, v)| (n.as_os_str(), v.as_os_str()));
    stack.environment(vars, base, |name| {
        VARIABLES.iter().any(|(known, _)| *known == name)
    });
    stack.command_line(pairs, base);
    derive(&mut stack.settings);
    stack.settle();
    let (findings, marks) = stack.faults.into_iter().unzip();
    Loaded {
        settings: stack.settings,
        findings,
        files,
        go_versions: stack.go_versions,
        checks: stack.checks,
        marks,
        origins: stack.origins,
    }
}

/// Fills the values that follow from another one: the contract's 5 s and 30 s, 20 s and 60 s.
fn derive(settings: &mut Settings) {
    let times = |d: Duration, n: u32| d.saturating_mul(n);
    settings.proxy.connect_timeout_alone = times(settings.proxy.connect_timeout, 6);
    settings.proxy.stall_timeout_large = times(settings.proxy.stall_timeout, 3);
}

/// The one line that a run prints about its configuration: the worst finding, and how many more there are.
pub fn warning(findings: &[Finding]) -> Option<String> {
    let mut told = findings.iter().filter(|f| f.level != Level::Note);
    let worst = told.clone().map(|f| f.level).max()?;
    let first = told.clone().find(|f| f.level == worst)?;
    let more = match told.by_ref().count() - 1 {
        0 => String::new(),
        n => format!("and {n} more; "),
    };
    Some(format!(
        "{}: {} ({more}see `gosteady config --check`)",
        first.evidence, first.what
    ))
}

/// A foreign text made fit for a message: control characters escaped, cut after `longest` characters.
pub(crate) fn printable(text: &str, longest: usize) -> String {
    let mut shown = String::new();
    for (i, c) in text.chars().enumerate() {
        match c {
            _ if i == longest => {
                shown.push('…');
                break;
            }
            c if c.is_control() || is_bidi(c) => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

/// A path as [`printable`] has it, whole.
pub(crate) fn printable_path(path: &Path) -> String {
    printable(&path.to_string_lossy(), usize::MAX)
}

/// Whether a character reorders what stands around it (Unicode Annex 9).
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod docs;
#[cfg(test)]
mod tests;
