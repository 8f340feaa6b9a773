//! The module cache: what is damaged in it, mending that, what it holds, and the key under which CI may keep it.
//!
//! Sources: cmd/go/internal/modfetch/{cache,fetch}.go, cmd/go/internal/modcmd/verify.go.

mod access;
pub mod finding;
mod inspect;
pub mod key;
pub mod layout;
pub mod mend;
pub mod scope;
pub mod size;
mod stage;
pub mod swap;
mod tree;
pub mod verify;

#[cfg(test)]
mod tests;
