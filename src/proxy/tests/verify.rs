//! Zips and go.mods that are not what go.sum says.

use super::upstream::{Act, Upstream};
use super::{Event, Failover, Proxy, Rules, good, start_with, zip};
use crate::drill::Store;
use crate::gomod::h1;
use crate::trace::event::Attempt;
use std::io::Cursor;
use std::path::PathBuf;
use std::time::Duration;

const ZIP: &str = "example.com/m00/@v/v1.0.0.zip";
const MOD: &str = "example.com/m00/@v/v1.0.0.mod";

fn of(store: Store) -> Upstream {
    Upstream::start(move |path, _| match store.get(path.trim_start_matches('/')) {
        Some(body) => Act::Answer(200, "", body.to_vec()),
        None => Act::Answer(404, "", Vec::new()),
    })
}

/// The right modules, modules of the same names with other content, and the go.sum of the right ones.
struct Two {
    right: Store,
    other: Store,
    dir: tempfile::TempDir,
}

impl Two {
    fn new() -> Two {
        let two = Two {
            right: Store::sized(1, 2, 300 << 10),
            other: Store::sized(2, 2, 300 << 10),
            dir: tempfile::tempdir().unwrap(),
        };
        std::fs::write(two.sum(), two.right.go_sum()).unwrap();
        two
    }

    fn sum(&self) -> PathBuf {
        self.dir.path().join("go.sum")
    }

    fn proxy(&self, goproxy: &str, failover: Failover) -> Proxy {
        let sums = vec![self.sum(), "/nonexistent/go.work.sum".into()];
        let rules = Rules {
            failover,
            sums,
            ..Rules::default()
        };
        start_with(goproxy, rules)
    }
}

fn outcomes(proxy: &Proxy) -> Vec<(String, String)> {
    let attempt = |event: Event| match event {
        Event::Attempt(Attempt {
            upstream, outcome, ..
        }) => Some((upstream, outcome)),
        _ => None,
    };
    let records = proxy.recorder.records();
    records.into_iter().filter_map(|r| attempt(r.event)).collect()
}

#[test]
fn hashes_are_those_of_the_drills_own_maker() {
    let store = Store::synthetic(3, 3);
    for module in store.modules() {
        let base = module.path.replace("Upper", "!upper");
        let zip = store.get(&format!("{base}/@v/v1.0.0.zip")).unwrap();
        let text = store.get(&format!("{base}/@v/v1.0.0.mod")).unwrap();
        assert_eq!(h1::of_zip(Cursor::new(zip)), Ok(Some(module.sum.clone())));
        assert_eq!(h1::of_go_mod(text), module.mod_sum);
        assert_eq!(h1::look(Cursor::new(zip), &module.path, "v1.0.0"), Ok(()));
    }
}

#[test]
fn a_liar_is_passed_over_and_named() {
    let two = Two::new();
    let (liar, honest) = (of(two.other.clone()), of(two.right.clone()));
    let proxy = two.proxy(&format!("{},{}", liar.url(), honest.url()), Failover::Always);
    assert!(proxy.get(0, ZIP).body == two.right.get(ZIP).unwrap());
    assert_eq!(proxy.get(0, MOD).body, two.right.get(MOD).unwrap());
    let seen = outcomes(&proxy);
    let kinds: Vec<&str> = seen.iter().map(|(_, outcome)| outcome.as_str()).collect();
    assert_eq!(
        kinds,
        ["checksum-mismatch", "ok", "ok"],
        "asked once, then the next"
    );
    let text = format!(
        "{} sent a zip that does not match go.sum; {} answered instead",
        liar.url(),
        honest.url()
    );
    assert_eq!(proxy.stop().notes, [text]);
}

#[test]
fn a_gatekeeper_that_lies_is_left_to_go() {
    let two = Two::new();
    let (liar, honest) = (of(two.other.clone()), of(two.right.clone()));
    let proxy = two.proxy(&format!("{},{}", liar.url(), honest.url()), Failover::Safe);
    let got = proxy.get(0, ZIP);
    assert!(got.status == 200 && got.body == two.other.get(ZIP).unwrap());
    assert_eq!((liar.asked().len(), honest.asked().len()), (1, 0));
    let summary = proxy.stop();
    assert_eq!(summary.unavailable, 0);
    let [note] = summary.notes.as_slice() else {
        panic!("{:?}", summary.notes);
    };
    assert!(
        note.contains("does not match go.sum") && note.contains("GOSTEADY_FAILOVER=always"),
        "{note}"
    );
}

#[test]
fn a_bar_sends_go_to_the_next_one() {
    let two = Two::new();
    let (liar, honest) = (of(two.other.clone()), of(two.right.clone()));
    for (failover, status) in [(Failover::Safe, 502), (Failover::Go, 200)] {
        let proxy = two.proxy(&format!("{}|{}", liar.url(), honest.url()), failover);
        let got = proxy.get(0, ZIP);
        assert_eq!(got.status, status, "{failover:?}");
        assert!(
            status == 200 || got.text().contains("does not match go.sum"),
            "{}",
            got.text()
        );
        assert!(proxy.get(1, ZIP).body == two.right.get(ZIP).unwrap());
    }
}

#[test]
fn when_all_disagree_the_first_body_goes_to_go_with_a_word_about_the_odd_one() {
    let two = Two::new();
    let third = Store::sized(3, 2, 1 << 10);
    for (second, odd) in [(two.other.clone(), "go.sum is"), (third, "the mirrors are")] {
        let (a, b) = (of(two.other.clone()), of(second));
        let proxy = two.proxy(&format!("{},{}", a.url(), b.url()), Failover::Always);
        assert!(proxy.get(0, ZIP).body == two.other.get(ZIP).unwrap());
        assert_eq!((a.asked().len(), b.asked().len()), (1, 1));
        let notes = proxy.stop().notes;
        assert!(
            notes.len() == 1 && notes[0].contains(&format!("{odd} the odd one")),
            "{notes:?}"
        );
    }
}

#[test]
fn not_to_have_it_does_not_hide_a_lie() {
    let two = Two::new();
    let (liar, empty) = (of(two.other.clone()), of(Store::default()));
    for (end, status) in [("", 200), (",off", 200), (",direct", 404)] {
        let list = format!("{},{}{end}", liar.url(), empty.url());
        let proxy = two.proxy(&list, Failover::Always);
        assert_eq!(proxy.get(0, ZIP).status, status, "{end}");
    }
}

#[test]
fn a_module_that_go_sum_does_not_know_passes_if_it_looks_like_one() {
    let two = Two::new();
    std::fs::remove_file(two.sum()).unwrap();
    let a = of(two.other.clone());
    let proxy = two.proxy(&a.url(), Failover::Safe);
    assert!(proxy.get(0, ZIP).body == two.other.get(ZIP).unwrap());
    assert_eq!(proxy.get(0, MOD).body, two.other.get(MOD).unwrap());
    assert!(proxy.stop().notes.is_empty());

    // The zip of another module is one mirror's mistake; a lone mirror's is go's to report.
    let (strange, b) = (good(), of(two.right.clone()));
    let proxy = two.proxy(&format!("{},{}", strange.url(), b.url()), Failover::Always);
    assert!(proxy.get(0, ZIP).body == two.right.get(ZIP).unwrap());
    assert_eq!(outcomes(&proxy)[0].1, "foreign-zip");
    let alone = two.proxy(&strange.url(), Failover::Always);
    assert!(alone.get(0, ZIP).body == zip());
    assert_eq!(strange.asked().len(), 2, "never retried");
}

#[test]
fn a_damaged_zip_is_asked_for_again() {
    let two = Two::new();
    let right = two.right.clone();
    let body = right.get(ZIP).unwrap().to_vec();
    for known in [true, false] {
        if !known {
            std::fs::remove_file(two.sum()).unwrap();
        }
        let mut damaged = body.clone();
        // In the data where go.sum tells it, in the directory where only the look from outside can.
        let at = if known {
            body.len() / 2
        } else {
            body.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap()
        };
        damaged[at] ^= 0x55;
        let good = body.clone();
        let a = Upstream::start(move |_, before| {
            Act::Answer(
                200,
                "",
                if before == 0 {
                    damaged.clone()
                } else {
                    good.clone()
                },
            )
        });
        let rules = Rules {
            sums: vec![two.sum()],
            retry_for: Duration::from_secs(60),
            ..Rules::default()
        };
        let proxy = start_with(&a.url(), rules);
        assert!(proxy.get(0, ZIP).body == body, "{known}");
        assert_eq!(
            (a.asked().len(), outcomes(&proxy)[0].1.as_str()),
            (2, "garbled"),
            "{known}"
        );
    }
}

#[test]
fn metadata_without_an_end_is_ended() {
    let a = Upstream::start(|_, _| Act::Answer(200, "", vec![b'a'; (16 << 20) + 1]));
    let proxy = start_with(&a.url(), Rules::default());
    let got = proxy.get(0, MOD);
    assert!(
        got.status == 502 && got.text().contains("more than 16 MiB"),
        "{}",
        got.text()
    );
    assert_eq!(a.asked().len(), 1);
}
