//! The `go` face: an argv becomes a decision, a decision becomes an exec or a guarded run.

pub mod argv;
pub mod decision;
pub mod memo;
pub mod scene;
pub mod table;
