use super::*;
use crate::trace::event::{Event, Run};

fn sink(place: Place) -> FileSink {
    let keep = Keep {
        age: std::time::Duration::from_secs(3600),
        bytes: 1 << 20,
    };
    FileSink {
        world: Arc::default(),
        place,
        name: Name::new("get", SystemTime::now()),
        keep,
    }
}

fn write_one(place: Place) -> Result<PathBuf, String> {
    let mut file = sink(place).open()?;
    file.write(
        Record {
            t: 0.0,
            event: Event::Run(Run {
                schema: 1,
                ..Run::default()
            }),
        },
        false,
    );
    file.flush();
    Ok(file.close(true).path.unwrap())
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn only_the_owner_can_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let traces = dir.path().join("state/gosteady/traces");
    let path = write_one(Place::Directory(traces.clone())).unwrap();
    assert_eq!((mode(&traces), mode(&path)), (0o700, 0o600));
}

#[test]
fn a_named_file_is_replaced_only_if_it_is_a_trace_or_empty() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.jsonl");
    for _ in 0..2 {
        assert_eq!(write_one(Place::Named(path.clone())).unwrap(), path);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    }
    std::fs::write(&path, "").unwrap();
    assert!(write_one(Place::Named(path.clone())).is_ok());
    for foreign in ["{\"kind\":\"run\"}\n", "my notes", "{}\n"] {
        std::fs::write(&path, foreign).unwrap();
        assert!(
            write_one(Place::Named(path.clone()))
                .unwrap_err()
                .contains("is no trace")
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), foreign);
    }
    assert!(
        write_one(Place::Named("/dev/null".into()))
            .unwrap_err()
            .contains("no regular file")
    );
}

#[test]
fn a_named_file_that_is_being_written_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.jsonl");
    let first = sink(Place::Named(path.clone())).open().unwrap();
    assert!(
        write_one(Place::Named(path.clone()))
            .unwrap_err()
            .contains("another run")
    );
    first.close(true);
    assert!(write_one(Place::Named(path)).is_ok());
}

#[test]
fn a_named_directory_gets_a_file_per_run() {
    let dir = tempfile::tempdir().unwrap();
    let slash = PathBuf::from(format!("{}/new/", dir.path().display()));
    for place in [dir.path().to_path_buf(), slash] {
        let path = write_one(Place::Named(place.clone())).unwrap();
        assert_eq!(
            path.parent().unwrap().components().collect::<PathBuf>(),
            place.components().collect::<PathBuf>()
        );
    }
}

#[test]
fn a_file_that_the_user_named_is_always_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.jsonl");
    let done = sink(Place::Named(path.clone())).open().unwrap().close(false);
    assert!(done.path.is_some() && !done.removable && path.exists());
}

#[test]
fn a_full_disk_ends_the_writing_with_one_problem() {
    let mut file = TraceFile {
        secrets: Secrets::default(),
        path: "/dev/full".into(),
        dir: None,
        keep: Keep {
            age: std::time::Duration::ZERO,
            bytes: 0,
        },
        out: BufWriter::new(OpenOptions::new().write(true).open("/dev/full").unwrap()),
        written: 0,
        problem: None,
        swept: true,
    };
    let record = || Record {
        t: 0.0,
        event: Event::Warning { text: "w".into() },
    };
    assert!(file.write(record(), false));
    file.flush();
    assert!(!file.write(record(), true));
    let problem = file.close(true).warning.unwrap();
    assert!(
        problem.starts_with("the trace is incomplete: /dev/full: "),
        "{problem}"
    );
}
