//! A trace in numbers.

use super::blame::{Blame, Reasons};
use super::event::{Attempt, Event, Record, Run};
use crate::outcome::{Code, signal_name};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Answers to go that were good although an attempt had failed.
    pub saved: u64,
    /// Answers to go that were ready when it asked.
    pub ready: u64,
    /// Reports that nothing moves.
    pub waits: u64,
    /// Warnings of ours.
    pub warnings: u64,
    /// The attempts, by upstream.
    pub upstreams: BTreeMap<String, Tally>,
    /// Milliseconds of the last record.
    pub last_t: f64,
    /// Why it may have failed.
    pub reasons: Reasons,
    /// Requests of which an attempt failed and which are not answered yet.
    pub troubled: BTreeSet<u64>,
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
    /// Answers that a cache in between said it had (`X-Cache: HIT`).
    pub cache_hits: u64,
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

    /// The milliseconds within which this share of the answers (0 to 1) had their first byte; the nearest rank.
    pub fn first_byte(&self, share: f64) -> Option<f64> {
        let mut sorted = self.first_bytes.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.max(1) - 1).copied()
    }

    /// Takes the attempts of another run into account.
    pub fn merge(&mut self, other: &Tally) {
        self.attempts += other.attempts;
        self.ok += other.ok;
        self.failed += other.failed;
        self.cache_hits += other.cache_hits;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.first_bytes.extend(&other.first_bytes);
    }

    fn add(&mut self, attempt: &Attempt) {
        self.attempts += 1;
        if answered(attempt) {
            self.ok += 1;
        } else {
            self.failed += 1;
        }
        self.bytes = self.bytes.saturating_add(attempt.bytes);
        let hit = |(name, value): (&String, &String)| {
            name == "x-cache" && value.to_ascii_lowercase().contains("hit")
        };
        self.cache_hits += u64::from(attempt.headers.iter().any(hit));
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
        self.reasons.add(&record.event);
        match &record.event {
            Event::Run(run) => self.run = Some(run.clone()),
            Event::Request { .. } => self.requests += 1,
            Event::Attempt(attempt) => {
                if !answered(attempt) && attempt.request != 0 {
                    self.troubled.insert(attempt.request);
                }
                self.upstreams
                    .entry(attempt.upstream.clone())
                    .or_default()
                    .add(attempt);
            }
            Event::Retry { action, .. } if matches!(action.as_str(), "retry" | "failover" | "hedge") => {
                self.retries += 1;
            }
            Event::Answer {
                request,
                status,
                attempts,
                ..
            } => {
                let troubled = self.troubled.remove(request);
                let good = matches!(status, 200 | 404 | 410);
                self.failed_answers += u64::from(!good);
                self.saved += u64::from(good && troubled);
                self.ready += u64::from(*status == 200 && *attempts == 0);
            }
            Event::Waiting { .. } => self.waits += 1,
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

    /// Why it failed, where that is known.
    pub fn blame(&self) -> Option<Blame> {
        self.reasons.blame(self.is_failed())
    }

    /// Attempts at all upstreams together.
    pub fn attempts(&self) -> u64 {
        self.upstreams.values().map(|tally| tally.attempts).sum()
    }

    /// Failed attempts at all upstreams together.
    pub fn failed(&self) -> u64 {
        self.upstreams.values().map(|tally| tally.failed).sum()
    }

    /// The outcome in two words: `ok`, `exit 1`, `SIGKILL`, `gosteady 124`, `no end`.
    pub fn outcome(&self) -> String {
        match self.end.as_ref().map(|end| (end.outcome.as_str(), end.code)) {
            None => "no end".to_string(),
            // Our own end without a fault is that of a run without a child, such as an install.
            Some(("exited" | "ours", 0)) => "ok".to_string(),
            Some(("exited", code)) => format!("exit {code}"),
            Some(("signaled", signal)) => signal_name(signal),
            Some(("ours", code)) => format!("gosteady {code}"),
            Some((other, code)) => format!("{other} {code}"),
        }
    }

    /// Whether go or we said that it failed, or the end is missing.
    pub fn is_failed(&self) -> bool {
        self.outcome() != "ok"
    }

    /// Whether nothing moved for so long that it was reported, or the run was ended as hung.
    pub fn is_hung(&self) -> bool {
        let hung = Code::Hung as i32;
        self.waits > 0
            || self
                .end
                .as_ref()
                .is_some_and(|end| end.outcome == "ours" && end.code == hung)
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
    fn outcomes_in_words() {
        for (outcome, code, words) in [
            ("exited", 0, "ok"),
            ("exited", 2, "exit 2"),
            ("signaled", 9, "SIGKILL"),
            ("ours", 124, "gosteady 124"),
            // `gosteady toolchain install` was listed among the failures when it had worked.
            ("ours", 0, "ok"),
        ] {
            let end = End {
                outcome: outcome.into(),
                code,
                ..End::default()
            };
            let summary = Summary {
                end: Some(end),
                ..Summary::default()
            };
            assert_eq!(
                (summary.outcome().as_str(), summary.is_failed()),
                (words, words != "ok")
            );
        }
    }
}
