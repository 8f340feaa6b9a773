//! What is kept of those who were asked in another's place.

use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

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
    let rules = Rules {
        public: vec![a.host()],
        ..Rules::default()
    };
    let proxy = start_with(&format!("{},{}", a.url(), b.url()), rules);
    assert_eq!(proxy.get(0, INFO).status, 503);
    well.store(true, Relaxed);
    assert_eq!(proxy.get(0, INFO).text(), JSON);
}

/// Patience is for a server that takes its time. One that fails whatever else it is asked is given up with the others.
#[test]
fn what_is_silent_is_not_waited_for_when_all_else_has_failed() {
    let asked = AtomicBool::new(false);
    let a = Upstream::start(move |_, _| match asked.swap(true, Relaxed) {
        false => Act::Silence,
        true => Act::Answer(503, "", "no".into()),
    });
    let rules = Rules {
        hedge_after: Duration::from_millis(50),
        ..Rules::default()
    };
    let proxy = start_with(&a.url(), rules);
    let seen = proxy.get(0, INFO);
    assert!(
        seen.status >= 500 && seen.text().contains("503"),
        "{}",
        seen.text()
    );
    assert!(a.asked().len() > 3, "{:?}", a.asked());
}
