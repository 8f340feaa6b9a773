//! `gosteady trace stats`.

use super::find::Place;
use super::{Failed, filter, list, output};
use crate::trace::stats::{Stats, Totals};
use crate::trace::store::Entry;
use crate::trace::summary::Tally;
use crate::ui::table::{Cell, aligned};
use crate::ui::words::{bytes, count, duration, plain, share};
use crate::ui::{self, Style};
use crate::world::World;
use serde_json::json;
use std::path::{Path, PathBuf};

pub(super) fn run(
    place: &Place,
    filter: &filter::Args,
    (as_json, prometheus): (bool, bool),
    to: Option<&Path>,
    world: &World,
    style: Style,
) -> Result<(), Failed> {
    let (stats, unreadable) = gather(place.entries()?, filter, world);
    for (path, why) in &unreadable {
        ui::note_unreadable(path, why);
    }
    let plain_style = if to.is_some() { Style::plain() } else { style };
    let text = match (prometheus, as_json) {
        (true, _) => stats.prometheus(),
        (_, true) => json(&stats),
        _ if stats.all.runs == 0 && unreadable.is_empty() => {
            ui::note("no run matches; see `gosteady trace list`");
            return Ok(());
        }
        _ if stats.all.runs == 0 => String::new(),
        _ => tables(&stats, plain_style),
    };
    // Whoever collects it is another user.
    output::write(to, text.as_bytes(), 0o644)?;
    match unreadable.len() as u64 {
        0 => Ok(()),
        n => Err(Failed::incomplete(format!("{} left out", count(n, "trace")))),
    }
}

/// What the runs that are meant come to, and the files that could not be read, with why.
fn gather(entries: Vec<Entry>, filter: &filter::Args, world: &World) -> (Stats, Vec<(PathBuf, String)>) {
    let (mut stats, mut unreadable) = (Stats::default(), Vec::new());
    for (entry, summary) in entries
        .into_iter()
        .filter_map(|entry| list::one(entry, filter, world))
    {
        match summary {
            Ok(summary) => stats.add(&entry.name.started.strftime("%F").to_string(), &summary),
            Err(why) => unreadable.push((entry.path, why)),
        }
    }
    (stats, unreadable)
}

fn tables(stats: &Stats, style: Style) -> String {
    let all = &stats.all;
    let runs = format!(
        "{}, {} failed, {} hung",
        count(all.runs, "run"),
        all.failed,
        all.hung
    );
    let requests = format!(
        "{}, {} saved by trying again, {} ready before go asked",
        count(all.requests, "request"),
        all.saved,
        all.ready
    );
    let mut out = format!("{}\n{requests}\n", style.bold(&runs));
    let head = |names: &[&str]| -> Vec<Cell> {
        names
            .iter()
            .map(|n| Cell::styled(*n, |t| style.bold(t)))
            .collect()
    };
    let mut rows = vec![head(&[
        "UPSTREAM", "ASKED", "OK", "P50", "P95", "P99", "BYTES", "HITS",
    ])];
    for (upstream, tally) in &stats.upstreams {
        let quantile = |q: f64| Cell::from(tally.first_byte(q).map_or("-".to_string(), duration));
        rows.push(vec![
            plain(upstream.trim_start_matches("https://")).into(),
            tally.attempts.to_string().into(),
            share(tally.ok, tally.attempts).into(),
            quantile(0.5),
            quantile(0.95),
            quantile(0.99),
            bytes(tally.bytes).into(),
            tally.cache_hits.to_string().into(),
        ]);
    }
    let numbers = [false, true, true, true, true, true, true, true];
    if rows.len() > 1 {
        out.push_str(&format!("\n{}", aligned(&rows, &numbers)));
    }
    let mut rows = vec![head(&[
        "DAY (UTC)",
        "RUNS",
        "FAILED",
        "HUNG",
        "ASKED",
        "SAVED",
        "READY",
        "BYTES",
    ])];
    for (day, totals) in stats.days.iter().rev() {
        let numbers = [
            totals.runs,
            totals.failed,
            totals.hung,
            totals.requests,
            totals.saved,
            totals.ready,
        ];
        let mut row = vec![Cell::from(day.clone())];
        row.extend(numbers.map(|n| Cell::from(n.to_string())));
        row.push(bytes(totals.bytes).into());
        rows.push(row);
    }
    out.push_str(&format!("\n{}", aligned(&rows, &numbers)));
    out
}

fn json(stats: &Stats) -> String {
    let upstream = |(upstream, tally): (&String, &Tally)| {
        json!({
            "upstream": upstream, "attempts": tally.attempts, "ok": tally.ok, "failed": tally.failed, "bytes": tally.bytes,
            "cache_hits": tally.cache_hits,
            "first_byte_ms": {"p50": tally.first_byte(0.5), "p95": tally.first_byte(0.95), "p99": tally.first_byte(0.99)},
        })
    };
    let day = |(day, totals): (&String, &Totals)| {
        let mut value = json!(totals);
        value["day"] = day.as_str().into();
        value
    };
    let whole = json!({
        "all": stats.all,
        "upstreams": stats.upstreams.iter().map(upstream).collect::<Vec<_>>(),
        "days": stats.days.iter().map(day).collect::<Vec<_>>(),
    });
    ui::json(&whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::store::Name;

    #[test]
    fn what_cant_be_read_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let entry = |second: u8| {
            let name = format!("20261121T04050{second}Z-get-000000000000000{second}.jsonl");
            let path = dir.path().join(&name);
            let name = Name::parse(&name).unwrap();
            Entry { name, path }
        };
        std::fs::write(entry(1).path, "").unwrap();
        let hung = filter::Args {
            hung: true,
            ..filter::Args::default()
        };
        for (filter, runs) in [(filter::Args::default(), 1), (hung, 0)] {
            let (stats, unreadable) = gather(vec![entry(1), entry(2)], &filter, &World::default());
            assert_eq!((stats.all.runs, unreadable.len()), (runs, 1), "{filter:?}");
            assert_eq!(unreadable[0].0, entry(2).path);
        }
    }
}
