//! The launcher: the shim's fast path alone, small enough to be linked statically, so that a command which needs no guard
//! costs half a millisecond. For a guard it starts the whole program beside it; where that is missing, the real go.
#![no_main]

use gosteady::face::Face;
use gosteady::shim::{exec, fast, fast::Fast};
use gosteady::world::World;

/// The C entry point, for the same reason as in `src/main.rs`.
#[unsafe(no_mangle)]
pub extern "C" fn main() -> i32 {
    let world = World::capture();
    let face = match Face::of(&world.argv0) {
        Face::Cli => Face::Go,
        face => face,
    };
    let outcome = match fast::run(&world, face) {
        Fast::Ended(outcome) => outcome,
        Fast::Guard(task) => {
            let engine = world.exe.as_deref().map(|exe| exe.with_file_name("gosteady"));
            match engine.filter(|path| path.is_file()) {
                Some(engine) => exec::exec(&engine, "go".as_ref(), &world.args, None),
                None => fast::hand_over(&task.world, &task.real),
            }
        }
    };
    outcome.shell_status()
}
