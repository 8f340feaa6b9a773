//! The policy gate: offline, pure but for reading a handful of files, done in milliseconds.

mod agree;
mod content;
pub mod format;
mod levels;
mod modfile;
mod module;
mod settings;
mod sums;
mod vendor;

pub use crate::config::rules::{Profile, RULES, Rule};
pub use levels::Levels;

use crate::bounded;
use crate::config::goenv::GoEnv;
use crate::config::{Loaded, Mark};
use crate::error::{Finding, Level};
use crate::gomod;
use crate::world::{World, nearest_file};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A finding with its place in a file, where it has one.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Id, level, words and fix; its evidence is the place, `FILE:LINE:COLUMN`.
    pub finding: Finding,
    /// The place as a range of a text.
    pub mark: Option<Mark>,
}

impl Problem {
    /// File, line and column (both from 1), where it has a place.
    pub fn place(&self) -> Option<(&Path, usize, usize)> {
        let mark = self.mark.as_ref()?;
        let before = mark.text.get(..mark.span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Some((&mark.path, line, column))
    }
}

/// A file that is looked at.
#[derive(Debug, Clone)]
struct File {
    path: PathBuf,
    text: Arc<str>,
}

impl File {
    /// `None` where it is not there; what can't be read as text is read as well as possible.
    fn read(path: PathBuf) -> Option<File> {
        let bytes = bounded::read_file(&path).ok()?;
        let text = String::from_utf8_lossy(&bytes).into();
        Some(File { path, text })
    }

    fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

/// Collects problems at the levels of a profile.
struct Sheet<'a> {
    levels: &'a Levels,
    problems: Vec<Problem>,
}

impl Sheet<'_> {
    fn add(&mut self, id: &'static str, place: Option<(&File, Range<usize>)>, what: String, fix: String) {
        let Some(level) = self.levels.of(id) else { return };
        let mark = place.map(|(file, span)| Mark {
            path: file.path.clone(),
            text: Arc::clone(&file.text),
            span,
        });
        let mut problem = Problem {
            finding: Finding {
                id,
                level,
                what,
                evidence: String::new(),
                fix,
            },
            mark,
        };
        if let Some((path, line, column)) = problem.place() {
            problem.finding.evidence = format!("{}:{line}:{column}", path.display());
        }
        self.problems.push(problem);
    }
}

/// Everything that is wrong with the modules and workspaces at these paths (files, or directories in or above which a
/// go.mod is looked for), in the order of the files, with go's settings in effect and with our own.
pub fn run(world: &World, env: &GoEnv, loaded: &Loaded, paths: &[PathBuf], levels: &Levels) -> Vec<Problem> {
    let mut sheet = Sheet {
        levels,
        problems: Vec::new(),
    };
    let mut done: Vec<PathBuf> = Vec::new();
    for file in paths.iter().flat_map(|path| files(path)) {
        if !done.contains(&file) {
            done.push(file);
        }
    }
    let read: Vec<agree::Read> = done
        .into_iter()
        .filter_map(|file| one(&mut sheet, file))
        .collect();
    agree::files(&mut sheet, &read);
    let modcache = env.gomodcache();
    for (at, (file, says, _)) in read.iter().enumerate() {
        agree::pins(&mut sheet, file, says, &loaded.go_versions);
        // A go.work and a go.mod beside it have one vendor directory.
        if read[..at].iter().all(|(other, ..)| other.dir() != file.dir()) {
            content::look(&mut sheet, file.dir(), modcache.as_deref());
        }
    }
    settings::look(&mut sheet, world, env, paths);
    settings::ours(&mut sheet, loaded);
    sheet.problems
}

/// The same of exactly these files, go.mod or go.work, and of go's settings, for a command in a directory: before every
/// build, so vendored files are not read, and the pins are the shim's own affair.
pub fn of_command(
    world: &World,
    env: &GoEnv,
    dir: &Path,
    files: Vec<PathBuf>,
    levels: &Levels,
) -> Vec<Problem> {
    let mut sheet = Sheet {
        levels,
        problems: Vec::new(),
    };
    let read: Vec<agree::Read> = files
        .into_iter()
        .filter_map(|file| one(&mut sheet, file))
        .collect();
    agree::files(&mut sheet, &read);
    settings::look(&mut sheet, world, env, &[dir.to_path_buf()]);
    sheet.problems
}

/// A workspace with its modules: the go.work, then the go.mod of each directory that it uses, as far as they are there.
pub fn workspace(work: &Path) -> Vec<PathBuf> {
    let dir = work.parent().unwrap_or(Path::new(""));
    let uses = gomod::workspace_uses(&bounded::read_file(work).unwrap_or_default(), dir);
    let modules = uses.iter().map(|dir| dir.join("go.mod"));
    let modules = modules.filter(|file| file.is_file());
    [work.to_path_buf()].into_iter().chain(modules).collect()
}

/// The module files that a path speaks of: itself, or the nearest go.work with its modules and the nearest go.mod. A
/// go.sum, a modules.txt or a gosteady.toml speaks of the module that it lies in.
fn files(path: &Path) -> Vec<PathBuf> {
    let path = match path.is_file() {
        true if path
            .extension()
            .is_some_and(|e| e == "sum" || e == "txt" || e == "toml") =>
        {
            path.parent().unwrap_or(path)
        }
        true => return vec![path.to_path_buf()],
        false => path,
    };
    let nearest = |name: &str| nearest_file(path, name);
    let mut files: Vec<PathBuf> = Vec::new();
    files.extend(nearest("go.work").iter().flat_map(|work| workspace(work)));
    files.extend(nearest("go.mod"));
    let mut seen = Vec::new();
    files.retain(|file| {
        let real = std::fs::canonicalize(file).unwrap_or_else(|_| file.clone());
        let new = !seen.contains(&real);
        seen.push(real);
        new
    });
    files
}

/// A file by itself; `None` where it does not parse: what it says can't be judged.
fn one(sheet: &mut Sheet<'_>, path: PathBuf) -> Option<agree::Read> {
    let Some(file) = File::read(path.clone()) else {
        let what = format!("{} can't be read", path.display());
        let fix = "name a go.mod, a go.work or a directory";
        sheet.add("gomod-syntax", None, what, fix.into());
        return None;
    };
    let work = path.extension().is_some_and(|e| e == "work");
    let parsed = modfile::parse(sheet, &file, work)?;
    module::look(sheet, &file, &parsed);
    if !work {
        sums::look(sheet, &file, &parsed);
        vendor::look(sheet, &file, &parsed);
    }
    Some((file, parsed, work))
}

/// Whether anything is worse than a note.
pub fn faulty(problems: &[Problem]) -> bool {
    problems.iter().any(|p| p.finding.level > Level::Note)
}

#[cfg(test)]
mod tests;
