//! The `go` face: an argv becomes a decision, a decision becomes an exec or a guarded run.

pub mod again;
pub mod ahead;
pub mod argv;
pub mod changes;
pub mod course;
pub mod decision;
pub mod exec;
pub mod fast;
pub mod flow;
pub mod guard;
mod install;
pub mod memo;
pub mod nesting;
pub mod phase;
pub mod pinned;
pub mod policy;
pub mod scene;
pub mod table;
pub mod verdict;

use crate::face::Face;
use crate::outcome::{Code, Outcome};
use crate::supervise;
use crate::toolchain::provide::{self, Missing};
use crate::ui;
use crate::world::World;
use course::COURSE;
use fast::Fast;
use pinned::Need;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

/// Runs the shim. Returns only where the process was not handed over.
pub fn run(world: &World, face: Face) -> Outcome {
    let fast = match fast::run(world, face) {
        Fast::Ended(outcome) => return outcome,
        more => more,
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
    let task = match fast {
        Fast::Missing(need) => match provided(world, face, &need) {
            Fast::Guard(task) => task,
            Fast::Ended(outcome) => return outcome,
            Fast::Missing(_) => return Outcome::Ours(Code::Internal),
        },
        Fast::Guard(task) => task,
        Fast::Ended(outcome) => return outcome,
    };
    let (plain, go) = (task.world.clone(), task.go.real.clone());
    match catch_unwind(AssertUnwindSafe(|| flow::guarded(*task))) {
        Ok(outcome) => outcome,
        Err(_) => COURSE.rescue(|| fast::hand_over(&plain, &go), wait_for_child),
    }
}

// Provides a pinned toolchain and takes the command from its beginning. Where a go is there that gets it by itself, that
// is whatever another process may have installed by now; what follows otherwise, `toolchain::absent` decides.
fn provided(world: &World, face: Face, need: &Need) -> Fast {
    let installer = |want: &_| install::install(need, want);
    let provided = AssertUnwindSafe(|| {
        let installer: Option<provide::Installer> = match install::is_ours(need, face) {
            true => Some(&installer),
            false => None,
        };
        provide::provide(&need.want, &need.world, installer)
    });
    let why = match catch_unwind(provided) {
        Ok(Ok(_)) => match fast::run(world, face) {
            Fast::Missing(_) => Missing {
                what: "is there and could not be found".into(),
                ..Missing::not_tried(&need.want)
            },
            found => return found,
        },
        Ok(Err(missing)) => missing,
        Err(_) => Missing::not_tried(&need.want),
    };
    fast::run_without(world, face, &why)
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
