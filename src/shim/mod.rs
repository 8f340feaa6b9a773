//! The `go` face: an argv becomes a decision, a decision becomes an exec or a guarded run.

pub mod ahead;
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
pub mod verdict;

use crate::face::Face;
use crate::outcome::{Code, Outcome};
use crate::supervise;
use crate::ui;
use crate::world::World;
use fast::Fast;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Whether go was started: after that it can't be started again in its place.
static STARTED: AtomicBool = AtomicBool::new(false);

/// Runs the shim. Returns only where the process was not handed over.
pub fn run(world: &World, face: Face) -> Outcome {
    let task = match fast::run(world, face) {
        Fast::Ended(outcome) => return outcome,
        Fast::Guard(task) => task,
    };
    supervise::hold_standard();
    supervise::survive_broken_pipes();
    set_hook(Box::new(|info| {
        let place = info
            .location()
            .map(|l| format!(" ({}:{})", l.file(), l.line()))
            .unwrap_or_default();
        ui::note(&format!(
            "a fault of our own{place}; please report it; GOSTEADY_BYPASS=1 leaves gosteady out"
        ));
    }));
    let (plain, real) = (task.world.clone(), task.real.clone());
    match catch_unwind(AssertUnwindSafe(|| flow::guarded(*task))) {
        Ok(outcome) => outcome,
        Err(_) if STARTED.load(Relaxed) => wait_for_child(),
        Err(_) => fast::hand_over(&plain, &real),
    }
}

/// Notes that go is about to be started.
fn started() {
    STARTED.store(true, Relaxed);
}

/// Notes that the child has ended and the process may still be handed over.
fn ended() {
    STARTED.store(false, Relaxed);
}

// Our own fault does not end go: whatever it comes to is what we report.
fn wait_for_child() -> Outcome {
    use nix::sys::wait::{WaitStatus, wait};
    loop {
        match wait() {
            Ok(WaitStatus::Exited(_, status)) => return Outcome::Exited(status),
            Ok(WaitStatus::Signaled(_, signal, _)) => return Outcome::Signaled(signal as i32),
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(_) => return Outcome::Ours(Code::Internal),
        }
    }
}
