//! The parts of the report that need no script.

use crate::cli::trace::export::Cause;
use crate::trace::event::Event;
use crate::trace::story::Story;
use crate::trace::whole::Whole;
use crate::ui::words::{bytes, count, duration, plain, share};
use serde_json::Value;
use std::collections::BTreeMap;

/// Failed requests that are named above the waterfall.
const FAILED: usize = 10;
/// Incidents that are named.
const INCIDENTS: usize = 200;
/// Records of unknown kinds that are shown.
const EVIDENCE: usize = 100;

/// The parts of the page by name.
pub(super) fn parts(
    story: &Story,
    whole: &Whole,
    cause: Option<&Cause>,
    mirrors: &[String],
) -> BTreeMap<&'static str, String> {
    let run = &story.run;
    let summary = &story.summary;
    let command = run.command();
    let class = if summary.is_failed() { "bad" } else { "good" };
    BTreeMap::from([
        ("title", text(&format!("{command}: {}", summary.outcome()))),
        ("started", text(&run.started)),
        ("command", text(&command)),
        ("verdict-class", class.to_string()),
        ("outcome", text(&summary.outcome())),
        ("took", text(&duration(summary.total_ms()))),
        ("cause", cause.map_or(String::new(), why)),
        ("tiles", tiles(story)),
        ("failures", failures(story)),
        ("mirrors", table_of_mirrors(story, mirrors)),
        ("legend", legend(mirrors)),
        ("incidents", incidents(story)),
        ("said", said(story)),
        ("go", go(story) + &rules(whole)),
        (
            "environment",
            pairs(
                run.env
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str())),
            ),
        ),
        ("evidence", evidence(whole)),
        ("records", whole.lines.len().to_string()),
        ("notes", notes(whole)),
        ("footer", footer(story, whole)),
    ])
}

/// Text between tags or in quotes: no control characters, nothing that HTML would read.
pub(super) fn text(raw: &str) -> String {
    let mut out = String::new();
    for c in plain(raw).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn why(cause: &Cause) -> String {
    let whom = match cause.whom.as_str() {
        "" => String::new(),
        whom => format!(" <span class=\"quiet\">{}</span>", text(whom)),
    };
    let next = match cause.next.as_str() {
        "" => String::new(),
        next => format!("<p class=\"next\">Next: {}</p>", text(next)),
    };
    let (id, what) = (text(&cause.id), text(&cause.what));
    format!("<p class=\"verdict bad\">Cause: <strong>{id}</strong> {what}{whom}</p>{next}")
}

fn tiles(story: &Story) -> String {
    let summary = &story.summary;
    let ready = story.fetches.iter().filter(|fetch| fetch.was_ready()).count() as u64;
    let saved = story
        .fetches
        .iter()
        .filter(|fetch| fetch.request != 0 && fetch.was_saved())
        .count() as u64;
    let received = summary.upstreams.values().map(|tally| tally.bytes).sum();
    let tiles = [
        (summary.requests.to_string(), "requests of go"),
        (summary.attempts().to_string(), "attempts"),
        (summary.failed().to_string(), "attempts failed"),
        (saved.to_string(), "requests saved by trying again"),
        (ready.to_string(), "ready before go asked"),
        (bytes(received), "received"),
    ];
    let tile = |(value, what): &(String, &str)| format!("<li><b>{value}</b><span>{what}</span></li>");
    tiles.iter().map(tile).collect()
}

fn failures(story: &Story) -> String {
    let failed: Vec<_> = story.failures().collect();
    if failed.is_empty() {
        return String::new();
    }
    let mut rows = String::new();
    for fetch in failed.iter().take(FAILED) {
        let status = fetch
            .status
            .map_or("no answer".to_string(), |status| status.to_string());
        rows.push_str(&format!(
            "<tr><td class=\"code\">{}</td><td>{status}</td><td>{}</td><td class=\"n\">{}</td></tr>",
            text(fetch.resource),
            text(&fetch.reason()),
            duration(fetch.duration())
        ));
    }
    let more = match failed.len().saturating_sub(FAILED) {
        0 => String::new(),
        more => format!("<p class=\"quiet\">and {more} more: choose “failed” below</p>"),
    };
    format!(
        "<section><h2 class=\"failed\">{} failed</h2><div class=\"wide\"><table>\
         <tr><th>asked for</th><th>answer</th><th>reason</th><th class=\"n\">took</th></tr>{rows}</table></div>{more}</section>",
        count(failed.len() as u64, "request")
    )
}

fn table_of_mirrors(story: &Story, mirrors: &[String]) -> String {
    if mirrors.is_empty() {
        return "<p class=\"quiet\">No mirror was asked.</p>".to_string();
    }
    let mut rows = String::new();
    for (i, url) in mirrors.iter().enumerate() {
        let public = story.upstreams.iter().any(|u| u.url == *url && u.public);
        let tally = story.summary.upstreams.get(url).cloned().unwrap_or_default();
        let quantile = |q: f64| tally.first_byte(q).map_or("-".to_string(), duration);
        rows.push_str(&format!(
            "<tr><td><i class=\"dot m{}\"></i>{}{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            i % 8,
            text(url),
            if public { " <span class=\"quiet\">public</span>" } else { "" },
            tally.attempts,
            share(tally.ok, tally.attempts),
            bytes(tally.bytes),
            quantile(0.5),
            quantile(0.95),
            quantile(0.99),
        ));
    }
    format!(
        "<div class=\"wide\"><table><tr><th>upstream</th><th class=\"n\">attempts</th><th class=\"n\">ok</th>\
         <th class=\"n\">received</th><th class=\"n\">first byte p50</th><th class=\"n\">p95</th><th class=\"n\">p99</th></tr>\
         {rows}</table></div>"
    )
}

fn legend(mirrors: &[String]) -> String {
    let one =
        |(i, url): (usize, &String)| format!("<span><i class=\"dot m{}\"></i>{}</span>", i % 8, text(url));
    let mut legend: String = mirrors.iter().enumerate().map(one).collect();
    legend.push_str(
        "<span><i class=\"dot hatch\"></i>failed attempt</span><span>pale: until the first byte</span>",
    );
    legend
}

/// Waits, endings and warnings, then what was tried again, folded where there is much of it.
fn incidents(story: &Story) -> String {
    let resources: BTreeMap<u64, &str> = story.fetches.iter().map(|f| (f.request, f.resource)).collect();
    let (mut rare, mut again) = (Vec::new(), Vec::new());
    for record in &story.incidents {
        let (kind, told) = match &record.event {
            Event::Retry {
                action,
                why,
                upstream,
                request,
                ..
            } => {
                let of = resources.get(request).copied().unwrap_or("asked ahead");
                let next = match (upstream.as_str(), action.as_str()) {
                    ("", _) => String::new(),
                    (whom, "give-up" | "over-budget") => format!("; {whom} is asked no more"),
                    (next, _) => format!("; {next} is asked"),
                };
                (action.clone(), format!("{of}: {why}{next}"))
            }
            Event::Waiting { what, for_ms } => (
                "waiting".to_string(),
                format!("{what}, for {}", duration(*for_ms)),
            ),
            Event::Ending {
                target,
                pid,
                signal,
                why,
            } => (
                "ending".to_string(),
                format!("{signal} to {target}, pid {pid}: {why}"),
            ),
            Event::Warning { text } => ("warning".to_string(), text.clone()),
            Event::FileChanged { file, before, after } => {
                (format!("{file} changed"), format!("{before} → {after}"))
            }
            _ => continue,
        };
        let row = format!(
            "<tr><td class=\"n when\">{:.3} s</td><td>{}</td><td>{}</td></tr>",
            record.t / 1e3,
            text(&kind),
            text(&told)
        );
        match &record.event {
            Event::Retry { .. } => again.push(row),
            _ => rare.push(row),
        }
    }
    let title = format!("Tried again ({})", again.len());
    block("What gosteady saw and did", &rare, true) + &block(&title, &again, again.len() <= FAILED)
}

fn block(title: &str, rows: &[String], open: bool) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let more = match rows.len().saturating_sub(INCIDENTS) {
        0 => String::new(),
        more => format!("<p class=\"quiet\">and {more} more: see the records</p>"),
    };
    let rows: String = rows.iter().take(INCIDENTS).map(String::as_str).collect();
    let kind = if open { "open" } else { "class=\"long\"" };
    format!(
        "<section><details {kind}><summary>{title}</summary><div class=\"wide\"><table>{rows}</table></div>{more}\
         </details></section>"
    )
}

fn said(story: &Story) -> String {
    if story.stderr.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = story.stderr.iter().map(|(_, line)| text(line)).collect();
    format!(
        "<section><h2>go says</h2><pre class=\"said\">{}</pre></section>",
        lines.join("\n")
    )
}

fn go(story: &Story) -> String {
    let run = &story.run;
    let decision = story
        .decision
        .map_or(String::new(), |(action, why)| format!("{action}: {why}"));
    let child = story.children.iter().map(|c| {
        format!(
            "pid {}, {}",
            c.pid,
            if c.end.is_empty() { "no end" } else { &c.end }
        )
    });
    let children = child.collect::<Vec<_>>().join("; ");
    let rows = [
        ("go", run.go.as_str()),
        ("why this one", &run.go_why),
        ("directory", &run.dir),
        ("gosteady decided", &decision),
        ("process", &children),
        ("platform", &run.platform),
        ("gosteady", &run.gosteady),
    ];
    pairs(
        rows.into_iter().chain(
            run.settings
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        ),
    )
}

fn pairs<'a>(rows: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let row = |(name, value): (&str, &str)| {
        format!(
            "<tr><th>{}</th><td class=\"code\">{}</td></tr>",
            text(name),
            text(value)
        )
    };
    let rows: String = rows.filter(|(_, value)| !value.is_empty()).map(row).collect();
    format!("<table class=\"pairs\">{rows}</table>")
}

/// Evidence of hangs, and kinds that this version does not know, each folded.
fn evidence(whole: &Whole) -> String {
    let mut out = String::new();
    let shown = whole.shown.iter().filter(|value| value["kind"] != "toolchain");
    for value in shown.take(EVIDENCE) {
        let kind = value["kind"].as_str().unwrap_or_default();
        let at = value["t"].as_f64().unwrap_or_default() / 1e3;
        let what = value["what"].as_str().unwrap_or_default();
        let title = match what {
            "" => format!("{kind} at {at:.3} s"),
            what => format!("{at:.3} s: {what}"),
        };
        let body = found(value).unwrap_or_else(|| {
            let pretty = serde_json::to_string_pretty(value).unwrap_or_default();
            format!(
                "<pre class=\"said\">{}</pre>",
                lines(&pretty.replace("\\n", "\n"))
            )
        });
        let id = value["cause"].as_str().map_or(String::new(), |id| {
            format!(" <span class=\"quiet\">{}</span>", text(id))
        });
        out.push_str(&format!(
            "<details open><summary>{}{id}</summary>{body}</details>",
            text(&title)
        ));
    }
    match out.is_empty() {
        true => out,
        false => format!("<section><h2>Evidence</h2>{out}</section>"),
    }
}

/// Findings: `{about, text}` each; what has many lines, as a goroutine dump, is folded once more.
fn found(value: &Value) -> Option<String> {
    let mut rows = String::new();
    for finding in value["found"].as_array()? {
        let told = finding["text"].as_str().unwrap_or_default();
        let told = match told.lines().count() {
            0 | 1 => text(told),
            n => format!(
                "<details><summary>{n} lines</summary><pre>{}</pre></details>",
                lines(told)
            ),
        };
        let about = text(finding["about"].as_str().unwrap_or_default());
        rows.push_str(&format!(
            "<tr><th>{about}</th><td class=\"code\">{told}</td></tr>"
        ));
    }
    Some(format!("<table class=\"pairs\">{rows}</table>"))
}

fn lines(raw: &str) -> String {
    raw.lines().map(text).collect::<Vec<_>>().join("\n")
}

/// Every rule that was consulted about which go runs.
fn rules(whole: &Whole) -> String {
    let mut rows = String::new();
    let chosen = whole.shown.iter().filter(|value| value["kind"] == "toolchain");
    for rule in chosen.filter_map(|value| value["rules"].as_array()).flatten() {
        let cell = |name: &str| text(rule[name].as_str().unwrap_or_default());
        rows.push_str(&format!(
            "<tr><td>{}</td><td class=\"code\">{}</td><td class=\"code\">{}</td><td>{}</td></tr>",
            cell("rule"),
            cell("place"),
            cell("says"),
            cell("verdict")
        ));
    }
    match rows.is_empty() {
        true => rows,
        false => format!(
            "<h3>How it was chosen</h3><div class=\"wide\"><table><tr><th>rule</th><th>where</th><th>says</th>\
             <th>so</th></tr>{rows}</table></div>"
        ),
    }
}

fn notes(whole: &Whole) -> String {
    let one = |remark: &String| format!("<li>{}</li>", text(remark));
    let all: String = whole.remarks.iter().map(one).collect();
    match all.is_empty() {
        true => all,
        false => format!("<section><h2>Missing from this trace</h2><ul>{all}</ul></section>"),
    }
}

fn footer(story: &Story, whole: &Whole) -> String {
    let hidden = match whole.hidden.len() {
        0 => String::new(),
        1 => "; one private name stands as <code>x-…</code>".to_string(),
        n => format!("; {n} private names stand as <code>x-…</code>, each the same everywhere"),
    };
    format!(
        "Run {} by gosteady {} on {}. Secrets stand as …{hidden}. This page loads nothing from anywhere.",
        text(&story.run.id),
        text(&story.run.gosteady),
        text(&story.run.platform)
    )
}
