//! Entries as they are written and found again.

use super::*;
use std::os::unix::fs::PermissionsExt;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        std::fs::create_dir(place.path("home")).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn journal(&self, settings: &Settings) -> Option<Journal> {
        let world = World {
            env: vec![("HOME".into(), self.path("home").into())],
            ..World::default()
        };
        Journal::of(settings, &world)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn save(&self, journal: &Journal) -> Saved {
        let files = [self.path("go.mod"), self.path("go.sum")];
        let args = ["get", "a.io/b@v1.0.0"].map(OsString::from);
        journal.save("get", &args, self.0.path(), &files).unwrap()
    }
}

#[test]
fn what_a_command_changed_is_kept_and_what_it_did_not_is_not() {
    let place = Place::new();
    let journal = place.journal(&Settings::default()).unwrap();
    place.write("go.mod", "module m\n");
    place.save(&journal).ended();
    assert_eq!(journal.entries().read.len(), 0);
    let saved = place.save(&journal);
    place.write("go.sum", "a.io/b v1.0.0 h1:x\n");
    assert_eq!(journal.entries().read[0].files[1].after, None, "it runs");
    saved.ended();
    let entry = journal.entries().read.remove(0);
    let [gomod, gosum] = &entry.files[..] else {
        panic!("{entry:?}");
    };
    assert_eq!((gomod.before.text(), &gosum.before), ("module m\n", &State(None)));
    let now = State::of(&place.path("go.sum")).unwrap().now();
    assert_eq!(gosum.after, Some(now));
    assert!(entry.command().starts_with("go get") && entry.began().is_some() && !entry.green);
    let path = store::list(&journal.dir).unwrap().remove(0).path;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&journal.dir)), (0o600, 0o700));
}

#[test]
fn a_file_has_one_name_whatever_link_leads_to_it() {
    let place = Place::new();
    let journal = place.journal(&Settings::default()).unwrap();
    std::fs::create_dir(place.path("real")).unwrap();
    std::os::unix::fs::symlink("real", place.path("link")).unwrap();
    place.write("real/go.mod", "module m\n");
    let link = place.path("link");
    journal.built(&["build".into()], &link, &[link.join("go.mod")]);
    let entry = journal.entries().read.remove(0);
    let real = std::fs::canonicalize(link).unwrap();
    assert_eq!(Path::new(&entry.dir), real);
    assert_eq!(Path::new(&entry.files[0].path), real.join("go.mod"));
}

#[test]
fn of_what_built_only_the_last_is_kept() {
    let place = Place::new();
    let journal = place.journal(&Settings::default()).unwrap();
    for text in ["module m\n", "module m\n", "module m\ngo 1.24\n"] {
        let files = [place.write("go.mod", text)];
        journal.built(&["build".into()], place.0.path(), &files);
    }
    let entries = journal.entries().read;
    assert_eq!(entries.len(), 1);
    assert!(entries[0].green && entries[0].files[0].before.text().ends_with("go 1.24\n"));
    let other = [place.write("other.mod", "module o\n")];
    journal.built(&["build".into()], place.0.path(), &other);
    assert_eq!(journal.entries().read.len(), 2, "another module has its own");
}

#[test]
fn what_cant_be_read_is_named() {
    let place = Place::new();
    let journal = place.journal(&Settings::default()).unwrap();
    place.write("go.mod", "module m\n");
    let saved = place.save(&journal);
    let name = |id: u8| {
        journal
            .dir
            .join(format!("20261121T04050{id}Z-get-000000000000000{id}.jsonl"))
    };
    std::fs::write(name(1), "{\"schema\":1}").unwrap();
    std::fs::write(name(2), "{\"schema\":2}").unwrap();
    let entries = journal.entries();
    assert_eq!(entries.read, [saved.entry]);
    let expected = [
        (name(2), "a newer gosteady wrote it".into()),
        (name(1), "it is damaged".into()),
    ];
    assert_eq!(entries.unreadable, expected);
    std::fs::remove_dir_all(&journal.dir).unwrap();
    assert!(journal.entries().unreadable.is_empty(), "there is none yet");
    std::fs::write(&journal.dir, "in the way").unwrap();
    assert_eq!(journal.entries().unreadable[0].0, journal.dir);
}

#[test]
fn nothing_is_kept_where_that_is_asked_for_or_not_possible() {
    let place = Place::new();
    let off = Settings {
        undo_keep: None,
        ..Settings::default()
    };
    assert!(place.journal(&off).is_none());
    let journal = place.journal(&Settings::default()).unwrap();
    std::fs::write(place.path("go.mod"), b"\xff").unwrap();
    let save = |file: &str| journal.save("get", &[], place.0.path(), &[place.path(file)]);
    assert!(save("go.mod").is_none(), "no text");
    assert!(save("home").is_none(), "no file");
    place.write("go.mod", "module m\n");
    std::fs::create_dir_all(place.path("home/.local/state")).unwrap();
    place.write("home/.local/state/gosteady", "in the way");
    assert!(save("go.mod").is_none());
}
