//! What is kept of those who were asked in another's place.

use super::*;
use crate::gomod::h1;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Behind a public mirror and one after it.
fn start_pair(a: &Upstream, b: &Upstream) -> Proxy {
    let rules = Rules {
        public: vec![a.host()],
        ..Rules::default()
    };
    start_with(&format!("{},{}", a.url(), b.url()), rules)
}

#[test]
fn what_a_stand_in_said_is_not_asked_again_under_its_own_prefix() {
    let (a, b) = (
        Upstream::start(|_, _| Act::Close),
        Upstream::always(404, "no such module"),
    );
    let rules = Rules {
        public: vec![a.host()],
        ..Rules::default()
    };
    let proxy = start_with(&format!("{},{},direct", a.url(), b.url()), rules);
    assert_eq!(proxy.get(0, INFO).text(), "no such module");
    assert_eq!(proxy.get(1, INFO).text(), "no such module");
    assert_eq!(b.asked().len(), 1);
    assert_eq!(proxy.get(1, INFO).status, 404);
    assert_eq!(b.asked().len(), 2);
}

/// A new request under the same prefix is not answered by what failed before: a guess, or the request that went before.
#[test]
fn a_stand_in_that_failed_is_asked_again_by_the_next_request() {
    let well = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&well);
    let (a, b) = (
        Upstream::always(503, "no"),
        Upstream::start(move |_, _| match seen.load(Relaxed) {
            true => Act::Answer(200, "", JSON.into()),
            false => Act::Answer(503, "", "no".into()),
        }),
    );
    let proxy = start_pair(&a, &b);
    assert_eq!(proxy.get(0, INFO).status, 503);
    well.store(true, Relaxed);
    assert_eq!(proxy.get(0, INFO).text(), JSON);
}

/// What it says in another's place is what it would have said in its turn.
#[test]
fn who_comes_back_with_a_refusal_has_said_it() {
    for status in [403, 404] {
        let a = Upstream::start(move |_, before| match before {
            0 | 1 => Act::Close,
            _ => Act::Answer(status, "", b"own words".to_vec()),
        });
        let b = Upstream::always(503, "no");
        let proxy = start_pair(&a, &b);
        let seen = proxy.get(0, INFO);
        assert_eq!((seen.status, a.asked().len(), b.asked().len()), (status, 3, 1));
    }
}

#[test]
fn who_lied_is_not_asked_in_anothers_place() {
    let dir = tempfile::tempdir().unwrap();
    let sums = dir.path().join("go.sum");
    let hash = h1::of_zip(std::io::Cursor::new(zip())).unwrap().unwrap();
    std::fs::write(&sums, format!("m.io/a v1.0.0 {hash}\n")).unwrap();
    let a = Upstream::start(|_, _| Act::Answer(200, "", zip_of("other.txt", b"lie")));
    let b = Upstream::start(|_, before| match before {
        0 => Act::Answer(503, "", Vec::new()),
        _ => Act::Answer(200, "", zip()),
    });
    let rules = Rules {
        public: vec![a.host()],
        sums: vec![sums],
        retry_for: Duration::from_secs(60),
        ..Rules::default()
    };
    let proxy = start_with(&format!("{},{}", a.url(), b.url()), rules);
    let seen = proxy.get(0, ZIP);
    assert_eq!((seen.status, a.asked().len(), b.asked().len()), (200, 1, 2));
}

#[test]
fn what_failed_in_anothers_place_is_asked_again_in_its_own() {
    let well = Arc::new(AtomicBool::new(false));
    let (at_a, at_b) = (Arc::clone(&well), Arc::clone(&well));
    let a = Upstream::start(move |_, _| match at_a.load(Relaxed) {
        true => Act::Answer(404, "", b"none".to_vec()),
        false => Act::Answer(503, "", b"no".to_vec()),
    });
    let b = Upstream::start(move |_, _| match at_b.load(Relaxed) {
        true => Act::Answer(200, "", JSON.into()),
        false => Act::Answer(302, "Location: /again\r\n", Vec::new()),
    });
    let proxy = start_pair(&a, &b);
    assert_eq!(proxy.get(0, INFO).status, 503);
    well.store(true, Relaxed);
    assert_eq!(proxy.get(0, INFO).status, 404);
    assert_eq!(proxy.get(1, INFO).text(), JSON);
}
