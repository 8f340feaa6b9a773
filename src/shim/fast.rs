//! The fast path: everything up to the question whether a command needs a guard. No runtime, no thread, no socket.
//!
//! The static launcher in `shims/launch.rs` is this part alone; it starts the whole program only for [`Fast::Guard`] and
//! [`Fast::Missing`].

use super::argv::Command;
use super::changes;
use super::decision::{self, Action, Decision};
use super::exec;
use super::memo::Memo;
use super::nesting::{self, Nesting};
use super::pinned::{self, Chosen, Go};
use super::policy;
use super::scene::Scene;
use super::table::{self, Class};
use crate::config::{self, Loaded, goenv::GoEnv};
use crate::face::Face;
use crate::outcome::{Code, Outcome};
use crate::toolchain::absent::{self, Instead};
use crate::toolchain::find::{self, NotFound, RealGo};
use crate::toolchain::floor;
use crate::toolchain::provide::Missing;
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
    /// A pinned toolchain is not there.
    Missing(Box<pinned::Need>),
}

/// A command that needs a guard.
#[derive(Debug)]
pub struct Task {
    /// The surroundings, a dead loopback of ours removed, a pin put in.
    pub world: World,
    /// The go that runs, and why.
    pub go: Go,
    /// go's settings.
    pub env: GoEnv,
    /// Ours, as they are where go works.
    pub loaded: Loaded,
    /// What stands around the command.
    pub scene: Scene,
    /// What to do and why.
    pub decision: Decision,
    /// The memo to write when it turns out that nothing was requested.
    pub memo: Option<Memo>,
}

/// Takes a command as far as it goes without a guard: in most cases that is the exec of the real go.
pub fn run(world: &World, face: Face) -> Fast {
    settle(world, face, None)
}

/// The same where the pinned toolchain could not be provided.
pub fn run_without(world: &World, face: Face, missing: &Missing) -> Fast {
    settle(world, face, Some(missing))
}

fn settle(world: &World, face: Face, missing: Option<&Missing>) -> Fast {
    let program = face.program().unwrap_or("go");
    if nesting::is_loop(world) {
        ui::note(&format!(
            "stopped after {} shims: the {program} behind this one on PATH leads back to it; \
             put a real Go on PATH behind it, or name one in GOSTEADY_REAL_GO",
            nesting::depth(world)
        ));
        return Fast::Ended(Outcome::Ours(Code::NotFound));
    }
    if world
        .var("GOSTEADY_BYPASS")
        .is_some_and(|v| !v.is_empty() && v != "0")
    {
        return Fast::Ended(match find::real_go(world, program) {
            Ok(real) => hand_over(world, &real),
            Err(error) => not_found(error),
        });
    }
    let chosen = match pinned::choose(world, face, missing) {
        pinned::Choice::Run(chosen) => chosen,
        pinned::Choice::Missing(need) => return Fast::Missing(need),
        pinned::Choice::NotFound(error) => return Fast::Ended(not_found(error)),
        pinned::Choice::Refuse(text, code) => {
            ui::note(&text);
            return Fast::Ended(Outcome::Ours(code));
        }
    };
    let (world, go) = (&chosen.world, &chosen.go);
    if nesting::depth(world) == 0
        && let Some(named) = find::unusable(world)
    {
        ui::note(&format!(
            "GOSTEADY_REAL_GO={} is no go that can be run; {} is used",
            named.display(),
            go.real.path.display()
        ));
    }
    if face == Face::Gofmt {
        return Fast::Ended(go.hand_over(world));
    }
    match nesting::nesting(world) {
        Nesting::Free => command(*chosen),
        // The shim above us guards what we download; only `go env` must not see its loopback.
        Nesting::Guarded if Command::parse(&world.args).words.first() == Some(&"env") => {
            let env = nesting::restored(&nesting::deeper(world));
            go.tell();
            Fast::Ended(exec::exec(&go.real.path, &world.argv0, &world.args, Some(&env)))
        }
        Nesting::Guarded => Fast::Ended(go.hand_over(world)),
        Nesting::Orphaned => {
            let world = world.with_env(nesting::restored(&world.env));
            command(Chosen {
                world,
                env: None,
                ..*chosen
            })
        }
    }
}

fn command(chosen: Chosen) -> Fast {
    let Chosen {
        world,
        mut go,
        env,
        loaded,
    } = chosen;
    let command = Command::parse(&world.args);
    let env = env.unwrap_or_else(|| GoEnv::read(&world, &go.real.path));
    let local = go.version.as_ref().filter(|_| !go.switches);
    let scene = Scene::read(&world, &env, &command, local);
    let decision = decision::decide(&command, &scene);
    if let Some(lines) = policy::refusal(&world, &env, &loaded, &command, &scene) {
        lines.iter().for_each(|line| ui::note(line));
        return Fast::Ended(Outcome::Ours(Code::Refused));
    }
    go.notes.extend(policy::misread(&loaded));
    if let Some(wanted) = scene.missing_toolchain.as_ref().filter(|_| !go.switches) {
        match absent::floor(&wanted.name, &wanted.by, &loaded.settings) {
            Instead::ByGo(line) => go.notes.extend(line),
            Instead::Refuse(text, code) => {
                ui::note(&text);
                return Fast::Ended(Outcome::Ours(code));
            }
        }
    }
    let needs_module = table::class(&command) != Class::Zero && env.text("GO111MODULE") != "off";
    if decision.action == Action::Exec {
        if needs_module {
            too_old(&mut go, &scene);
        }
        // What becomes of the files, nobody sees who could note it; an undo compares.
        changes::save(&world, &loaded.settings, &command, &scene);
        note_invocation(&world, &go.real, &command, &loaded, decision.why);
        return Fast::Ended(go.hand_over(&world));
    }
    let forced = world.set_var("GOSTEADY_FORCE_GUARD").is_some();
    let memo = Memo::of(&world, &env, &go.real.path, &command, &scene).filter(|_| !forced);
    let may_be_known = decision.action != Action::ToolchainFirst && scene.missing_toolchain.is_none();
    if may_be_known && memo.as_ref().is_some_and(Memo::is_known) {
        let why = "this command on this input last made no request";
        changes::save(&world, &loaded.settings, &command, &scene);
        note_invocation(&world, &go.real, &command, &loaded, why);
        return Fast::Ended(go.hand_over(&world));
    }
    // After the memo, which says that go took this file.
    if needs_module {
        too_old(&mut go, &scene);
    }
    Fast::Guard(Box::new(Task {
        world,
        go,
        env,
        loaded,
        scene,
        decision,
        memo,
    }))
}

// go will say that it is too old; who pinned it, only we know.
fn too_old(go: &mut Go, scene: &Scene) {
    let file = scene.work.as_deref().or(scene.module.as_deref());
    if let (Some(pin), Some(version), Some(file)) = (&go.pin, &go.version, file)
        && version.knows_toolchains()
        && !pin.is_gos_own()
        && let Some((place, line)) = floor::too_old(version, file)
    {
        go.notes.push(format!(
            "{place} asks for Go {line}, and {} pins {}: go will refuse; change one of the two",
            pin.place, pin.text
        ));
    }
}

// A command that may download but is exec'd leaves a line; one that makes no request only if asked for.
fn note_invocation(world: &World, real: &RealGo, command: &Command, loaded: &Loaded, why: &str) {
    if table::class(command) == Class::Zero && !config::invocations_all(loaded) {
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
    let env = real.script.then(|| nesting::deeper(world));
    exec::exec(
        &real.path,
        &world.argv0,
        &world.args,
        env.as_deref().or(world.changed_env()),
    )
}

fn not_found(error: NotFound) -> Outcome {
    let (text, code) = error.refusal();
    ui::note(&text);
    Outcome::Ours(code)
}
