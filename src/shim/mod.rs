//! The `go` face: an argv becomes a decision, a decision becomes an exec or a guarded run.

pub mod argv;
pub mod decision;
pub mod exec;
pub mod flow;
pub mod guard;
pub mod memo;
pub mod nesting;
pub mod phase;
pub mod scene;
pub mod table;

use crate::face::Face;
use crate::outcome::{Code, Outcome};
use crate::toolchain::find::{self, NotFound, RealGo};
use crate::ui;
use crate::world::World;
use nesting::Nesting;

/// Runs the shim. Returns only where the process was not handed over.
pub fn run(world: &World, face: Face) -> Outcome {
    let program = face.program().unwrap_or("go");
    if nesting::is_loop(world) {
        ui::note(&format!(
            "stopped after {} shims: the {program} behind this one on PATH leads back to it; \
             put a real Go on PATH behind it, or name one in GOSTEADY_REAL_GO",
            nesting::depth(world)
        ));
        return Outcome::Ours(Code::NotFound);
    }
    let real = match find::real_go(world, program) {
        Ok(real) => real,
        Err(error) => return not_found(error),
    };
    if face == Face::Gofmt
        || world
            .var("GOSTEADY_BYPASS")
            .is_some_and(|v| !v.is_empty() && v != "0")
    {
        return hand_over(world, &real);
    }
    match nesting::nesting(world) {
        Nesting::Free => flow::run(world, &real),
        // The shim above us guards what we download; only `go env` must not see its loopback.
        Nesting::Guarded if world.args.first().is_some_and(|a| a == "env") => {
            let env = nesting::restored(&nesting::deeper(world));
            exec::exec(&real.path, &world.argv0, &world.args, Some(&env))
        }
        Nesting::Guarded => hand_over(world, &real),
        Nesting::Orphaned => flow::run(&world.with_env(nesting::restored(&world.env)), &real),
    }
}

/// Execs the real go with the environment as it came; where it is a script, which may call `go` again, with the
/// depth raised.
pub fn hand_over(world: &World, real: &RealGo) -> Outcome {
    let env = find::is_script(&real.path).then(|| nesting::deeper(world));
    exec::exec(
        &real.path,
        &world.argv0,
        &world.args,
        env.as_deref().or(world.changed_env()),
    )
}

fn not_found(error: NotFound) -> Outcome {
    match error {
        NotFound::Nowhere { program } => {
            ui::note(&format!(
                "no real {program} was found behind gosteady; install Go, or put it on PATH behind gosteady's own entry"
            ));
            Outcome::Ours(Code::NotFound)
        }
        NotFound::NotRunnable(path) => {
            ui::note(&format!(
                "{} is not executable; mend its mode, or put another Go on PATH",
                path.display()
            ));
            Outcome::Ours(Code::NotRunnable)
        }
    }
}
