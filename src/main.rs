//! Capture the world, pick the face, turn its outcome into the end of the process. The only exit.
#![no_main]

use gosteady::face::Face;
use gosteady::outcome::Outcome;
use gosteady::world::{self, World};
use gosteady::{cli, shim, supervise};
use std::ffi::{c_char, c_int};

/// The C entry point rather than Rust's: the runtime would ignore SIGPIPE and open /dev/null on closed descriptors before
/// we could hand the process over untouched.
///
/// # Safety
/// For the system alone to call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn main(count: c_int, argv: *const *const c_char) -> c_int {
    // SAFETY: what the system hands to main.
    let world = World::capture(unsafe { world::arguments(count, argv) });
    let outcome = match Face::of(&world) {
        Face::Cli => cli::main(&world),
        face => shim::run(&world, face),
    };
    end(outcome)
}

// A child's death by signal is reported by dying of the same signal, so that shells, make and CI see what they would
// have seen.
fn end(outcome: Outcome) -> i32 {
    if let Outcome::Signaled(signal) = outcome {
        supervise::die_of(signal);
        // The first process of a container can't die so. Of the signals that Go's runtime takes to end by, it then
        // exits with 2 (runtime/signal_unix.go: dieFromSignal).
        if std::process::id() == 1 && supervise::ends_go(signal) {
            return 2;
        }
    }
    outcome.shell_status()
}
