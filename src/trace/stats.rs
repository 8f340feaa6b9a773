//! Many runs in numbers: by mirror and by day.

use super::summary::{Summary, Tally};
use std::collections::BTreeMap;

/// What runs came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stats {
    /// All of them together.
    pub all: Totals,
    /// By day, `2026-11-21` in UTC.
    pub days: BTreeMap<String, Totals>,
    /// The attempts, by upstream.
    pub upstreams: BTreeMap<String, Tally>,
}

/// Sums over runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Totals {
    /// Runs.
    pub runs: u64,
    /// Those that failed, or have no end.
    pub failed: u64,
    /// Those in which nothing moved for long, or that were ended as hung.
    pub hung: u64,
    /// Requests of go's.
    pub requests: u64,
    /// Requests that were answered well although an attempt had failed.
    pub saved: u64,
    /// Requests that were ready when go asked.
    pub ready: u64,
    /// Attempts at upstreams.
    pub attempts: u64,
    /// Those without an answer that counts.
    pub failed_attempts: u64,
    /// Body bytes received.
    pub bytes: u64,
}

impl Stats {
    /// Takes a run of that day into account.
    pub fn add(&mut self, day: &str, summary: &Summary) {
        self.all.add(summary);
        self.days.entry(day.to_string()).or_default().add(summary);
        for (upstream, tally) in &summary.upstreams {
            self.upstreams.entry(upstream.clone()).or_default().merge(tally);
        }
    }

    /// The textfile format of Prometheus' node exporter (prometheus.io/docs/instrumenting/exposition_formats). All are
    /// gauges over the traces that are kept: what is removed goes out of the sums.
    pub fn prometheus(&self) -> String {
        let mut out = String::new();
        let mut metric = |name: &str, help: &str, samples: Vec<(String, f64)>| {
            out.push_str(&format!(
                "# HELP gosteady_{name} {help}\n# TYPE gosteady_{name} gauge\n"
            ));
            for (labels, value) in samples {
                out.push_str(&format!("gosteady_{name}{labels} {value}\n"));
            }
        };
        let all = &self.all;
        for (name, help, value) in [
            ("runs", "Guarded runs among the traces kept.", all.runs),
            ("runs_failed", "Runs that failed or have no end.", all.failed),
            ("runs_hung", "Runs in which nothing moved for long.", all.hung),
            ("requests", "Requests of go.", all.requests),
            (
                "requests_saved",
                "Requests answered well although an attempt had failed.",
                all.saved,
            ),
            (
                "requests_ready",
                "Requests whose answer was there before go asked.",
                all.ready,
            ),
        ] {
            metric(name, help, vec![(String::new(), value as f64)]);
        }
        let of = |value: &dyn Fn(&Tally) -> f64| -> Vec<(String, f64)> {
            let label = |upstream: &str| format!("{{upstream=\"{}\"}}", escape(upstream));
            self.upstreams
                .iter()
                .map(|(u, tally)| (label(u), value(tally)))
                .collect()
        };
        metric("attempts", "Requests to an upstream.", of(&|t| t.attempts as f64));
        metric(
            "attempts_failed",
            "Those without an answer that counts.",
            of(&|t| t.failed as f64),
        );
        metric(
            "received_bytes",
            "Bytes of bodies received.",
            of(&|t| t.bytes as f64),
        );
        metric(
            "cache_hits",
            "Answers that a cache in between had.",
            of(&|t| t.cache_hits as f64),
        );
        let mut quantiles = Vec::new();
        for (upstream, tally) in &self.upstreams {
            for (quantile, name) in [(0.5, "0.5"), (0.95, "0.95"), (0.99, "0.99")] {
                let label = format!("{{upstream=\"{}\",quantile=\"{name}\"}}", escape(upstream));
                quantiles.extend(tally.first_byte(quantile).map(|ms| (label, ms / 1e3)));
            }
        }
        metric(
            "first_byte_seconds",
            "Time to the first byte of an answer.",
            quantiles,
        );
        out
    }
}

fn escape(label: &str) -> String {
    label
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

impl Totals {
    fn add(&mut self, summary: &Summary) {
        self.runs += 1;
        self.failed += u64::from(summary.is_failed());
        self.hung += u64::from(summary.is_hung());
        self.requests += summary.requests;
        self.saved += summary.saved;
        self.ready += summary.ready;
        self.attempts += summary.attempts();
        self.failed_attempts += summary.failed();
        self.bytes += summary.upstreams.values().map(|tally| tally.bytes).sum::<u64>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::event::{Attempt, Event, Record};

    fn summary(outcomes: &[(&str, f64)]) -> Summary {
        let mut summary = Summary::default();
        let mut add = |event| summary.add(&Record { t: 1.0, event });
        for (outcome, ms) in outcomes {
            add(Event::Attempt(Attempt {
                request: 1,
                upstream: "https://a\"".into(),
                outcome: (*outcome).into(),
                first_byte_ms: Some(*ms),
                bytes: 10,
                headers: [("x-cache".to_string(), "HIT".to_string())].into(),
                ..Attempt::default()
            }));
        }
        add(Event::Answer {
            request: 1,
            status: 200,
            bytes: 10,
            total_ms: 1.0,
            served_by: String::new(),
            attempts: 2,
            cause: None,
        });
        add(Event::End {
            outcome: "exited".into(),
            code: 0,
            total_ms: 5.0,
            dropped: 0,
        });
        summary
    }

    #[test]
    fn runs_add_up() {
        let mut stats = Stats::default();
        stats.add("2026-11-20", &summary(&[("silent", 10.0), ("ok", 20.0)]));
        stats.add("2026-11-21", &summary(&[("ok", 30.0)]));
        assert_eq!(
            (stats.all.runs, stats.all.failed, stats.all.saved, stats.all.bytes),
            (2, 0, 1, 30)
        );
        assert_eq!(stats.days["2026-11-20"].failed_attempts, 1);
        let tally = &stats.upstreams["https://a\""];
        assert_eq!((tally.attempts, tally.cache_hits), (3, 3));
        assert_eq!(
            (tally.first_byte(0.5), tally.first_byte(0.99)),
            (Some(20.0), Some(30.0))
        );
        let text = stats.prometheus();
        for line in [
            "# TYPE gosteady_runs gauge",
            "gosteady_runs 2",
            r#"gosteady_attempts{upstream="https://a\""} 3"#,
            r#"gosteady_first_byte_seconds{upstream="https://a\"",quantile="0.99"} 0.03"#,
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is missing in\n{text}");
        }
    }
}
