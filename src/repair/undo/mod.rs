//! Bringing back what go.mod and its kin were: which entry of the journal, and whether that would lose somebody's work.
//! Pure but for reading the files as they are.

pub mod diff;
#[cfg(test)]
mod tests;

use crate::error::Error;
use crate::journal::{Entry, File, Now, State};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How long after its beginning a command that nobody watched may have written a file. What is written later, somebody
/// else wrote.
const WROTE: Duration = Duration::from_secs(60);

/// What to go back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Before the last change that go made through the shim.
    LastChange,
    /// As in the newest build that went well.
    LastGood,
}

/// What would be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The command whose entry this is.
    pub entry: Entry,
    /// The files that differ.
    pub steps: Vec<Step>,
    /// Files that something else has changed since, whose changes would be lost: then nothing is to be done.
    pub changed_since: Vec<PathBuf>,
}

/// One file.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The file.
    pub path: PathBuf,
    /// What it is.
    pub now: State,
    /// What it will be.
    pub then: State,
}

/// Plans it for a working directory. `entries` are those of the journal.
pub fn plan(entries: impl Iterator<Item = Entry>, cwd: &Path, goal: Goal) -> Result<Plan, Error> {
    let here = here(cwd);
    let concerns = |entry: &Entry| {
        let named = |file: &File| here.iter().any(|path| Path::new(&file.path) == path);
        entry.files.iter().any(named) || Path::new(&entry.dir) == cwd
    };
    let mut entries: Vec<Entry> = entries.filter(concerns).collect();
    // Of what happened within one second, the names of the entries do not tell the order.
    entries.sort_by(|a, b| b.t.cmp(&a.t));
    fill(&mut entries);
    match goal {
        Goal::LastChange => last_change(&entries),
        Goal::LastGood => last_good(&entries),
    }
}

/// The go.mod and go.work of a directory, there or not, and the nearest above it.
fn here(cwd: &Path) -> Vec<PathBuf> {
    let names = ["go.mod", "go.work"].into_iter();
    let mut here: Vec<PathBuf> = names.clone().map(|name| cwd.join(name)).collect();
    here.extend(names.filter_map(|name| {
        let above = cwd.ancestors().map(|dir| dir.join(name));
        above.into_iter().find(|file| file.is_file())
    }));
    here
}

/// What a file was before the next command is what it became of the one before, where nobody saw that.
fn fill(entries: &mut [Entry]) {
    for newer in 1..entries.len() {
        let (later, earlier) = entries.split_at_mut(newer);
        for file in &mut earlier[0].files {
            let before = |entry: &Entry| {
                let same = entry.files.iter().find(|other| other.path == file.path);
                same.map(|other| other.before.now())
            };
            // The nearest in time comes last.
            let next = later.iter().rev().find_map(before);
            file.after = file.after.take().or(next);
        }
    }
}

fn last_change(entries: &[Entry]) -> Result<Plan, Error> {
    for entry in entries.iter().filter(|entry| !entry.green) {
        let (mut steps, mut changed_since, mut changed) = (Vec::new(), Vec::new(), false);
        for file in &entry.files {
            let path = PathBuf::from(&file.path);
            let now = State::of(&path).ok_or_else(|| unreadable(&path))?;
            if file.after.as_ref() == Some(&file.before.now()) {
                continue;
            }
            changed |= file.after.is_some() || now != file.before;
            if now == file.before {
                continue;
            }
            if !is_from(file, &now.now(), entry) && !grows_by_itself(&path) {
                changed_since.push(path.clone());
            }
            let then = file.before.clone();
            steps.push(Step { path, now, then });
        }
        if changed {
            return settled(entry, steps, changed_since, "before");
        }
    }
    Err(Error::new(
        "no change of go's is kept here",
        "only what go does through gosteady's shim is kept (undo.keep)",
    ))
}

fn last_good(entries: &[Entry]) -> Result<Plan, Error> {
    let Some(good) = entries.iter().find(|entry| entry.green) else {
        return Err(Error::new(
            "no build that went well is kept here",
            "only a go build, install or vet that gosteady guarded counts: see docs/undo.md",
        ));
    };
    let (mut steps, mut changed_since) = (Vec::new(), Vec::new());
    for file in &good.files {
        let path = PathBuf::from(&file.path);
        let now = State::of(&path).ok_or_else(|| unreadable(&path))?;
        if now == file.before {
            continue;
        }
        let print = now.now();
        let mut seen = entries
            .iter()
            .flat_map(|entry| entry.files.iter().map(move |f| (entry, f)));
        let known = seen.any(|(entry, seen)| {
            seen.path == file.path && (seen.before.now() == print || is_from(seen, &print, entry))
        });
        if !known && !grows_by_itself(&path) {
            changed_since.push(path.clone());
        }
        let then = file.before.clone();
        steps.push(Step { path, now, then });
    }
    settled(good, steps, changed_since, "in")
}

fn settled(entry: &Entry, steps: Vec<Step>, changed_since: Vec<PathBuf>, when: &str) -> Result<Plan, Error> {
    if steps.is_empty() {
        let what = format!("the files are as they were {when} `{}`", entry.command());
        return Err(Error::new(what, ""));
    }
    Ok(Plan {
        entry: entry.clone(),
        steps,
        changed_since,
    })
}

/// Whether a file is what this command made of it.
fn is_from(file: &File, now: &Now, entry: &Entry) -> bool {
    if let Some(after) = &file.after {
        return after == now;
    }
    let written = std::fs::metadata(&file.path).and_then(|meta| meta.modified());
    // A file that is gone has no time; what it was is kept.
    match (written.ok(), entry.began()) {
        (Some(written), Some(began)) => within(written, began),
        _ => true,
    }
}

fn within(written: SystemTime, began: SystemTime) -> bool {
    written.duration_since(began).map_or(true, |after| after <= WROTE)
}

/// Every build in a workspace may add to its go.work.sum, and adds again what it misses.
fn grows_by_itself(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".work.sum")
}

fn unreadable(path: &Path) -> Error {
    Error::new(
        format!("{} can't be read as a text", path.display()),
        "mend its mode, or move it away",
    )
}

/// Puts the files back, each whole or not at all. Stops at the first that can't be written.
pub fn restore(steps: &[Step]) -> Result<(), Error> {
    for step in steps {
        let done = match &step.then.0 {
            Some(text) => super::replace(&step.path, text),
            None => std::fs::remove_file(&step.path),
        };
        done.map_err(|e| {
            Error::new(
                format!("{} can't be written: {e}", step.path.display()),
                "mend that and run gosteady undo again",
            )
        })?;
    }
    Ok(())
}
