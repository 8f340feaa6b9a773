//! `gosteady trace list`.

use super::Failed;
use super::filter;
use super::find::Place;
use crate::bounded;
use crate::trace::read::Reader;
use crate::trace::store::Entry;
use crate::trace::summary::Summary;
use crate::ui::table::{Cell, aligned};
use crate::ui::words::{duration, json, plain};
use crate::ui::{self, Style};
use crate::world::World;
use std::fs::File;
use std::io::BufReader;
use std::time::SystemTime;

/// A run and what it came to, or why its file can't be opened.
pub(super) type Read = (Entry, Result<Summary, String>);

pub(super) fn run(
    place: &Place,
    filter: &filter::Args,
    number: usize,
    json: bool,
    world: &World,
    style: Style,
) -> Result<(), Failed> {
    let entries = place.entries()?;
    if entries.is_empty() {
        ui::note(&place.nothing());
        return Ok(());
    }
    let all = entries.len();
    let most = if number == 0 { usize::MAX } else { number };
    let mut taken = 0;
    let mut read = Vec::new();
    for entry in entries {
        if read.len() == most {
            break;
        }
        taken += 1;
        read.extend(one(entry, filter, world));
    }
    if json {
        read.iter()
            .for_each(|(entry, summary)| ui::out(&json_line(entry, summary.as_ref().ok())));
        return Ok(());
    }
    if read.is_empty() {
        ui::note(&format!(
            "none of the {all} runs matches; see `gosteady trace list`"
        ));
        return Ok(());
    }
    ui::out(&rows(&read, style));
    if taken < all {
        ui::out(&format!("{} older: gosteady trace list -n 0\n", all - taken));
    }
    Ok(())
}

/// The run with its summary, if it is meant, or may be: of one that can't be read only its name is known.
pub(super) fn one(entry: Entry, filter: &filter::Args, world: &World) -> Option<Read> {
    if !filter.may_take(&entry, SystemTime::now()) {
        return None;
    }
    let summary = summary(&entry);
    let meant = summary.as_ref().map_or(true, |s| filter.takes(s, world));
    meant.then_some((entry, summary))
}

/// Reads a trace to its end.
fn summary(entry: &Entry) -> Result<Summary, String> {
    let file = File::open(&entry.path).map_err(|e| bounded::reason(&e))?;
    let mut summary = Summary::default();
    Reader::new(BufReader::new(file))
        .filter_map(|line| line.record)
        .for_each(|record| summary.add(&record));
    Ok(summary)
}

/// The table.
pub(super) fn rows(read: &[Read], style: Style) -> String {
    let head = [
        "TIME (UTC)",
        "COMMAND",
        "OUTCOME",
        "TOOK",
        "ASKED",
        "FAILED",
        "ID",
    ];
    let mut rows = vec![head.map(|h| Cell::styled(h, |t| style.bold(t))).to_vec()];
    for (entry, summary) in read {
        let mut row = vec![
            Cell::from(entry.name.started.strftime("%F %T").to_string()),
            command(entry, summary.as_ref().ok()).into(),
        ];
        match summary {
            Ok(s) => {
                let outcome = plain(&s.outcome());
                row.push(match s.is_failed() {
                    true => Cell::styled(outcome, |t| style.red(t)),
                    false => outcome.into(),
                });
                row.push(duration(s.total_ms()).into());
                row.push(s.requests.to_string().into());
                row.push(match s.failed() {
                    0 => "0".into(),
                    n => Cell::styled(n.to_string(), |t| style.yellow(t)),
                });
            }
            Err(_) => row.extend(["unreadable", "", "", ""].map(Cell::from)),
        }
        // Enough to name a run by; the whole id would not fit into 80 columns.
        row.push(Cell::styled(&entry.name.id[..8], |t| style.dim(t)));
        rows.push(row);
    }
    aligned(&rows, &[false, false, false, true, true, true, false])
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
        "dir": summary.and_then(|s| s.run.as_ref()).map(|run| &run.dir),
        "outcome": summary.map(Summary::outcome),
        "total_ms": summary.map(Summary::total_ms),
        "requests": summary.map(|s| s.requests),
        "attempts": summary.map(Summary::attempts),
        "failed": summary.map(Summary::failed),
        "hung": summary.map(Summary::is_hung),
    });
    json(&format!("{line}\n"))
}
