//! Which go runs: the order of versions, and finding the real go behind our own entry on PATH.

pub mod find;
pub mod install;
pub mod version;
