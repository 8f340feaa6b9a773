//! A comparison as a table and as JSON.

use super::{Mirror, Suggestion};
use crate::ui::Style;
use crate::ui::table::{Cell, aligned};
use crate::ui::words::{duration, plain, share};
use serde_json::{Value, json};
use std::time::Duration;

/// A line for each candidate, what went wrong, and the suggestion.
pub fn table(mirrors: &[Mirror], module: &str, suggestion: &Suggestion, style: Style) -> String {
    let head = [
        "MIRROR",
        "OK",
        "P50",
        "FIRST",
        "LATEST",
        "PUBLISHED",
        "SUMDB",
        "RANGE",
        "PROTOCOL",
    ];
    let mut rows: Vec<Vec<Cell>> = vec![
        head.iter()
            .map(|name| Cell::styled(*name, |t| style.bold(t)))
            .collect(),
    ];
    let time = |time: Option<Duration>| time.map_or("-".to_owned(), |t| duration(t.as_secs_f64() * 1e3));
    let yes = |known: Option<bool>| match known {
        Some(true) => "yes",
        Some(false) => "no",
        None => "-",
    };
    for mirror in mirrors {
        let info = mirror.latest.as_ref();
        let version = info.map_or("-".to_owned(), |info| plain(&info.version));
        let published = info
            .and_then(|info| info.time)
            .map_or(String::new(), |time| time.to_string());
        rows.push(vec![
            plain(&mirror.upstream.shown).into(),
            share(mirror.answered as u64, mirror.asked as u64).into(),
            time(mirror.p50).into(),
            time(mirror.first).into(),
            match mirror.behind {
                true => Cell::styled(format!("{version} behind"), |t| style.yellow(t)),
                false => version.into(),
            },
            published.get(..10).unwrap_or_default().into(),
            yes(mirror.sumdb).into(),
            yes(mirror.range).into(),
            mirror.protocol.into(),
        ]);
    }
    let mut out = aligned(&rows, &[false, true, true, true]);
    for mirror in mirrors {
        if let Some(trouble) = &mirror.trouble {
            out.push_str(&format!(
                "\n{}: {}",
                mirror.upstream.shown,
                style.red(&plain(trouble))
            ));
        } else if mirror.latest.is_none() && mirror.answered > 0 {
            out.push_str(&format!("\n{}: has no {module}", mirror.upstream.shown));
        }
    }
    if out.ends_with('\n') {
        out.push('\n');
    } else {
        out.push_str("\n\n");
    }
    match suggestion.goproxy.as_str() {
        "" => out.push_str("No candidate can be suggested.\n"),
        list => out.push_str(&format!("go env -w GOPROXY='{}'\n", style.bold(list))),
    }
    for line in &suggestion.why {
        out.push_str(&format!("  {}\n", plain(line)));
    }
    out
}

/// `{"schema": 1, "module", "mirrors": [{url, public, asked, answered, p50_ms, first_ms, latest, behind, sumdb, range,
/// protocol, trouble}], "suggestion": {goproxy, why}}`; what is not known is null.
pub fn json(mirrors: &[Mirror], module: &str, suggestion: &Suggestion) -> Value {
    let ms = |time: Option<Duration>| time.map(|time| (time.as_secs_f64() * 1e4).round() / 10.0);
    let mirror = |mirror: &Mirror| {
        let latest = mirror
            .latest
            .as_ref()
            .map(|info| json!({"version": info.version, "time": info.time.map(|time| time.to_string())}));
        json!({
            "url": mirror.upstream.shown,
            "public": mirror.upstream.public,
            "asked": mirror.asked,
            "answered": mirror.answered,
            "p50_ms": ms(mirror.p50),
            "first_ms": ms(mirror.first),
            "latest": latest,
            "behind": mirror.behind,
            "sumdb": mirror.sumdb,
            "range": mirror.range,
            "protocol": Some(mirror.protocol).filter(|protocol| !protocol.is_empty()),
            "trouble": mirror.trouble,
        })
    };
    let mirrors: Vec<Value> = mirrors.iter().map(mirror).collect();
    json!({"schema": 1, "module": module, "mirrors": mirrors, "suggestion": suggestion})
}
