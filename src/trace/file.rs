//! The trace file: where it goes, that it is ours to write, and its lines.

use super::event::Record;
use super::recorder::Finished;
use super::redact;
use super::secrets::Secrets;
use super::store::{Keep, Name, sweep};
use crate::config::settings::{Settings, TraceTo};
use crate::world::World;
use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The name of the directory of traces, below that of what is kept.
pub(super) const TRACES: &str = "traces";

/// Bytes after which a file takes nothing but its last record.
const FILE_MAX: u64 = 64 << 20;

/// Where a run's trace will go. Nothing is opened before the first event.
#[derive(Debug, Clone)]
pub struct FileSink {
    place: Place,
    name: Name,
    keep: Keep,
    world: Arc<World>,
}

#[derive(Debug, Clone)]
enum Place {
    /// A file per run in this directory of ours.
    Directory(PathBuf),
    /// What the user named: an existing directory, or one with a final `/`; else a file.
    Named(PathBuf),
    /// Nowhere, for this reason.
    Nowhere(&'static str),
}

impl FileSink {
    /// The sink that the settings ask for; `None` where traces are off.
    pub fn new(settings: &Settings, world: &World, name: Name) -> Option<FileSink> {
        let place = match &settings.trace {
            TraceTo::Off => return None,
            TraceTo::Path(path) => Place::Named(
                world
                    .cwd
                    .as_ref()
                    .map_or_else(|| path.clone(), |cwd| cwd.join(path)),
            ),
            TraceTo::State => match (directory(world), world.keeping_dir()) {
                (Some(dir), Some(_)) => Place::Directory(dir),
                (Some(_), None) => Place::Nowhere("HOME is not there"),
                (None, _) => Place::Nowhere("neither HOME nor XDG_STATE_HOME is set"),
            },
        };
        let keep = Keep {
            age: settings.trace_keep,
            bytes: settings.trace_max_size,
        };
        Some(FileSink {
            place,
            name,
            keep,
            world: Arc::new(world.clone()),
        })
    }

    /// Opens the file. Errors are one clause for the one warning, without a full stop.
    pub(super) fn open(self) -> Result<TraceFile, String> {
        let (dir, path) = match self.place {
            Place::Nowhere(why) => return Err(format!("no trace is written: {why}")),
            Place::Directory(dir) => (Some(dir), None),
            Place::Named(path) if path.as_os_str().as_bytes().ends_with(b"/") || path.is_dir() => {
                (Some(path), None)
            }
            Place::Named(path) => (None, Some(path)),
        };
        let path = path
            .or_else(|| Some(dir.as_ref()?.join(self.name.to_string())))
            .unwrap_or_default();
        let told = |e: io::Error| format!("no trace is written: {}: {e}", path.display());
        let file = match &dir {
            Some(dir) => make_directory(dir).and_then(|()| create(&path)),
            None => create_or_replace(&path),
        };
        let file = file.map_err(told)?;
        Ok(TraceFile {
            path,
            dir,
            keep: self.keep,
            secrets: Secrets::of(&self.world),
            out: BufWriter::new(file),
            written: 0,
            problem: None,
            swept: false,
        })
    }
}

/// The directory of traces by default: `$XDG_STATE_HOME/gosteady/traces`.
pub fn directory(world: &World) -> Option<PathBuf> {
    world.state_dir().map(|dir| dir.join(TRACES))
}

/// Makes a directory that only its owner can read; its parents as the umask says.
pub fn make_directory(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(parent) = dir.parent() {
        std::fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(dir) {
        // Another run may have made it meanwhile.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// Adds a record to a trace that is closed.
pub(super) fn append(path: &Path, record: Record) -> io::Result<()> {
    let event = redact::event(record.event);
    let mut line = serde_json::to_vec(&Record { event, ..record })?;
    line.push(b'\n');
    let mut file = OpenOptions::new()
        .append(true)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)?;
    file.write_all(&line)
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Creates the file, or empties one that is empty or a trace of ours; any other file is left alone.
fn create_or_replace(path: &Path) -> io::Result<File> {
    let refuse = |why: &str| Err(io::Error::other(why.to_string()));
    let created = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let file = match created {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            // Not to wait for the other end of a FIFO.
            OpenOptions::new()
                .read(true)
                .write(true)
                .custom_flags(libc::O_NONBLOCK)
                .open(path)?
        }
        other => other?,
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return refuse("it is no regular file");
    }
    if is_a_stream(&metadata) {
        return refuse("go reads or writes there itself");
    }
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            return refuse("another run is writing it; name a directory to trace both");
        }
        // A file system without locks is no reason to go without a trace.
        Ok(()) | Err(TryLockError::Error(_)) => {}
    }
    if !is_empty_or_trace(&file)? {
        return refuse("the file exists and is no trace; it is left as it is");
    }
    file.set_len(0)?;
    (&file).rewind()?;
    file.set_permissions(PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// Whether this file is where stdin, stdout or stderr leads: `/dev/stdout`, or the name of the file behind it.
fn is_a_stream(file: &Metadata) -> bool {
    let (input, output, errors) = (io::stdin(), io::stdout(), io::stderr());
    [input.as_fd(), output.as_fd(), errors.as_fd()].iter().any(|fd| {
        let stream = fd.try_clone_to_owned().map(File::from);
        let stream = stream.and_then(|stream| stream.metadata());
        stream.is_ok_and(|stream| (stream.dev(), stream.ino()) == (file.dev(), file.ino()))
    })
}

fn is_empty_or_trace(file: &File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut line = Vec::new();
    BufReader::new(file.take(1 << 20)).read_until(b'\n', &mut line)?;
    let first: Option<serde_json::Value> = serde_json::from_slice(&line).ok();
    Ok(first.is_some_and(|r| r["kind"] == "run" && r["gosteady"].is_string() && r["schema"].is_u64()))
}

/// An open trace file.
#[derive(Debug)]
pub(super) struct TraceFile {
    path: PathBuf,
    /// Where it lies among others, which retention applies to; `None` for a file the user named.
    dir: Option<PathBuf>,
    keep: Keep,
    /// What this person keeps secret: it may stand without a mark in what go and its programs print.
    secrets: Secrets,
    out: BufWriter<File>,
    written: u64,
    problem: Option<String>,
    swept: bool,
}

impl TraceFile {
    /// Writes a record; false where there was no room for it. The first error ends the writing.
    pub fn write(&mut self, record: Record, last: bool) -> bool {
        if self.problem.is_some() || (self.written > FILE_MAX && !last) {
            return false;
        }
        let record = Record {
            t: record.t,
            event: redact::event(record.event),
        };
        let line = match serde_json::to_vec(&record) {
            Ok(line) => {
                let mut line = self.secrets.hide_line(line);
                line.push(b'\n');
                line
            }
            Err(e) => return self.check(Err(e.into())),
        };
        self.written += line.len() as u64;
        let result = self.out.write_all(&line);
        self.check(result)
    }

    /// Hands everything to the system.
    pub fn flush(&mut self) {
        if self.problem.is_none() {
            let result = self.out.flush();
            self.check(result);
        }
    }

    fn check(&mut self, result: io::Result<()>) -> bool {
        if let Err(e) = &result {
            self.problem = Some(format!("the trace is incomplete: {}: {e}", self.path.display()));
        }
        result.is_ok()
    }

    /// Removes the traces that are too old or too many, once: best while go is busy and nobody waits for us.
    pub fn sweep(&mut self) {
        if let Some(dir) = self.dir.as_ref().filter(|_| !self.swept) {
            // Retention is no reason to warn: what could not be removed is tried again by the next run.
            let _ = sweep(dir, self.keep, SystemTime::now(), Some(&self.path));
        }
        self.swept = true;
    }

    /// Closes the file, or removes it where it is not to be kept (never one that the user named as a file).
    pub fn close(mut self, keep: bool) -> Finished {
        self.sweep();
        // After a write error the rest of the buffer is not tried again.
        let _ = self.out.into_parts();
        let removable = self.dir.is_some();
        let gone = removable && !keep && std::fs::remove_file(&self.path).is_ok();
        Finished {
            path: (!gone).then_some(self.path),
            removable: removable && !gone,
            warning: self.problem,
        }
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
