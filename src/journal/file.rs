//! One file of an entry.

use serde::{Deserialize, Serialize};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::ErrorKind;
use std::path::Path;

/// A go.sum of tens of thousands of modules is smaller; what is larger is not kept.
const LARGEST: u64 = 16 << 20;

/// A file, before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// Where it is, absolute, the links above it resolved.
    pub path: String,
    /// What it was.
    pub before: State,
    /// What it became; `None` where nobody was there to see it, because go was exec'd.
    pub after: Option<Now>,
}

/// A file's content; `None` where there is no file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct State(pub Option<String>);

/// What a file is, without its content: its size and hash, or `absent`. No cryptography: two files that differ and agree
/// in this are no attack on anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Now(String);

impl State {
    /// What a file is now; `None` where it can't be read, is too large or no text.
    pub fn of(path: &Path) -> Option<State> {
        match std::fs::metadata(path) {
            Ok(meta) if !meta.is_file() || meta.len() > LARGEST => None,
            Ok(_) => std::fs::read_to_string(path).ok().map(|text| State(Some(text))),
            Err(e) if e.kind() == ErrorKind::NotFound => Some(State(None)),
            Err(_) => None,
        }
    }

    /// Its size and hash.
    pub fn now(&self) -> Now {
        Now(match &self.0 {
            None => "absent".into(),
            Some(text) => {
                let mut hash = DefaultHasher::new();
                text.hash(&mut hash);
                format!("{} bytes, {:016x}", text.len(), hash.finish())
            }
        })
    }

    /// Its text; empty where there is no file.
    pub fn text(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}
