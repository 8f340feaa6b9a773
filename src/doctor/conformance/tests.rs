//! The judge on answers made for it; whole servers are in `tests/suite/mirrors.rs`.

use super::asking::{Asked, Files, Ranges, Target};
use super::judge::judge;
use super::words::{go_prints, info};
use super::{Judgement, POINTS};
use crate::activity::Phase;
use crate::drill::Store;
use crate::proxy::probe::{Answer, Seen, Trouble};
use crate::proxy::transport::Way;

const MODULE: &str = "example.com/Upper";

fn answer(status: u16, body: impl Into<Vec<u8>>) -> Answer {
    let body: Vec<u8> = body.into();
    Ok(Seen {
        status,
        status_text: status.to_string(),
        length: Some(body.len() as u64),
        headers: [("content-type".to_owned(), "text/plain; charset=utf-8".to_owned())].into(),
        way: Way {
            protocol: "HTTP/2",
            ..Way::default()
        },
        body: body.into(),
        whole: true,
        ..Seen::default()
    })
}

/// The answers of a server that does everything right.
fn sound() -> Asked {
    let store = Store::synthetic(3, 2);
    let get = |file: &str| answer(200, store.get(&format!("example.com/!upper/{file}")).unwrap());
    let zip = store.get("example.com/!upper/@v/v1.0.0.zip").unwrap();
    let from = zip.len() / 2;
    let mut part = answer(206, &zip[from..]);
    let range = format!("bytes {from}-{}/{}", zip.len() - 1, zip.len());
    part.as_mut()
        .unwrap()
        .headers
        .insert("content-range".into(), range);
    Asked {
        target: Target {
            module: MODULE.into(),
            version: "v1.0.0".into(),
        },
        https: true,
        plain: None,
        list: get("@v/list"),
        latest: get("@latest"),
        path: answer(404, "not found: no such module\n"),
        branch: Some(get("@v/v1.0.0.info")),
        files: Some(Files {
            info: get("@v/v1.0.0.info"),
            go_mod: get("@v/v1.0.0.mod"),
            zip: get("@v/v1.0.0.zip"),
        }),
        absent: Some(("v1.999999.0".into(), answer(404, "not found: unknown version\n"))),
        ranges: Some(Ranges {
            from,
            bare: part.clone(),
            same: Some(part),
            other: get("@v/v1.0.0.zip"),
        }),
        log: Err("not asked here"),
    }
}

fn broken(asked: &Asked) -> Vec<&'static str> {
    let points = judge(asked);
    assert_eq!(
        points.iter().map(|p| p.id).collect::<Vec<_>>(),
        POINTS.iter().map(|p| p.0).collect::<Vec<_>>()
    );
    points
        .iter()
        .filter(|p| p.judgement == Judgement::Broken)
        .map(|p| p.id)
        .collect()
}

#[test]
fn a_sound_server_keeps_every_point() {
    let points = judge(&sound());
    for point in points {
        let wanted = match point.id.starts_with("server-sumdb") {
            true => Judgement::Unknown,
            false => Judgement::Kept,
        };
        assert_eq!(point.judgement, wanted, "{point:?}");
    }
}

#[test]
fn each_fault_breaks_its_point() {
    type Change = fn(&mut Asked);
    fn files(asked: &mut Asked) -> &mut Files {
        asked.files.as_mut().unwrap()
    }
    fn ranges(asked: &mut Asked) -> &mut Ranges {
        asked.ranges.as_mut().unwrap()
    }
    let cases: &[(&[&str], Change)] = &[
        (&["server-list"], |a| a.list = answer(500, "")),
        (&["server-list-canonical"], |a| {
            a.list = answer(200, "v1.0.0\nmain\n")
        }),
        (&["server-list-canonical"], |a| {
            a.list = answer(200, "v1.0.0\nv2.0.0\n")
        }),
        (&["server-list-pseudo"], |a| {
            a.list = answer(200, "v1.0.0\nv0.0.0-20240101000000-abcdefabcdef\n")
        }),
        (&["server-latest"], |a| a.latest = answer(404, "not found\n")),
        (&["server-latest", "server-json"], |a| {
            a.latest = answer(200, "v1.0.0")
        }),
        (&["server-info"], |a| files(a).info = answer(500, "")),
        (&["server-json"], |a| {
            files(a).info = answer(200, "{\"Version\":\"v1.0.0\",\"Time\":\"yesterday\"}")
        }),
        (&["server-version"], |a| {
            files(a).info = answer(200, "{\"Version\":\"v1.1.0\",\"Time\":\"2024-01-02T03:04:05Z\"}")
        }),
        (&["server-revision"], |a| a.branch = Some(answer(404, ""))),
        (&["server-mod", "server-zip-mod"], |a| {
            files(a).go_mod = answer(200, "module example.com/upper\n")
        }),
        (&["server-zip-mod"], |a| {
            files(a).go_mod = answer(200, "module example.com/Upper\n\ngo 1.22\n")
        }),
        (&["server-zip"], |a| {
            files(a).zip = answer(200, "PK");
            a.ranges = None;
        }),
        (&["server-absent-version"], |a| {
            a.absent = Some(("v9".into(), answer(500, "")))
        }),
        (&["server-absent-version"], |a| {
            a.absent = Some(("v9".into(), answer(403, "no")))
        }),
        (&["server-absent-path"], |a| a.path = answer(502, "")),
        (&["server-absent-text"], |a| {
            a.path = answer(404, "");
            a.absent = None;
        }),
        (&["server-masked"], |a| {
            a.path = answer(404, "dial tcp 10.0.0.1:443: i/o timeout\n")
        }),
        (&[], |a| {
            a.path = answer(404, "git ls-remote: exit status 128: could not read Username\n")
        }),
        (&["server-mod", "server-masked"], |a| {
            files(a).go_mod = answer(404, "no\n")
        }),
        (&["server-list", "server-page"], |a| {
            a.list = answer(200, "<html>sign in")
        }),
        (&["server-length"], |a| {
            files(a).zip.as_mut().unwrap().length = None
        }),
        (&["server-length"], |a| {
            files(a).zip.as_mut().unwrap().length = Some(1)
        }),
        (&["server-length", "server-encoding"], |a| {
            files(a).zip.as_mut().unwrap().packed = true
        }),
        (&["server-range"], |a| ranges(a).bare = answer(200, "whole")),
        (&["server-range"], |a| ranges(a).bare = answer(416, "")),
        (&["server-range"], |a| {
            ranges(a).bare.as_mut().unwrap().body = "other".into()
        }),
        (&["server-if-range"], |a| {
            let range = ranges(a);
            range.other = range.bare.clone();
        }),
        (&["server-http2"], |a| {
            a.list.as_mut().unwrap().way.protocol = "HTTP/1.1"
        }),
    ];
    for (number, (ids, change)) in cases.iter().enumerate() {
        let mut asked = sound();
        change(&mut asked);
        assert_eq!(broken(&asked), *ids, "case {number}");
    }
}

#[test]
fn what_cannot_be_told_is_left_open() {
    let mut asked = sound();
    for answer in [&mut asked.list, &mut asked.latest, &mut asked.path] {
        *answer = Err(Trouble::Silent(Phase::Waiting));
    }
    assert!(
        judge(&asked)
            .iter()
            .all(|p| p.judgement == Judgement::Unknown && p.evidence == "no answer in time")
    );

    // It does not have the module: nothing is said of its files.
    let mut asked = sound();
    let no = || answer(404, "not found\n");
    (asked.list, asked.latest, asked.branch) = (no(), no(), Some(no()));
    asked.files = Some(Files {
        info: no(),
        go_mod: no(),
        zip: no(),
    });
    asked.ranges = None;
    let points = judge(&asked);
    let of = |id: &str| points.iter().find(|p| p.id == id).unwrap();
    assert_eq!(of("server-zip").judgement, Judgement::Unknown);
    assert!(of("server-zip").evidence.contains("--module"), "{points:?}");
    assert_eq!(of("server-absent-path").judgement, Judgement::Kept);

    // Another module than the one with capital letters was found.
    let mut asked = sound();
    asked.plain = Some(answer(200, "v1.0.0\n"));
    asked.target.module = "golang.org/x/mod".into();
    assert!(broken(&asked).contains(&"server-escape"));
}

#[test]
fn what_go_prints() {
    let seen = |kind: &str, body: &str| {
        let mut seen = answer(404, body).unwrap();
        seen.headers.insert("content-type".into(), kind.into());
        go_prints(&seen)
    };
    for (kind, body, printed) in [
        ("text/plain", "not found\n", "not found"),
        ("text/plain; charset=utf-8", "a\nb\n\nc\n", "a / b"),
        ("Text/Plain;charset=\"us-ascii\"", "a", "a"),
        ("text/plain; charset=latin1", "a", ""),
        ("text/html", "<p>", ""),
        ("application/json", "{}", ""),
        ("text/plain", "\u{1b}[2J", ""),
        ("text/plain", "", ""),
    ] {
        assert_eq!(seen(kind, body), printed, "{kind} {body:?}");
    }
}

#[test]
fn versions_as_servers_tell_them() {
    for (body, fine) in [
        ("{\"Version\":\"v1.0.0\"}", true),
        (
            "{\"Version\":\"v1.0.0\",\"Time\":\"2024-01-02T03:04:05.123Z\",\"Origin\":{}}",
            true,
        ),
        ("{\"Version\":\"v1.0\"}", false),
        ("{\"Version\":1}", false),
        ("{\"Version\":\"v1.0.0\",\"Time\":\"2024-01-02 03:04\"}", false),
        ("{\"Version\":\"v1.0.0\",\"Time\":5}", false),
        ("[]", false),
        ("", false),
    ] {
        assert_eq!(info(body.as_bytes()).is_ok(), fine, "{body}");
    }
}

#[test]
fn the_table_of_the_documentation_is_this_one() {
    let docs = include_str!("../../../docs/mirrors.md");
    for (id, level, rule, meaning) in POINTS {
        let level = format!("{level:?}").to_lowercase();
        let line = format!("| `{id}` | {level} | {rule} | {meaning} |\n");
        assert!(docs.contains(&line), "docs/mirrors.md lacks: {line}");
    }
    let lines = docs.lines().filter(|line| line.starts_with("| `server-")).count();
    assert_eq!(lines, POINTS.len());
}
