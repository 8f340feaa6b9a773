use super::*;
use crate::config::settings::{Settings, TraceTo};
use crate::trace::event::{Attempt, Run};
use crate::trace::store::Name;
use crate::world::World;
use std::path::Path;
use std::time::SystemTime;

/// Long enough for any disk; nothing is asserted about it.
const BOUND: Duration = Duration::from_secs(60);

fn sink(to: TraceTo, env: &[(&str, &str)]) -> Option<FileSink> {
    let settings = Settings {
        trace: to,
        ..Settings::default()
    };
    let world = World {
        env: env.iter().map(|(k, v)| (k.into(), v.into())).collect(),
        ..World::default()
    };
    FileSink::new(&settings, &world, Name::new("mod download", SystemTime::now()))
}

fn recorder_in(dir: &Path) -> Recorder {
    Recorder::to_file(sink(TraceTo::State, &[("XDG_STATE_HOME", dir.to_str().unwrap())]).unwrap())
}

fn warning(text: &str) -> Event {
    Event::Warning { text: text.into() }
}

#[test]
fn a_run_becomes_a_file_of_lines() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = recorder_in(dir.path());
    recorder.emit(Event::Run(Run::default()));
    recorder.clone().emit(Event::Stderr {
        line: "https://u:hunter2@h".into(),
    });
    let finished = recorder.finish_within(BOUND, Outcome::Exited(1), true);
    assert_eq!(finished.warning, None);
    let path = finished.path.unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let kinds: Vec<String> = text
        .lines()
        .map(|l| {
            serde_json::from_str::<serde_json::Value>(l).unwrap()["kind"]
                .as_str()
                .unwrap()
                .to_string()
        })
        .collect();
    assert_eq!(kinds, ["run", "stderr", "end"]);
    assert!(!text.contains("hunter2") && text.contains("\"code\":1"), "{text}");
    assert!(
        path.file_name()
            .unwrap()
            .to_str()
            .is_some_and(|n| Name::parse(n).is_some())
    );
    // Nothing more is taken, and a second end changes nothing.
    recorder.emit(warning("late"));
    assert_eq!(
        recorder.finish_within(BOUND, Outcome::Exited(0), true),
        Finished::default()
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn nothing_happened_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(
        recorder_in(dir.path()).finish_within(BOUND, Outcome::Exited(0), true),
        Finished::default()
    );
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn an_unwanted_trace_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = recorder_in(dir.path());
    recorder.emit(warning("w"));
    assert_eq!(
        recorder.finish_within(BOUND, Outcome::Exited(0), false),
        Finished::default()
    );
    assert_eq!(
        std::fs::read_dir(dir.path().join("gosteady/traces"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn a_state_directory_that_can_not_be_is_one_warning() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    for recorder in [
        recorder_in(&file),
        Recorder::to_file(sink(TraceTo::State, &[]).unwrap()),
    ] {
        for i in 0..10_000 {
            recorder.emit(warning(&i.to_string()));
        }
        let finished = recorder.finish_within(BOUND, Outcome::Exited(0), true);
        assert_eq!(finished.path, None);
        assert!(finished.warning.unwrap().starts_with("no trace is written: "));
    }
    assert!(sink(TraceTo::Off, &[]).is_none());
}

#[test]
fn every_event_is_written_or_counted() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = recorder_in(dir.path());
    let emitted = 50_000u64;
    for i in 0..emitted {
        recorder.emit(warning(&i.to_string()));
    }
    let dropped = |text: &str| {
        let end: serde_json::Value = serde_json::from_str(text.lines().next_back().unwrap()).unwrap();
        end["dropped"].as_u64().unwrap()
    };
    let path = recorder
        .finish_within(BOUND, Outcome::Exited(0), true)
        .path
        .unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    assert_eq!(text.lines().count() as u64 - 1 + dropped(&text), emitted);
}

#[test]
fn a_device_is_no_place_for_a_trace() {
    let sink = sink(TraceTo::Path("/dev/full".into()), &[]).unwrap();
    let recorder = Recorder::to_file(sink);
    recorder.emit(warning("w"));
    let warning = recorder
        .finish_within(BOUND, Outcome::Exited(0), true)
        .warning
        .unwrap();
    assert!(warning.starts_with("no trace is written: /dev/full"), "{warning}");
}

#[test]
fn only_plain_success_is_uneventful() {
    let attempt = |outcome: &str| {
        Event::Attempt(Attempt {
            outcome: outcome.into(),
            ..Attempt::default()
        })
    };
    for (event, eventful) in [
        (attempt("ok"), false),
        (attempt("not-found"), false),
        (attempt("stalled"), true),
        (warning("w"), true),
        (
            Event::Stderr {
                line: "go: downloading m v1.0.0".into(),
            },
            false,
        ),
    ] {
        let recorder = Recorder::memory();
        recorder.emit(event.clone());
        assert_eq!(recorder.eventful(), eventful, "{event:?}");
    }
}
