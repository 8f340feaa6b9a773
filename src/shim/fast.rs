//! The fast path: everything up to the question whether a command needs a guard. No runtime, no thread, no socket.
//!
//! The static launcher in `shims/launch.rs` is this part alone; it starts the whole program only for [`Fast::Guard`].

use super::argv::Command;
use super::decision::{self, Action, Decision};
use super::exec;
use super::memo::Memo;
use super::nesting::{self, Nesting};
use super::scene::Scene;
use super::table::{self, Class};
use crate::config::{self, goenv::GoEnv};
use crate::face::Face;
use crate::outcome::{Code, Outcome};
use crate::toolchain::find::{self, NotFound, RealGo};
use crate::trace::invocations::{self, Invocation};
use crate::ui;
use crate::world::World;
use std::time::SystemTime;

/// What the fast path came to.
#[derive(Debug)]
pub enum Fast {
    /// The process could not be handed over, or must not be.
    Ended(Outcome),
    /// The command needs a guard.
    Guard(Box<Task>),
}

/// A command that needs a guard.
#[derive(Debug)]
pub struct Task {
    /// The surroundings, a dead loopback of ours removed.
    pub world: World,
    /// The real go.
    pub real: RealGo,
    /// go's settings.
    pub env: GoEnv,
    /// What stands around the command.
    pub scene: Scene,
    /// What to do and why.
    pub decision: Decision,
    /// The memo to write when it turns out that nothing was requested.
    pub memo: Option<Memo>,
}

/// Takes a command as far as it goes without a guard: in most cases that is the exec of the real go.
pub fn run(world: &World, face: Face) -> Fast {
    let program = face.program().unwrap_or("go");
    if nesting::is_loop(world) {
        ui::note(&format!(
            "stopped after {} shims: the {program} behind this one on PATH leads back to it; \
             put a real Go on PATH behind it, or name one in GOSTEADY_REAL_GO",
            nesting::depth(world)
        ));
        return Fast::Ended(Outcome::Ours(Code::NotFound));
    }
    let real = match find::real_go(world, program) {
        Ok(real) => real,
        Err(error) => return Fast::Ended(not_found(error)),
    };
    if face == Face::Gofmt
        || world
            .var("GOSTEADY_BYPASS")
            .is_some_and(|v| !v.is_empty() && v != "0")
    {
        return Fast::Ended(hand_over(world, &real));
    }
    match nesting::nesting(world) {
        Nesting::Free => command(world.clone(), real),
        // The shim above us guards what we download; only `go env` must not see its loopback.
        Nesting::Guarded if world.args.first().is_some_and(|a| a == "env") => {
            let env = nesting::restored(&nesting::deeper(world));
            Fast::Ended(exec::exec(&real.path, &world.argv0, &world.args, Some(&env)))
        }
        Nesting::Guarded => Fast::Ended(hand_over(world, &real)),
        Nesting::Orphaned => command(world.with_env(nesting::restored(&world.env)), real),
    }
}

fn command(world: World, real: RealGo) -> Fast {
    let command = Command::parse(&world.args);
    let env = GoEnv::read(&world, &real.path);
    let scene = Scene::read(&world, &env, &command);
    let decision = decision::decide(&command, &scene);
    if decision.action == Action::Exec {
        note_invocation(&world, &real, &command, decision.why);
        return Fast::Ended(hand_over(&world, &real));
    }
    let forced = world.set_var("GOSTEADY_FORCE_GUARD").is_some();
    let memo = Memo::of(&world, &env, &real.path, &command, &scene).filter(|_| !forced);
    let may_be_known = decision.action != Action::ToolchainFirst && scene.missing_toolchain.is_none();
    if may_be_known && memo.as_ref().is_some_and(Memo::is_known) {
        note_invocation(
            &world,
            &real,
            &command,
            "this command on this input last made no request",
        );
        return Fast::Ended(hand_over(&world, &real));
    }

    Fast::Guard(Box::new(Task {
        world,
        real,
        env,
        scene,
        decision,
        memo,
    }))
}

// A command that may download but is exec'd leaves a line; one that makes no request only if asked for.
fn note_invocation(world: &World, real: &RealGo, command: &Command, why: &str) {
    let loaded = config::load(world);
    if table::class(command) == Class::Zero && !config::invocations_all(&loaded) {
        return;
    }
    let Some(place) = invocations::place(&loaded.settings, world) else {
        return;
    };
    let line = Invocation::new(SystemTime::now(), &command.verb(), &world.args, &real.path, why);
    // A state directory that can't be written costs the line, not the command.
    let _ = invocations::append(&place, &line);
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
