//! A lookup that believes nobody. Source: golang.org/x/mod/sumdb/client.go (Lookup, mergeLatest, checkRecord).

use super::key::Key;
use super::note::Signed;
use super::record::Record;
use super::tile::Reader;
use super::tlog::{Node, of_nothing, of_record, root, subtrees};
use super::{Fault, Fork};
use crate::gomod::escape;

/// What the client asks and remembers through. Paths are below the log, e.g. `lookup/golang.org/x/text@v0.3.0`.
pub trait Ops {
    /// Asks the log, or whoever stands in for it.
    fn remote(&mut self, path: &str) -> Result<Vec<u8>, Fault>;
    /// What an earlier lookup kept; `None` where there is nothing.
    fn cached(&mut self, path: &str) -> Option<Vec<u8>>;
    /// Keeps an answer that was proved; a failure costs a request next time.
    fn cache(&mut self, path: &str, content: &[u8]);
    /// The signed note of the newest tree seen before; empty where none was.
    fn latest(&mut self) -> Result<String, Fault>;
    /// Puts a newer note in the place of this one; false where another stands there by now.
    fn replace_latest(&mut self, old: &str, new: &str) -> Result<bool, Fault>;
}

/// A hash that the log vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The `h1:` of the version's zip.
    pub h1: String,
    /// The record's number.
    pub record: u64,
    /// Size of the tree that proves it.
    pub size: u64,
}

/// Looks up the hash of a version's zip.
pub fn lookup(ops: &mut impl Ops, key: &Key, module: &str, version: &str) -> Result<Found, Fault> {
    let path = format!("lookup/{}@{}", escape(module), escape(version));
    if let Some(kept) = ops.cached(&path) {
        // What was kept may be damaged; the log is asked then. A fork stays one.
        match check(ops, key, &kept, module, version) {
            Err(Fault::Forged(_)) => {}
            other => return other,
        }
    }
    let answer = ops.remote(&path)?;
    let found = check(ops, key, &answer, module, version)?;
    ops.cache(&path, &answer);
    Ok(found)
}

fn check(ops: &mut impl Ops, key: &Key, answer: &[u8], module: &str, version: &str) -> Result<Found, Fault> {
    let malformed = || Fault::Forged(format!("the record of {module}@{version} is malformed"));
    let text = std::str::from_utf8(answer).map_err(|_| malformed())?;
    let record = Record::parse(text).ok_or_else(malformed)?;
    let shown = Signed::open(record.note, key).map_err(Fault::Forged)?;
    let newest = merge(ops, key, shown)?;
    if record.id >= newest.tree.size {
        return Err(Fault::Forged(format!(
            "record {} is beyond the tree of {} records",
            record.id, newest.tree.size
        )));
    }
    let leaf = Node {
        level: 0,
        number: record.id,
    };
    if Reader::new(ops, newest.tree)?.hash(leaf)? != of_record(record.text.as_bytes()) {
        return Err(Fault::Forged(format!(
            "the record of {module}@{version} is not the one numbered {} in the signed tree",
            record.id
        )));
    }
    let h1 = record.h1(module, version).ok_or_else(|| {
        Fault::Forged(format!(
            "record {} says nothing about {module}@{version}",
            record.id
        ))
    })?;
    Ok(Found {
        h1: h1.to_owned(),
        record: record.id,
        size: newest.tree.size,
    })
}

/// Holds a tree against the newest one seen before, and remembers the newer of the two, which it returns.
fn merge(ops: &mut impl Ops, key: &Key, shown: Signed) -> Result<Signed, Fault> {
    loop {
        let kept = ops.latest()?;
        if kept.is_empty() {
            if ops.replace_latest("", &shown.note)? {
                return Ok(shown);
            }
            continue;
        }
        let known = Signed::open(&kept, key)
            .map_err(|why| Fault::Memory(format!("the newest tree seen before is not readable: {why}")))?;
        if shown.tree.size <= known.tree.size {
            continues(ops, key, &shown, &known)?;
            return Ok(known);
        }
        continues(ops, key, &known, &shown)?;
        if ops.replace_latest(&kept, &shown.note)? {
            return Ok(shown);
        }
        // Somebody else moved it meanwhile: what stands there now counts.
    }
}

/// Proves that the newer tree begins with the older one.
fn continues(ops: &mut impl Ops, key: &Key, older: &Signed, newer: &Signed) -> Result<(), Fault> {
    let begins = if older.tree.size == newer.tree.size {
        newer.tree.root
    } else if older.tree.size == 0 {
        of_nothing()
    } else {
        let mut reader = Reader::new(ops, newer.tree)?;
        let hashes: Result<Vec<_>, Fault> = subtrees(older.tree.size)
            .into_iter()
            .map(|node| reader.hash(node))
            .collect();
        root(&hashes?)
    };
    if begins == older.tree.root {
        return Ok(());
    }
    Err(Fault::Fork(Box::new(Fork {
        name: key.name().to_owned(),
        older: older.tree,
        older_note: older.note.clone(),
        newer: newer.tree,
        newer_note: newer.note.clone(),
    })))
}
