//! `gosteady trace list`.

use super::Failed;
use super::find::Place;
use super::style::{duration, plain, table};
use crate::trace::read::Reader;
use crate::trace::store::Entry;
use crate::trace::summary::Summary;
use crate::ui;
use std::fs::File;
use std::io::BufReader;

pub(super) fn run(place: &Place, number: usize, json: bool) -> Result<(), Failed> {
    let mut entries = place.entries()?;
    if entries.is_empty() {
        ui::note(&place.nothing());
        return Ok(());
    }
    let all = entries.len();
    if number > 0 {
        entries.truncate(number);
    }
    let read: Vec<(Entry, Option<Summary>)> = entries
        .into_iter()
        .map(|entry| {
            let summary = summary(&entry);
            (entry, summary)
        })
        .collect();
    if json {
        read.iter()
            .for_each(|(entry, summary)| ui::out(&json_line(entry, summary.as_ref())));
    } else {
        ui::out(&rows(&read));
        if read.len() < all {
            ui::out(&format!("{} older: gosteady trace list -n 0\n", all - read.len()));
        }
    }
    Ok(())
}

/// Reads a trace to its end; `None` where the file can't be opened.
fn summary(entry: &Entry) -> Option<Summary> {
    let mut summary = Summary::default();
    let reader = Reader::new(BufReader::new(File::open(&entry.path).ok()?));
    reader
        .filter_map(|line| line.record)
        .for_each(|record| summary.add(&record));
    Some(summary)
}

/// The table.
pub(super) fn rows(read: &[(Entry, Option<Summary>)]) -> String {
    let head = [
        "TIME (UTC)",
        "COMMAND",
        "OUTCOME",
        "TOOK",
        "REQUESTS",
        "ATTEMPTS",
        "FAILED",
        "ID",
    ];
    let mut rows = vec![head.map(String::from).to_vec()];
    for (entry, summary) in read {
        let mut row = vec![
            entry.name.started.strftime("%F %T").to_string(),
            command(entry, summary.as_ref()),
        ];
        row.extend(match summary {
            Some(s) => [
                plain(&s.outcome()),
                duration(s.total_ms()),
                s.requests.to_string(),
                s.attempts().to_string(),
                s.failed().to_string(),
            ],
            None => ["unreadable", "", "", "", ""].map(String::from),
        });
        row.push(entry.name.id.clone());
        rows.push(row);
    }
    table(&rows, &[false, false, false, true, true, true, true, false])
}

fn command(entry: &Entry, summary: Option<&Summary>) -> String {
    let told = summary
        .and_then(|s| s.run.as_ref())
        .map(|run| plain(&run.verb))
        .filter(|verb| !verb.is_empty());
    told.unwrap_or_else(|| entry.name.verb.clone())
}

fn json_line(entry: &Entry, summary: Option<&Summary>) -> String {
    let line = serde_json::json!({
        "started": entry.name.started.to_string(),
        "verb": command(entry, summary),
        "id": entry.name.id,
        "path": entry.path.to_string_lossy(),
        "outcome": summary.map(Summary::outcome),
        "total_ms": summary.map(Summary::total_ms),
        "requests": summary.map(|s| s.requests),
        "attempts": summary.map(Summary::attempts),
        "failed": summary.map(Summary::failed),
    });
    format!("{line}\n")
}
