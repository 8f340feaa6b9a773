//! The `go` face: an argv becomes a decision, a decision becomes an exec or a guarded run.

pub mod argv;
pub mod decision;
pub mod exec;
pub mod fast;
pub mod flow;
pub mod guard;
pub mod memo;
pub mod nesting;
pub mod phase;
pub mod scene;
pub mod table;

use crate::face::Face;
use crate::outcome::Outcome;
use crate::world::World;
use fast::Fast;

/// Runs the shim. Returns only where the process was not handed over.
pub fn run(world: &World, face: Face) -> Outcome {
    match fast::run(world, face) {
        Fast::Ended(outcome) => outcome,
        Fast::Guard(task) => flow::guarded(*task),
    }
}
