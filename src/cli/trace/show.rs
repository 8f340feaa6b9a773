//! `gosteady trace show`: a trace read once from its beginning, written as it is read.

use super::style::{Style, bytes, count, duration, plain, table};
use super::timeline::{Timeline, cause};
use crate::trace::Event;
use crate::trace::blame::Blame;
use crate::trace::read::Reader;
use crate::trace::summary::Summary;
use std::io::BufRead;

/// The records as they stand, readable ones only; kinds of a newer gosteady among them. Returns the notes.
pub(super) fn json(input: impl BufRead, out: &mut dyn FnMut(&str)) -> Vec<String> {
    let mut reader = Reader::new(input);
    for line in reader.by_ref() {
        out(&(line.raw + "\n"));
    }
    // What is unknown to us was printed all the same.
    let mut notes = reader.notes().clone();
    notes.unknown.clear();
    notes.newer_schema = None;
    notes.words()
}

/// Why the run failed, found by reading all of its trace.
pub(super) fn blame(input: impl BufRead) -> Option<Blame> {
    let mut summary = Summary::default();
    let records = Reader::new(input).filter_map(|line| line.record);
    records.for_each(|record| summary.add(&record));
    summary.blame()
}

/// The header, why it failed where that is known beforehand, a line per record, the closing summary, and what was not
/// readable.
pub(super) fn timeline(input: impl BufRead, blame: Option<Blame>, style: Style, out: &mut dyn FnMut(&str)) {
    let mut reader = Reader::new(input);
    let mut timeline = Timeline::new(style);
    let mut summary = Summary::default();
    for record in reader.by_ref().filter_map(|line| line.record) {
        summary.add(&record);
        out(&timeline.line(&record));
        if let (Event::Run(_), Some(blame)) = (&record.event, &blame) {
            out(&cause(blame, style));
        }
    }
    out(&closing(&summary, style));
    // What could be read only once is known only now.
    if let (None, Some(blame)) = (&blame, summary.blame()) {
        out(&cause(&blame, style));
    }
    for note in reader.notes().words() {
        out(&format!("{} {}\n", style.bold("note:"), plain(&note)));
    }
}

fn closing(summary: &Summary, style: Style) -> String {
    let mut parts = vec![
        count(summary.requests, "request"),
        count(summary.attempts(), "attempt"),
    ];
    for (n, words) in [
        (summary.failed(), format!("{} failed", summary.failed())),
        (summary.retries, format!("{} tried again", summary.retries)),
        (summary.warnings, count(summary.warnings, "warning")),
    ] {
        if n > 0 {
            parts.push(words);
        }
    }
    let head = format!(
        "{} after {}: {}",
        summary.outcome(),
        duration(summary.total_ms()),
        parts.join(", ")
    );
    let mut out = format!("\n{}\n", style.bold(&plain(&head)));
    if !summary.upstreams.is_empty() {
        let mut rows = vec![
            [
                "UPSTREAM",
                "ATTEMPTS",
                "OK",
                "FAILED",
                "RECEIVED",
                "FIRST BYTE (MEDIAN)",
            ]
            .map(String::from)
            .to_vec(),
        ];
        for (upstream, tally) in &summary.upstreams {
            rows.push(vec![
                plain(upstream),
                tally.attempts.to_string(),
                tally.ok.to_string(),
                tally.failed.to_string(),
                bytes(tally.bytes),
                tally.median_first_byte().map_or("-".to_string(), duration),
            ]);
        }
        out.push_str(&table(&rows, &[false, true, true, true, true, true]));
    }
    out
}
