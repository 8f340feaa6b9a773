//! What the checksum database's client asks and remembers through: the user's mirrors, and go's own files, so that go
//! verifies the toolchain again without a request. Source: cmd/go/internal/modfetch/sumdb.go (dbClient).

use super::files;
use super::place::Place;
use crate::fetch::{Fetch, Missed};
use crate::sumdb::{Database, Fault, Ops};
use nix::fcntl::{Flock, FlockArg};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// A database, its mirrors and its memory.
pub struct Desk<'a> {
    database: &'a Database,
    fetch: &'a dyn Fetch,
    answers: PathBuf,
    latest: PathBuf,
}

impl<'a> Desk<'a> {
    /// Of this database. `None` where there is no place to remember its newest tree.
    pub fn new(database: &'a Database, place: &Place, fetch: &'a dyn Fetch) -> Option<Desk<'a>> {
        Some(Desk {
            fetch,
            answers: place.answers(database.name()),
            latest: place.latest(database.name())?,
            database,
        })
    }
}

impl Ops for Desk<'_> {
    fn remote(&mut self, path: &str) -> Result<Vec<u8>, Fault> {
        let name = self.database.name();
        match self.fetch.checksums(name, self.database.url.as_deref(), path) {
            Ok(answer) => Ok(answer),
            Err(Missed::Absent(why)) => Err(Fault::Absent(format!("{name} does not know {path}: {why}"))),
            Err(Missed::Unavailable { why, .. }) => {
                Err(Fault::Unreachable(format!("{name} could not be asked: {why}")))
            }
            Err(Missed::Local(error)) => Err(Fault::Memory(error.to_string())),
        }
    }

    fn cached(&mut self, path: &str) -> Option<Vec<u8>> {
        // Between its making and its filling by go a file is empty.
        std::fs::read(self.answers.join(path))
            .ok()
            .filter(|content| !content.is_empty())
    }

    fn cache(&mut self, path: &str, content: &[u8]) {
        // It costs a request next time, no more.
        let _ = files::write(&self.answers.join(path), content);
    }

    fn latest(&mut self) -> Result<String, Fault> {
        let read = || -> io::Result<String> {
            let file = match File::open(&self.latest) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
                other => locked(other?, FlockArg::LockShared)?,
            };
            let mut text = String::new();
            (&*file).take(1 << 20).read_to_string(&mut text)?;
            Ok(text)
        };
        read().map_err(|error| failed("reading", &self.latest, &error))
    }

    fn replace_latest(&mut self, old: &str, new: &str) -> Result<bool, Fault> {
        let replace = || -> io::Result<bool> {
            self.latest.parent().map_or(Ok(()), files::directory)?;
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let file = locked(options.open(&self.latest)?, FlockArg::LockExclusive)?;
            let mut there = String::new();
            (&*file).take(1 << 20).read_to_string(&mut there)?;
            if !there.is_empty() && there != old {
                return Ok(false);
            }
            (&*file).rewind()?;
            (&*file).write_all(new.as_bytes())?;
            file.set_len(new.len() as u64)?;
            Ok(true)
        };
        replace().map_err(|error| failed("writing", &self.latest, &error))
    }
}

/// go holds this lock for as long as a write of a hundred bytes takes.
fn locked(file: File, kind: FlockArg) -> io::Result<Flock<File>> {
    Flock::lock(file, kind).map_err(|(_, error)| error.into())
}

fn failed(doing: &str, path: &Path, error: &io::Error) -> Fault {
    Fault::Memory(format!("{doing} {}: {error}", path.display()))
}
