//! Errors in two parts: what happened, and what to do about it.

use std::fmt;

/// An error as a person reads it. `what` is one clause without a full stop; `fix` is a command or an
/// instruction, or empty where there is nothing to advise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What happened, with the file and line where there is one.
    pub what: String,
    /// What the reader can do about it.
    pub fix: String,
}

impl Error {
    /// An error with advice.
    pub fn new(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            fix: fix.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if self.fix.is_empty() {
            Ok(())
        } else {
            write!(f, "; {}", self.fix)
        }
    }
}

impl std::error::Error for Error {}

/// How much a [`Finding`] matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Works, but not as it was probably meant.
    Warning,
    /// Does not work.
    Error,
}

/// Something that a check saw, under an id that never changes its meaning.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// Stable id, lower case with hyphens, e.g. `config-unknown-key`.
    pub id: &'static str,
    /// How much it matters.
    pub level: Level,
    /// What was seen, in one sentence.
    pub what: String,
    /// Where: `file:line:column`, a command, an address; empty if it has no place.
    pub evidence: String,
    /// The command or edit that mends it; empty if there is none.
    pub fix: String,
}
