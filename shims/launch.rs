//! The launcher: the shim's fast path alone, small enough to be linked statically, so that a command which needs no guard
//! costs half a millisecond. For everything else it starts the whole program beside it; where that is missing, the real go.
#![no_main]

use gosteady::face::Face;
use gosteady::shim::{exec, fast, fast::Fast};
use gosteady::world::World;
use std::path::PathBuf;

/// The C entry point, for the same reason as in `src/main.rs`.
#[unsafe(no_mangle)]
pub extern "C" fn main() -> i32 {
    let world = World::capture();
    let whole = world.exe.as_deref().map(|exe| exe.with_file_name("gosteady"));
    let whole = |name: &str, or: &dyn Fn() -> gosteady::outcome::Outcome| match whole
        .as_ref()
        .filter(|path: &&PathBuf| path.is_file())
    {
        Some(path) => exec::exec(path, name.as_ref(), &world.args, None),
        None => or(),
    };
    let outcome = match Face::of(&world.argv0) {
        Face::Cli => whole("gosteady", &|| {
            gosteady::outcome::Outcome::Ours(gosteady::outcome::Code::Internal)
        }),
        face => match fast::run(&world, face) {
            Fast::Ended(outcome) => outcome,
            Fast::Guard(task) => whole("go", &|| fast::hand_over(&task.world, &task.real)),
        },
    };
    outcome.shell_status()
}
