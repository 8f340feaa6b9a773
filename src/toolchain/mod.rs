//! Which go runs: the order of versions, pins and what they ask for, the toolchains that are there, and finding the real go
//! behind our own entry on PATH.

pub mod find;
pub mod pin;
pub mod version;
