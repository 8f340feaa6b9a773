//! What go.mod, go.sum and go.work were before a command that may change them, and when a build of them last went well:
//! one small file each in `$XDG_STATE_HOME/gosteady/undo`. The shim writes them, `gosteady undo` reads them.
//!
//! An entry holds the files whole, and of what they became only a hash, so that an undo can tell whether somebody has
//! changed them since. It is private like a trace, and pruned like one. Failing to write one never concerns go.

mod file;

pub use file::{File, Now, State};

use crate::bounded;
use crate::config::Settings;
use crate::trace::Name;
use crate::trace::file::make_directory;
use crate::trace::redact;
use crate::trace::store::{self, Keep};
use crate::world::World;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Bytes of all entries together; beyond it the oldest go.
const BYTES_MAX: u64 = 32 << 20;

/// The verb in the name of an entry about files that built.
const GREEN: &str = "green";

/// The only argument in an entry that `gosteady undo` writes; go has no such command.
pub const UNDO: &str = "undo";

/// What is kept about one command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Version of this format: 1.
    pub schema: u32,
    /// When, RFC 3339 in UTC, to the millisecond.
    pub t: String,
    /// The arguments, by the allow-list of traces.
    pub argv: Vec<String>,
    /// Where it ran, links resolved.
    pub dir: String,
    /// Whether the files built: then they are as they were at its end. Otherwise they are as they were before it.
    pub green: bool,
    /// The files, in the order in which they are shown.
    pub files: Vec<File>,
}

/// The journal of this user.
#[derive(Debug, Clone)]
pub struct Journal {
    dir: PathBuf,
    keep: Keep,
}

/// What a journal holds.
#[derive(Debug, Clone, Default)]
pub struct Entries {
    /// The entries, the newest first.
    pub read: Vec<Entry>,
    /// Files, or the directory itself, that can't be read, each with the reason as a clause.
    pub unreadable: Vec<(PathBuf, String)>,
}

/// An entry that was written before a command.
#[derive(Debug)]
pub struct Saved {
    path: PathBuf,
    entry: Entry,
}

impl Journal {
    /// The journal; `None` where nothing is kept, or there is no place for it.
    pub fn of(settings: &Settings, world: &World) -> Option<Journal> {
        Some(Journal {
            dir: world.keeping_dir()?.join("undo"),
            keep: Keep {
                age: settings.undo_keep?,
                bytes: BYTES_MAX,
            },
        })
    }

    /// Keeps what these files are before a command changes them. `None` where that was not possible.
    pub fn save(&self, verb: &str, args: &[OsString], dir: &Path, files: &[PathBuf]) -> Option<Saved> {
        let now = SystemTime::now();
        let entry = Entry::new(now, args, dir, files, false)?;
        let path = self.write(&Name::new(verb, now), &entry).ok()?;
        Some(Saved { path, entry })
    }

    /// Keeps what these files are now that they built; in place of what was kept when they last did.
    pub fn built(&self, args: &[OsString], dir: &Path, files: &[PathBuf]) {
        let Some(entry) = Entry::new(SystemTime::now(), args, dir, files, true) else {
            return;
        };
        let mut hash = DefaultHasher::new();
        files.hash(&mut hash);
        let name = Name {
            id: format!("{:016x}", hash.finish()),
            ..Name::new(GREEN, SystemTime::now())
        };
        let kept = store::list(&self.dir).unwrap_or_default();
        let same = |e: &&store::Entry| e.name.verb == GREEN && e.name.id == name.id;
        let old = kept.iter().find(same);
        if old
            .and_then(|old| read(&old.path).ok())
            .is_some_and(|old| old.files == entry.files)
        {
            return;
        }
        let written = self.write(&name, &entry);
        if let (Some(old), Ok(path)) = (old, written)
            && old.path != path
        {
            let _ = std::fs::remove_file(&old.path);
        }
    }

    /// All entries, and what of them can't be read.
    pub fn entries(&self) -> Entries {
        let mut all = Entries::default();
        match store::list(&self.dir) {
            Ok(found) => {
                for entry in found {
                    match read(&entry.path) {
                        Ok(read) => all.read.push(read),
                        Err(why) => all.unreadable.push((entry.path, why)),
                    }
                }
            }
            Err(e) => all.unreadable.push((self.dir.clone(), bounded::reason(&e))),
        }
        all
    }

    fn write(&self, name: &Name, entry: &Entry) -> io::Result<PathBuf> {
        make_directory(&self.dir)?;
        let path = self.dir.join(name.to_string());
        put(&path, entry)?;
        let _ = store::sweep(&self.dir, self.keep, SystemTime::now(), Some(&path));
        Ok(path)
    }
}

impl Saved {
    /// Notes what the files are now that the command has ended. Where it changed none, nothing is kept of it.
    pub fn ended(mut self) {
        for file in &mut self.entry.files {
            file.after = State::of(Path::new(&file.path)).map(|state| state.now());
        }
        let changed = |file: &File| file.after.as_ref() != Some(&file.before.now());
        let _ = match self.entry.files.iter().any(changed) {
            true => put(&self.path, &self.entry),
            false => std::fs::remove_file(&self.path),
        };
    }
}

impl Entry {
    /// The files as they are; `None` where one of them can't be kept.
    fn new(now: SystemTime, args: &[OsString], dir: &Path, files: &[PathBuf], green: bool) -> Option<Entry> {
        let now = jiff::Timestamp::try_from(now).ok()?;
        let files = files.iter().map(|path| {
            let path = &real(path);
            let before = State::of(path)?;
            let after = green.then(|| before.now());
            Some(File {
                path: path.to_str()?.to_owned(),
                before,
                after,
            })
        });
        Some(Entry {
            schema: 1,
            t: format!("{now:.3}"),
            argv: match args {
                [undo] if undo == UNDO => vec![UNDO.into()],
                args => redact::argv(args),
            },
            dir: std::fs::canonicalize(dir).ok()?.to_str()?.to_owned(),
            green,
            files: files.collect::<Option<Vec<File>>>()?,
        })
    }

    /// When the command began.
    pub fn began(&self) -> Option<SystemTime> {
        self.t.parse::<jiff::Timestamp>().ok().map(SystemTime::from)
    }

    /// The command as it was typed, as far as that may be told.
    pub fn command(&self) -> String {
        let program = match self.argv.as_slice() {
            [undo] if undo == UNDO => "gosteady",
            _ => "go",
        };
        format!("{program} {}", self.argv.join(" "))
    }
}

/// A file by the name that it has without the links above it: an undo may be asked for under another name of the directory.
fn real(file: &Path) -> PathBuf {
    match (
        file.parent().and_then(|dir| std::fs::canonicalize(dir).ok()),
        file.file_name(),
    ) {
        (Some(dir), Some(name)) => dir.join(name),
        _ => file.to_path_buf(),
    }
}

/// An entry of this version's format, or why there is none, as a clause.
fn read(path: &Path) -> Result<Entry, String> {
    let text = bounded::read_file(path).map_err(|e| bounded::reason(&e))?;
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(|_| "it is damaged")?;
    match value["schema"].as_u64() {
        Some(2..) => Err("a newer gosteady wrote it".into()),
        _ => serde_json::from_value(value).map_err(|_| "it is damaged".into()),
    }
}

/// Whole or not at all; temporary files are for their owner alone.
fn put(path: &Path, entry: &Entry) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(&serde_json::to_vec(entry)?)?;
    file.write_all(b"\n")?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests;
