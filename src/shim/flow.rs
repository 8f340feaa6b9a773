//! The guarded half of a command's life: proxy, supervision, memo, and what the user is told.

use super::argv::Command;
use super::decision::Action;
use super::fast::{Task, hand_over};
use super::guard::{self, Fault, Plan, Report};
use super::phase;
use crate::config::{self, Settings};
use crate::outcome::{Code, Outcome};
use crate::trace::{Event, Recorder};
use crate::ui;
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;

/// A task with what is needed to run it.
struct Case<'a> {
    task: &'a Task,
    command: Command<'a>,
    settings: Settings,
}

/// Runs a command that needs a guard.
pub fn guarded(task: Task) -> Outcome {
    remember_go(&task);
    let loaded = config::load(&task.world);
    if let Some(warning) = config::warning(&loaded.findings) {
        ui::note(&warning);
    }
    let case = Case {
        task: &task,
        command: Command::parse(&task.world.args),
        settings: loaded.settings,
    };
    let recorder = Recorder::off();
    recorder.emit(Event::Decision {
        action: format!("{:?}", task.decision.action).to_lowercase(),
        why: task.decision.why.into(),
    });
    match task.decision.action {
        Action::Guard => case.whole(&recorder),
        Action::Phase => case.phase(&recorder),
        Action::ToolchainFirst => case.toolchain(&recorder),
        Action::Exec => case.hand_over(),
    }
}

impl Case<'_> {
    fn hand_over(&self) -> Outcome {
        hand_over(&self.task.world, &self.task.real)
    }

    fn whole(&self, recorder: &Recorder) -> Outcome {
        let before = guard::fingerprints(&self.task.scene);
        let report = match self.run(&self.task.world.args, false, recorder) {
            Ok(report) => report,
            Err(fault) => return self.without_guard(fault),
        };
        guard::file_changes(&self.task.scene, &before, recorder);
        if report.end.status == Some(0) {
            self.remember(&report);
        }
        self.tell(&report);
        outcome(&report)
    }

    fn phase(&self, recorder: &Recorder) -> Outcome {
        let Some(args) = phase::arguments(&self.command, &self.task.world.args, &self.task.scene) else {
            return self.hand_over();
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
        self.hand_over()
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
                self.hand_over()
            }
            Err(fault) => self.without_guard(fault),
        }
    }

    fn run(&self, args: &[OsString], phase: bool, recorder: &Recorder) -> Result<Report, Fault> {
        let plan = Plan {
            world: &self.task.world,
            settings: &self.settings,
            env: &self.task.env,
            go: &self.task.real.path,
            command: &self.command,
            scene: &self.task.scene,
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
                self.hand_over()
            }
            Fault::Spawn(_) => self.hand_over(),
        }
    }

    fn remember(&self, report: &Report) {
        if let Some(memo) = self
            .task
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

// The go behind us, for a child whose PATH holds none. It costs a write only when it changes.
fn remember_go(task: &Task) {
    let Some(file) = task.world.state_dir().map(|dir| dir.join("real-go")) else {
        return;
    };
    let path = task.real.path.as_os_str().as_bytes();
    let known = std::fs::read(&file).is_ok_and(|seen| seen.trim_ascii() == path);
    if known || !task.real.path.is_absolute() || task.real.why == "GOSTEADY_REAL_GO" {
        return;
    }
    if let Some(dir) = file.parent()
        && std::fs::create_dir_all(dir).is_ok()
        && let Ok(mut beside) = tempfile::NamedTempFile::new_in(dir)
        && beside.write_all(&[path, b"\n"].concat()).is_ok()
    {
        let _ = beside.persist(&file);
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
