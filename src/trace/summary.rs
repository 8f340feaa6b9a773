//! A trace in numbers.

use super::event::{Attempt, Event, Record, Run};
use crate::cause::Cause;
use crate::cause::heard::Heard;
use std::collections::BTreeMap;

/// What a run came to. Filled record by record; of use at any point of a trace that is cut.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// The first record.
    pub run: Option<Run>,
    /// How it ended; `None` for a trace without an end.
    pub end: Option<End>,
    /// Requests that go made to the loopback proxy.
    pub requests: u64,
    /// Answers with a status other than 200 and 404/410.
    pub failed_answers: u64,
    /// Retries, failovers and hedges.
    pub retries: u64,
    /// Warnings of ours.
    pub warnings: u64,
    /// The attempts, by upstream.
    pub upstreams: BTreeMap<String, Tally>,
    /// Milliseconds of the last record.
    pub last_t: f64,
    verdict: Option<Blame>,
    suspect: Option<(Cause, String)>,
    heard: Heard,
    evidence: Option<Blame>,
    ended: bool,
}

/// Why a run failed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Blame {
    /// The id of the cause; one of a newer gosteady may be unknown.
    pub cause: String,
    /// Whom it concerns; empty where that is not known.
    pub whom: String,
}

/// The `end` record.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct End {
    /// `exited`, `signaled` or `ours`.
    pub outcome: String,
    /// Exit status or signal number.
    pub code: i32,
    /// From start to end, in milliseconds.
    pub total_ms: f64,
    /// Events that were not recorded.
    pub dropped: u64,
}

/// The attempts at one upstream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// All of them.
    pub attempts: u64,
    /// Those with an answer that counts: success, or that there is no such module.
    pub ok: u64,
    /// The others.
    pub failed: u64,
    /// Body bytes received.
    pub bytes: u64,
    first_bytes: Vec<f64>,
}

impl Tally {
    /// Median milliseconds from an attempt's start to the first byte of its answer; `None` without any answer.
    pub fn median_first_byte(&self) -> Option<f64> {
        let mut sorted = self.first_bytes.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => None,
            n if n % 2 == 1 => Some(sorted[middle]),
            _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
        }
    }

    fn add(&mut self, attempt: &Attempt) {
        self.attempts += 1;
        if answered(attempt) {
            self.ok += 1;
        } else {
            self.failed += 1;
        }
        self.bytes = self.bytes.saturating_add(attempt.bytes);
        self.first_bytes.extend(attempt.first_byte_ms);
    }
}

/// Whether the attempt gave an answer that counts.
pub fn answered(attempt: &Attempt) -> bool {
    matches!(attempt.outcome.as_str(), "ok" | "not-found")
}

impl Summary {
    /// Takes a record into account.
    pub fn add(&mut self, record: &Record) {
        self.last_t = self.last_t.max(record.t);
        match &record.event {
            Event::Run(run) => self.run = Some(run.clone()),
            Event::Request { .. } => self.requests += 1,
            Event::Attempt(attempt) => self
                .upstreams
                .entry(attempt.upstream.clone())
                .or_default()
                .add(attempt),
            Event::Retry { action, .. } if matches!(action.as_str(), "retry" | "failover" | "hedge") => {
                self.retries += 1;
            }
            Event::Answer {
                status,
                cause,
                served_by,
                ..
            } => {
                self.failed_answers += u64::from(!matches!(status, 200 | 404 | 410));
                self.suspect(cause.as_deref(), served_by);
            }
            Event::Stderr { line } => self.heard.hear(line),
            Event::Evidence { cause, what, .. } => {
                let (cause, whom) = (cause.clone(), what.clone());
                self.evidence = Some(Blame { cause, whom });
            }
            Event::Ending { .. } => self.ended = true,
            Event::Cause { cause, whom } => {
                let (cause, whom) = (cause.clone(), whom.clone());
                self.verdict = Some(Blame { cause, whom });
            }
            Event::Warning { .. } => self.warnings += 1,
            Event::End {
                outcome,
                code,
                total_ms,
                dropped,
            } => {
                let (outcome, code, total_ms, dropped) = (outcome.clone(), *code, *total_ms, *dropped);
                self.end = Some(End {
                    outcome,
                    code,
                    total_ms,
                    dropped,
                });
            }
            _ => {}
        }
    }

    /// Why it failed, where that is known: what the run itself recorded, what was found before something was ended, what
    /// go said, or the most telling failed answer.
    pub fn blame(&self) -> Option<Blame> {
        let of = |(cause, whom): (Cause, String)| Blame {
            cause: cause.id().into(),
            whom,
        };
        let failed = || self.outcome() != "ok";
        let guess = || self.heard.verdict(self.suspect.clone()).filter(|_| failed());
        let evidence = self.evidence.clone().filter(|_| self.ended && failed());
        self.verdict.clone().or(evidence).or_else(|| guess().map(of))
    }

    fn suspect(&mut self, id: Option<&str>, whom: &str) {
        if let Some(cause) = id.and_then(Cause::by_id)
            && self
                .suspect
                .as_ref()
                .is_none_or(|(known, _)| cause.rank() < known.rank())
        {
            self.suspect = Some((cause, whom.to_owned()));
        }
    }

    /// Attempts at all upstreams together.
    pub fn attempts(&self) -> u64 {
        self.upstreams.values().map(|tally| tally.attempts).sum()
    }

    /// Failed attempts at all upstreams together.
    pub fn failed(&self) -> u64 {
        self.upstreams.values().map(|tally| tally.failed).sum()
    }

    /// The outcome in two words: `ok`, `exit 1`, `signal 9`, `gosteady 124`, `no end`.
    pub fn outcome(&self) -> String {
        match self.end.as_ref().map(|end| (end.outcome.as_str(), end.code)) {
            None => "no end".to_string(),
            Some(("exited", 0)) => "ok".to_string(),
            Some(("exited", code)) => format!("exit {code}"),
            Some(("signaled", signal)) => format!("signal {signal}"),
            Some(("ours", code)) => format!("gosteady {code}"),
            Some((other, code)) => format!("{other} {code}"),
        }
    }

    /// Milliseconds the run took; up to the last record where the end is missing.
    pub fn total_ms(&self) -> f64 {
        self.end.as_ref().map_or(self.last_t, |end| end.total_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(outcome: &str, first_byte_ms: Option<f64>) -> Record {
        let (upstream, outcome) = ("https://a".into(), outcome.into());
        Record {
            t: 5.0,
            event: Event::Attempt(Attempt {
                upstream,
                outcome,
                first_byte_ms,
                bytes: 10,
                ..Attempt::default()
            }),
        }
    }

    #[test]
    fn attempts_are_counted_by_upstream() {
        let mut summary = Summary::default();
        for record in [
            attempt("ok", Some(30.0)),
            attempt("not-found", Some(10.0)),
            attempt("stalled", None),
            attempt("ok", Some(20.0)),
        ] {
            summary.add(&record);
        }
        let tally = &summary.upstreams["https://a"];
        assert_eq!(
            (tally.attempts, tally.ok, tally.failed, tally.bytes),
            (4, 3, 1, 40)
        );
        assert_eq!(tally.median_first_byte(), Some(20.0));
        assert_eq!(
            (summary.attempts(), summary.failed(), summary.total_ms()),
            (4, 1, 5.0)
        );
        assert_eq!(summary.outcome(), "no end");
        assert_eq!(Tally::default().median_first_byte(), None);
    }

    #[test]
    fn blame_is_what_was_recorded_or_else_what_tells_most() {
        let answer = |cause: &str| Event::Answer {
            request: 1,
            status: 502,
            bytes: 0,
            total_ms: 1.0,
            served_by: "https://a".into(),
            attempts: 1,
            cause: Some(cause.into()),
        };
        let line = |line: &str| Event::Stderr { line: line.into() };
        let cause = |cause: &str| Event::Cause {
            cause: cause.into(),
            whom: String::new(),
        };
        for (events, blamed) in [
            (vec![], None),
            (
                vec![answer("proxy-stalled"), answer("tls-intercepted")],
                Some("tls-intercepted"),
            ),
            (vec![answer("of-the-future")], None),
            (
                vec![answer("tls-intercepted"), line("./main.go:1: syntax error")],
                None,
            ),
            (
                vec![
                    answer("not-found"),
                    line("go: m: reading http://h/x: 404 Not Found"),
                ],
                Some("not-found"),
            ),
            (
                vec![cause("of-the-future"), answer("tls-intercepted")],
                Some("of-the-future"),
            ),
        ] {
            let mut summary = Summary::default();
            for event in events.clone() {
                summary.add(&Record { t: 1.0, event });
            }
            let blame = summary.blame().map(|blame| blame.cause);
            assert_eq!(blame.as_deref(), blamed, "{events:?}");
        }
    }

    #[test]
    fn outcomes_in_words() {
        for (outcome, code, words) in [
            ("exited", 0, "ok"),
            ("exited", 2, "exit 2"),
            ("signaled", 9, "signal 9"),
            ("ours", 124, "gosteady 124"),
        ] {
            let end = End {
                outcome: outcome.into(),
                code,
                ..End::default()
            };
            assert_eq!(
                Summary {
                    end: Some(end),
                    ..Summary::default()
                }
                .outcome(),
                words
            );
        }
    }
}
