//! The report: one HTML file that loads nothing and sends nothing. What matters is in the markup; the waterfall and the
//! records are drawn by a script from data in the page.

mod markup;

use super::Cause;
use crate::gomod::base64::encode as base64;
use crate::trace::story::{Fetch, Story};
use crate::trace::summary::answered;
use crate::trace::whole::Whole;
use crate::ui::words::{self, duration};
use aws_lc_rs::digest::{SHA256, digest};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;

const PAGE: &str = include_str!("report/page.html");
const STYLE: &str = include_str!("report/style.css");
const SCRIPT: &str = include_str!("report/script.js");

pub(super) fn render(story: &Story, whole: &Whole, cause: Option<&Cause>) -> String {
    let mirrors = mirrors(story);
    let data = words::json(&data(story, &mirrors).to_string());
    // Only this script may run, whatever the texts of a trace hold (CSP3, hash-source).
    let hash = base64(digest(&SHA256, SCRIPT.as_bytes()).as_ref());
    let mut parts: BTreeMap<&str, String> = markup::parts(story, whole, cause, &mirrors);
    parts.insert("style", STYLE.to_string());
    parts.insert("script", SCRIPT.to_string());
    parts.insert("script-hash", format!("'sha256-{hash}'"));
    // Neither `</script` nor `<!--` may stand in a script element.
    parts.insert("data", data.replace('<', "\\u003c"));
    parts.insert("packed", pack(&whole.lines));
    fill(PAGE, &parts)
}

/// Puts parts in place of `{{name}}`; what a part holds is not looked at again.
fn fill(page: &str, parts: &BTreeMap<&str, String>) -> String {
    let mut out = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        out.push_str(before);
        out.push_str(parts.get(name).map_or("", String::as_str));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The upstreams by number: those of the list first, then others that were asked.
fn mirrors(story: &Story) -> Vec<String> {
    let mut mirrors: Vec<String> = Vec::new();
    let listed = story.upstreams.iter().map(|u| u.url.as_str());
    let listed = listed.filter(|url| url.starts_with("http"));
    for url in listed.chain(story.summary.upstreams.keys().map(String::as_str)) {
        if !mirrors.iter().any(|known| known == url) {
            mirrors.push(url.to_string());
        }
    }
    mirrors
}

/// What the script draws; the shapes stand at its head.
fn data(story: &Story, mirrors: &[String]) -> Value {
    let number = |url: &str| mirrors.iter().position(|m| m == url).unwrap_or_default();
    let one = |fetch: &Fetch| {
        let tries: Vec<Value> = fetch
            .tries
            .iter()
            .map(|t| {
                let a = t.attempt;
                json!([
                    tenth(t.from),
                    tenth(t.to - t.from),
                    number(&a.upstream),
                    a.first_byte_ms.map(tenth),
                    a.outcome,
                    a.reason,
                    !answered(a),
                    words(t.attempt),
                ])
            })
            .collect();
        let by = if fetch.served_by.is_empty() {
            fetch.upstream
        } else {
            fetch.served_by
        };
        json!([
            tenth(fetch.from),
            tenth(fetch.duration()),
            number(by),
            fetch.resource,
            fetch.end.as_str(),
            fetch.status,
            fetch.bytes,
            tries,
            fetch.request,
            fetch.request == 0,
        ])
    };
    let requests: Vec<Value> = story.fetches.iter().map(one).collect();
    json!({"mirrors": mirrors, "total": story.summary.total_ms(), "requests": requests})
}

/// Phases, connection and protocol of an attempt.
fn words(a: &crate::trace::event::Attempt) -> String {
    let phases = [
        ("dns", a.dns_ms),
        ("tcp", a.connect_ms),
        ("tls", a.tls_ms),
        ("first byte", a.first_byte_ms),
    ];
    let mut words: Vec<String> = phases
        .iter()
        .filter_map(|(name, ms)| Some(format!("{name} {}", duration((*ms)?))))
        .collect();
    words.extend(a.hedge.then(|| "hedge".to_string()));
    words.extend(a.reused.then(|| "kept connection".to_string()));
    words.extend(
        [&a.protocol, &a.peer]
            .into_iter()
            .filter(|w| !w.is_empty())
            .cloned(),
    );
    words.join(", ")
}

fn tenth(ms: f64) -> f64 {
    (ms * 10.0).round() / 10.0
}

fn pack(lines: &[String]) -> String {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    for line in lines {
        // Writing to memory can't fail.
        let _ = packed
            .write_all(line.as_bytes())
            .and_then(|()| packed.write_all(b"\n"));
    }
    base64(&packed.finish().unwrap_or_default())
}
