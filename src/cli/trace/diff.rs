//! `gosteady trace diff`: two runs held against each other; what differs and may matter.

use super::Failed;
use super::find::Found;
use super::show::headline;
use crate::trace::event::Event;
use crate::trace::secrets::Secrets;
use crate::trace::story::{End, Story};
use crate::trace::whole::{Hide, Whole};
use crate::ui::words::{bytes, count, duration, plain, share};
use crate::ui::{self, Style};
use std::collections::{BTreeMap, BTreeSet};

/// Differences of one kind that are listed.
const MOST: usize = 20;
/// Variables that differ everywhere and explain nothing.
const NOISE: &[&str] = &["TERM", "TRACEPARENT", "XDG_STATE_HOME", "GOSTEADY_TRACE"];

/// A difference: what of it stands on either side; empty where there is nothing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct Row {
    section: &'static str,
    what: String,
    a: String,
    b: String,
}

pub(super) fn run(a: &Found, b: &Found, json: bool, style: Style) -> Result<(), Failed> {
    let (one, two) = (read(a)?, read(b)?);
    let (one, two) = (Story::of(&one.records), Story::of(&two.records));
    let rows = rows(&one, &two);
    match json {
        true => ui::out(&ui::json(
            &serde_json::json!({"a": one.run.id, "b": two.run.id, "differences": rows}),
        )),
        false => ui::out(&text(&one, &two, &rows, style)),
    }
    Ok(())
}

fn read(found: &Found) -> Result<Whole, Failed> {
    let hide = Hide {
        secrets: &Secrets::default(),
        salt: None,
    };
    let whole = Whole::read(found.open()?, &hide);
    match whole.records.is_empty() {
        false => Ok(whole),
        true => Err(found.is_no_trace(&whole.remarks)),
    }
}

fn text(a: &Story, b: &Story, rows: &[Row], style: Style) -> String {
    let mut out = String::new();
    for (name, story, colour) in [
        ("A", a, Style::red as fn(Style, &str) -> String),
        ("B", b, Style::green),
    ] {
        let run = &story.run;
        let head = format!("{} {}, {}", run.id, run.started, run.command());
        out.push_str(&format!(
            "{}  {}\n   {}\n",
            colour(style, name),
            plain(&head),
            plain(&headline(&story.summary))
        ));
    }
    if rows.is_empty() {
        out.push_str("\nnothing differs that may matter\n");
    }
    let mut section = "";
    for row in rows {
        if row.section != section {
            section = row.section;
            out.push_str(&format!("\n{}\n", style.bold(section)));
        }
        out.push_str(&format!("  {}\n", plain(&row.what)));
        for (name, side, colour) in [
            ("A", &row.a, Style::red as fn(Style, &str) -> String),
            ("B", &row.b, Style::green),
        ] {
            let side = if side.is_empty() { "-" } else { side };
            out.push_str(&format!("    {} {}\n", colour(style, name), plain(side)));
        }
    }
    out
}

/// The differences, what matters most first.
pub(super) fn rows(a: &Story, b: &Story) -> Vec<Row> {
    let mut rows = Vec::new();
    outcome(a, b, &mut rows);
    let versions = |s: &Story| -> BTreeMap<String, String> {
        let run = &s.run;
        [
            ("go", run.go.clone()),
            ("why this go", run.go_why.clone()),
            ("gosteady", run.gosteady.clone()),
            ("platform", run.platform.clone()),
            (
                "decision",
                s.decision
                    .map_or(String::new(), |(action, why)| format!("{action}: {why}")),
            ),
            ("arguments", run.argv.join(" ")),
        ]
        .map(|(name, value)| (name.to_string(), value))
        .into()
    };
    pairs("versions", &versions(a), &versions(b), &mut rows);
    pairs("go settings", &a.run.settings, &b.run.settings, &mut rows);
    mirrors(a, b, &mut rows);
    pairs("modules", &modules(a), &modules(b), &mut rows);
    timings(a, b, &mut rows);
    let changed = |s: &Story| -> BTreeMap<String, String> {
        let change = |r: &&crate::trace::event::Record| match &r.event {
            Event::FileChanged { file, before, after } => {
                Some((file.clone(), format!("{before} -> {after}")))
            }
            _ => None,
        };
        s.incidents.iter().filter_map(change).collect()
    };
    pairs("files changed", &changed(a), &changed(b), &mut rows);
    environments(a, b, &mut rows);
    rows
}

fn outcome(a: &Story, b: &Story, rows: &mut Vec<Row>) {
    let outcome = |s: &Story| s.summary.outcome();
    push(rows, "outcome", "outcome", outcome(a), outcome(b));
    // What failed on one side only, with what it came to on the other.
    let ends = |s: &Story| -> BTreeMap<String, (End, String)> {
        let mut ends = BTreeMap::new();
        for fetch in s.fetches.iter().filter(|f| f.request != 0) {
            let status = fetch
                .status
                .map_or(String::new(), |status| format!(" ({status})"));
            let reason = match fetch.reason() {
                reason if reason.is_empty() || fetch.end == End::Ok => String::new(),
                reason => format!(": {reason}"),
            };
            let told = format!("{}{status}{reason}", fetch.end.as_str());
            ends.insert(fetch.resource.to_string(), (fetch.end, told));
        }
        ends
    };
    let (one, two) = (ends(a), ends(b));
    let bad = |ends: &BTreeMap<String, (End, String)>, resource: &String| {
        ends.get(resource)
            .is_some_and(|(end, _)| matches!(end, End::Failed | End::Open))
    };
    let told = |ends: &BTreeMap<String, (End, String)>, resource: &String| {
        ends.get(resource)
            .map_or("not asked for".to_string(), |(_, told)| told.clone())
    };
    let resources: BTreeSet<&String> = one.keys().chain(two.keys()).collect();
    let differ = resources.into_iter().filter(|r| bad(&one, r) != bad(&two, r));
    limited(
        rows,
        "failed on one side",
        differ.map(|r| (r.clone(), told(&one, r), told(&two, r))),
    );
}

fn environments(a: &Story, b: &Story, rows: &mut Vec<Row>) {
    let (mut one, mut two) = (environment(a), environment(b));
    // Of two long lists what stands in one alone.
    if let (Some(x), Some(y)) = (one.get("PATH"), two.get("PATH")) {
        let alone = |of: &str, other: &str| -> String {
            let other: BTreeSet<&str> = other.split(':').collect();
            let mut dirs: Vec<&str> = of.split(':').filter(|dir| !other.contains(dir)).collect();
            dirs.dedup();
            dirs.join(":")
        };
        let (left, right) = (alone(x, y), alone(y, x));
        if !(left.is_empty() && right.is_empty()) {
            one.remove("PATH");
            two.remove("PATH");
            push(rows, "environment", "PATH, what is not in both", left, right);
        }
    }
    pairs("environment", &one, &two, rows);
}

fn environment(s: &Story) -> BTreeMap<String, String> {
    let relevant = |(name, _): &(&String, &String)| {
        !NOISE.contains(&name.as_str()) && !s.run.settings.contains_key(*name)
    };
    let variables = s.run.env.iter().filter(relevant);
    variables
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn mirrors(a: &Story, b: &Story, rows: &mut Vec<Row>) {
    let upstreams: BTreeSet<&String> = a
        .summary
        .upstreams
        .keys()
        .chain(b.summary.upstreams.keys())
        .collect();
    for upstream in upstreams {
        let told = |s: &Story| {
            let tally = s.summary.upstreams.get(upstream)?;
            let first = tally.median_first_byte();
            Some((tally.clone(), first))
        };
        let (one, two) = (told(a), told(b));
        let matters = match (&one, &two) {
            (Some((one, first)), Some((two, second))) => {
                let rate = |t: &crate::trace::summary::Tally| t.ok as f64 / t.attempts.max(1) as f64;
                (rate(one) - rate(two)).abs() > 0.02 || far(first.unwrap_or(0.0), second.unwrap_or(0.0), 50.0)
            }
            _ => true,
        };
        if matters {
            let words = |told: Option<(crate::trace::summary::Tally, Option<f64>)>| {
                told.map_or("not asked".to_string(), |(tally, first)| {
                    let first = first.map_or("no answer".to_string(), |ms| {
                        format!("first byte {}", duration(ms))
                    });
                    format!(
                        "{}, {} ok, {first}, {}",
                        count(tally.attempts, "attempt"),
                        share(tally.ok, tally.attempts),
                        bytes(tally.bytes)
                    )
                })
            };
            push(rows, "mirrors", upstream, words(one), words(two));
        }
    }
}

/// The versions of each module that were asked for: what differs in the build list.
fn modules(s: &Story) -> BTreeMap<String, String> {
    let mut versions: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for fetch in &s.fetches {
        let zip = fetch.resource.strip_suffix(" zip");
        if let Some((module, version)) = zip.and_then(|r| r.split_once('@')) {
            versions.entry(module.to_string()).or_default().insert(version);
        }
    }
    let join = |versions: BTreeSet<&str>| versions.into_iter().collect::<Vec<_>>().join(", ");
    versions
        .into_iter()
        .map(|(module, v)| (module, join(v)))
        .collect()
}

fn timings(a: &Story, b: &Story, rows: &mut Vec<Row>) {
    let (one, two) = (a.summary.total_ms(), b.summary.total_ms());
    if far(one, two, 200.0) {
        push(rows, "timings", "the whole run", duration(one), duration(two));
    }
    let times = |s: &Story| -> BTreeMap<String, f64> {
        let of_go = s.fetches.iter().filter(|f| f.request != 0);
        of_go.map(|f| (f.resource.to_string(), f.duration())).collect()
    };
    let (one, two) = (times(a), times(b));
    let mut differ: Vec<(f64, &String, f64, f64)> = one
        .iter()
        .filter_map(|(resource, ms)| {
            let other = *two.get(resource)?;
            far(*ms, other, 500.0).then_some(((ms - other).abs(), resource, *ms, other))
        })
        .collect();
    differ.sort_by(|x, y| y.0.total_cmp(&x.0));
    let differ = differ
        .into_iter()
        .map(|(_, r, a, b)| (r.clone(), duration(a), duration(b)));
    limited(rows, "timings", differ);
}

/// Whether two times differ by more than a fifth and by more than `least` milliseconds.
fn far(a: f64, b: f64, least: f64) -> bool {
    (a - b).abs() > least && (a - b).abs() > 0.2 * a.max(b)
}

fn pairs(
    section: &'static str,
    a: &BTreeMap<String, String>,
    b: &BTreeMap<String, String>,
    rows: &mut Vec<Row>,
) {
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let side = |of: &BTreeMap<String, String>, name: &String| of.get(name).cloned().unwrap_or_default();
    let differ = names.into_iter().filter(|name| side(a, name) != side(b, name));
    limited(
        rows,
        section,
        differ.map(|name| (name.clone(), side(a, name), side(b, name))),
    );
}

fn limited(
    rows: &mut Vec<Row>,
    section: &'static str,
    differ: impl Iterator<Item = (String, String, String)>,
) {
    let all: Vec<_> = differ.collect();
    let more = all.len().saturating_sub(MOST);
    for (what, a, b) in all.into_iter().take(MOST) {
        push(rows, section, &what, a, b);
    }
    if more > 0 {
        let what = format!("and {more} more");
        rows.push(Row {
            section,
            what,
            a: String::new(),
            b: String::new(),
        });
    }
}

fn push(rows: &mut Vec<Row>, section: &'static str, what: &str, a: String, b: String) {
    if a != b {
        rows.push(Row {
            section,
            what: what.to_string(),
            a,
            b,
        });
    }
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
