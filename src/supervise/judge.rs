//! Silence: found out about, reported, and ended where that is allowed.

use super::Job;
use super::clock::WorkClock;
use super::diagnosis::{Diagnosis, diagnose};
use super::dump::Stacks;
use super::ending::Execution;
use super::evidence::{self, show};
use super::progress::Progress;
use super::state::{Class, Decision, Due, Watch};
use super::tree::Identity;
use super::waiting;
use crate::activity::Activity;
use crate::cause::Cause;
use crate::trace::{Event, Recorder};
use crate::ui::{self, live::Live};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Judges one child.
pub struct Judge<'a> {
    job: &'a Job,
    activity: &'a Activity,
    recorder: &'a Recorder,
    pid: Pid,
    name: String,
    watch: Watch,
    progress: Progress,
    live: Live,
    // Why the child itself is being ended.
    sentence: Option<String>,
    leaves: u32,
    // What the last of all that was ended had hung for.
    hung: Option<Cause>,
    told: BTreeSet<Cause>,
    // What was told last.
    named: Option<Cause>,
    // The evidence of this silence is in the trace.
    recorded: bool,
    // What was found last in this silence.
    seen: Option<(Cause, Option<Identity>)>,
    // The evidence as last recorded.
    last: Option<Event>,
    // Survived KILL: nothing more can be done about them.
    spared: BTreeSet<Identity>,
}

impl<'a> Judge<'a> {
    /// For a child that has just been started.
    pub fn new(job: &'a Job, activity: &'a Activity, recorder: &'a Recorder, pid: Pid) -> Judge<'a> {
        let name = job.program.file_name().unwrap_or(job.program.as_os_str());
        Judge {
            job,
            activity,
            recorder,
            pid,
            name: name.to_string_lossy().into_owned(),
            watch: Watch::new(job.bounds),
            progress: Progress::new(job.bounds.report_after),
            live: Live::new(job.progress),
            sentence: None,
            leaves: 0,
            hung: None,
            told: BTreeSet::new(),
            named: None,
            recorded: false,
            seen: None,
            last: None,
            spared: BTreeSet::new(),
        }
    }

    /// The live line, which must give way to whatever else is printed.
    pub fn live(&mut self) -> &mut Live {
        &mut self.live
    }

    /// Something moved.
    pub fn progress(&mut self, now: Duration) {
        self.watch.progress(now);
        self.recorded = false;
        self.seen = None;
    }

    /// Work time until something may be due.
    pub fn due_in(&self, clock: &WorkClock) -> Duration {
        let due = self.watch.due_in(clock.now());
        due.min(self.live.interval().unwrap_or(due))
    }

    /// Why the child itself was ended, if it was.
    pub fn sentence(&self) -> Option<&str> {
        self.sentence.as_deref()
    }

    /// How many descendants were ended alone.
    pub fn leaves(&self) -> u32 {
        self.leaves
    }

    /// The cause for which something was ended last.
    pub fn hung(&self) -> Option<Cause> {
        self.hung
    }

    /// The cause of the last silence that was reported.
    pub fn named(&self) -> Option<Cause> {
        self.named
    }

    /// Looks at what moves, and says what is to be ended. `ending`: something is on its way out already, and only the
    /// user's own bound can ask for more.
    pub fn tick(&mut self, now: Duration, ending: bool) -> Option<Execution> {
        let silent = self.watch.silent(now);
        let snapshot = self.activity.snapshot();
        if let Some(beat) = self.live.tick(&snapshot, now) {
            ui::note(&beat);
        }
        if self.progress.of_requests(&snapshot) || self.progress.of_processes(self.pid, now, silent) {
            self.progress(now);
        }
        match self.watch.tick(now)? {
            Due::Look { .. } if ending => None,
            Due::Look { silent, report } => self.look(now, silent, report),
            Due::Deadline(bound) => {
                let found = self.find();
                self.record(&found.0, &found.1, self.watch.silent(now));
                let bound = humantime::format_duration(bound);
                let why = format!("hang.deadline of {bound} has passed");
                Some(self.end_all(now, &why, &found.0))
            }
        }
    }

    /// A leaf is gone, or survived: go has a new chance.
    pub fn leaf_ended(&mut self, now: Duration, survivors: &[Identity]) {
        self.spared.extend(survivors);
        self.progress(now);
    }

    fn look(&mut self, now: Duration, silent: Duration, report: bool) -> Option<Execution> {
        let (mut found, findings) = self.find();
        // What is waited for has changed: so something moved, if only somebody's answer to a prompt.
        let key = (found.cause, found.leaf.as_ref().map(|(id, _)| *id));
        if self.seen.is_some_and(|before| before != key) {
            self.progress(now);
            return None;
        }
        self.seen = Some(key);
        if found
            .leaf
            .as_ref()
            .is_some_and(|(id, _)| self.spared.contains(id))
        {
            found.class = Class::Reported;
        }
        match self.watch.bounds().decide(found.class, silent, report) {
            Decision::Wait => None,
            Decision::Report => {
                let first = self.told.insert(found.cause);
                self.named = Some(found.cause);
                self.live.clear();
                let bounds = self.watch.bounds();
                ui::note(&waiting::note(silent, &self.name, &found, bounds, first));
                self.recorder.emit(Event::Waiting {
                    what: found.what.clone(),
                    for_ms: silent.as_secs_f64() * 1e3,
                });
                if !std::mem::replace(&mut self.recorded, true) {
                    self.record(&found, &findings, silent);
                }
                None
            }
            Decision::End(why) => {
                self.record(&found, &findings, silent);
                Some(match &found.leaf {
                    None => self.end_all(now, &why, &found),
                    Some((id, name)) => {
                        let why = reason(&why, &found);
                        self.leaves += 1;
                        self.hung = Some(found.cause);
                        self.live.clear();
                        ui::note(&format!("ending {name} (pid {}): {why}", id.pid));
                        Execution::leaf(*id, name, &why, now)
                    }
                })
            }
        }
    }

    fn end_all(&mut self, now: Duration, why: &str, found: &Diagnosis) -> Execution {
        let why = reason(why, found);
        self.live.clear();
        ui::note(&format!("ending {}: {why}", self.name));
        let execution = Execution::whole(self.pid, &self.name, self.job.dumps, &why, now);
        self.sentence = Some(why);
        self.hung = Some(found.cause);
        execution
    }

    fn find(&mut self) -> (Diagnosis, evidence::Evidence) {
        let tree = self.progress.tree(self.pid);
        let evidence = evidence::gather(&self.activity.snapshot(), tree, &self.job.dirs);
        (diagnose(&evidence, &self.name, &self.job.helpers), evidence)
    }

    /// The stacks that go printed when it was ended.
    pub fn record_stacks(&mut self, stacks: Stacks) {
        if !stacks.short.is_empty() {
            ui::note(&format!("the stacks of {}: {}", self.name, stacks.short));
        }
        if let Some(Event::Evidence {
            cause, what, for_ms, ..
        }) = self.last.clone()
        {
            self.recorder.emit(Event::Evidence {
                cause,
                what,
                for_ms,
                found: stacks.found,
            });
        }
    }

    fn record(&mut self, found: &Diagnosis, evidence: &evidence::Evidence, silent: Duration) {
        let event = Event::Evidence {
            cause: found.cause.id().to_string(),
            what: found.what.clone(),
            for_ms: silent.as_secs_f64() * 1e3,
            found: show::findings(evidence, Instant::now()),
        };
        self.last = Some(event.clone());
        self.recorder.emit(event);
    }
}

fn reason(bound: &str, found: &Diagnosis) -> String {
    format!("{bound} while waiting for {} {}", found.what, found.cause.tag())
}
