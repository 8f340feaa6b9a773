//! Whole walks against mirrors on loopback.

use super::*;
use crate::drill::{Fault, Kind, Server, Store, Toolchains};
use std::time::Duration;

const LIST: &str = "golang.org/toolchain/@v/list";
const NAME: &str = "sum.example";

/// A mirror with one toolchain; with a log or without.
fn mirror(carries: bool) -> Server {
    let mut published = Toolchains::new(5).unwrap();
    published.publish("go1.99.1", 0);
    let mut files = published.mirror();
    if !carries {
        files.retain(|path, _| !path.starts_with("sumdb/"));
    }
    Server::start(Store::of(files), Fault::Good).unwrap()
}

fn own(goproxy: &str, more: &[(&str, &str)]) -> Own {
    let mut env = vec![("GOPROXY".into(), goproxy.into()), ("GOENV".into(), "off".into())];
    env.extend(more.iter().map(|(k, v)| (k.into(), v.into())));
    let world = World {
        env,
        ..World::default()
    };
    let mut settings = Settings::default();
    settings.proxy.attempts = 1;
    settings.proxy.retry_for = Duration::from_millis(1);
    let goenv = GoEnv::read(&world, std::path::Path::new(""));
    Own::new(&world, &goenv, &settings, Mode::Silent, Recorder::off())
}

fn list(own: &Own) -> Result<String, Missed> {
    let mut into = Vec::new();
    let by = own.module(LIST, 1 << 20, &mut into)?;
    assert!(into.starts_with(b"v0.0.1-go1.99.1."), "{into:?}");
    Ok(by)
}

fn tile(own: &Own) -> Result<String, Missed> {
    own.checksums(NAME, None, "tile/8/0/000")?;
    Ok(own.carrier().unwrap_or_default())
}

fn why(missed: Missed) -> String {
    match missed {
        Missed::Absent(why) => format!("absent: {why}"),
        Missed::Unavailable { why, passing } => format!("unavailable ({passing}): {why}"),
        Missed::Local(error) => panic!("{error}"),
    }
}

#[test]
fn the_list_is_walked_as_go_walks_it() {
    let (good, empty) = (
        mirror(true),
        Server::start(Store::of(BTreeMap::new()), Fault::Good).unwrap(),
    );
    let down = Server::start(Store::default(), Fault::status(503)).unwrap();
    let (good, empty, down) = (good.url(), empty.url(), down.url());
    for (goproxy, by) in [
        (good.clone(), Ok(&good)),
        (format!("{empty},{good},off"), Ok(&good)),
        (format!("{down}|{good}"), Ok(&good)),
        (format!("{down},{good}"), Err("unavailable (true)")),
        (format!("{empty},off"), Err("absent: ")),
        ("off".to_owned(), Err("absent: GOPROXY ends with off")),
        (
            "bare".to_owned(),
            Err("unavailable (false): GOPROXY has an element"),
        ),
        (
            format!("https://u:pw@host:x,{good}"),
            Err("unavailable (false): GOPROXY has an element"),
        ),
    ] {
        let own = own(&goproxy, &[]);
        match (list(&own), by) {
            (Ok(got), Ok(by)) => assert_eq!(got, *by, "{goproxy}"),
            (Err(missed), Err(text)) => {
                let said = why(missed);
                assert!(
                    said.starts_with(text) && !said.contains("pw"),
                    "{goproxy}: {said}"
                );
            }
            (got, _) => panic!("{goproxy}: {got:?}"),
        }
        assert_eq!(own.is_off(), goproxy == "off");
        own.stop();
    }
}

#[test]
fn the_first_mirror_that_carries_the_log_is_kept() {
    let (carrier, other) = (mirror(true), mirror(false));
    let own = own(&format!("{},{}", other.url(), carrier.url()), &[]);
    assert_eq!(tile(&own).unwrap(), carrier.url());
    tile(&own).unwrap();
    let asked = |server: &Server| {
        server
            .requests()
            .iter()
            .filter(|r| r.path.contains("supported"))
            .count()
    };
    assert_eq!((asked(&carrier), asked(&other)), (1, 1));
    // The mirror's own trouble is no reason to go elsewhere after a comma.
    carrier.set_fault(Fault::status(503).only(Kind::Sumdb));
    assert!(why(own.checksums(NAME, None, "tile/8/0/001").unwrap_err()).starts_with("unavailable (true)"));
}

#[test]
fn a_mirror_in_trouble_ends_the_search_unless_a_bar_follows() {
    let carrier = mirror(true);
    let down = Server::start(Store::default(), Fault::status(503)).unwrap();
    let with = |separator: &str| own(&format!("{}{separator}{}", down.url(), carrier.url()), &[]);
    assert!(why(tile(&with(",")).unwrap_err()).contains("503"));
    assert_eq!(tile(&with("|")).unwrap(), carrier.url());
}

#[test]
fn where_no_mirror_carries_it_the_origin_is_asked() {
    let (other, origin) = (
        mirror(false),
        Server::start(Store::default(), Fault::Refused).unwrap(),
    );
    let name = origin.url().replace("http://", "");
    let key = crate::drill::SumLog::new(&name, 1).unwrap().key();
    for goproxy in [
        other.url(),
        format!("{},direct", other.url()),
        "direct".into(),
        "off".into(),
    ] {
        let own = own(&goproxy, &[("GOSUMDB", &key)]);
        let said = why(own.checksums(&name, None, "tile/8/0/000").unwrap_err());
        assert!(said.contains(&format!("https://{name}")), "{goproxy}: {said}");
    }
    // A URL in GOSUMDB passes every mirror by.
    let files = Toolchains::new(5).unwrap().log;
    let server = Server::start(Store::of(files.files(files.size())), Fault::Good).unwrap();
    let own = own(&other.url(), &[]);
    own.checksums(NAME, Some(&server.url()), "tile/8/0/000").unwrap();
    assert_eq!(own.carrier().unwrap(), server.url());
    let own = self::own(&other.url(), &[]);
    let said = why(own
        .checksums(NAME, Some("http://u:hunter2@host"), "tile/8/0/000")
        .unwrap_err());
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_directory_is_a_mirror_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut published = Toolchains::new(5).unwrap();
    published.publish("go1.99.1", 0);
    for (path, content) in published.mirror() {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let url = format!("file://{}", dir.path().display());
    let own = own(&url, &[]);
    assert_eq!(list(&own).unwrap(), url);
    assert_eq!(tile(&own).unwrap(), format!("{url}/sumdb/{NAME}"));
}
