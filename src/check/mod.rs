//! The policy gate: offline, pure but for reading a handful of files, done in milliseconds.

mod agree;
mod content;
mod file;
pub mod format;
mod levels;
mod modfile;
mod module;
mod settings;
mod subject;
mod sums;
mod vendor;

pub use crate::config::rules::{Profile, RULES, Rule};
pub use levels::Levels;
pub use subject::{is_bare, is_missing, workspace};

use crate::config::goenv::GoEnv;
use crate::config::{Loaded, Mark};
use crate::error::{Finding, Level};
use crate::world::World;
use file::{File, Told};
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
    for file in paths.iter().flat_map(|path| subject::files(path)) {
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

/// A file by itself; `None` where it can't be read or does not parse: what it says can't be judged.
fn one(sheet: &mut Sheet<'_>, path: PathBuf) -> Option<agree::Read> {
    let file = match File::read(path.clone()) {
        Ok(file) => file,
        Err(error) => {
            sheet.unreadable(path, &error);
            return None;
        }
    };
    let work = path.extension().is_some_and(|e| e == "work");
    let Some(parsed) = modfile::parse(sheet, &file, work) else {
        if !work {
            sums::alone(sheet, &file);
        }
        return None;
    };
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
