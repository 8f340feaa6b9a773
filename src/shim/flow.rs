//! The guarded half of a command's life: proxy, supervision, trace, memo, and what the user is told.

use super::argv::Command;
use super::changes::{self, Prints};
use super::decision::Action;
use super::fast::{Task, hand_over};
use super::guard::{self, Fault, Plan, Report};
use super::{again, phase, verdict};
use crate::bounded;
use crate::config::goenv::GoEnv;
use crate::config::{self, Settings};
use crate::error::Finding;
use crate::outcome::{Code, Outcome};
use crate::proxy::collector;
use crate::toolchain::version::Version;
use crate::toolchain::{floor, hold};
use crate::trace::{Event, Recorder};
use crate::ui;
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::time::Instant;

/// A task with what is needed to run it.
struct Case<'a> {
    task: &'a Task,
    command: Command<'a>,
    settings: Settings,
    recorder: Recorder,
}

/// What follows a guarded step.
enum Next {
    /// The command is over.
    End(Outcome),
    /// The original command is exec'd, all of ours having been told and written.
    HandOver,
}

/// Runs a command that needs a guard.
pub fn guarded(task: Task) -> Outcome {
    remember_go(&task);
    task.go.tell();
    let loaded = &task.loaded;
    // What a pin had to say about its file is not said twice.
    let told = |f: &Finding| task.go.notes.iter().any(|note| note.starts_with(&f.evidence));
    if let Some(warning) = config::warning(&loaded.findings)
        && !loaded.findings.iter().any(told)
    {
        ui::note(&warning);
    }
    let command = Command::parse(&task.world.args);
    let recorder = record(&task, &command, &loaded.settings);
    let case = Case {
        task: &task,
        command,
        settings: loaded.settings.clone(),
        recorder,
    };
    let saved = changes::save(&task.world, &case.settings, &case.command, &task.scene);
    let (next, report) = match task.decision.action {
        Action::Guard => case.whole(),
        Action::Phase => case.phase(),
        Action::ToolchainFirst => case.toolchain(),
        Action::Exec => (Next::HandOver, None),
    };
    if let Next::End(outcome) = next {
        if let Some(saved) = saved {
            saved.ended();
        }
        if outcome.success() {
            changes::built(&task.world, &case.settings, &case.command, &task.scene);
        }
    }
    case.close(&next, report.as_ref());
    match next {
        Next::End(outcome) => outcome,
        Next::HandOver => hand_over(&task.world, &task.go.real),
    }
}

// Starts the trace with what was asked and decided.
fn record(task: &Task, command: &Command, settings: &Settings) -> Recorder {
    let keys = [
        "GOFLAGS",
        "GONOSUMDB",
        "GOPRIVATE",
        "GOSUMDB",
        "GOTOOLCHAIN",
        "GOAUTH",
        "GOVCS",
    ];
    let mut go = vec![
        ("GOPROXY", task.scene.goproxy.clone()),
        ("GONOPROXY", task.env.gonoproxy()),
    ];
    go.extend(keys.into_iter().map(|key| (key, task.env.text(key))));
    go.retain(|(_, value)| !value.is_empty());
    let version = task.env.go_version().unwrap_or_default();
    go.push(("GOVERSION", version));
    let pairs = go.iter().map(|(key, value)| (*key, value.as_str()));
    let real = (task.go.real.path.as_path(), task.go.real.why.as_str());
    let recorder = Recorder::begin(&command.verb(), &task.world, settings, real, pairs);
    if recorder.is_off() {
        return recorder;
    }
    recorder.emit(toolchain(task));
    let action = match task.decision.action {
        Action::Exec => "exec",
        Action::ToolchainFirst => "toolchain-first",
        Action::Guard => "guard",
        Action::Phase => "download-phase",
    };
    recorder.emit(Event::Decision {
        action: action.into(),
        why: task.decision.why.into(),
    });
    recorder
}

// Which go runs, by every rule: ours, then go's own.
fn toolchain(task: &Task) -> Event {
    let go = &task.go;
    let file = task.scene.work.as_deref().or(task.scene.module.as_deref());
    let version = task.env.go_version().unwrap_or_default();
    let mut rules = go.rules.clone();
    let held = go.pin.is_some();
    let local = Version::parse(&version);
    // As the user has set it, not as the pin has.
    let users = hold::released(&task.world).map(|env| task.world.with_env(env));
    let theirs = users.as_ref().map(|world| GoEnv::read(world, &go.real.path));
    let (world, env) = (
        users.as_ref().unwrap_or(&task.world),
        theirs.as_ref().unwrap_or(&task.env),
    );
    rules.extend(floor::rules(world, env, local.as_ref(), file, held));
    Event::Toolchain {
        pinned: go.pin.as_ref().map(|pin| pin.text.clone()).unwrap_or_default(),
        go: go.real.path.to_string_lossy().into_owned(),
        version,
        rules,
    }
}

impl Case<'_> {
    fn whole(&self) -> (Next, Option<Report>) {
        let before = Prints::take(&self.command, &self.task.scene);
        let report = match self.run(&self.task.world.args, false) {
            Ok(report) => report,
            Err(fault) => return (self.without_guard(fault), None),
        };
        before.compare(&self.task.scene, &self.recorder);
        if report.end.status == Some(0) {
            self.remember(&report);
        }
        (Next::End(outcome(&report)), Some(report))
    }

    fn phase(&self) -> (Next, Option<Report>) {
        let Some(args) = phase::arguments(&self.command, &self.task.world.args, &self.task.scene) else {
            return (Next::HandOver, None);
        };
        let report = match self.run(&args, true) {
            Ok(report) => report,
            Err(fault) => return (self.without_guard(fault), None),
        };
        let over = report.end.signal.is_some() || report.end.ended_by_us.is_some();
        let failed_on_us = report.end.status != Some(0) && report.summary.unavailable > 0;
        let next = if let Some(end) = dismissed(&report) {
            end
        } else if over {
            Next::End(outcome(&report))
        } else if failed_on_us && matches!(self.command.words.first(), Some(&("run" | "tool"))) {
            ui::err(&report.end.held);
            Next::End(outcome(&report))
        } else if failed_on_us {
            let why = verdict::of(&report).map(|(cause, _)| cause.tag() + " ");
            ui::note(&format!(
                "{}not everything could be downloaded beforehand; go's own downloads are now unguarded",
                why.unwrap_or_default()
            ));
            Next::HandOver
        } else {
            if report.end.status == Some(0) {
                self.remember(&report);
            }
            Next::HandOver
        };
        (next, Some(report))
    }

    fn toolchain(&self) -> (Next, Option<Report>) {
        let mut args: Vec<OsString> = Vec::new();
        if let Some(dir) = &self.command.chdir {
            args.extend([OsString::from("-C"), dir.into()]);
        }
        args.push("version".into());
        let report = match self.run(&args, true) {
            Ok(report) => report,
            Err(fault) => return (self.without_guard(fault), None),
        };
        // What the selection of a toolchain fails of, it fails of before any command: the original would only say the
        // same once more.
        if let Some(end) = dismissed(&report) {
            return (end, Some(report));
        }
        if report.end.status == Some(0) {
            return (Next::HandOver, Some(report));
        }
        ui::err(&report.end.held);
        (Next::End(outcome(&report)), Some(report))
    }

    // Runs go, and again where that is worth it. The deadline is that of all runs together.
    fn run(&self, args: &[OsString], phase: bool) -> Result<Report, Fault> {
        let began = Instant::now();
        let mut report = self.once(args, phase, &self.settings)?;
        for time in 1..=again::LIMIT {
            let Some(cause) = again::worth(&self.command, phase, &report) else {
                break;
            };
            let mut settings = self.settings.clone();
            if let Some(deadline) = &mut settings.hang.deadline {
                *deadline = deadline.saturating_sub(began.elapsed());
                if deadline.is_zero() {
                    break;
                }
            }
            let why = format!("running it again ({time} of {}) {}", again::LIMIT, cause.tag());
            ui::note(&why);
            self.recorder.emit(Event::Decision {
                action: "run-again".into(),
                why,
            });
            report = self.once(args, phase, &settings)?;
        }
        Ok(report)
    }

    fn once(&self, args: &[OsString], phase: bool, settings: &Settings) -> Result<Report, Fault> {
        let plan = Plan {
            world: &self.task.world,
            settings,
            env: &self.task.env,
            go: &self.task.go.real.path,
            command: &self.command,
            scene: &self.task.scene,
            args,
            phase,
        };
        guard::run(&plan, &self.recorder)
    }

    // Nothing of ours may keep go from running; what can't be started at all is told by the exec.
    fn without_guard(&self, fault: Fault) -> Next {
        if let Fault::Proxy(why) = fault {
            let text = format!("the guard could not start ({why}); go runs without it");
            ui::note(&text);
            self.recorder.emit(Event::Warning { text });
        }
        Next::HandOver
    }

    fn remember(&self, report: &Report) {
        let nothing_asked = report.proxied && report.summary.requests == 0;
        if let Some(memo) = self.task.memo.as_ref().filter(|_| nothing_asked) {
            memo.write();
        }
    }

    // Tells what was done for the user, and closes the trace.
    fn close(&self, next: &Next, report: Option<&Report>) {
        let summary = report.map(|r| r.summary.clone()).unwrap_or_default();
        for note in &summary.notes {
            ui::note(note);
        }
        let outcome = match next {
            Next::End(outcome) => *outcome,
            Next::HandOver => Outcome::Exited(report.and_then(|r| r.end.status).unwrap_or(0)),
        };
        let failed = matches!(next, Next::End(Outcome::Exited(1..) | Outcome::Ours(_)));
        let blame = report.filter(|_| failed).and_then(verdict::of);
        if let Some((cause, whom)) = &blame {
            self.recorder.emit(Event::Cause {
                cause: cause.id().into(),
                whom: whom.clone(),
            });
        }
        let dull = outcome.success() && !self.recorder.eventful() && self.task.world.set_var("CI").is_some();
        let (world, settings) = (&self.task.world, &self.settings);
        let finished = collector::finish(&self.recorder, outcome, !dull, world, settings);
        if let Some(warning) = finished.warning {
            ui::note(&warning);
        }
        // A failure that the network had no part in (a compile error) is go's to tell alone.
        let ended = report.is_some_and(|r| r.end.ended_by_us.is_some() || r.end.leaves_ended > 0);
        let ours = summary.requests > 0 || blame.is_some() || ended;
        let path = finished.path.filter(|_| failed && ours);
        let trace = path.map(|path| format!("gosteady trace show ({})", path.display()));
        let lines = verdict::lines(blame.as_ref(), trace.as_deref());
        lines.iter().for_each(|line| ui::note(line));
    }
}

// The go behind us, for a child whose PATH holds none. It costs a write only when it changes.
fn remember_go(task: &Task) {
    let Some(file) = task.world.keeping_dir().map(|dir| dir.join("real-go")) else {
        return;
    };
    let real = &task.go.real;
    let path = real.path.as_os_str().as_bytes();
    let known = bounded::read_file(&file).is_ok_and(|seen| seen.trim_ascii() == path);
    if known || task.go.elsewhere || !real.path.is_absolute() || real.why == "GOSTEADY_REAL_GO" {
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

// Who asked to end when the step was over already asked for the whole command: what would follow is not begun.
fn dismissed(report: &Report) -> Option<Next> {
    let signal = report.end.dismissed?;
    Some(Next::End(Outcome::Signaled(signal)))
}

fn outcome(report: &Report) -> Outcome {
    match (&report.end.ended_by_us, report.end.status, report.end.signal) {
        (Some(_), _, _) => Outcome::Ours(Code::Hung),
        (None, Some(status), _) => Outcome::Exited(status),
        (None, None, Some(signal)) => Outcome::Signaled(signal),
        (None, None, None) => Outcome::Ours(Code::Internal),
    }
}
