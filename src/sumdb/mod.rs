//! A client of Go's checksum database: signed notes, tiles, proofs. Pure: whoever asks and remembers is an [`Ops`].
//!
//! The database is an append-only log (a Merkle tree, RFC 6962) of go.sum lines. A mirror that serves it is not
//! trusted: the tree's head is signed by the log's key, a record is proved to be in that tree, and the tree is proved
//! to be a continuation of the newest one seen before. Sources: go.dev/design/25530-sumdb; golang.org/x/mod/sumdb
//! (client.go, note, tlog).

mod client;
mod key;
mod note;
mod record;
mod tile;
mod tlog;

#[cfg(test)]
mod tests;

pub use client::{Found, Ops, lookup};
pub use key::{Database, Key, NoDatabase};
pub use note::Signed;
pub use record::{Record, Tree};
pub use tile::Tile;
pub use tlog::Hash;

use std::fmt;

/// Why a lookup gave nothing that may be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The database has no such record: an answer of its own, or of the mirror in front of it.
    Absent(String),
    /// Nobody could be asked; trying again later may help.
    Unreachable(String),
    /// An answer that is not what the log's key and its tree vouch for. What was wrong, in one clause.
    Forged(String),
    /// The log shows two histories that do not fit together: somebody is being lied to.
    Fork(Box<Fork>),
    /// What this machine remembers can't be read or written.
    Memory(String),
}

/// Two signed trees of which neither continues the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// The log's name.
    pub name: String,
    /// The smaller tree.
    pub older: Tree,
    /// Its signed note.
    pub older_note: String,
    /// The larger tree.
    pub newer: Tree,
    /// Its signed note.
    pub newer_note: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Absent(why) | Fault::Unreachable(why) | Fault::Forged(why) | Fault::Memory(why) => {
                f.write_str(why)
            }
            Fault::Fork(fork) => write!(
                f,
                "{} shows two histories: the tree of {} records with root {} and the tree of {} records with root {} \
                 do not fit together",
                fork.name, fork.older.size, fork.older.root, fork.newer.size, fork.newer.root
            ),
        }
    }
}

impl std::error::Error for Fault {}
