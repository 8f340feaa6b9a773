//! Module servers under the conformance test, and beside each other: each wrong mapping is found by its id.

use crate::support::{Ended, Sandbox, real_go};
use gosteady::drill::{Fault, Kind, Server, Store, SumLog};
use serde_json::Value;
use std::collections::BTreeMap;

const MODULE: &str = "example.com/Upper";
/// The checksum database, whose origin nobody can reach.
const NAME: &str = "127.0.0.1:1";

/// The files of a server that has one module, with capital letters, and carries a checksum database; and the
/// database's key.
fn files() -> (BTreeMap<String, Vec<u8>>, String) {
    let store = Store::synthetic(11, 2);
    let names = ["list", "v1.0.0.info", "v1.0.0.mod", "v1.0.0.zip"].map(|name| format!("@v/{name}"));
    let paths = names.iter().map(String::as_str).chain(["@latest"]);
    let paths = paths.map(|name| format!("example.com/!upper/{name}"));
    let mut files: BTreeMap<String, Vec<u8>> = paths
        .map(|path| {
            let body = store.get(&path).expect(&path).to_vec();
            (path, body)
        })
        .collect();
    let mut log = SumLog::new(NAME, 3).unwrap();
    log.fill(300);
    for module in store.modules() {
        log.add(&module.path, &module.version, &module.sum, &module.mod_sum);
    }
    let size = log.size();
    let mut carried = log.files(size);
    carried.insert("supported".into(), Vec::new());
    carried.insert("latest".into(), log.note(size).into_bytes());
    for (path, body) in carried {
        // As it is asked for: the case of a module's path is escaped.
        let path = path.replace("example.com/Upper", "example.com/!upper");
        files.insert(format!("sumdb/{NAME}/{path}"), body);
    }
    (files, log.key())
}

fn sandbox(test: &str, key: &str) -> Option<Sandbox> {
    let mut sandbox = Sandbox::new(&real_go(test)?);
    sandbox.unset("SHELL").set("GOSUMDB", key);
    Some(sandbox)
}

/// The points that are not kept, as (id, judgement).
fn points(ended: &Ended) -> Vec<(String, String)> {
    let json: Value = serde_json::from_str(&ended.out()).unwrap_or_else(|e| panic!("{e}: {}", ended.out()));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let points = json["conformance"][0]["points"]
        .as_array()
        .expect("points")
        .iter();
    let points = points.map(|p| (text(&p["id"]), text(&p["judgement"])));
    points.filter(|(_, judgement)| judgement != "kept").collect()
}

fn broken(ended: &Ended) -> Vec<String> {
    let points = points(ended).into_iter();
    points
        .filter(|(_, judgement)| judgement == "broken")
        .map(|(id, _)| id)
        .collect()
}

#[test]
fn a_sound_server_keeps_every_point_that_applies() {
    let test = "a_sound_server_keeps_every_point_that_applies";
    let (files, key) = files();
    let Some(sandbox) = sandbox(test, &key) else {
        return;
    };
    let server = Server::start(Store::of(files), Fault::Good).unwrap();
    let about = format!("{MODULE}@v1.0.0");
    let asked = ["doctor", "--proxy", &server.url(), "--module", &about, "--json"];
    let ended = sandbox.gosteady(&asked);
    let open: Vec<_> = points(&ended).into_iter().map(|(id, _)| id).collect();
    assert_eq!(open, ["server-revision", "server-http2"], "{}", ended.out());

    // Without a version the latest one is taken; the answer is the same.
    let ended = sandbox.gosteady(&["doctor", "--proxy", &server.url(), "--module", MODULE, "--json"]);
    let json: Value = serde_json::from_str(&ended.out()).unwrap();
    assert_eq!(json["conformance"][0]["about"], about);
    assert_eq!(broken(&ended), [""; 0], "{}", ended.out());
    assert!(ended.out().contains("(set by --proxy)"), "{}", ended.out());
    // Nobody was asked for anything but that module, the one of the network's check, and the database.
    for request in server.requests() {
        let fits = [
            "/example.com/%21upper/",
            "/golang.org/x/mod/@v/",
            "/sumdb/127.0.0.1:1/",
        ];
        assert!(
            fits.iter().any(|start| request.path.starts_with(start)),
            "{}",
            request.path
        );
    }
    // No server is put to the test where nobody asked for it.
    let mut plain = sandbox;
    plain.set("GOPROXY", server.url());
    let ended = plain.gosteady(&["doctor", "--json"]);
    let json: Value = serde_json::from_str(&ended.out()).unwrap();
    assert_eq!(json["conformance"], serde_json::json!([]));
}

#[test]
fn each_wrong_mapping_is_found_by_its_id() {
    let test = "each_wrong_mapping_is_found_by_its_id";
    let (sound, key) = files();
    let Some(sandbox) = sandbox(test, &key) else {
        return;
    };
    let module = |name: &str| format!("example.com/!upper/{name}");
    let log = |name: &str| format!("sumdb/{NAME}/{name}");
    let other = Store::synthetic(12, 2)
        .get(&module("@v/v1.0.0.zip"))
        .unwrap()
        .to_vec();
    let foreign = Store::synthetic(11, 2)
        .get("example.com/m00/@v/v1.0.0.zip")
        .unwrap()
        .to_vec();
    let talking = Fault::Status {
        code: 404,
        retry_after: None,
        body: "not found: dial tcp 10.0.0.1:443: connect: connection refused\n".into(),
    };
    let silent = Fault::Raw("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".into());
    let whole = Fault::Raw("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nv1.0.0\n".into());
    type Change<'a> = (String, Option<&'a [u8]>);
    let one = |path: String, body: Option<&'static [u8]>| vec![(path, body)];
    let cases: Vec<(&[&str], Fault, Vec<Change>)> = vec![
        (
            &["server-absent-version", "server-absent-path"],
            Fault::status(500).absent(),
            vec![],
        ),
        (
            &["server-absent-version", "server-absent-path"],
            Fault::status(502).absent(),
            vec![],
        ),
        (
            &["server-absent-version", "server-absent-path"],
            Fault::status(403).absent(),
            vec![],
        ),
        (
            &["server-absent-version", "server-absent-path", "server-page"],
            Fault::CaptivePortal.absent(),
            vec![],
        ),
        (&["server-masked"], talking.absent(), vec![]),
        (&["server-absent-text"], silent.absent(), vec![]),
        (
            &["server-zip", "server-masked"],
            Fault::status(404).only(Kind::Zip),
            vec![],
        ),
        (
            &["server-zip", "server-length"],
            Fault::Truncate.only(Kind::Zip),
            vec![],
        ),
        (
            &["server-zip", "server-range"],
            Fault::Garble.only(Kind::Zip),
            vec![],
        ),
        (
            &["server-list", "server-absent-path"],
            Fault::status(500).only(Kind::List),
            vec![],
        ),
        (&["server-absent-path"], whole.only(Kind::List), vec![]),
        (
            &["server-info", "server-absent-version"],
            Fault::status(500).only(Kind::Info),
            vec![],
        ),
        (
            &["server-sumdb", "server-sumdb-supported"],
            Fault::status(500).only(Kind::Sumdb),
            vec![],
        ),
        (&["server-sumdb"], Fault::status(404).only(Kind::Sumdb), vec![]),
        (&["server-latest"], Fault::Good, one(module("@latest"), None)),
        (
            &["server-list-canonical"],
            Fault::Good,
            one(module("@v/list"), Some(b"v1.0.0\nmain\n")),
        ),
        (
            &["server-list-pseudo"],
            Fault::Good,
            one(
                module("@v/list"),
                Some(b"v1.0.0\nv0.0.0-20240102030405-abcdefabcdef\n"),
            ),
        ),
        (
            &["server-json"],
            Fault::Good,
            one(module("@v/v1.0.0.info"), Some(b"v1.0.0")),
        ),
        (
            &["server-version"],
            Fault::Good,
            one(module("@v/v1.0.0.info"), Some(b"{\"Version\":\"v1.1.0\"}")),
        ),
        (
            &["server-mod", "server-zip-mod"],
            Fault::Good,
            one(module("@v/v1.0.0.mod"), Some(b"module example.com/upper\n")),
        ),
        (
            &["server-zip", "server-zip-mod", "server-sumdb-agrees"],
            Fault::Good,
            vec![(module("@v/v1.0.0.zip"), Some(&foreign))],
        ),
        (
            &["server-sumdb-agrees"],
            Fault::Good,
            vec![(module("@v/v1.0.0.zip"), Some(&other))],
        ),
        (&["server-sumdb-latest"], Fault::Good, one(log("latest"), None)),
        (
            &["server-sumdb-lookup"],
            Fault::Good,
            one(log("lookup/example.com/!upper@v1.0.0"), None),
        ),
        (
            &["server-sumdb-tile"],
            Fault::Good,
            one(log("tile/8/0/001.p/46"), None),
        ),
    ];
    for (ids, fault, changes) in cases {
        let mut files = sound.clone();
        for (path, body) in changes {
            assert!(files.contains_key(&path), "{path}: {:?}", files.keys());
            match body {
                Some(body) => files.insert(path, body.to_vec()),
                None => files.remove(&path),
            };
        }
        let server = Server::start(Store::of(files), fault.clone()).unwrap();
        let about = format!("{MODULE}@v1.0.0");
        let ended = sandbox.gosteady(&["doctor", "--proxy", &server.url(), "--module", &about, "--json"]);
        assert_eq!(broken(&ended), ids, "{fault:?}: {}", ended.out());
        // Without a mirror of it the database itself is asked, and that fails here.
        let notes = ["server-absent-text", "server-latest", "server-sumdb-latest"];
        ended.expect(i32::from(!ids.iter().all(|id| notes.contains(id))));
    }
}

#[test]
fn a_private_module_is_asked_of_no_server() {
    let test = "a_private_module_is_asked_of_no_server";
    let (files, key) = files();
    let Some(mut sandbox) = sandbox(test, &key) else {
        return;
    };
    let server = Server::start(Store::of(files), Fault::Good).unwrap();
    sandbox
        .set("GOPRIVATE", "example.com")
        .set("GOPROXY", server.url());
    let ended = sandbox.gosteady(&["doctor", "--proxy", &server.url(), "--module", MODULE, "--json"]);
    assert!(ended.out().contains("module-unasked"), "{}", ended.out());
    sandbox.set("GOPRIVATE", MODULE);
    let ended = sandbox.gosteady(&["mirrors", "--module", &format!("{MODULE}@v1.0.0")]);
    assert!(ended.expect(2).err().contains("is private"), "{}", ended.err());
    let told = server
        .requests()
        .into_iter()
        .find(|request| request.path.contains("upper"));
    assert_eq!(told, None);
}

#[test]
fn mirrors_are_compared_and_a_list_follows() {
    let test = "mirrors_are_compared_and_a_list_follows";
    let (fresh, key) = files();
    let Some(mut sandbox) = sandbox(test, &key) else {
        return;
    };
    let mut stale = fresh.clone();
    stale.retain(|path, _| !path.starts_with("sumdb/"));
    let mut newer = fresh.clone();
    let info = b"{\"Version\":\"v1.9.0\",\"Time\":\"2024-06-01T00:00:00Z\"}";
    newer.insert("example.com/!upper/@latest".into(), info.to_vec());
    let start = |files, fault| Server::start(Store::of(files), fault).unwrap();
    let (own, a, b) = (
        start(fresh, Fault::Good),
        start(stale, Fault::Good),
        start(newer, Fault::Good),
    );
    let down = start(BTreeMap::new(), Fault::status(503));
    let bare = |server: &Server| server.url().replace("http://", "");
    sandbox.set("GOSTEADY_PROXY_PUBLIC", format!("{},{}", bare(&a), bare(&b)));
    sandbox.set("GOPROXY", format!("{},off", a.url()));
    let urls = [a.url(), own.url(), b.url(), down.url()];
    let args = [
        "mirrors", "--json", "--module", MODULE, &urls[0], &urls[1], &urls[2], &urls[3],
    ];
    let ended = sandbox.gosteady(&args);
    ended.expect(0);
    let json: Value = serde_json::from_str(&ended.out()).unwrap();
    let row = |server: &Server| {
        let rows = json["mirrors"].as_array().unwrap().iter();
        rows.clone()
            .find(|row| row["url"] == server.url())
            .unwrap()
            .clone()
    };
    assert_eq!(
        (&row(&b)["latest"]["version"], &row(&b)["behind"]),
        (&"v1.9.0".into(), &false.into())
    );
    assert_eq!(
        (&row(&own)["behind"], &row(&own)["sumdb"]),
        (&true.into(), &true.into())
    );
    assert_eq!(
        (&row(&a)["sumdb"], &row(&a)["range"]),
        (&false.into(), &true.into())
    );
    assert_eq!(
        (&row(&down)["answered"], &row(&own)["protocol"]),
        (&0.into(), &"HTTP/1.1".into())
    );
    assert!(row(&down)["trouble"].as_str().unwrap().starts_with("503"));
    let wanted = format!("{},{}|{},off", own.url(), b.url(), a.url());
    assert_eq!(json["suggestion"]["goproxy"], wanted);

    let text = sandbox.gosteady(&["mirrors", "--module", MODULE, "htp://u:secret@mirror"]);
    assert!(
        text.expect(2).err().contains("is not the address of a mirror"),
        "{}",
        text.err()
    );
    assert!(!text.err().contains("secret"), "{}", text.err());
    let text = sandbox.gosteady(&["mirrors", "--module", MODULE]);
    let out = text.expect(0).out();
    assert!(
        out.contains(&format!("go env -w GOPROXY='{},off'\n", a.url())),
        "{out}"
    );
    assert!(out.starts_with("MIRROR "), "{out}");

    // A candidate that was not named is not asked, and none hears of another module.
    let asked = b.requests().len();
    sandbox
        .gosteady(&["mirrors", "--module", MODULE, &down.url()])
        .expect(69);
    assert_eq!(b.requests().len(), asked);
    for request in a.requests() {
        assert!(request.path.starts_with("/example.com/%21upper/") || request.path.starts_with("/sumdb/"));
    }
}
