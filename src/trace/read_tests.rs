use super::*;
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

#[test]
fn every_kind_survives_writing_and_reading() {
    let events = [
        Event::Request {
            request: 1,
            resource: "m@v1.0.0 zip".into(),
            upstream: "https://a".into(),
        },
        Event::Attempt(crate::trace::event::Attempt {
            status: Some(200),
            bytes: u64::MAX,
            ..Default::default()
        }),
        Event::Upstreams {
            list: vec![Default::default()],
        },
        Event::ChildEnd {
            status: None,
            signal: Some(9),
            user_ms: 1.0,
            system_ms: 0.5,
            max_rss_kib: 7,
        },
    ];
    for event in events {
        let record = Record { t: 1.25, event };
        let (lines, _) = read(serde_json::to_string(&record).unwrap().as_bytes());
        assert_eq!(lines[0].record, Some(record));
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
