//! Which go runs: the order of versions, pins and what they ask for, the toolchains that are there, and finding the real go
//! behind our own entry on PATH.

pub mod absent;
pub mod find;
pub mod floor;
pub mod hold;
pub mod install;
pub mod installed;
pub mod pin;
mod places;
pub mod provide;
pub mod select;
pub mod version;
pub mod whose;

pub use select::{Ask, Selection, Verdict, select};
