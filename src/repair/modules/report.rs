//! The rows as a table and as JSON.

use super::{Cached, Row, State};
use crate::proxy::Place;
use crate::proxy::probe::Source;
use crate::ui::Style;
use crate::ui::table::{Cell, columns};
use crate::ui::words::{count, duration, plain};
use serde_json::{Value, json};

/// A line for each row, below it what the upstreams said where that is not good, and a line of counts.
pub fn table(rows: &[Row], sources: &[Source], elsewhere: bool, missing_only: bool, style: Style) -> String {
    let shown: Vec<&Row> = rows
        .iter()
        .filter(|row| !missing_only || row.state(elsewhere) != State::Ok)
        .collect();
    let mut lines = Vec::new();
    let mut head = vec![
        "MODULE".to_owned(),
        "VERSION".to_owned(),
        "STATE".to_owned(),
        "CACHE".to_owned(),
    ];
    head.extend(sources.iter().map(column));
    head.push("PUBLISHED".to_owned());
    lines.push(
        head.into_iter()
            .map(|name| Cell::styled(name, |t| style.bold(t)))
            .collect(),
    );
    for row in &shown {
        let state = row.state(elsewhere);
        let mut line: Vec<Cell> = vec![
            plain(&row.module.0).into(),
            plain(&version(row)).into(),
            Cell::styled(state.as_str(), |t| match state {
                State::Ok => style.green(t),
                State::Missing | State::Refused | State::Unavailable => style.red(t),
                _ => style.yellow(t),
            }),
            cached(row.cached).into(),
        ];
        line.extend(
            (0..sources.len()).map(|at| match row.replies.get(at).cloned().flatten() {
                None => Cell::from("-"),
                Some(reply) => match reply.status {
                    Some(status) => Cell::from(format!("{status} {}", ms(&reply))),
                    None => Cell::from("failed"),
                },
            }),
        );
        line.push(
            published(row)
                .map_or("", |time| time.get(..10).unwrap_or(time))
                .into(),
        );
        lines.push(line);
    }
    let mut out = String::new();
    if !shown.is_empty() {
        out.push_str(&columns(&lines));
    }
    for row in &shown {
        let state = row.state(elsewhere);
        if state == State::Ok {
            continue;
        }
        out.push_str(&format!(
            "\n{}@{}: {}\n",
            plain(&row.module.0),
            plain(&version(row)),
            meaning(state, row, elsewhere)
        ));
        for (source, reply) in sources.iter().zip(&row.replies) {
            if let Some(reply) = reply {
                out.push_str(&format!("  {}: {}\n", source.shown(), plain(&reply.words)));
            }
        }
    }
    out.push_str(&format!(
        "{}{}\n",
        if out.is_empty() { "" } else { "\n" },
        counts(rows, elsewhere)
    ));
    out
}

fn column(source: &Source) -> String {
    match source {
        Source::Upstream(upstream) => {
            let bare = upstream.bare();
            bare.split_once("://")
                .map_or(bare.as_str(), |(_, rest)| rest)
                .to_owned()
        }
        Source::Directory { root, .. } => plain(&root.to_string_lossy()),
    }
}

fn ms(reply: &super::Reply) -> String {
    duration(reply.took.as_secs_f64() * 1e3)
}

fn version(row: &Row) -> String {
    let (path, version) = &row.module;
    match &row.place {
        Place::Module((by, at)) if by == path && at == version => version.clone(),
        Place::Module((by, at)) if by == path => format!("{version} => {at}"),
        Place::Module((by, at)) => format!("{version} => {by} {at}"),
        Place::Dir(dir) => format!("{version} => {}", dir.display()),
    }
}

fn cached(cached: Cached) -> &'static str {
    match cached {
        Cached::Whole => "yes",
        Cached::GoMod => "go.mod",
        Cached::Nothing => "no",
        Cached::Directory => "directory",
    }
}

fn meaning(state: State, row: &Row, elsewhere: bool) -> &'static str {
    let asked = row.replies.iter().flatten().count() > 0;
    match (state, &row.place) {
        (State::Missing, Place::Dir(_)) => "the directory that stands in for it is not there",
        (State::Missing, _) if !asked => "not in the cache",
        (State::Missing, _) if elsewhere => {
            "not in the cache, and no upstream has it; go would try elsewhere, too"
        }
        (State::Missing, _) => "not in the cache, and no upstream has it",
        (State::Refused, _) => {
            "not in the cache, and an upstream refuses it: credentials, or a gatekeeper's rule"
        }
        (State::Unavailable, _) => "not in the cache, and an upstream that may have it did not say",
        (State::CacheOnly, _) => "in this cache only: another machine can't get it from these upstreams",
        _ => "not in the cache; go would ask its origin, which gosteady does not",
    }
}

fn published(row: &Row) -> Option<&str> {
    row.replies
        .iter()
        .flatten()
        .find_map(|reply| reply.published.as_deref())
}

const STATES: [State; 6] = [
    State::Ok,
    State::CacheOnly,
    State::NotAsked,
    State::Refused,
    State::Unavailable,
    State::Missing,
];

/// How many rows are in a state.
fn of(rows: &[Row], elsewhere: bool, state: State) -> usize {
    rows.iter().filter(|row| row.state(elsewhere) == state).count()
}

fn counts(rows: &[Row], elsewhere: bool) -> String {
    let cached = rows
        .iter()
        .filter(|row| matches!(row.cached, Cached::Whole | Cached::Directory))
        .count();
    let mut line = format!("{}: {cached} in the cache", count(rows.len() as u64, "module"));
    for state in STATES {
        let n = of(rows, elsewhere, state);
        if n > 0 {
            line.push_str(&format!(", {n} {}", state.as_str()));
        }
    }
    line
}

/// `{"schema": 1, "upstreams": […], "modules": [{path, version, replace, cache, state, published, upstreams}], "counts"}`;
/// the upstreams of a module in the order of the first list, null for one that was not asked.
pub fn json(rows: &[Row], sources: &[Source], elsewhere: bool, missing_only: bool) -> Value {
    let module = |row: &Row| {
        let replace = match &row.place {
            Place::Module(module) if *module == row.module => Value::Null,
            Place::Module((path, version)) => json!({"path": path, "version": version}),
            Place::Dir(dir) => json!({"dir": dir.to_string_lossy()}),
        };
        let replies: Vec<Value> = (0..sources.len())
            .map(|at| match row.replies.get(at).and_then(Option::as_ref) {
                None => Value::Null,
                Some(reply) => json!({
                    "status": reply.status,
                    "said": reply.words,
                    "ms": reply.took.as_millis() as u64,
                }),
            })
            .collect();
        json!({
            "path": row.module.0,
            "version": row.module.1,
            "replace": replace,
            "cache": row.cached,
            "private": row.private,
            "state": row.state(elsewhere),
            "published": published(row),
            "upstreams": replies,
        })
    };
    let shown = rows
        .iter()
        .filter(|row| !missing_only || row.state(elsewhere) != State::Ok);
    let modules: Vec<Value> = shown.map(module).collect();
    let counts: serde_json::Map<String, Value> = STATES
        .iter()
        .map(|state| {
            let name = json!(state).as_str().unwrap_or_default().to_owned();
            (name, of(rows, elsewhere, *state).into())
        })
        .collect();
    json!({
        "schema": 1,
        "upstreams": sources.iter().map(Source::shown).collect::<Vec<_>>(),
        "modules": modules,
        "counts": counts,
    })
}
