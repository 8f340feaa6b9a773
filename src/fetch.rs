//! Asking the user's module mirrors for a file: the handle through which an engine that needs one asks the engine that
//! can fetch.
//!
//! `toolchain` and `proxy` do not know each other; whoever joins them gives the one a [`Fetch`] made by the other.

use std::io::{self, Write};

/// Fetches files as go would: through the GOPROXY list with its separators, the checksum database through a mirror
/// that carries it or from its origin.
pub trait Fetch {
    /// Fetches a file of the module proxy protocol, e.g. `golang.org/toolchain/@v/list`, whole, into a writer; at most
    /// `most` bytes. Returns who supplied it, without credentials. After an error the writer may hold a part.
    fn module(&self, path: &str, most: u64, into: &mut dyn Write) -> Result<String, Missed>;

    /// Fetches a file of a checksum database, e.g. `lookup/golang.org/x/text@v0.3.0`. `url` is where GOSUMDB says that
    /// the database is; without one the mirrors are asked who carries it.
    fn checksums(&self, name: &str, url: Option<&str>, path: &str) -> Result<Vec<u8>, Missed>;

    /// Who has answered for the checksum database so far, without credentials.
    fn carrier(&self) -> Option<String>;

    /// Says what a zip must be: a line of go.sum. A mirror that sends another is passed over where that is allowed.
    /// To be called before the first `.zip`, `.mod` or `.info` is asked for.
    fn expect(&self, line: &str);

    /// Whether GOPROXY allows no download at all.
    fn is_off(&self) -> bool;
}

/// Why nothing came.
#[derive(Debug)]
pub enum Missed {
    /// Whoever was asked has no such thing; who, in one clause.
    Absent(String),
    /// It could not be had.
    Unavailable {
        /// Who failed and how.
        why: String,
        /// Whether trying again later may help.
        passing: bool,
    },
    /// The writer failed.
    Local(io::Error),
}
