use super::*;
use crate::gomod::directives;
use std::collections::BTreeMap;
use std::path::PathBuf;

fn module(path: &str, version: &str) -> Module {
    (path.to_owned(), version.to_owned())
}

fn reply(status: Option<u16>) -> Option<Reply> {
    Some(Reply {
        status,
        words: String::new(),
        took: Duration::ZERO,
        published: None,
    })
}

#[test]
fn states() {
    use Cached::{Directory, GoMod, Nothing, Whole};
    let here = || Place::Module(module("a.io/a", "v1.0.0"));
    let dir = || Place::Dir("/nowhere".into());
    let (yes, no, failed) = (|| reply(Some(200)), || reply(Some(404)), || reply(None));
    for (place, cached, private, replies, direct, state) in [
        (here(), Nothing, false, vec![yes()], false, State::Ok),
        (here(), Nothing, false, vec![no(), yes()], false, State::Ok),
        (here(), Nothing, false, vec![no(), no()], false, State::Missing),
        (here(), Nothing, false, vec![no(), no()], true, State::Missing),
        (
            here(),
            GoMod,
            false,
            vec![reply(Some(410)), None],
            false,
            State::Missing,
        ),
        (
            here(),
            Nothing,
            false,
            vec![failed(), None],
            true,
            State::Unavailable,
        ),
        (
            here(),
            Nothing,
            false,
            vec![no(), reply(Some(403))],
            false,
            State::Refused,
        ),
        (here(), Whole, false, vec![no()], true, State::CacheOnly),
        (here(), Whole, false, vec![failed()], false, State::Ok),
        (here(), Whole, false, vec![None], false, State::Ok),
        (here(), Whole, true, vec![], false, State::Ok),
        (here(), Nothing, true, vec![], false, State::NotAsked),
        (here(), Nothing, false, vec![], true, State::NotAsked),
        (here(), Nothing, false, vec![], false, State::Missing),
        (dir(), Directory, false, vec![], false, State::Ok),
        (dir(), Nothing, false, vec![], true, State::Missing),
    ] {
        let row = Row {
            module: module("a.io/a", "v1.0.0"),
            place,
            cached,
            private,
            replies,
        };
        assert_eq!(row.state(direct), state, "{row:?} {direct}");
    }
}

#[test]
fn the_build_list_of_new_and_old_files() {
    let text = |go: &str| {
        format!(
            "module m.io/m\ngo {go}\nrequire (\n b.io/B v1.1.0\n a.io/a v1.0.0\n r.io/dir v1.0.0\n r.io/mod v1.0.0\n)\n\
             replace r.io/dir => ./gone\nreplace r.io/mod => f.io/fork v0.2.0\n"
        )
    };
    let sums = b"a.io/a v1.0.0 h1:x\nold.io/o v0.1.0 h1:x\nonly.io/mod v0.1.0/go.mod h1:x\n".to_vec();
    let facts = |go: &str| {
        let file = directives(text(go).as_bytes());
        Facts::of(
            vec![(PathBuf::from("/m"), file)],
            std::slice::from_ref(&sums),
            "*.corp",
        )
    };
    let paths = |go: &str| {
        let modules = required(&facts(go)).into_iter();
        modules.map(|(path, _)| path).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(paths("1.21"), "a.io/a b.io/B r.io/dir r.io/mod");
    assert_eq!(paths("1.16"), "a.io/a b.io/B old.io/o r.io/dir r.io/mod");

    let cache = tempfile::tempdir().unwrap();
    for name in ["cache/download/a.io/a/@v/v1.0.0.mod", "b.io/!b@v1.1.0/go.mod"] {
        let path = cache.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "module x\n").unwrap();
    }
    let rows = rows(&facts("1.21"), Some(cache.path()), "b.io/*");
    let seen: BTreeMap<_, _> = rows
        .iter()
        .map(|row| (row.module.0.as_str(), (row.cached, row.private)))
        .collect();
    assert_eq!(
        seen,
        BTreeMap::from([
            ("a.io/a", (Cached::GoMod, false)),
            ("b.io/B", (Cached::Whole, true)),
            ("r.io/dir", (Cached::Nothing, false)),
            ("r.io/mod", (Cached::Nothing, false)),
        ])
    );
    assert_eq!(rows[3].wanted(), Some(&module("f.io/fork", "v0.2.0")));
}
