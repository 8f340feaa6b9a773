use super::*;
use crate::trace::event::{Attempt, Run, Upstream};
use proptest::prelude::*;

const RUN: &str = r#"{"t":0.0,"kind":"run","schema":1,"gosteady":"0.1.0","id":"00","verb":"get"}"#;
const WARNING: &str = r#"{"t":1.5,"kind":"warning","text":"w"}"#;
const END: &str = r#"{"t":2.0,"kind":"end","outcome":"exited","code":0,"total_ms":2.0,"dropped":0}"#;

fn read(bytes: &[u8]) -> (Vec<Line>, Notes) {
    let mut reader = Reader::new(bytes);
    let lines = reader.by_ref().collect();
    (lines, reader.notes().clone())
}

fn words(text: &str) -> (usize, Vec<String>) {
    let (lines, notes) = read(text.as_bytes());
    (lines.len(), notes.words())
}

#[test]
fn a_whole_trace_has_no_notes() {
    assert_eq!(words(&format!("{RUN}\n{WARNING}\n{END}\n")), (3, vec![]));
    // The last newline may be missing.
    assert_eq!(words(&format!("{RUN}\n{END}")), (2, vec![]));
}

#[test]
fn what_is_readable_is_read() {
    let missing_end = "the end is missing: the run was killed, or is still going".to_string();
    let cut = "the last line is cut".to_string();
    for (text, lines, notes) in [
        (
            String::new(),
            0,
            vec!["the beginning is missing".to_string(), missing_end.clone()],
        ),
        (
            format!("{RUN}\n{}", &WARNING[..20]),
            1,
            vec![cut, missing_end.clone()],
        ),
        (
            format!("{RUN}\nrubbish\n[1]\n3\n{END}\n"),
            2,
            vec!["3 damaged lines left out".to_string()],
        ),
        (
            format!("{WARNING}\n{END}\n"),
            2,
            vec!["the beginning is missing".to_string()],
        ),
        (format!("{RUN}\n\0\0\0\0{WARNING}\n{END}\n"), 3, vec![]),
        (format!("{RUN}\r\n\r\n{END}\r\n"), 2, vec![]),
        (
            format!("{RUN}\n\0\0\0\0"),
            1,
            vec!["the last line is cut".to_string(), missing_end],
        ),
    ] {
        assert_eq!(words(&text), (lines, notes), "{text:?}");
    }
}

#[test]
fn the_future_is_skipped_not_refused() {
    let run = RUN.replace("\"schema\":1", "\"schema\":9,\"mood\":{\"a\":[1]}");
    let text = format!(
        "{run}\n{{\"t\":1,\"kind\":\"omen\",\"x\":1}}\n{{\"t\":1,\"kind\":\"warning\",\"text\":3}}\n{END}\n"
    );
    let (lines, notes) = read(text.as_bytes());
    let known: Vec<bool> = lines.iter().map(|line| line.record.is_some()).collect();
    assert_eq!(known, [true, false, false, true]);
    assert_eq!(notes.newer_schema, Some(9));
    assert_eq!(notes.unknown.keys().collect::<Vec<_>>(), ["omen", "warning"]);
    assert!(lines[1].raw.contains("omen"));
}

#[test]
fn an_endless_line_is_not_kept_in_memory() {
    let mut text = RUN.as_bytes().to_vec();
    text.push(b'\n');
    text.extend(std::iter::repeat_n(b'x', LINE_MAX as usize + 10));
    text.extend(format!("\n{END}\n").bytes());
    let (lines, notes) = read(&text);
    assert_eq!((lines.len(), notes.damaged, notes.ended), (2, 1, true));
}

#[test]
fn a_read_error_is_a_note() {
    struct Broken;
    impl io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("bad sector"))
        }
    }
    let mut reader = Reader::new(io::BufReader::new(RUN.as_bytes().chain(&b"\n"[..]).chain(Broken)));
    assert_eq!(reader.by_ref().count(), 1);
    assert_eq!(reader.notes().error.as_deref(), Some("bad sector"));
}

/// One event of every kind, every field set.
fn samples() -> Vec<Event> {
    let text = String::new;
    let map = || [("k".to_string(), "v".to_string())].into();
    let attempt = Attempt {
        dns_ms: Some(1.0),
        connect_ms: Some(2.0),
        tls_ms: Some(3.0),
        first_byte_ms: Some(4.0),
        bytes: u64::MAX,
        status: Some(200),
        headers: map(),
        ..Attempt::default()
    };
    vec![
        Event::Run(Run {
            schema: SCHEMA,
            env: map(),
            settings: map(),
            ..Run::default()
        }),
        Event::Decision {
            action: text(),
            why: text(),
        },
        Event::Upstreams {
            list: vec![Upstream::default()],
        },
        Event::Request {
            request: 1,
            resource: text(),
            upstream: text(),
        },
        Event::Attempt(attempt),
        Event::Retry {
            request: 1,
            action: text(),
            why: text(),
            wait_ms: 0.5,
            upstream: text(),
        },
        Event::Answer {
            request: 1,
            status: 200,
            bytes: 1,
            total_ms: 1.0,
            served_by: text(),
            attempts: 1,
            cause: Some(text()),
        },
        Event::Cause {
            cause: text(),
            whom: text(),
        },
        Event::Child {
            pid: 1,
            program: text(),
        },
        Event::Waiting {
            what: text(),
            for_ms: 1.0,
        },
        Event::Ending {
            target: text(),
            pid: 1,
            signal: text(),
            why: text(),
        },
        Event::ChildEnd {
            status: None,
            signal: Some(9),
            user_ms: 1.0,
            system_ms: 0.5,
            max_rss_kib: 7,
        },
        Event::Stderr { line: text() },
        Event::FileChanged {
            file: text(),
            before: text(),
            after: text(),
        },
        Event::Warning { text: text() },
        Event::Log {
            level: text(),
            target: text(),
            message: text(),
        },
        Event::End {
            outcome: text(),
            code: 1,
            total_ms: 1.0,
            dropped: 0,
        },
    ]
}

#[test]
fn every_kind_survives_writing_and_reading() {
    for event in samples() {
        let record = Record { t: 1.25, event };
        let (lines, _) = read(serde_json::to_string(&record).unwrap().as_bytes());
        assert_eq!(lines[0].record, Some(record));
    }
}

#[test]
fn the_documentation_names_every_kind_and_field() {
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/trace-format.md")).unwrap();
    for event in samples() {
        let value = serde_json::to_value(&event).unwrap();
        let kind = value["kind"].as_str().unwrap();
        let row = |line: &&str| line.starts_with(&format!("| `{kind}` |"));
        let row = docs
            .lines()
            .find(row)
            .unwrap_or_else(|| panic!("{kind} is not documented"));
        for field in value.as_object().unwrap().keys().filter(|field| *field != "kind") {
            assert!(
                row.contains(&format!("`{field}`")),
                "{kind}: {field} is not documented"
            );
        }
    }
}

#[test]
fn the_schema_names_every_kind_and_field() {
    let schema: Value = serde_json::from_str(include_str!("../../docs/trace.schema.json")).unwrap();
    for event in samples() {
        let value = serde_json::to_value(&event).unwrap();
        let kind = value["kind"].as_str().unwrap();
        let known = &schema["$defs"][kind]["properties"];
        for field in value.as_object().unwrap().keys() {
            assert!(
                known[field].is_object(),
                "{kind}: {field} is not in docs/trace.schema.json"
            );
        }
        let listed = |of: &Value| of["$ref"] == format!("#/$defs/{kind}");
        assert!(schema["oneOf"].as_array().unwrap().iter().any(listed), "{kind}");
        let unknown = schema["$defs"]["unknown"]["properties"]["kind"]["not"]["enum"]
            .as_array()
            .unwrap();
        assert!(unknown.iter().any(|name| name == kind), "{kind} is known");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0usize..300) {
        read(&bytes);
        let whole = format!("{RUN}\n{WARNING}\n{END}\n");
        read(&whole.as_bytes()[..cut.min(whole.len())]);
    }
}
