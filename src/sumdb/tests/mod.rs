//! The client against a log that was built another way, and against one that lies.

mod lies;

use super::tlog::{Node, of_record};
use super::*;
use crate::drill::SumLog;
use proptest::prelude::*;
use std::collections::BTreeMap;

const MODULE: &str = "golang.org/toolchain";
const VERSION: &str = "v0.0.1-go1.99.1.linux-amd64";
const H1: &str = "h1:/yCM7qVQu6sYYUewQ39rtTtRMYMHdbP9oNjgp+lEV9w=";

/// A mirror of a log, and what a machine remembers of it.
#[derive(Default)]
struct Desk {
    remote: BTreeMap<String, Vec<u8>>,
    cache: BTreeMap<String, Vec<u8>>,
    latest: String,
    asked: Vec<String>,
    /// Somebody else's note, written in the middle of our first attempt to write ours.
    overtaken_by: Option<String>,
}

impl Ops for Desk {
    fn remote(&mut self, path: &str) -> Result<Vec<u8>, Fault> {
        self.asked.push(path.to_owned());
        self.remote
            .get(path)
            .cloned()
            .ok_or_else(|| Fault::Absent(format!("{path}: not there")))
    }

    fn cached(&mut self, path: &str) -> Option<Vec<u8>> {
        self.cache.get(path).cloned()
    }

    fn cache(&mut self, path: &str, content: &[u8]) {
        self.cache.insert(path.to_owned(), content.to_vec());
    }

    fn latest(&mut self) -> Result<String, Fault> {
        Ok(self.latest.clone())
    }

    fn replace_latest(&mut self, old: &str, new: &str) -> Result<bool, Fault> {
        if let Some(note) = self.overtaken_by.take() {
            self.latest = note;
        }
        let ours = self.latest == old;
        if ours {
            self.latest = new.to_owned();
        }
        Ok(ours)
    }
}

fn log(before: u64, after: u64) -> SumLog {
    let mut log = SumLog::new("sum.example", 7).unwrap();
    log.fill(before);
    log.add(MODULE, VERSION, H1, H1);
    log.fill(after);
    log
}

fn key(log: &SumLog) -> Key {
    Key::parse(&log.key()).unwrap()
}

fn desk(log: &SumLog) -> Desk {
    Desk {
        remote: log.files(log.size()),
        ..Desk::default()
    }
}

fn find(desk: &mut Desk, log: &SumLog) -> Result<Found, Fault> {
    lookup(desk, &key(log), MODULE, VERSION)
}

fn lookup_path() -> String {
    format!("lookup/{MODULE}@{VERSION}")
}

#[test]
fn a_record_is_proved_in_trees_of_many_shapes() {
    for (before, after) in [
        (0, 0),
        (0, 1),
        (1, 0),
        (5, 2),
        (254, 0),
        (255, 0),
        (255, 1),
        (256, 0),
        (100, 411),
        (511, 1),
        (700, 300),
    ] {
        let log = log(before, after);
        let mut desk = desk(&log);
        let found = find(&mut desk, &log).unwrap_or_else(|e| panic!("{before} {after}: {e}"));
        assert_eq!(
            (found.h1.as_str(), found.record, found.size),
            (H1, before, log.size())
        );
        assert_eq!(desk.latest, log.note(log.size()));
        // The second time nobody is asked.
        desk.asked.clear();
        desk.remote.clear();
        assert_eq!(find(&mut desk, &log).unwrap(), found);
        assert!(desk.asked.is_empty(), "{:?}", desk.asked);
    }
}

#[test]
fn three_levels_of_tiles() {
    // 256 * 256 + 300 records: the record's tile is proved by a full one above it.
    let log = log(40_000, 25_835);
    assert_eq!(log.size(), 65_836);
    let mut desk = desk(&log);
    find(&mut desk, &log).unwrap();
    assert!(
        desk.asked.contains(&"tile/8/0/156".to_owned()),
        "{:?}",
        desk.asked
    );
    assert!(
        desk.asked.contains(&"tile/8/2/000.p/1".to_owned()),
        "{:?}",
        desk.asked
    );
}

#[test]
fn the_log_grows_and_the_newest_tree_is_remembered() {
    let mut log = log(300, 10);
    let mut desk = desk(&log);
    find(&mut desk, &log).unwrap();
    let old = log.note(log.size());
    log.fill(600);
    desk.remote = log.files(log.size());
    desk.cache.remove(&lookup_path());
    find(&mut desk, &log).unwrap();
    assert_eq!(desk.latest, log.note(log.size()));
    // An answer that was signed before proves nothing less, and does not move the memory back.
    desk.remote.insert(
        lookup_path(),
        log.lookup(&format!("{MODULE}@{VERSION}"), 311)
            .unwrap()
            .into_bytes(),
    );
    desk.cache.remove(&lookup_path());
    find(&mut desk, &log).unwrap();
    assert_eq!(desk.latest, log.note(log.size()));
    assert_ne!(desk.latest, old);
}

#[test]
fn somebody_else_remembers_a_tree_meanwhile() {
    let log = log(300, 300);
    let mut desk = desk(&log);
    desk.remote.extend(log.files(400));
    let whole = log.files(log.size());
    desk.remote.extend(whole);
    desk.overtaken_by = Some(log.note(400));
    find(&mut desk, &log).unwrap();
    assert_eq!(desk.latest, log.note(log.size()));
}

#[test]
fn a_partial_tile_that_is_gone_is_taken_from_the_full_one() {
    let mut log = log(100, 20);
    let early = log.files(121);
    log.fill(400);
    let mut desk = desk(&log);
    desk.remote.insert(lookup_path(), early[&lookup_path()].clone());
    assert!(!desk.remote.contains_key("tile/8/0/000.p/121"));
    assert_eq!(find(&mut desk, &log).unwrap().size, 121);
}

#[test]
fn what_is_not_there_or_not_readable() {
    let log = log(3, 0);
    let absent = lookup(&mut desk(&log), &key(&log), MODULE, "v0.0.1-go1.99.2.linux-amd64");
    assert!(matches!(absent, Err(Fault::Absent(_))), "{absent:?}");
    let mut desk = desk(&log);
    desk.latest = "scribble".into();
    assert!(matches!(find(&mut desk, &log), Err(Fault::Memory(_))));
}

#[test]
fn names_of_databases() {
    let sum = Database::parse("sum.golang.org").unwrap();
    assert_eq!(
        (sum.name(), sum.key.id(), &sum.url),
        ("sum.golang.org", 0x033d_e0ae, &None)
    );
    let alias = Database::parse("sum.golang.google.cn").unwrap();
    assert_eq!(alias.url.as_deref(), Some("https://sum.golang.google.cn"));
    let own = log(0, 0).key();
    let with_url = Database::parse(&format!(" {own}  https://sums.example/x ")).unwrap();
    assert_eq!(
        (with_url.name(), with_url.url.as_deref()),
        ("sum.example", Some("https://sums.example/x"))
    );
    assert_eq!(Database::parse("off"), Err(NoDatabase::Off));
    let slash = SumLog::new("a//b", 1).unwrap().key();
    let dots = SumLog::new("a/../b", 1).unwrap().key();
    let bad_id = own.replacen(&own[12..20], "00000000", 1);
    for text in [
        "",
        "sum.example",
        "a b c",
        "sum.golang.org x y",
        &slash,
        &dots,
        &bad_id,
        "sum.example+1+x",
    ] {
        assert!(
            matches!(Database::parse(text), Err(NoDatabase::Invalid(_))),
            "{text}"
        );
    }
}

#[test]
fn tile_paths() {
    for (level, number, width, path) in [
        (0, 0, 256, "tile/8/0/000"),
        (1, 67, 3, "tile/8/1/067.p/3"),
        (0, 1_234_067, 256, "tile/8/0/x001/x234/067"),
        (0, 999_999, 1, "tile/8/0/x999/999.p/1"),
    ] {
        assert_eq!(Tile { level, number, width }.path(), path);
    }
}

/// A lookup of the public log as it was really answered, with the tiles that prove it.
#[test]
fn a_recorded_answer_of_the_public_log() {
    let mut desk = Desk::default();
    for part in include_str!("testdata/toolchain-1.26.5.txt").split("== ").skip(1) {
        let (path, content) = part.split_once('\n').unwrap();
        let bytes = match path.starts_with("tile") {
            true => crate::gomod::base64::decode(&content.replace('\n', "")).unwrap(),
            false => content.as_bytes().to_vec(),
        };
        desk.remote.insert(path.to_owned(), bytes);
    }
    let public = Database::parse("sum.golang.org").unwrap();
    let version = "v0.0.1-go1.26.5.linux-amd64";
    let found = lookup(&mut desk, &public.key, MODULE, version).unwrap();
    assert_eq!((found.h1.as_str(), found.record), (H1, 56_957_498));
    // The same with one hash of it changed.
    desk.cache.clear();
    let path = format!("lookup/{MODULE}@{version}");
    desk.remote.get_mut(&path).unwrap()[60] ^= 1;
    assert!(matches!(
        lookup(&mut desk, &public.key, MODULE, version),
        Err(Fault::Forged(_))
    ));
}

#[test]
fn leaves_are_not_nodes() {
    // RFC 6962: the two kinds of hash begin differently, so that a node can't pass for a record.
    let pair = super::tlog::of_pair(Hash([1; 32]), Hash([2; 32]));
    assert_ne!(of_record(&[[1u8; 32], [2u8; 32]].concat()), pair);
    assert_eq!(
        super::tlog::subtrees(6),
        [Node { level: 2, number: 0 }, Node { level: 1, number: 2 }]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_older_tree_is_a_beginning_of_a_newer_one(older in 1u64..900, more in 0u64..900, at in 0u64..900) {
        let mut log = SumLog::new("sum.example", 3).unwrap();
        log.fill(at);
        log.add(MODULE, VERSION, H1, H1);
        log.fill((older + more).saturating_sub(log.size()));
        let mut desk = desk(&log);
        desk.latest = log.note(older.min(log.size()));
        prop_assert!(find(&mut desk, &log).is_ok());
    }

    #[test]
    fn a_damaged_answer_never_gives_another_hash(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let log = log(20, 20);
        let mut desk = desk(&log);
        let answer = desk.remote.get_mut(&lookup_path()).unwrap();
        let at = at.index(answer.len());
        answer[at] ^= 1 << bit;
        if let Ok(found) = find(&mut desk, &log) {
            prop_assert_eq!(found.h1, H1);
        }
    }

    #[test]
    fn no_text_makes_the_readers_panic(text in "\\PC{0,80}|(go.sum database tree\n[0-9]{0,3}\n[A-Za-z0-9+/=]{0,50}\n)?\n?(— sum.example [A-Za-z0-9+/=]{0,20}\n)?") {
        let key = key(&log(0, 0));
        let _ = Signed::open(&text, &key);
        let _ = Record::parse(&text);
        let _ = Tree::parse(&text);
        let _ = Key::parse(&text);
        let _ = Database::parse(&text);
    }
}
