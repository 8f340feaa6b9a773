//! `gosteady modules` on a project of real files, a real cache and loopback mirrors.

use crate::support::{Ended, Sandbox, real_go};
use gosteady::drill::{Fault, Server, Store};
use serde_json::Value;
use std::collections::BTreeMap;

/// Each module's last path element with its state.
fn states(ended: &Ended) -> BTreeMap<String, String> {
    let json: Value = serde_json::from_str(&ended.out()).unwrap_or_else(|e| panic!("{e}: {}", ended.out()));
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let rows = json["modules"].as_array().unwrap().iter();
    rows.map(|row| {
        (
            name(row["path"].as_str().unwrap()),
            row["state"].as_str().unwrap().to_owned(),
        )
    })
    .collect()
}

fn wanted(states: &[(&str, &str)]) -> BTreeMap<String, String> {
    states
        .iter()
        .map(|(name, state)| ((*name).to_owned(), (*state).to_owned()))
        .collect()
}

/// The same modules but one.
fn without(store: &Store, path: &str) -> Store {
    let mut files = BTreeMap::new();
    for module in store.modules() {
        let base = gosteady::gomod::escape(&module.path);
        for name in [
            "@v/list",
            "@latest",
            "@v/v1.0.0.info",
            "@v/v1.0.0.mod",
            "@v/v1.0.0.zip",
        ] {
            let file = format!("{base}/{name}");
            if let Some(body) = store.get(&file).filter(|_| module.path != path) {
                files.insert(file, body.to_vec());
            }
        }
    }
    Store::of(files)
}

#[test]
fn what_is_where() {
    let Some(real) = real_go("what_is_where") else {
        return;
    };
    let store = Store::synthetic(5, 3);
    let whole = Server::start(store.clone(), Fault::Good).unwrap();
    let part = Server::start(without(&store, "example.com/m01"), Fault::Good).unwrap();
    let mut sandbox = Sandbox::with(&real, &store);
    sandbox.set("GOPROXY", whole.url());
    let ok = [("m00", "ok"), ("m01", "ok"), ("Upper", "ok")];

    // Nothing is in the cache, and one mirror has everything.
    let ended = sandbox.gosteady(&["modules", "--json"]);
    assert_eq!(states(ended.expect(0)), wanted(&ok));
    let json: Value = serde_json::from_str(&ended.out()).unwrap();
    assert_eq!(
        (&json["counts"]["ok"], &json["modules"][0]["cache"]),
        (&3.into(), &"nothing".into())
    );
    assert_eq!(json["modules"][0]["published"], "2024-01-02T03:04:05Z");

    // One lacks a module, also where go would try its origin after that.
    for list in [part.url(), format!("{},direct", part.url())] {
        sandbox.set("GOPROXY", list);
        let ended = sandbox.gosteady(&["modules", "--missing", "--json"]);
        assert_eq!(states(ended.expect(1)), wanted(&[("m01", "missing")]));
    }
    let text = sandbox.gosteady(&["modules", "--missing"]).out();
    assert!(
        text.contains("example.com/m01@v1.0.0: not in the cache, and no upstream has it"),
        "{text}"
    );
    assert!(
        text.contains(&format!("{}: 404 Not Found: not found: ", part.url())),
        "{text}"
    );
    assert!(
        text.ends_with("\n3 modules: 0 in the cache, 2 ok, 1 missing\n"),
        "{text}"
    );

    // With the other one behind it everything is there; only what the first one lacks is asked of it.
    sandbox.set("GOPROXY", format!("{},{}", part.url(), whole.url()));
    let before = whole.requests().len();
    assert_eq!(
        states(sandbox.gosteady(&["modules", "--json"]).expect(0)),
        wanted(&ok)
    );
    let asked: Vec<_> = whole.requests()[before..]
        .iter()
        .map(|request| request.path.clone())
        .collect();
    assert_eq!(asked, ["/example.com/m01/@v/v1.0.0.info"]);
    sandbox.gosteady(&["modules", "--all"]).expect(0);
    assert_eq!(whole.requests().len(), before + 1 + 3);

    // In the cache by a real download: what a mirror lacks is in this cache only.
    sandbox.plain(&["mod", "download"]).expect(0);
    sandbox.set("GOPROXY", part.url());
    let ended = sandbox.gosteady(&["modules", "--json"]);
    assert_eq!(
        states(ended.expect(0)),
        wanted(&[("m00", "ok"), ("m01", "cache-only"), ("Upper", "ok")])
    );
    let before = part.requests().len();
    assert_eq!(
        states(sandbox.gosteady(&["modules", "--offline", "--json"]).expect(0)),
        wanted(&ok)
    );
    assert_eq!(part.requests().len(), before);
}

#[test]
fn a_directory_is_asked_as_go_asks_it() {
    let Some(real) = real_go("a_directory_is_asked_as_go_asks_it") else {
        return;
    };
    let store = Store::synthetic(7, 3);
    let server = Server::start(store.clone(), Fault::Good).unwrap();
    let mut sandbox = Sandbox::with(&real, &store);
    sandbox.set("GOPROXY", server.url());
    sandbox.plain(&["mod", "download"]).expect(0);
    // What one cache has downloaded is a mirror for the next.
    let dir = sandbox.modcache().join("cache/download");
    let directory = format!("file://{}", dir.display());
    let empty = sandbox.path("empty");
    sandbox.set("GOMODCACHE", &empty).set("GOPROXY", &directory);
    let ok = [("m00", "ok"), ("m01", "ok"), ("Upper", "ok")];
    let ended = sandbox.gosteady(&["modules", "--json"]);
    assert_eq!(states(ended.expect(0)), wanted(&ok));
    let json: Value = serde_json::from_str(&ended.out()).unwrap();
    assert_eq!(json["modules"][0]["published"], "2024-01-02T03:04:05Z");
    assert_eq!(json["upstreams"], serde_json::json!([directory]));

    std::fs::remove_file(dir.join("example.com/m01/@v/v1.0.0.zip")).unwrap();
    let lacks = [("m00", "ok"), ("m01", "missing"), ("Upper", "ok")];
    assert_eq!(
        states(sandbox.gosteady(&["modules", "--json"]).expect(1)),
        wanted(&lacks)
    );
    let text = sandbox.gosteady(&["modules", "--missing"]).out();
    assert!(
        text.contains(&format!("  {directory}: it is not there\n")),
        "{text}"
    );
    // The server behind it is asked for that one alone, as by go.
    let before = server.requests().len();
    sandbox.set("GOPROXY", format!("{directory},{}", server.url()));
    assert_eq!(
        states(sandbox.gosteady(&["modules", "--json"]).expect(0)),
        wanted(&ok)
    );
    assert_eq!(server.requests().len(), before + 1);
    sandbox.plain(&["mod", "download"]).expect(0);
}

#[test]
fn failures_are_not_absences() {
    let Some(real) = real_go("failures_are_not_absences") else {
        return;
    };
    let store = Store::synthetic(6, 2);
    let mut sandbox = Sandbox::with(&real, &store);
    for (fault, status, state) in [
        (Fault::status(503), 69, "unavailable"),
        (Fault::status(403), 1, "refused"),
        (Fault::CaptivePortal, 69, "unavailable"),
        (Fault::Refused, 69, "unavailable"),
        (Fault::status(410), 1, "missing"),
        // One passing failure is borne.
        (Fault::status(503).first_of_each(1), 0, "ok"),
    ] {
        let server = Server::start(store.clone(), fault.clone()).unwrap();
        sandbox.set("GOPROXY", server.url());
        let ended = sandbox.gosteady(&["modules", "--json"]);
        let states = states(ended.expect(status));
        assert!(
            states.values().all(|s| s == state) && states.len() == 2,
            "{fault:?}: {states:?}"
        );
    }
    // A comma behind a server of one's own: its outage tells nobody else.
    let down = Server::start(store.clone(), Fault::status(503)).unwrap();
    let other = Server::start(store.clone(), Fault::Good).unwrap();
    sandbox.set("GOPROXY", format!("{},{}", down.url(), other.url()));
    sandbox.gosteady(&["modules"]).expect(69);
    assert_eq!(other.requests(), []);
    sandbox.set("GOPROXY", format!("{}|{}", down.url(), other.url()));
    sandbox.gosteady(&["modules"]).expect(0);
}

#[test]
fn private_modules_and_replacements() {
    let Some(real) = real_go("private_modules_and_replacements") else {
        return;
    };
    let store = Store::synthetic(7, 3);
    let server = Server::start(store.clone(), Fault::Good).unwrap();
    let mut sandbox = Sandbox::with(&real, &store);
    sandbox.set("GOPROXY", server.url()).set("GOPRIVATE", "*/Upper");
    let gomod = sandbox.project().join("go.mod");
    let text = std::fs::read_to_string(&gomod).unwrap();
    let replaced = "replace example.com/m00 => ./fork\nreplace example.com/m01 => example.com/m00 v1.1.0\n";
    std::fs::write(&gomod, format!("{text}\n{replaced}")).unwrap();
    let missing = [("m00", "missing"), ("m01", "ok"), ("Upper", "not-asked")];
    assert_eq!(
        states(sandbox.gosteady(&["modules", "--json"]).expect(1)),
        wanted(&missing)
    );
    std::fs::create_dir(sandbox.project().join("fork")).unwrap();
    let fine = [("m00", "ok"), ("m01", "ok"), ("Upper", "not-asked")];
    assert_eq!(
        states(sandbox.gosteady(&["modules", "--all", "--json"]).expect(0)),
        wanted(&fine)
    );
    let asked: Vec<_> = server
        .requests()
        .into_iter()
        .map(|request| request.path)
        .collect();
    assert_eq!(asked, ["/example.com/m00/@v/v1.1.0.info"; 2]);

    // Behind a directory nobody is asked: go may have found it there.
    sandbox.set(
        "GOPROXY",
        format!("file://{},{}", sandbox.path("tmp").display(), server.url()),
    );
    let unknown = [("m00", "ok"), ("m01", "not-asked"), ("Upper", "not-asked")];
    assert_eq!(
        states(sandbox.gosteady(&["modules", "--json"]).expect(0)),
        wanted(&unknown)
    );
    assert_eq!(server.requests().len(), 2);

    let text = sandbox.gosteady(&["modules"]).out();
    assert!(text.contains("v1.0.0 => example.com/m00 v1.1.0"), "{text}");
    sandbox.fresh();
    let ended = sandbox.gosteady(&["modules"]);
    assert!(ended.expect(2).err().contains("no go.mod"), "{}", ended.err());
}
