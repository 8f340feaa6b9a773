//! Why a toolchain was not installed, and what follows from it.

use crate::error::Error;
use crate::fetch::Missed;
use crate::outcome::Code;
use std::fmt;
use std::io;
use std::path::Path;

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There is no such toolchain.
    Unknown,
    /// A passing reason: safe to run again.
    Passing,
    /// Verification, a mirror's owner or a setting that somebody wrote down stands against it.
    Refused,
}

/// Why a toolchain was not installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What follows from it.
    pub kind: Kind,
    /// What happened and what to do.
    pub error: Error,
}

impl Failure {
    /// A failure with advice.
    pub fn new(kind: Kind, what: impl Into<String>, fix: impl Into<String>) -> Failure {
        Failure {
            kind,
            error: Error::new(what, fix),
        }
    }

    /// The exit code of a command that ends with it.
    pub fn code(&self) -> Code {
        match self.kind {
            Kind::Unknown => Code::NotFound,
            Kind::Passing => Code::TryAgain,
            Kind::Refused => Code::Refused,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Failure {}

/// A failure of the disk.
pub fn disk(doing: &str, path: &Path, error: &io::Error) -> Failure {
    let fix = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "a toolchain takes about 350 MiB; free some space, or set GOMODCACHE to a directory that has it"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "make it writable, or set GOMODCACHE to a directory that is"
        }
        _ => "",
    };
    Failure::new(Kind::Passing, format!("{doing} {}: {error}", path.display()), fix)
}

/// A file that did not come.
pub fn missed(what: &str, missed: Missed, path: &Path) -> Failure {
    match missed {
        Missed::Absent(why) => Failure::new(Kind::Unknown, format!("{what}: {why}"), ""),
        Missed::Unavailable { why, passing: true } => {
            Failure::new(Kind::Passing, format!("{what}: {why}"), "try again")
        }
        Missed::Unavailable { why, .. } => Failure::new(Kind::Refused, format!("{what}: {why}"), ""),
        Missed::Local(error) => disk("writing", path, &error),
    }
}
