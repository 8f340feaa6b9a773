//! The gosteady command line.

use crate::outcome::{Code, Outcome};
use crate::world::World;

/// Runs a gosteady command.
pub fn main(world: &World) -> Outcome {
    let _ = world;
    Outcome::Ours(Code::Usage)
}
