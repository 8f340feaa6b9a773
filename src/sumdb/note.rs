//! Signed notes. Source: golang.org/x/mod/sumdb/note/note.go (Open).

use super::key::{Key, is_name};
use super::record::Tree;
use crate::gomod::base64;

/// More signatures than this are no note.
const MOST: usize = 100;
/// More bytes than this are no note of a tree (tlog/note.go: ParseTree).
const LONGEST: usize = 1_000_000;

/// A tree with the note that vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The tree.
    pub tree: Tree,
    /// The whole note, as it came.
    pub note: String,
}

impl Signed {
    /// Opens a note: a text, a blank line, signatures. One of them must be the key's, and it must be good; those of
    /// others do not count. The error is a clause.
    pub fn open(note: &str, key: &Key) -> Result<Signed, String> {
        let malformed = || format!("the signed note of {} is malformed", key.name());
        if note.len() > LONGEST || note.chars().any(|c| c < ' ' && c != '\n') {
            return Err(malformed());
        }
        let split = note.rfind("\n\n").ok_or_else(malformed)?;
        let (text, signatures) = (&note[..=split], &note[split + 2..]);
        let lines = signatures.strip_suffix('\n').ok_or_else(malformed)?;
        let mut good = false;
        for (n, line) in lines.split('\n').enumerate() {
            let (name, coded) = line
                .strip_prefix("— ")
                .and_then(|rest| rest.split_once(' '))
                .ok_or_else(malformed)?;
            let signature = base64::decode(coded)
                .filter(|s| s.len() >= 5)
                .ok_or_else(malformed)?;
            if !is_name(name) || n >= MOST {
                return Err(malformed());
            }
            let (id, signature) = signature.split_at(4);
            if name != key.name() || id != key.id().to_be_bytes() || good {
                continue;
            }
            if !key.signed(text.as_bytes(), signature) {
                return Err(format!(
                    "the signature of {} under its tree is forged",
                    key.name()
                ));
            }
            good = true;
        }
        if !good {
            return Err(format!("the tree is not signed by {}", key.name()));
        }
        let tree = Tree::parse(text).ok_or_else(malformed)?;
        Ok(Signed {
            tree,
            note: note.to_owned(),
        })
    }
}
