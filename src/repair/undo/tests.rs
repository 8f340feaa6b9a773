//! Journals made up for a directory, and what is planned of them.

use super::*;
use crate::ui::Style;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    /// An entry about go.mod; `after` of `None`: nobody saw it.
    fn entry(&self, before: Option<&str>, after: Option<Option<&str>>, green: bool) -> Entry {
        let state = |text: Option<&str>| State(text.map(str::to_owned));
        Entry {
            schema: 1,
            t: jiff::Timestamp::now().to_string(),
            argv: vec!["get".into(), "a.io/b".into()],
            dir: "/elsewhere".into(),
            green,
            files: vec![File {
                path: self.0.path().join("go.mod").to_str().unwrap().into(),
                before: state(before),
                after: after.map(|text| state(text).now()),
            }],
        }
    }

    fn plan(&self, entries: &[Entry], goal: Goal) -> Result<Plan, Error> {
        plan(entries.iter().cloned(), self.0.path(), goal)
    }

    /// The same with times, the first the newest.
    fn dated(entries: &[Entry]) -> Vec<Entry> {
        let second = |n: usize| jiff::SignedDuration::from_millis(-(n as i64));
        let date = |(n, entry): (usize, &Entry)| Entry {
            t: format!("{:.3}", jiff::Timestamp::now() + second(n)),
            ..entry.clone()
        };
        entries.iter().enumerate().map(date).collect()
    }

    /// What go.mod would become, `changed` where that is refused, else the words.
    fn outcome(&self, entries: &[Entry], goal: Goal) -> String {
        match self.plan(entries, goal) {
            Ok(plan) if !plan.changed_since.is_empty() => "changed".into(),
            Ok(plan) => plan.steps[0].then.0.clone().unwrap_or("absent".into()),
            Err(error) => error.what,
        }
    }
}

#[test]
fn the_last_change_is_undone() {
    let place = Place::new();
    let seen = |before, after| place.entry(Some(before), Some(Some(after)), false);
    let unseen = |before| place.entry(Some(before), None, false);
    for (now, entries, expected) in [
        ("2", vec![], "no change of go's is kept here"),
        ("2", vec![seen("1", "2")], "1"),
        ("2", vec![seen("1", "2"), seen("0", "1")], "1"),
        ("x", vec![seen("1", "2")], "changed"),
        (
            "1",
            vec![seen("1", "2")],
            "the files are as they were before `go get a.io/b`",
        ),
        ("2", vec![unseen("1")], "1"),
        // It changed nothing: what came before it counts.
        ("2", vec![unseen("2"), seen("1", "2")], "1"),
        // What the older one made of it, the newer one found.
        ("3", vec![seen("2", "3"), unseen("1")], "2"),
        ("2", vec![place.entry(None, Some(Some("2")), false)], "absent"),
        ("2", vec![place.entry(Some("2"), None, true), seen("1", "2")], "1"),
    ] {
        place.write("go.mod", now);
        assert_eq!(
            place.outcome(&Place::dated(&entries), Goal::LastChange),
            expected,
            "{now} {entries:?}"
        );
    }
}

#[test]
fn what_nobody_saw_is_told_from_an_edit_by_its_time() {
    let place = Place::new();
    place.write("go.mod", "2");
    let mut entry = place.entry(Some("1"), None, false);
    assert_eq!(place.outcome(&[entry.clone()], Goal::LastChange), "1");
    entry.t = "2026-01-01T00:00:00.000Z".into();
    assert_eq!(place.outcome(&[entry], Goal::LastChange), "changed");
}

#[test]
fn the_last_good_state_comes_back_unless_that_loses_an_edit() {
    let place = Place::new();
    let good = place.entry(Some("1"), Some(Some("1")), true);
    let change = |before, after| place.entry(Some(before), Some(Some(after)), false);
    for (now, entries, expected) in [
        (
            "2",
            vec![change("1", "2")],
            "no build that went well is kept here",
        ),
        (
            "1",
            vec![good.clone()],
            "the files are as they were in `go get a.io/b`",
        ),
        ("3", vec![change("2", "3"), change("1", "2"), good.clone()], "1"),
        ("x", vec![change("1", "2"), good.clone()], "changed"),
    ] {
        place.write("go.mod", now);
        assert_eq!(
            place.outcome(&Place::dated(&entries), Goal::LastGood),
            expected,
            "{now}"
        );
    }
}

#[test]
fn files_come_back_with_their_mode_or_go_away() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write("go.mod", "module m\n");
    let path = place.0.path().join("go.mod");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let state = |text: Option<&str>| State(text.map(str::to_owned));
    let step = |now, then| Step {
        path: path.clone(),
        now: state(now),
        then: state(then),
    };
    let back = step(Some("module m\n"), Some("module n\n"));
    restore(std::slice::from_ref(&back)).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "module n\n");
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    restore(&[step(Some("module n\n"), None)]).unwrap();
    assert!(!path.exists());
    let shown = diff::unified(&back, place.0.path(), Style::plain());
    assert_eq!(
        shown,
        "--- go.mod\n+++ go.mod\n@@ -1 +1 @@\n-module m\n+module n\n"
    );
}
