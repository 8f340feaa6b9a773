use super::find::find;
use super::*;
use crate::trace::read::Reader;
use crate::trace::store::{self, Name};
use crate::trace::summary::Summary;
use std::path::{Path, PathBuf};

const TRACE: &str = r#"{"t":0.0,"kind":"run","schema":1,"gosteady":"0.1.0","id":"00000000000000aa","started":"2026-11-21T04:05:00Z","verb":"mod download","argv":["mod","download"],"dir":"/src/p","pid":7,"go":"/go/bin/go","go_why":"first on PATH","platform":"linux/amd64","env":{},"settings":{"GOPROXY":"https://a,direct"}}
{"t":0.5,"kind":"upstreams","list":[{"url":"https://a","public":true,"separator":","},{"url":"direct","public":false,"separator":""}]}
{"t":12.0,"kind":"request","request":1,"resource":"m@v1.0.0 zip","upstream":"https://a"}
{"t":40.0,"kind":"attempt","request":1,"resource":"m@v1.0.0 zip","upstream":"https://a","attempt":1,"hedge":false,"dns_ms":3.0,"connect_ms":12.0,"total_ms":28.0,"bytes":0,"protocol":"","peer":"","reused":false,"outcome":"reset","reason":"connection reset by peer"}
{"t":41.0,"kind":"retry","request":1,"action":"retry","why":"connection reset by peer","wait_ms":250.0,"upstream":"https://a"}
{"t":400.0,"kind":"attempt","request":1,"resource":"m@v1.0.0 zip","upstream":"https://a","attempt":2,"hedge":false,"dns_ms":3.0,"connect_ms":12.0,"tls_ms":30.0,"first_byte_ms":90.0,"total_ms":110.0,"bytes":2048,"protocol":"HTTP/2","peer":"192.0.2.1:443","reused":false,"status":200,"outcome":"ok","reason":""}
{"t":401.0,"kind":"answer","request":1,"status":200,"bytes":2048,"total_ms":389.0,"served_by":"https://a","attempts":2}
{"t":450.0,"kind":"stderr","line":"go: \u001b[31mred"}
{"t":500.0,"kind":"child-end","status":0,"signal":null,"user_ms":20.0,"system_ms":5.0,"max_rss_kib":2048}
{"t":501.0,"kind":"end","outcome":"exited","code":0,"total_ms":501.0,"dropped":0}
"#;

const SHOWN: &str = "\
go mod download
  run       00000000000000aa, 2026-11-21T04:05:00Z
  directory /src/p
  go        /go/bin/go (first on PATH)
  gosteady  0.1.0 linux/amd64
  setting   GOPROXY=https://a,direct
    0.001s  upstreams https://a (public), direct
    0.012s  asked     m@v1.0.0 zip of https://a
    0.040s  attempt   m@v1.0.0 zip at https://a: dns 3.0 ms, tcp 12 ms, 0 B in 28 ms: reset (connection reset by peer)
    0.041s  retry     m@v1.0.0 zip at https://a in 250 ms: connection reset by peer
    0.400s  attempt   m@v1.0.0 zip at https://a, attempt 2: dns 3.0 ms, tcp 12 ms, tls 30 ms, first byte 90 ms, 2.0 KiB in 110 ms: 200 ok
    0.401s  answered  m@v1.0.0 zip: 200, 2.0 KiB in 389 ms from https://a, 2 attempts
    0.450s  go says   go: \u{fffd}[31mred
    0.500s  go ended  exit 0; 20 ms user, 5.0 ms system, 2.0 MiB at most
    0.501s  end       exited 0 after 501 ms

ok after 501 ms: 1 request, 2 attempts, 1 failed, 1 tried again

UPSTREAM   ATTEMPTS      OK  FAILED  RECEIVED  FIRST BYTE (MEDIAN)
https://a         2  50.0 %       1   2.0 KiB                90 ms
";

/// As from stdin, which is read once.
fn shown(trace: &str) -> String {
    let mut text = String::new();
    show::stream(trace.as_bytes(), Style::plain(), &mut |part| text.push_str(part));
    text
}

#[test]
fn a_trace_reads_as_a_timeline() {
    assert_eq!(shown(TRACE), SHOWN);
    // Of a file what it came to stands first.
    let (timeline, summary) = SHOWN.split_once("\nok after").unwrap();
    let (header, timeline) = timeline.split_once("    0.001s").unwrap();
    let (digest, lines) = show::Digest::read(TRACE.as_bytes(), Style::plain());
    let text = format!("{}\n{}", digest.text(Style::plain()), lines.unwrap());
    assert_eq!(text, format!("{header}\nok after{summary}\n    0.001s{timeline}"));
}

#[test]
fn a_cut_trace_is_shown_up_to_the_cut() {
    let cut = &TRACE[..TRACE.find(r#""attempt":2"#).unwrap()];
    let text = shown(cut);
    let (timeline, rest) = text.split_once("\nno end after 41 ms: ").unwrap();
    assert!(
        SHOWN.starts_with(timeline) && timeline.contains("retry"),
        "{timeline}"
    );
    assert!(
        rest.contains("note: the last line is cut\nnote: the end is missing"),
        "{rest}"
    );
    assert!(shown("").contains("note: the beginning is missing"));
}

#[test]
fn json_passes_what_is_readable() {
    let input = format!("{TRACE}{{\"t\":1,\"kind\":\"omen\"}}\nrubbish\n");
    let mut text = String::new();
    let notes = show::json(input.as_bytes(), &mut |part| text.push_str(part));
    assert_eq!(text, format!("{TRACE}{{\"t\":1,\"kind\":\"omen\"}}\n"));
    assert_eq!(notes, ["1 damaged line left out"]);
}

/// A directory with traces of these times and ids, and its place.
fn place(traces: &[(&str, &str)]) -> (tempfile::TempDir, Place, Vec<PathBuf>) {
    let dir = tempfile::tempdir().unwrap();
    let write = |(time, id): &(&str, &str)| {
        let path = dir.path().join(format!("{time}-mod-download-{id}.jsonl"));
        std::fs::write(&path, TRACE).unwrap();
        path
    };
    let paths = traces.iter().map(write).collect();
    let place = Place {
        dir: Some(dir.path().into()),
        file: None,
    };
    (dir, place, paths)
}

#[test]
fn a_run_is_found_by_id_or_as_the_last() {
    let (_dir, place, paths) = place(&[
        ("20261121T040500Z", "00000000000000aa"),
        ("20261121T040501Z", "00000000000000ab"),
        ("20261121T040502Z", "f000000000000000"),
    ]);
    let file = paths[0].to_str().unwrap();
    for (what, expected) in [
        (None, Found::File(paths[2].clone())),
        (Some("f"), Found::File(paths[2].clone())),
        (Some("00000000000000AA"), Found::File(paths[0].clone())),
        (Some(file), Found::File(paths[0].clone())),
        (Some("-"), Found::Stdin),
    ] {
        assert_eq!(find(&place, what).unwrap(), expected, "{what:?}");
    }
    for (what, error) in [
        (
            "00",
            "2 runs have an id that begins with 00; there is 00000000000000a",
        ),
        (
            "12",
            "no run has the id 12; there is f000000000000000 (mod-download), 00",
        ),
        (
            "nofile.jsonl",
            "nofile.jsonl is neither a file nor the id of a run; there is f0",
        ),
        ("", " is neither a file nor the id of a run"),
        (".", ". is neither a file nor the id of a run"),
    ] {
        let failed = find(&place, Some(what)).unwrap_err();
        assert!(failed.error.to_string().starts_with(error), "{}", failed.error);
        assert_eq!(failed.code, Code::Usage);
    }
    assert!(find(&Place::default(), None).is_err());
    // As `<(zcat FILE)` gives one.
    let pipe = paths[0].with_file_name("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert_eq!(find(&place, pipe.to_str()).unwrap(), Found::File(pipe));
    let odd = paths[0].with_file_name("x".repeat(300));
    let failed = find(&place, odd.to_str()).unwrap_err();
    assert!(failed.error.what.contains("can't be read: "), "{}", failed.error);
}

#[test]
fn the_settings_say_where_to_look() {
    let (dir, _, paths) = place(&[("20261121T040500Z", "00000000000000aa")]);
    let world = |to: &Path| World {
        env: vec![("HOME".into(), "/h".into()), ("GOSTEADY_TRACE".into(), to.into())],
        ..World::default()
    };
    let state = Some(PathBuf::from("/h/.local/state/gosteady/traces"));
    assert_eq!(
        Place::of(&world(dir.path())),
        Place {
            dir: Some(dir.path().into()),
            file: None
        }
    );
    assert_eq!(
        Place::of(&world(Path::new("off"))),
        Place {
            dir: state.clone(),
            file: None
        }
    );
    let named = Place::of(&world(&paths[0]));
    assert_eq!(
        named,
        Place {
            dir: state,
            file: Some(paths[0].clone())
        }
    );
    assert_eq!(find(&named, None).unwrap(), Found::File(paths[0].clone()));
    // The user's file says it too.
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join(".config/gosteady");
    std::fs::create_dir_all(&config).unwrap();
    let text = format!("[trace]\nto = {:?}\n", dir.path());
    std::fs::write(config.join("config.toml"), text).unwrap();
    let world = World {
        env: vec![("HOME".into(), home.path().into())],
        ..World::default()
    };
    assert_eq!(Place::of(&world).dir.as_deref(), Some(dir.path()));
}

#[test]
fn the_list_is_a_table() {
    let (_dir, place, _) = place(&[("20261121T040500Z", "00000000000000aa")]);
    let entry = place.entries().unwrap().remove(0);
    let mut summary = Summary::default();
    Reader::new(TRACE.as_bytes())
        .filter_map(|l| l.record)
        .for_each(|r| summary.add(&r));
    let unreadable = store::Entry {
        name: Name {
            verb: "get".into(),
            ..entry.name.clone()
        },
        ..entry.clone()
    };
    assert_eq!(
        list::rows(
            &[(entry, Ok(summary)), (unreadable, Err("gone".into()))],
            Style::plain()
        ),
        "\
TIME (UTC)           COMMAND       OUTCOME       TOOK  ASKED  FAILED  ID
2026-11-21 04:05:00  mod download  ok          501 ms      1       1  00000000
2026-11-21 04:05:00  get           unreadable                         00000000
"
    );
}

#[test]
fn the_commands_end_as_they_should() {
    let (dir, _, _) = place(&[("20261121T040500Z", "00000000000000aa")]);
    let world = World {
        env: vec![("GOSTEADY_TRACE".into(), dir.path().into())],
        ..World::default()
    };
    for (cmd, code) in [
        (
            Cmd::Path {
                run: Some("12".into()),
            },
            Code::Usage,
        ),
        (
            Cmd::Path {
                run: Some("-".into()),
            },
            Code::Usage,
        ),
        (
            Cmd::Show {
                run: Some("12".into()),
                json: true,
            },
            Code::Usage,
        ),
        (
            Cmd::Bundle {
                run: None,
                output: Some("-".into()),
                dry_run: false,
                hide: hide::Args::default(),
            },
            Code::Usage,
        ),
    ] {
        assert_eq!(run(&cmd, &world), Outcome::Ours(code), "{cmd:?}");
    }
    assert_eq!(
        run(
            &Cmd::List {
                filter: filter::Args::default(),
                number: 0,
                json: false
            },
            &World::default()
        ),
        Outcome::Ours(Code::Usage)
    );
}
