//! `gosteady trace stats`.

use super::find::Place;
use super::{Failed, filter, list, output};
use crate::trace::stats::{Stats, Totals};
use crate::trace::summary::Tally;
use crate::ui::table::{Cell, aligned};
use crate::ui::words::{bytes, count, duration, plain, share};
use crate::ui::{self, Style};
use crate::world::World;
use serde_json::json;
use std::path::Path;

pub(super) fn run(
    place: &Place,
    filter: &filter::Args,
    (as_json, prometheus): (bool, bool),
    to: Option<&Path>,
    world: &World,
    style: Style,
) -> Result<(), Failed> {
    let mut stats = Stats::default();
    for entry in place.entries()? {
        if let Some((entry, Some(summary))) = list::one(entry, filter, world) {
            stats.add(&entry.name.started.strftime("%F").to_string(), &summary);
        }
    }
    let plain_style = if to.is_some() { Style::plain() } else { style };
    let text = match (prometheus, as_json) {
        (true, _) => stats.prometheus(),
        (_, true) => json(&stats),
        _ if stats.all.runs == 0 => {
            ui::note("no run matches; see `gosteady trace list`");
            return Ok(());
        }
        _ => tables(&stats, plain_style),
    };
    // Whoever collects it is another user.
    output::write(to, text.as_bytes(), 0o644).map(|_| ())
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
    format!("{whole:#}\n")
}
