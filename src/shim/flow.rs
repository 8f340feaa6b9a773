//! The life of one `go` command, from its argv to its end.

use super::argv::Command;
use super::decision::{self, Action, Decision};
use super::guard::{self, Fault, Plan, Report};
use super::memo::Memo;
use super::scene::Scene;
use super::{hand_over, phase};
use crate::config::Settings;
use crate::config::goenv::GoEnv;
use crate::outcome::{Code, Outcome};
use crate::toolchain::find::RealGo;
use crate::trace::{Event, Recorder};
use crate::ui;
use crate::world::World;
use std::ffi::OsString;

/// Everything that is known about a command before it runs.
struct Case<'a> {
    world: &'a World,
    real: &'a RealGo,
    settings: &'a Settings,
    env: &'a GoEnv<'a>,
    command: &'a Command<'a>,
    scene: &'a Scene,
    memo: Option<Memo>,
}

/// Runs a command.
pub fn run(world: &World, real: &RealGo) -> Outcome {
    let command = Command::parse(&world.args);
    let env = GoEnv::read(world, &real.path);
    let scene = Scene::read(world, &env, &command);
    let decision = decision::decide(&command, &scene);
    if decision.action == Action::Exec {
        return hand_over(world, real);
    }
    let forced = world.set_var("GOSTEADY_FORCE_GUARD").is_some();
    let memo = Memo::of(world, &env, &real.path, &command, &scene).filter(|_| !forced);
    let guards = matches!(decision.action, Action::Guard | Action::Phase);
    if guards && scene.missing_toolchain.is_none() && memo.as_ref().is_some_and(Memo::is_known) {
        return hand_over(world, real);
    }
    let settings = Settings::default();
    let case = Case {
        world,
        real,
        settings: &settings,
        env: &env,
        command: &command,
        scene: &scene,
        memo,
    };
    case.guarded(decision)
}

impl Case<'_> {
    fn guarded(&self, decision: Decision) -> Outcome {
        let recorder = Recorder::off();
        recorder.emit(Event::Decision {
            action: format!("{:?}", decision.action).to_lowercase(),
            why: decision.why.into(),
        });
        match decision.action {
            Action::Guard => self.whole(&recorder),
            Action::Phase => self.phase(&recorder),
            Action::ToolchainFirst => self.toolchain(&recorder),
            Action::Exec => hand_over(self.world, self.real),
        }
    }

    fn whole(&self, recorder: &Recorder) -> Outcome {
        let before = guard::fingerprints(self.scene);
        let report = match self.run(&self.world.args, false, recorder) {
            Ok(report) => report,
            Err(fault) => return self.without_guard(fault),
        };
        guard::file_changes(self.scene, &before, recorder);
        if report.end.status == Some(0) {
            self.remember(&report);
        }
        self.tell(&report);
        outcome(&report)
    }

    fn phase(&self, recorder: &Recorder) -> Outcome {
        let Some(args) = phase::arguments(self.command, &self.world.args, self.scene) else {
            return hand_over(self.world, self.real);
        };
        let report = match self.run(&args, true, recorder) {
            Ok(report) => report,
            Err(fault) => return self.without_guard(fault),
        };
        if report.end.signal.is_some() || report.end.ended_by_us.is_some() {
            self.tell(&report);
            return outcome(&report);
        }
        if report.end.status == Some(0) {
            self.remember(&report);
        } else if report.summary.unavailable > 0 {
            self.tell(&report);
            if matches!(self.command.words.first(), Some(&("run" | "tool"))) {
                ui::err(&report.end.held);
                return outcome(&report);
            }
            ui::note("not everything could be downloaded beforehand; go's own downloads are now unguarded");
        } else {
            self.tell(&report);
        }
        hand_over(self.world, self.real)
    }

    fn toolchain(&self, recorder: &Recorder) -> Outcome {
        let mut args: Vec<OsString> = Vec::new();
        if let Some(dir) = &self.command.chdir {
            args.extend([OsString::from("-C"), dir.into()]);
        }
        args.push("version".into());
        match self.run(&args, true, recorder) {
            Ok(report) if report.end.signal.is_some() || report.end.ended_by_us.is_some() => {
                self.tell(&report);
                outcome(&report)
            }
            Ok(report) => {
                self.tell(&report);
                if report.summary.unavailable > 0 {
                    ui::err(&report.end.held);
                    return outcome(&report);
                }
                hand_over(self.world, self.real)
            }
            Err(fault) => self.without_guard(fault),
        }
    }

    fn run(&self, args: &[OsString], phase: bool, recorder: &Recorder) -> Result<Report, Fault> {
        let plan = Plan {
            world: self.world,
            settings: self.settings,
            env: self.env,
            go: &self.real.path,
            command: self.command,
            scene: self.scene,
            args,
            phase,
        };
        guard::run(&plan, recorder)
    }

    // Nothing of ours may keep go from running.
    fn without_guard(&self, fault: Fault) -> Outcome {
        match fault {
            Fault::Proxy(why) => {
                ui::note(&format!("the guard could not start ({why}); go runs without it"));
                hand_over(self.world, self.real)
            }
            Fault::Spawn(_) => hand_over(self.world, self.real),
        }
    }

    fn remember(&self, report: &Report) {
        if let Some(memo) = self
            .memo
            .as_ref()
            .filter(|_| report.proxied && report.summary.requests == 0)
        {
            memo.write();
        }
    }

    fn tell(&self, report: &Report) {
        for note in &report.summary.notes {
            ui::note(note);
        }
    }
}

fn outcome(report: &Report) -> Outcome {
    match (&report.end.ended_by_us, report.end.status, report.end.signal) {
        (Some(_), _, _) => Outcome::Ours(Code::Hung),
        (None, Some(status), _) => Outcome::Exited(status),
        (None, None, Some(signal)) => Outcome::Signaled(signal),
        (None, None, None) => Outcome::Ours(Code::Internal),
    }
}
