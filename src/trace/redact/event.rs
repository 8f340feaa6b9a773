//! The last line of defence: every text of an event is looked through before it is written, whoever filled it in.

use super::text;
use crate::trace::event::{Attempt, Event, Finding, Rule, Run, Upstream};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Bytes of one text that are kept; the rest is told as a count.
const TEXT_MAX: usize = 16 << 10;

/// The event with every recognisable secret in its texts hidden, and overlong texts cut.
///
/// Fields are taken apart by name without `..`, so that a new field can't be forgotten here.
pub fn event(mut event: Event) -> Event {
    match &mut event {
        Event::Run(run) => run_texts(run),
        Event::Toolchain {
            pinned,
            go,
            version,
            rules,
        } => {
            all([pinned, go, version]);
            for Rule {
                rule,
                place,
                says,
                verdict,
            } in rules
            {
                all([rule, place, says, verdict]);
            }
        }
        Event::Decision { action, why } => all([action, why]),
        Event::Upstreams { list } => {
            for Upstream {
                url,
                public: _,
                separator,
            } in list
            {
                all([url, separator]);
            }
        }
        Event::Request {
            request: _,
            resource,
            upstream,
        } => all([resource, upstream]),
        Event::Attempt(attempt) => attempt_texts(attempt),
        Event::Retry {
            request: _,
            action,
            why,
            wait_ms: _,
            upstream,
        } => all([action, why, upstream]),
        Event::Answer {
            request: _,
            status: _,
            bytes: _,
            total_ms: _,
            served_by,
            attempts: _,
            cause,
        } => all([served_by].into_iter().chain(cause)),
        Event::Cause { cause, whom } => all([cause, whom]),
        Event::Child { pid: _, program } => all([program]),
        Event::Waiting { what, for_ms: _ } => all([what]),
        Event::Evidence {
            cause,
            what,
            for_ms: _,
            found,
        } => {
            all([cause, what]);
            found
                .iter_mut()
                .for_each(|Finding { about, text }| all([about, text]));
        }
        Event::Ending {
            target,
            pid: _,
            signal,
            why,
        } => all([target, signal, why]),
        Event::ChildEnd {
            status: _,
            signal: _,
            user_ms: _,
            system_ms: _,
            max_rss_kib: _,
        } => {}
        Event::Stderr { line } => all([line]),
        Event::FileChanged { file, before, after } => all([file, before, after]),
        Event::Warning { text } => all([text]),
        Event::Log {
            level,
            target,
            message,
        } => all([level, target, message]),
        Event::End {
            outcome,
            code: _,
            total_ms: _,
            dropped: _,
        } => all([outcome]),
    }
    event
}

fn run_texts(run: &mut Run) {
    let Run {
        schema: _,
        gosteady,
        id,
        started,
        verb,
        argv,
        dir,
        pid: _,
        go,
        go_why,
        platform,
        env,
        settings,
    } = run;
    all([gosteady, id, started, verb, dir, go, go_why, platform]);
    all(argv.iter_mut());
    values(env);
    values(settings);
}

fn attempt_texts(attempt: &mut Attempt) {
    let Attempt {
        request: _,
        resumed_at: _,
        resource,
        upstream,
        attempt: _,
        hedge: _,
        dns_ms: _,
        connect_ms: _,
        tls_ms: _,
        first_byte_ms: _,
        total_ms: _,
        bytes: _,
        protocol,
        peer,
        reused: _,
        status: _,
        headers,
        outcome,
        reason,
        cause,
    } = attempt;
    all([resource, upstream, protocol, peer, outcome, reason]);
    all(cause);
    values(headers);
}

fn all<'a>(texts: impl IntoIterator<Item = &'a mut String>) {
    texts.into_iter().for_each(hide);
}

fn values(map: &mut BTreeMap<String, String>) {
    map.values_mut().for_each(hide);
}

fn hide(field: &mut String) {
    let whole = field.len();
    // Hidden before it is cut to size: a cut must not take away the mark by which a secret is known.
    field.truncate(field.floor_char_boundary(2 * TEXT_MAX));
    if let Cow::Owned(hidden) = text(field) {
        *field = hidden;
    }
    if whole > 2 * TEXT_MAX || field.len() > TEXT_MAX {
        field.truncate(field.floor_char_boundary(TEXT_MAX));
        let more = whole - field.len();
        field.push_str(&format!("…{more} bytes more"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_hidden_wherever_they_stand() {
        let run = Run {
            argv: vec!["https://u:hunter2@h".into()],
            env: [("X".to_string(), "https://u:hunter2@h".to_string())].into(),
            ..Run::default()
        };
        let attempt = Attempt {
            upstream: "https://u:hunter2@h".into(),
            headers: [("via".to_string(), "Bearer hunter2".to_string())].into(),
            ..Attempt::default()
        };
        for given in [
            Event::Run(run),
            Event::Attempt(attempt),
            Event::Stderr {
                line: "Authorization: hunter2".into(),
            },
            Event::Warning {
                text: "https://hunter2@h".into(),
            },
        ] {
            let json = serde_json::to_string(&event(given)).unwrap();
            assert!(!json.contains("hunter2") && json.contains('…'), "{json}");
        }
    }

    #[test]
    fn an_endless_line_is_cut() {
        let Event::Stderr { line } = event(Event::Stderr {
            line: "ä".repeat(TEXT_MAX),
        }) else {
            unreachable!()
        };
        assert!(
            line.ends_with("…16384 bytes more"),
            "{}",
            &line[line.len() - 30..]
        );
    }
}
