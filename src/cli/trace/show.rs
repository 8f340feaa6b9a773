//! `gosteady trace show`: what a run came to, then what happened, record by record. Read in bounded memory: of
//! what can be read only once, as stdin, the summary comes last.

use super::Failed;
use super::find::Found;
use super::output::Chunks;
use super::timeline::{self, Timeline};
use crate::trace::event::{Event, Record};
use crate::trace::read::Reader;
use crate::trace::summary::Summary;
use crate::ui::table::{Cell, aligned};
use crate::ui::words::{bytes, count, duration, plain, share};
use crate::ui::{self, Style, words};
use std::collections::HashMap;
use std::io::BufRead;

/// Requests that the summary names as those that took the time.
const SLOWEST: usize = 5;
/// Bytes of a timeline that are kept until the summary is known; a longer one is made twice.
const TIMELINE_MAX: usize = 32 << 20;
/// A request that took less is not worth naming.
const SLOW_MS: f64 = 500.0;

pub(super) fn run(found: &Found, as_json: bool, style: Style) -> Result<(), Failed> {
    let mut chunks = Chunks::default();
    let out = &mut |text: &str| chunks.push(text);
    match found {
        _ if as_json => json(found.open()?, out).iter().for_each(|note| ui::note(note)),
        Found::Stdin => stream(found.open()?, style, out),
        // A FIFO can't be read twice.
        Found::File(path) if !path.is_file() => stream(found.open()?, style, out),
        Found::File(_) => {
            let (digest, timeline) = Digest::read(found.open()?, style);
            if digest.records == 0 {
                return Err(found.is_no_trace(&digest.notes));
            }
            out(&digest.text(style));
            out("\n");
            match timeline {
                Some(timeline) => out(&timeline),
                None => again(found.open()?, style, out),
            }
        }
    }
    Ok(())
}

/// The records as they stand, readable ones only; kinds of a newer gosteady among them. Returns the notes.
pub(super) fn json(input: impl BufRead, out: &mut dyn FnMut(&str)) -> Vec<String> {
    let mut reader = Reader::new(input);
    for line in reader.by_ref() {
        out(&(words::json(&line.raw) + "\n"));
    }
    // What is unknown to us was printed all the same.
    let mut notes = reader.notes().clone();
    notes.unknown.clear();
    notes.newer_schema = None;
    notes.words()
}

/// What a trace came to.
#[derive(Debug, Default)]
pub(super) struct Digest {
    records: u64,
    summary: Summary,
    slowest: Slowest,
    notes: Vec<String>,
}

impl Digest {
    /// Reads a trace to its end. Returns its timeline too, unless that is too long to be kept.
    pub fn read(input: impl BufRead, style: Style) -> (Digest, Option<String>) {
        let mut digest = Digest::default();
        let mut reader = Reader::new(input);
        let mut lines = Timeline::new(style);
        let mut timeline = Some(String::new());
        for record in reader.by_ref().filter_map(|line| line.record) {
            digest.add(&record);
            if let Some(text) = &mut timeline
                && !matches!(record.event, Event::Run(_))
            {
                text.push_str(&lines.line(&record));
            }
            timeline = timeline.filter(|text| text.len() < TIMELINE_MAX);
        }
        digest.notes = reader.notes().words();
        (digest, timeline)
    }

    fn add(&mut self, record: &Record) {
        self.records += 1;
        self.summary.add(record);
        self.slowest.add(record);
    }

    /// Command, outcome, mirrors, what took the time, what is missing.
    pub fn text(&self, style: Style) -> String {
        let mut out = String::new();
        if let Some(run) = &self.summary.run {
            out.push_str(&timeline::header(run, style));
        }
        out.push_str(&self.outcome(style));
        out
    }

    fn outcome(&self, style: Style) -> String {
        let summary = &self.summary;
        let head = plain(&headline(summary));
        let head = match summary.outcome().as_str() {
            "ok" => style.bold(&head),
            _ => style.bold(&style.red(&head)),
        };
        let mut out = format!("\n{head}\n");
        if let Some(blame) = summary.blame() {
            out.push_str(&timeline::cause(&blame, style));
        }
        if !summary.upstreams.is_empty() {
            out.push('\n');
            out.push_str(&mirrors(summary));
        }
        if !self.slowest.worst.is_empty() {
            out.push_str(&format!("\n{}\n", style.bold("what took the time")));
        }
        for (ms, resource, by) in &self.slowest.worst {
            let by = if by.is_empty() { "nobody" } else { by };
            let line = format!("{:>10}  {resource} from {by}", duration(*ms));
            out.push_str(&format!("{}\n", plain(&line)));
        }
        for note in &self.notes {
            out.push_str(&format!("{} {}\n", style.bold("note:"), plain(note)));
        }
        out
    }
}

/// A line per record, of a trace that was read before.
fn again(input: impl BufRead, style: Style, out: &mut dyn FnMut(&str)) {
    let mut timeline = Timeline::new(style);
    for record in Reader::new(input).filter_map(|line| line.record) {
        if !matches!(record.event, Event::Run(_)) {
            out(&timeline.line(&record));
        }
    }
}

/// The header, a line per record, the summary: for what can be read only once.
pub(super) fn stream(input: impl BufRead, style: Style, out: &mut dyn FnMut(&str)) {
    let mut reader = Reader::new(input);
    let mut timeline = Timeline::new(style);
    let mut digest = Digest::default();
    for record in reader.by_ref().filter_map(|line| line.record) {
        digest.add(&record);
        out(&timeline.line(&record));
    }
    digest.notes = reader.notes().words();
    out(&digest.outcome(style));
}

/// `exit 1 after 3.20 s: 12 requests, 14 attempts, 2 failed, 2 tried again`.
pub(super) fn headline(summary: &Summary) -> String {
    let mut parts = vec![
        count(summary.requests, "request"),
        count(summary.attempts(), "attempt"),
    ];
    for (n, words) in [
        (summary.failed(), format!("{} failed", summary.failed())),
        (summary.retries, format!("{} tried again", summary.retries)),
        (summary.waits, count(summary.waits, "report") + " of a wait"),
        (summary.warnings, count(summary.warnings, "warning")),
    ] {
        if n > 0 {
            parts.push(words);
        }
    }
    format!(
        "{} after {}: {}",
        summary.outcome(),
        duration(summary.total_ms()),
        parts.join(", ")
    )
}

fn mirrors(summary: &Summary) -> String {
    let head = [
        "UPSTREAM",
        "ATTEMPTS",
        "OK",
        "FAILED",
        "RECEIVED",
        "FIRST BYTE (MEDIAN)",
    ];
    let mut rows = vec![head.map(Cell::from).to_vec()];
    for (upstream, tally) in &summary.upstreams {
        rows.push(vec![
            plain(upstream).into(),
            tally.attempts.to_string().into(),
            share(tally.ok, tally.attempts).into(),
            tally.failed.to_string().into(),
            bytes(tally.bytes).into(),
            tally.median_first_byte().map_or("-".to_string(), duration).into(),
        ]);
    }
    aligned(&rows, &[false, true, true, true, true, true])
}

/// The requests of go's that took the longest.
#[derive(Debug, Default)]
struct Slowest {
    open: HashMap<u64, String>,
    worst: Vec<(f64, String, String)>,
}

impl Slowest {
    fn add(&mut self, record: &Record) {
        match &record.event {
            Event::Request {
                request, resource, ..
            } => {
                self.open.insert(*request, resource.clone());
            }
            Event::Answer {
                request,
                total_ms,
                served_by,
                ..
            } => {
                let resource = self.open.remove(request);
                if *total_ms < SLOW_MS {
                    return;
                }
                let resource = resource.unwrap_or_else(|| format!("request {request}"));
                let at = self.worst.partition_point(|(ms, _, _)| ms >= total_ms);
                self.worst.insert(at, (*total_ms, resource, served_by.clone()));
                self.worst.truncate(SLOWEST);
            }
            _ => {}
        }
    }
}
