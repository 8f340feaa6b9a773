//! Hashes of a transparency log. Sources: RFC 6962 section 2.1; golang.org/x/mod/sumdb/tlog/tlog.go.

use crate::gomod::base64;
use aws_lc_rs::digest::{Context, SHA256, digest};
use std::fmt;

/// A SHA-256 in the tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Reads base64 of 32 bytes.
    pub fn parse(text: &str) -> Option<Hash> {
        Some(Hash(base64::decode(text)?.try_into().ok()?))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64::encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The hash of a record's text: a leaf.
pub fn of_record(text: &[u8]) -> Hash {
    let mut hash = Context::new(&SHA256);
    hash.update(&[0]);
    hash.update(text);
    taken(hash.finish())
}

/// The hash of two neighbours: their parent.
pub fn of_pair(left: Hash, right: Hash) -> Hash {
    let mut hash = Context::new(&SHA256);
    hash.update(&[1]);
    hash.update(&left.0);
    hash.update(&right.0);
    taken(hash.finish())
}

/// The root of a tree without records.
pub fn of_nothing() -> Hash {
    taken(digest(&SHA256, b""))
}

fn taken(digest: aws_lc_rs::digest::Digest) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    Hash(hash)
}

/// A node: it spans the leaves `number << level` to `(number + 1) << level`, all of which exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Its height above the leaves.
    pub level: u32,
    /// Its number from the left in that level.
    pub number: u64,
}

/// The largest complete subtrees of a tree of `size` records, from left to right: one for each bit of `size`.
pub fn subtrees(size: u64) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut done = 0;
    for level in (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1) {
        nodes.push(Node {
            level,
            number: done >> level,
        });
        done += 1 << level;
    }
    nodes
}

/// The root of a tree by the hashes of its [`subtrees`].
pub fn root(hashes: &[Hash]) -> Hash {
    let mut from_right = hashes.iter().rev().copied();
    match from_right.next() {
        None => of_nothing(),
        Some(last) => from_right.fold(last, |right, left| of_pair(left, right)),
    }
}
