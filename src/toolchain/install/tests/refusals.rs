//! What is refused, and that nothing of it is left.

use super::*;

#[test]
fn what_is_not_vouched_for_is_refused_and_nothing_is_left() {
    type Spoil = fn(&mut Desk);
    let lookup = || format!("sumdb/sum.example/lookup/golang.org/toolchain@{}", it().version());
    assert!(Desk::new().mirror.files.contains_key(&lookup()));
    let cases: [(&str, Spoil, Kind, &str); 12] = [
        (
            "another toolchain of that name",
            |d| {
                let other = toolchains::zip("go1.99.1", 61);
                d.mirror.files.insert(zip_path(), other);
            },
            Kind::Refused,
            "https://mirror.example sent has the hash",
        ),
        (
            "another module",
            |d| {
                let other = toolchains::zip("go1.99.2", 60);
                d.mirror.files.insert(zip_path(), other);
            },
            Kind::Refused,
            "is not this toolchain",
        ),
        (
            "a cut zip",
            |d| {
                let zip = d.mirror.files.get_mut(&zip_path()).unwrap();
                zip.truncate(zip.len() / 2);
            },
            Kind::Refused,
            "is damaged",
        ),
        (
            "a page",
            |d| {
                d.mirror.files.insert(zip_path(), b"<html>log in</html>".to_vec());
            },
            Kind::Refused,
            "is damaged",
        ),
        (
            "no zip",
            |d| {
                d.mirror.files.remove(&zip_path());
            },
            Kind::Unknown,
            "could not be fetched: https://mirror.example has no such file",
        ),
        (
            "another record",
            |d| {
                let path = format!("sumdb/sum.example/lookup/golang.org/toolchain@{}", it().version());
                let text = String::from_utf8(d.mirror.files[&path].clone()).unwrap();
                let other = d.published.h1("go1.99.1").unwrap().replacen("h1:", "h1:A", 1);
                let other = &other[..other.len() - 1];
                d.mirror.files.insert(
                    path,
                    text.replace(&d.published.h1("go1.99.1").unwrap(), other)
                        .into_bytes(),
                );
            },
            Kind::Refused,
            "is not the one numbered",
        ),
        (
            "another signer",
            |d| d.gosumdb = Toolchains::new(6).unwrap().log.key(),
            Kind::Refused,
            "not signed by",
        ),
        (
            "forged tiles",
            |d| {
                for (path, content) in &mut d.mirror.files {
                    if path.contains("/tile/") {
                        content[0] ^= 1;
                    }
                }
            },
            Kind::Refused,
            "do not lead to the signed root",
        ),
        (
            "a fork",
            |d| {
                let mut other = Toolchains::new(5).unwrap();
                other.publish("go1.99.7", 0);
                other.publish("go1.99.8", 0);
                let latest = d.dir.path().join("pkg/sumdb/sum.example/latest");
                files::write(&latest, other.log.note(other.log.size() - 60).as_bytes()).unwrap();
            },
            Kind::Refused,
            "two histories",
        ),
        (
            "GOSUMDB=off",
            |d| d.gosumdb = "off".into(),
            Kind::Refused,
            "GOSUMDB=off",
        ),
        (
            "no such key",
            |d| d.gosumdb = "sum.example".into(),
            Kind::Refused,
            "names no known log",
        ),
        (
            "a log that is down",
            |d| d.mirror.unreachable = true,
            Kind::Passing,
            "did not answer in 8s",
        ),
    ];
    for (what, spoil, kind, why) in cases {
        let mut desk = Desk::new();
        spoil(&mut desk);
        let failure = desk.install("1.99.1").unwrap_err();
        assert_eq!(failure.kind, kind, "{what}: {failure}");
        assert!(failure.to_string().contains(why), "{what}: {failure}");
        assert_eq!(desk.left(), Vec::<PathBuf>::new(), "{what}");
    }
}

#[test]
fn the_users_own_hash_stands_in_for_a_log_that_cannot_be_asked() {
    let h1 = Desk::new().published.h1("go1.99.1").unwrap();
    let line = |hash: &str| vec![format!("{} {hash}", it().full_name())];
    for (gosumdb, unreachable) in [("off", false), ("", true)] {
        let mut desk = Desk::new();
        if !gosumdb.is_empty() {
            desk.gosumdb = gosumdb.into();
        }
        desk.mirror.unreachable = unreachable;
        desk.sums = line(&h1);
        assert_eq!(
            desk.install("1.99.1").unwrap().vouched.as_deref(),
            Some("pin.toolchain-sums")
        );
        let mut desk = Desk::with_sums(line("h1:wrong"));
        desk.mirror.unreachable = unreachable;
        let failure = desk.install("1.99.1").unwrap_err();
        assert_eq!(failure.kind, Kind::Refused, "{failure}");
        assert_eq!(desk.left(), Vec::<PathBuf>::new());
    }
    // Where the log can be asked, both must agree; one that lies is never overruled.
    let desk = Desk::with_sums(line("h1:wrong"));
    assert!(
        desk.install("1.99.1")
            .unwrap_err()
            .to_string()
            .contains("pin.toolchain-sums says h1:wrong")
    );
    let mut desk = Desk::with_sums(line(&h1));
    desk.gosumdb = Toolchains::new(6).unwrap().log.key();
    assert_eq!(desk.install("1.99.1").unwrap_err().kind, Kind::Refused);
    let two = [line(&h1), line("h1:other")].concat();
    assert!(
        Desk::with_sums(two)
            .install("1.99.1")
            .unwrap_err()
            .to_string()
            .contains("two hashes")
    );
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let desk = Desk::new();
    std::fs::create_dir_all(desk.dir.path().join("pkg")).unwrap();
    std::fs::write(desk.dir.path().join("pkg/mod"), "in the way").unwrap();
    let failure = desk.install("1.99.1").unwrap_err();
    assert_eq!(failure.kind, Kind::Passing);
    assert!(failure.to_string().contains("pkg/mod"), "{failure}");
    let nowhere = GoEnv::read(&World::default(), Path::new(""));
    let failure = Place::of(&nowhere).unwrap_err();
    assert!(failure.to_string().contains("HOME"), "{failure}");
}
