//! Checks, run side by side, each within its bound; one that panics or does not end is a finding of its own.

use super::conformance::Conformance;
use super::findings;
use super::subject::Subject;
use crate::cause::Cause;
use crate::error::Finding;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// What people reason about, in their order: the first layer that fails explains those after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// Which go runs.
    Toolchain,
    /// Which module and workspace the command is about.
    Module,
    /// go's settings and ours.
    Configuration,
    /// The directories that go writes to.
    Caches,
    /// The way to each upstream.
    Network,
    /// What is shown to a private host.
    Credentials,
    /// The module that was asked about.
    Dependencies,
}

impl Layer {
    /// All of them, in order.
    pub const ALL: [Layer; 7] = [
        Layer::Toolchain,
        Layer::Module,
        Layer::Configuration,
        Layer::Caches,
        Layer::Network,
        Layer::Credentials,
        Layer::Dependencies,
    ];

    /// Its name, lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Layer::Toolchain => "toolchain",
            Layer::Module => "module",
            Layer::Configuration => "configuration",
            Layer::Caches => "caches",
            Layer::Network => "network",
            Layer::Credentials => "credentials",
            Layer::Dependencies => "dependencies",
        }
    }
}

/// What a check came to.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// What was seen, one line each: `go1.26.6 in /usr/local/go`.
    pub seen: Vec<String>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// A module server, point by point.
    pub conformance: Option<Conformance>,
}

impl Verdict {
    /// Notes what was seen.
    pub fn saw(&mut self, line: impl Into<String>) {
        self.seen.push(line.into());
    }

    /// Notes what is wrong; see [`findings::found`].
    pub fn found(
        &mut self,
        id: &'static str,
        what: impl Into<String>,
        evidence: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.findings
            .push(findings::found(id, what.into(), evidence.into(), fix.into()));
    }

    /// Notes something that a run can meet too: its meaning and its next step are those of `gosteady explain`.
    /// `upstream` stands in where the next step says HOST.
    pub fn cause(
        &mut self,
        cause: Cause,
        what: impl Into<String>,
        evidence: impl Into<String>,
        upstream: &str,
    ) {
        self.findings.push(Finding {
            id: cause.id(),
            level: findings::level_of(cause),
            what: what.into(),
            evidence: evidence.into(),
            fix: cause.next_at(upstream),
        });
    }
}

/// How long a look at this machine may take.
pub const LOOK: Duration = Duration::from_secs(4);

/// One check.
#[derive(Clone)]
pub struct Check {
    /// What it looks at, as the live line shows it.
    pub name: String,
    /// Where its findings belong.
    pub layer: Layer,
    /// How long it may take.
    pub bound: Duration,
    /// The look itself.
    pub run: Arc<dyn Fn(&Subject) -> Verdict + Send + Sync>,
}

impl Check {
    /// A check of this machine.
    pub fn new(name: &str, layer: Layer, run: impl Fn(&Subject) -> Verdict + Send + Sync + 'static) -> Check {
        Check {
            name: name.to_owned(),
            layer,
            bound: LOOK,
            run: Arc::new(run),
        }
    }

    /// The same with a bound of its own.
    pub fn within(self, bound: Duration) -> Check {
        Check { bound, ..self }
    }
}

/// Runs all of them at once. `waiting` is told, again and again, the names of those that have not ended. The verdicts
/// are in the order of the checks.
pub fn run_all(
    checks: &[Check],
    subject: &Arc<Subject>,
    mut waiting: impl FnMut(&[&str]),
) -> Vec<(Layer, Verdict)> {
    let begun = Instant::now();
    let (tell, told) = mpsc::channel();
    let mut verdicts: Vec<Option<Verdict>> = checks.iter().map(|_| None).collect();
    for (number, check) in checks.iter().enumerate() {
        let (tell, run, subject) = (tell.clone(), Arc::clone(&check.run), Arc::clone(subject));
        let name = check.name.clone();
        let work = move || {
            let verdict = catch_unwind(AssertUnwindSafe(|| run(&subject)));
            let _ = tell.send((number, verdict.unwrap_or_else(|_| broken(&name))));
        };
        // Threads are not joined: one that hangs in a system call must not hold the report back.
        let started = std::thread::Builder::new().name("doctor".into()).spawn(work);
        if started.is_err() {
            verdicts[number] = Some(broken(&check.name));
        }
    }
    drop(tell);
    loop {
        let open = |(n, _): &(usize, &Check)| verdicts[*n].is_none();
        let open: Vec<&Check> = checks.iter().enumerate().filter(open).map(|(_, c)| c).collect();
        let Some(longest) = open.iter().map(|c| c.bound).max() else {
            break;
        };
        let left = longest.saturating_sub(begun.elapsed());
        if left.is_zero() {
            break;
        }
        waiting(&open.iter().map(|c| c.name.as_str()).collect::<Vec<_>>());
        match told.recv_timeout(left.min(Duration::from_millis(100))) {
            Ok((number, verdict)) => verdicts[number] = Some(verdict),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let done = checks.iter().zip(verdicts);
    done.map(|(check, verdict)| {
        (
            check.layer,
            verdict.unwrap_or_else(|| overdue(&check.name, check.bound)),
        )
    })
    .collect()
}

fn broken(name: &str) -> Verdict {
    let mut verdict = Verdict::default();
    verdict.found(
        "check-broken",
        format!("the check of {name} itself failed; what it looks at is unknown"),
        name,
        "",
    );
    verdict
}

/// The verdict on what did not end.
pub fn overdue(name: &str, bound: Duration) -> Verdict {
    let mut verdict = Verdict::default();
    verdict.found(
        "check-overdue",
        format!(
            "the check of {name} did not end within {}",
            humantime::format_duration(bound)
        ),
        name,
        "",
    );
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    #[test]
    fn a_check_that_panics_or_hangs_is_a_finding_and_stops_nobody() {
        fn fine(_: &Subject) -> Verdict {
            let mut verdict = Verdict::default();
            verdict.saw("all well");
            verdict
        }
        fn panics(_: &Subject) -> Verdict {
            std::panic::resume_unwind(Box::new("planted"))
        }
        fn hangs(_: &Subject) -> Verdict {
            let (_keep, never) = mpsc::channel::<()>();
            let _ = never.recv();
            Verdict::default()
        }
        let stuck = Check::new("stuck", Layer::Network, hangs).within(Duration::from_millis(50));
        let checks = [
            Check::new("broken", Layer::Module, panics),
            stuck,
            Check::new("fine", Layer::Caches, fine),
        ];
        let subject = Arc::new(Subject::of(&World::default()));
        let verdicts = run_all(&checks, &subject, |_| {});
        let ids: Vec<_> = verdicts
            .iter()
            .flat_map(|(_, v)| v.findings.iter().map(|f| f.id))
            .collect();
        assert_eq!(ids, ["check-broken", "check-overdue"]);
        assert_eq!(verdicts[2].1.seen, ["all well"]);
    }
}
