//! The launcher: the shim's fast path alone, small enough to be linked statically, so that a command which needs no guard
//! costs half a millisecond. For everything else it starts the whole program beside it; where that is missing, the real go.
#![no_main]

use gosteady::face::Face;
use gosteady::outcome::{Code, Outcome};
use gosteady::shim::{exec, fast, fast::Fast};
use gosteady::toolchain::provide::Missing;
use gosteady::world::{self, World};
use std::ffi::{c_char, c_int};
use std::path::PathBuf;

/// The C entry point, for the same reason as in `src/main.rs`.
///
/// # Safety
/// For the system alone to call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn main(count: c_int, argv: *const *const c_char) -> c_int {
    // SAFETY: what the system hands to main.
    let world = World::capture(unsafe { world::arguments(count, argv) });
    let whole = world.exe.as_deref().map(|exe| exe.with_file_name("gosteady"));
    let whole = |name: &str, or: &dyn Fn() -> Outcome| match whole
        .as_ref()
        .filter(|path: &&PathBuf| path.is_file())
    {
        Some(path) => exec::exec(path, name.as_ref(), &world.args, None),
        None => or(),
    };
    let outcome = match Face::of(&world) {
        Face::Cli => whole("gosteady", &|| Outcome::Ours(Code::Internal)),
        face => {
            let alone = |fast| match fast {
                Fast::Ended(outcome) => outcome,
                Fast::Guard(task) => task.go.hand_over(&task.world),
                Fast::Missing(_) => Outcome::Ours(Code::Internal),
            };
            let name = face.program().unwrap_or("go");
            match fast::run(&world, face) {
                Fast::Ended(outcome) => outcome,
                Fast::Guard(task) => whole("go", &|| task.go.hand_over(&task.world)),
                Fast::Missing(need) => whole(name, &|| {
                    alone(fast::run_without(&world, face, &Missing::not_tried(&need.want)))
                }),
            }
        }
    };
    outcome.shell_status()
}
