//! Bodies that break, and go on where they ended.

use super::*;
use std::sync::Mutex;

const STEP: usize = 150_000;
const TAG: &str = "ETag: \"one\"\r\n";

/// Rules for a test that nothing but success ends, however slow the machine is.
fn patient() -> Rules {
    Rules {
        retry_for: Duration::from_secs(60),
        ..Rules::default()
    }
}

/// The first byte that a request asks for.
fn from(head: &str) -> usize {
    let range = header(head, "range").and_then(|r| r.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    range.unwrap_or_default()
}

/// The right answer to a request for a zip, at most `STEP` bytes of it; `whole` where it is not to be cut.
fn piece(head: &str, tag: &str, whole: bool) -> (u16, String, usize, Vec<u8>) {
    let (zip, from) = (zip(), from(head));
    let (status, range) = match from {
        0 => (200, String::new()),
        from => (
            206,
            format!("Content-Range: bytes {from}-{}/{}\r\n", zip.len() - 1, zip.len()),
        ),
    };
    let end = if whole {
        zip.len()
    } else {
        zip.len().min(from + STEP)
    };
    (
        status,
        format!("{tag}{range}"),
        zip.len() - from,
        zip[from..end].to_vec(),
    )
}

fn cut(head: &str, tag: &str) -> Act {
    let (status, headers, stated, body) = piece(head, tag, false);
    Act::Stated(status, headers, stated, body)
}

fn whole(head: &str, tag: &str) -> Act {
    let (status, headers, stated, body) = piece(head, tag, true);
    Act::Stated(status, headers, stated, body)
}

fn resumed_at(proxy: &Proxy) -> Vec<Option<u64>> {
    let records = proxy.recorder.records();
    let at = |r: &crate::trace::event::Record| match &r.event {
        Event::Attempt(attempt) => Some(attempt.resumed_at),
        _ => None,
    };
    records.iter().filter_map(at).collect()
}

#[test]
fn what_gets_on_is_no_repetition() {
    // More pieces than attempts are allowed.
    let a = Upstream::reading(|head, _| cut(head, TAG));
    let proxy = start_with(&a.url(), patient());
    let got = proxy.get(0, ZIP);
    assert!(got.status == 200 && got.body == zip());
    let at = |n: usize| (n > 0).then_some((n * STEP) as u64);
    let pieces = zip().len().div_ceil(STEP);
    assert_eq!(resumed_at(&proxy), (0..pieces).map(at).collect::<Vec<_>>());
    let if_range = a.headers("if-range");
    assert!(if_range[1..].iter().all(|v| v.as_deref() == Some("\"one\"")) && if_range[0].is_none());
    let notes = proxy.stop().notes;
    assert_eq!(
        notes,
        [format!("{} failed and answered when asked again", a.url())]
    );
}

#[test]
fn only_the_same_file_is_gone_on_with() {
    let wrong = |headers: &str, skip: usize| {
        let zip = zip();
        Act::Stated(206, headers.to_owned(), zip.len() - skip, zip[skip..].to_vec())
    };
    type Make = Box<dyn Fn(&str) -> Act + Send + Sync>;
    let total = zip().len();
    let range =
        move |start: usize, total: usize| format!("Content-Range: bytes {start}-{}/{total}\r\n", total - 1);
    let answers: Vec<(&str, Make)> = vec![
        (
            "another start",
            Box::new(move |_| wrong(&(TAG.to_owned() + &range(STEP - 1, total)), STEP - 1)),
        ),
        (
            "another total",
            Box::new(move |_| wrong(&(TAG.to_owned() + &range(STEP, total + 1)), STEP)),
        ),
        (
            "another tag",
            Box::new(move |_| wrong(&("ETag: \"two\"\r\n".to_owned() + &range(STEP, total)), STEP)),
        ),
        (
            "another length",
            Box::new(move |_| wrong(&(TAG.to_owned() + &range(STEP, total)), STEP + 7)),
        ),
        ("no range", Box::new(move |_| wrong(TAG, STEP))),
        (
            "packed",
            Box::new(move |_| {
                wrong(
                    &("Content-Encoding: gzip\r\n".to_owned() + TAG + &range(STEP, total)),
                    STEP,
                )
            }),
        ),
        ("412", Box::new(|_| Act::Answer(412, "", Vec::new()))),
        ("416", Box::new(|_| Act::Answer(416, "", Vec::new()))),
        ("the whole again", Box::new(|_| Act::Answer(200, TAG, zip()))),
        (
            "another file",
            Box::new(|_| Act::Answer(200, "ETag: \"two\"\r\n", zip())),
        ),
    ];
    for (what, answer) in answers {
        let a = Upstream::reading(move |head, before| match (before, from(head)) {
            (0, _) => cut(head, TAG),
            (_, 0) => whole(head, TAG),
            _ => answer(head),
        });
        let proxy = start_with(&a.url(), patient());
        let got = proxy.get(0, ZIP);
        assert!(got.status == 200 && got.body == zip(), "{what}");
        assert_eq!(a.headers("range")[1].as_deref(), Some("bytes=150000-"), "{what}");
        assert!(resumed_at(&proxy).iter().all(Option::is_none), "{what}");
    }
}

#[test]
fn pieces_that_do_not_belong_together_are_fetched_anew() {
    let a = Upstream::reading(|head, before| match (before, from(head)) {
        (0, _) => cut(head, TAG),
        (_, 0) => whole(head, TAG),
        // Right in every word but for the bytes.
        _ => {
            let (status, headers, stated, _) = piece(head, TAG, true);
            Act::Stated(status, headers, stated, vec![b'x'; stated])
        }
    });
    let proxy = start_with(&a.url(), patient());
    assert!(proxy.get(0, ZIP).body == zip());
    let ranges = a.headers("range");
    assert!(ranges.len() == 3 && ranges[2].is_none(), "{ranges:?}");
}

#[test]
fn without_a_strong_validator_it_begins_anew() {
    for tag in [
        "",
        "ETag: W/\"one\"\r\n",
        "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
        "ETag: \"one\"\r\nAccept-Ranges: none\r\n",
        "ETag: \"one\"\r\nContent-Encoding: br\r\n",
    ] {
        let a = Upstream::reading(move |head, before| match before {
            0 => cut(head, tag),
            _ => Act::Answer(200, "", zip()),
        });
        let proxy = start_with(&a.url(), patient());
        assert!(proxy.get(0, ZIP).body == zip(), "{tag}");
        assert_eq!(a.headers("range"), [None, None], "{tag}");
    }
}

#[test]
fn a_date_serves_where_it_is_old_enough() {
    let dates = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Mon, 07 Nov 1994 08:49:37 GMT\r\n";
    let a = Upstream::reading(move |head, _| cut(head, dates));
    let proxy = start_with(&a.url(), patient());
    assert!(proxy.get(0, ZIP).body == zip());
    let if_range = a.headers("if-range");
    assert_eq!(if_range[1].as_deref(), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
}

#[test]
fn another_upstream_begins_anew() {
    let a = Upstream::reading(|head, before| match before {
        0 => cut(head, TAG),
        _ => Act::Close,
    });
    let b = Upstream::reading(|head, _| whole(head, TAG));
    let rules = Rules {
        public: vec![a.host()],
        ..Rules::default()
    };
    let proxy = start_with(&format!("{},{}", a.url(), b.url()), rules);
    assert!(proxy.get(0, ZIP).body == zip());
    assert!(a.headers("range").len() > 1 && a.headers("range")[1].is_some());
    assert_eq!(b.headers("range"), [None]);
}

#[test]
fn a_body_that_stalls_again_and_again_is_handed_on() {
    // Every connection falls silent after a piece; the one that asks for the rest takes over.
    let a = Upstream::reading(|head, _| {
        let (status, headers, stated, body) = piece(head, TAG, false);
        match stated > STEP {
            true => Act::Stalled(status, headers, stated, body),
            false => Act::Stated(status, headers, stated, body),
        }
    });
    let rules = Rules {
        hedge_after: Duration::from_millis(50),
        ..patient()
    };
    let proxy = start_with(&a.url(), rules);
    assert!(proxy.get(0, ZIP).body == zip());
    let ranges: Vec<_> = a.headers("range").into_iter().flatten().collect();
    assert_eq!(
        ranges,
        ["bytes=150000-", "bytes=300000-", "bytes=450000-", "bytes=600000-"]
    );
}

#[test]
fn pieces_that_are_too_small_end_it() {
    // A byte more each time would go on for ever.
    let sent = Mutex::new(0);
    let a = Upstream::reading(move |head, _| {
        *sent.lock().unwrap() += 1;
        let (status, headers, stated, body) = piece(head, TAG, false);
        Act::Stated(status, headers, stated, body[..100.min(body.len())].to_vec())
    });
    let proxy = start_with(&a.url(), Rules::default());
    let got = proxy.get(0, ZIP);
    assert_eq!(got.status, 502);
    assert!(got.text().contains("too early"), "{}", got.text());
}

#[test]
fn a_success_that_is_none_is_broken() {
    for status in [201, 204, 206] {
        let a = Upstream::start(move |_, _| Act::Answer(status, "", Vec::new()));
        let b = good();
        let rules = Rules {
            public: vec![a.host()],
            ..Rules::default()
        };
        let proxy = start_with(&format!("{},{}", a.url(), b.url()), rules);
        assert!(proxy.get(0, ZIP).body == zip(), "{status}");
        let alone = start_with(&a.url(), Rules::default());
        assert_ne!(alone.get(0, ZIP).status, 200, "{status}");
    }
}

#[test]
fn the_budget_ends_repetition_but_refuses_nothing_new() {
    // Thirty files, one by one, each failing once and for all, from one that nobody stands in for.
    let a = Upstream::always(503, "down");
    let rules = Rules {
        failover: Failover::Go,
        ..Rules::default()
    };
    let proxy = start_with(&format!("{}|direct", a.url()), rules);
    for n in 0..30 {
        let got = proxy.get(0, &format!("m.io/a/@v/v1.0.{n}.info"));
        assert_eq!(got.status, 503);
    }
    // Half of it: go has somebody else to ask.
    assert_eq!(a.asked().len(), 30 + (10 + 30 / 5) / 2);
    let said = |r: &crate::trace::event::Record| matches!(&r.event, Event::Retry { action, .. } if action == "over-budget");
    assert!(proxy.recorder.records().iter().any(said));
    let notes = proxy.stop().notes;
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].contains("no longer asked again"), "{notes:?}");
}

#[test]
fn an_outage_of_the_only_upstream_is_tried_by_one() {
    const FILES: usize = 12;
    // The first attempts and a few more fail.
    let a = Upstream::start(|_, before| match before {
        0..16 => Act::Close,
        _ => Act::Answer(200, "", JSON.into()),
    });
    let proxy = start_with(&a.url(), patient());
    std::thread::scope(|scope| {
        for n in 0..FILES {
            let (base, path) = (proxy.bases[0].clone(), format!("m.io/a/@v/v1.0.{n}.info"));
            scope.spawn(move || assert_eq!(get(&base, &path).text(), JSON, "{path}"));
        }
    });
    // A first attempt and a last one for each; between them those that failed while it was down.
    assert!(a.asked().len() <= FILES + 16, "{:?}", a.asked().len());
    assert_eq!(proxy.stop().unavailable, 0);
}

#[test]
fn odd_answers_do_no_harm() {
    let page = "HTTP/1.0 200 OK\r\n\r\n{\"Version\":\"v1.0.0\"}";
    for (raw, arrives) in [
        (page, true),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"Version\":\"v1.0.0\"}, and more",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"Version\":\"v1.0.0\"}",
            false,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{\"Version\":\"v1.0.0\"}",
            false,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{\"Version\":\"v1.0.0\"}",
            false,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 20\r\nContent-Length: 5\r\n\r\n{\"Version\":\"v1.0.0\"}",
            false,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            false,
        ),
        (
            "HTTP/1.1 503 X\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n",
            false,
        ),
        ("ICY 200 OK\r\n\r\n", false),
        ("\r\n\r\n", false),
    ] {
        let a = Upstream::start(move |_, _| Act::Raw(raw));
        let b = good();
        let rules = Rules {
            public: vec![a.host()],
            ..Rules::default()
        };
        let proxy = start_with(&format!("{},{}", a.url(), b.url()), rules);
        assert_eq!(proxy.get(0, INFO).text(), JSON, "{raw}");
        assert_eq!(b.asked().is_empty(), arrives, "{raw}");
    }
}

#[test]
fn a_mirror_that_goes_up_and_down_is_not_asked_beyond_the_budget() {
    let a = Upstream::start(|_, before| match before % 8 {
        7 => Act::Answer(200, "", JSON.into()),
        _ => Act::Answer(503, "", b"no".to_vec()),
    });
    let rules = Rules {
        retry_for: Duration::from_secs(6),
        ..Rules::default()
    };
    let proxy = start_with(&a.url(), rules);
    std::thread::scope(|scope| {
        for n in 0..40 {
            let base = &proxy.bases[0];
            scope.spawn(move || get(base, &format!("m.io/a{n}/@v/v1.0.0.info")));
        }
    });
    let asked = a.asked().len();
    // 40 first ones, a fifth of them and ten, and each once more.
    assert!(asked <= 40 + 8 + 10 + 40, "{asked}");
}

/// Where the validator is a date, and the server knows Range but not If-Range.
#[test]
fn a_part_of_another_state_of_the_file_is_not_taken() {
    let old = "Date: Sun, 06 Nov 1994 09:49:37 GMT\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    let new = "Date: Sun, 06 Nov 1994 09:49:38 GMT\r\nLast-Modified: Sun, 06 Nov 1994 09:49:37 GMT\r\n";
    let a = Upstream::reading(move |head, before| {
        let body = vec![if before == 0 { b'a' } else { b'b' }; 200_000];
        match (before, from(head)) {
            (0, _) => Act::Stated(200, old.into(), 200_000, body[..100_000].to_vec()),
            (_, 0) => Act::Stated(200, new.into(), 200_000, body),
            (_, from) => {
                let range = format!("Content-Range: bytes {from}-199999/200000\r\n");
                Act::Stated(
                    206,
                    format!("{new}{range}"),
                    200_000 - from,
                    body[from..].to_vec(),
                )
            }
        }
    });
    let proxy = start_with(&a.url(), patient());
    let seen = proxy.get(0, "m.io/a/@v/list");
    assert!(a.asked().len() > 1 && !seen.body.is_empty());
    assert!(seen.body.iter().all(|b| *b == seen.body[0]), "glued");
}
