//! A trace told as requests: what go asked for, the attempts that were made for it, and what came of it.

use super::event::{Attempt, Event, Record, Run, Upstream};
use super::summary::{Summary, answered};
use crate::outcome::signal_name;
use std::collections::HashMap;

/// A run as a story; borrows the records it is made of.
#[derive(Debug, Default)]
pub struct Story<'a> {
    /// The first record.
    pub run: Run,
    /// Counts and tallies.
    pub summary: Summary,
    /// The upstreams in go's order.
    pub upstreams: &'a [Upstream],
    /// What the shim decided, and why.
    pub decision: Option<(&'a str, &'a str)>,
    /// What was fetched, by start.
    pub fetches: Vec<Fetch<'a>>,
    /// Processes.
    pub children: Vec<Child<'a>>,
    /// Retries, waits, endings, warnings, changed files: what is worth a line of its own, as it came.
    pub incidents: Vec<&'a Record>,
    /// go's error output: milliseconds, line.
    pub stderr: Vec<(f64, &'a str)>,
}

/// Something that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetch<'a> {
    /// The number of go's request; 0 for what was asked ahead of go.
    pub request: u64,
    /// E.g. `golang.org/x/text@v0.3.0 zip`.
    pub resource: &'a str,
    /// Under which upstream's prefix go asked; for what was asked ahead, who was asked first.
    pub upstream: &'a str,
    /// When it began, in milliseconds of the run.
    pub from: f64,
    /// When it was answered; the end of the trace where it was not.
    pub to: f64,
    /// The status go was answered with; the last attempt's for what was asked ahead.
    pub status: Option<u16>,
    /// Bytes of body.
    pub bytes: u64,
    /// Who supplied the answer; empty where nobody did.
    pub served_by: &'a str,
    /// How it ended.
    pub end: End,
    /// The attempts, by start.
    pub tries: Vec<Try<'a>>,
}

/// How a fetch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With what was asked for.
    Ok,
    /// With the answer that there is no such thing.
    NotFound,
    /// With an error.
    Failed,
    /// Not at all.
    Open,
}

impl End {
    /// The end as a word.
    pub fn as_str(self) -> &'static str {
        match self {
            End::Ok => "ok",
            End::NotFound => "not found",
            End::Failed => "failed",
            End::Open => "no answer",
        }
    }
}

/// An attempt and when it began and ended, in milliseconds of the run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Try<'a> {
    /// Its start.
    pub from: f64,
    /// Its end.
    pub to: f64,
    /// What is known of it.
    pub attempt: &'a Attempt,
}

/// A process.
#[derive(Debug, Clone, PartialEq)]
pub struct Child<'a> {
    /// Its id.
    pub pid: u32,
    /// Its program.
    pub program: &'a str,
    /// When it began, in milliseconds of the run.
    pub from: f64,
    /// When it ended; the end of the trace where that is not known.
    pub to: f64,
    /// Exit status or signal in words.
    pub end: String,
}

impl<'a> Story<'a> {
    /// Puts records together.
    pub fn of(records: &'a [Record]) -> Story<'a> {
        let mut teller = Teller::default();
        for record in records {
            teller.take(record);
        }
        teller.finish()
    }

    /// Fetches of go's own that ended with an error or not at all, by start.
    pub fn failures(&self) -> impl Iterator<Item = &Fetch<'a>> {
        self.fetches
            .iter()
            .filter(|fetch| fetch.request != 0 && matches!(fetch.end, End::Failed | End::Open))
    }

    /// The fetches of go's own that took the longest, the longest first.
    pub fn slowest(&self, most: usize) -> Vec<&Fetch<'a>> {
        let mut fetches: Vec<&Fetch> = self.fetches.iter().filter(|fetch| fetch.request != 0).collect();
        fetches.sort_by(|a, b| b.duration().total_cmp(&a.duration()));
        fetches.truncate(most);
        fetches
    }
}

impl Fetch<'_> {
    /// Milliseconds from the request to its answer.
    pub fn duration(&self) -> f64 {
        self.to - self.from
    }

    /// Whether it was answered from what had been asked ahead.
    pub fn was_ready(&self) -> bool {
        self.request != 0 && self.tries.is_empty() && self.end == End::Ok
    }

    /// Whether an attempt failed and the answer is good all the same.
    pub fn was_saved(&self) -> bool {
        matches!(self.end, End::Ok | End::NotFound) && self.tries.iter().any(|t| !answered(t.attempt))
    }

    /// Why it failed: the last attempt that did.
    pub fn reason(&self) -> String {
        let failed = self.tries.iter().rev().find(|t| !answered(t.attempt));
        match failed.map(|t| t.attempt) {
            Some(Attempt { outcome, reason, .. }) if !reason.is_empty() => format!("{outcome}: {reason}"),
            Some(attempt) => attempt.outcome.clone(),
            None => String::new(),
        }
    }
}

#[derive(Default)]
struct Teller<'a> {
    story: Story<'a>,
    /// Where go's request stands among the fetches.
    requests: HashMap<u64, usize>,
    /// Where a resource asked ahead stands.
    ahead: HashMap<&'a str, usize>,
}

impl<'a> Teller<'a> {
    fn take(&mut self, record: &'a Record) {
        self.story.summary.add(record);
        match &record.event {
            Event::Upstreams { list } => self.story.upstreams = list,
            Event::Decision { action, why } => self.story.decision = Some((action, why)),
            Event::Request {
                request,
                resource,
                upstream,
            } => {
                let fetch = blank(*request, resource, upstream, record.t);
                self.requests.insert(*request, self.story.fetches.len());
                self.story.fetches.push(fetch);
            }
            Event::Attempt(attempt) => self.attempt(record.t, attempt),
            Event::Answer {
                request,
                status,
                bytes,
                served_by,
                ..
            } => {
                if let Some(at) = self.requests.get(request) {
                    let fetch = &mut self.story.fetches[*at];
                    (fetch.to, fetch.status, fetch.bytes) = (record.t, Some(*status), *bytes);
                    fetch.served_by = served_by;
                    fetch.end = match status {
                        200..=399 => End::Ok,
                        404 | 410 => End::NotFound,
                        _ => End::Failed,
                    };
                }
            }
            Event::Child { pid, program } => self.story.children.push(Child {
                pid: *pid,
                program,
                from: record.t,
                to: f64::NAN,
                end: String::new(),
            }),
            Event::ChildEnd { status, signal, .. } => {
                if let Some(child) = self
                    .story
                    .children
                    .iter_mut()
                    .rev()
                    .find(|child| child.to.is_nan())
                {
                    child.to = record.t;
                    child.end = match (status, signal) {
                        (Some(status), _) => format!("exit {status}"),
                        (None, Some(signal)) => signal_name(*signal),
                        (None, None) => String::new(),
                    };
                }
            }
            Event::Stderr { line } => self.story.stderr.push((record.t, line)),
            Event::Retry { .. }
            | Event::Waiting { .. }
            | Event::Ending { .. }
            | Event::Warning { .. }
            | Event::FileChanged { .. } => self.story.incidents.push(record),
            _ => {}
        }
    }

    fn attempt(&mut self, t: f64, attempt: &'a Attempt) {
        let from = (t - attempt.total_ms).max(0.0);
        let at = match self.requests.get(&attempt.request) {
            Some(at) => *at,
            None => {
                let fetches = &mut self.story.fetches;
                *self.ahead.entry(&attempt.resource).or_insert_with(|| {
                    fetches.push(blank(0, &attempt.resource, &attempt.upstream, from));
                    fetches.len() - 1
                })
            }
        };
        let fetch = &mut self.story.fetches[at];
        fetch.tries.push(Try { from, to: t, attempt });
        if fetch.request == 0 {
            fetch.from = fetch.from.min(from);
            fetch.to = if fetch.to.is_nan() { t } else { fetch.to.max(t) };
            fetch.status = attempt.status;
            fetch.bytes = attempt.bytes;
            fetch.end = match attempt.outcome.as_str() {
                "ok" => End::Ok,
                "not-found" => End::NotFound,
                _ => End::Failed,
            };
            if answered(attempt) {
                fetch.served_by = &attempt.upstream;
            }
        }
    }

    fn finish(self) -> Story<'a> {
        let mut story = self.story;
        story.run = story.summary.run.clone().unwrap_or_default();
        let end = story.summary.last_t;
        for fetch in &mut story.fetches {
            if fetch.to.is_nan() {
                fetch.to = end;
            }
            fetch.tries.sort_by(|a, b| a.from.total_cmp(&b.from));
        }
        for child in story.children.iter_mut().filter(|child| child.to.is_nan()) {
            child.to = end;
        }
        story.fetches.sort_by(|a, b| a.from.total_cmp(&b.from));
        story
    }
}

fn blank<'a>(request: u64, resource: &'a str, upstream: &'a str, from: f64) -> Fetch<'a> {
    Fetch {
        request,
        resource,
        upstream,
        from,
        to: f64::NAN,
        status: None,
        bytes: 0,
        served_by: "",
        end: End::Open,
        tries: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(lines: &str) -> Vec<Record> {
        lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    const LINES: &str = r#"{"t":1,"kind":"attempt","request":0,"resource":"b@v1.0.0 mod","upstream":"https://a","total_ms":1,"outcome":"ok","status":200,"bytes":5}
{"t":2,"kind":"request","request":1,"resource":"a@v1.0.0 zip","upstream":"https://a"}
{"t":3,"kind":"request","request":2,"resource":"b@v1.0.0 mod","upstream":"https://a"}
{"t":3,"kind":"request","request":3,"resource":"c@v1.0.0 mod","upstream":"https://a"}
{"t":4,"kind":"answer","request":2,"status":200,"bytes":5,"total_ms":1,"served_by":"https://a","attempts":0}
{"t":10,"kind":"attempt","request":1,"resource":"a@v1.0.0 zip","upstream":"https://a","total_ms":7,"outcome":"silent","reason":"no byte"}
{"t":11,"kind":"child","pid":7,"program":"go"}
{"t":20,"kind":"attempt","request":1,"resource":"a@v1.0.0 zip","upstream":"https://b","total_ms":9,"outcome":"ok","status":200}
{"t":21,"kind":"answer","request":1,"status":200,"bytes":9,"total_ms":19,"served_by":"https://b","attempts":2}
{"t":30,"kind":"warning","text":"w"}"#;

    #[test]
    fn requests_and_attempts_come_together() {
        let records = records(LINES);
        let story = Story::of(&records);
        let told: Vec<_> = story
            .fetches
            .iter()
            .map(|f| {
                (
                    f.request,
                    f.from,
                    f.to,
                    f.end,
                    f.tries.len(),
                    f.was_ready(),
                    f.was_saved(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (0, 0.0, 1.0, End::Ok, 1, false, false),
                (1, 2.0, 21.0, End::Ok, 2, false, true),
                (2, 3.0, 4.0, End::Ok, 0, true, false),
                (3, 3.0, 30.0, End::Open, 0, false, false),
            ]
        );
        assert_eq!(story.fetches[1].reason(), "silent: no byte");
        assert_eq!((story.children[0].from, story.children[0].to), (11.0, 30.0));
        let failed: Vec<u64> = story.failures().map(|f| f.request).collect();
        let slowest: Vec<u64> = story.slowest(2).iter().map(|f| f.request).collect();
        assert_eq!((failed, slowest, story.incidents.len()), (vec![3], vec![3, 1], 1));
    }
}
