//! The readers of traces over real runs: one that fails, one that is saved, one that is cut.

use crate::support::{Ended, Sandbox, real_go};
use gosteady::drill::{Fault, Kind, Server, Store};
use std::path::PathBuf;

const SEED: u64 = 61;

/// A run that failed and one that worked, oldest first, and their traces.
struct Runs {
    sandbox: Sandbox,
    traces: Vec<PathBuf>,
}

fn runs(test: &str) -> Option<Runs> {
    let real = real_go(test)?;
    let store = Store::synthetic(SEED, 4);
    let mut sandbox = Sandbox::with(&real, &store);
    sandbox.hurry();
    let bad = Server::start(store.clone(), Fault::status(503).only(Kind::Zip)).expect("a server");
    sandbox.set("GOPROXY", bad.url());
    sandbox.go(&["mod", "download"]).expect(1);
    let good = Server::start(store, Fault::Good).expect("a server");
    sandbox.set("GOPROXY", good.url());
    sandbox.go(&["mod", "download"]).expect(0);
    let mut traces: Vec<PathBuf> = sandbox
        .gosteady(&["trace", "list", "--json"])
        .expect(0)
        .out()
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            line["path"].as_str().expect("a path").into()
        })
        .collect();
    let failed = |path: &PathBuf| {
        !std::fs::read_to_string(path)
            .expect("a trace")
            .contains(r#""code":0"#)
    };
    traces.sort_by_key(|path| !failed(path));
    Some(Runs { sandbox, traces })
}

impl Runs {
    #[track_caller]
    fn trace(&self, args: &[&str]) -> Ended {
        self.sandbox.gosteady(&[&["trace"], args].concat())
    }

    fn path(&self, which: usize) -> &str {
        self.traces[which].to_str().expect("UTF-8")
    }
}

#[test]
fn what_failed_is_found_shown_and_told_apart() {
    let Some(runs) = runs("what_failed_is_found_shown_and_told_apart") else {
        return;
    };
    let out = |args: &[&str]| runs.trace(args).expect(0).out();
    assert_eq!(out(&["list"]).lines().count(), 3);
    let failed = out(&["list", "--failed"]);
    assert!(
        failed.lines().count() == 2 && failed.contains("exit 1"),
        "{failed}"
    );
    for none in [
        &["--hung"][..],
        &["--verb", "build"],
        &["--since", "2100-01-01"],
        &["--project", "/nowhere"],
    ] {
        let ended = runs.trace(&[&["list"], none].concat());
        assert!(ended.expect(0).out().is_empty(), "{none:?}: {}", ended.out());
    }
    assert_eq!(out(&["list", "--project", "."]).lines().count(), 3);
    // What it came to stands before the timeline.
    let shown = out(&["show", runs.path(0)]);
    let (summary, timeline) = shown.split_once("\n\n").expect("a blank line");
    let (head, _) = timeline.split_once("  asked ").expect("a timeline");
    assert!(
        summary.contains("go mod download") && head.contains("exit 1 after"),
        "{shown}"
    );
    for line in out(&["show", "--json", runs.path(0)]).lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("JSON");
    }
    let diff = out(&["diff", runs.path(0), runs.path(1)]);
    for part in [
        "outcome",
        "A exit 1",
        "B ok",
        "failed on one side",
        "GOPROXY",
        "mirrors",
    ] {
        assert!(diff.contains(part), "{part} is not in\n{diff}");
    }
    assert!(!diff.contains("platform"), "{diff}");
    let same = out(&["diff", runs.path(0), runs.path(0)]);
    assert!(same.contains("nothing differs"), "{same}");
    let stats = out(&["stats"]);
    assert!(stats.starts_with("2 runs, 1 failed, 0 hung"), "{stats}");
    let file = runs.sandbox.path("gosteady.prom");
    runs.trace(&["stats", "--prometheus", "-o", file.to_str().expect("UTF-8")])
        .expect(0);
    assert!(
        std::fs::read_to_string(&file)
            .expect("a file")
            .contains("\ngosteady_runs 2\n")
    );
}

#[test]
fn every_format_and_the_bundle_are_whole_files() {
    let Some(runs) = runs("every_format_and_the_bundle_are_whole_files") else {
        return;
    };
    for (format, start) in [
        ("perfetto", "{"),
        ("otlp", "{\"resourceSpans\""),
        ("markdown", "### `go mod download`: exit 1"),
        ("html", "<!doctype html>"),
    ] {
        let printed = runs.trace(&["export", "-f", format, "--salt", "s", runs.path(0)]);
        assert!(
            printed.expect(0).out().starts_with(start),
            "{format}: {}",
            printed.out()
        );
        let file = runs.sandbox.path(format);
        let name = file.to_str().expect("UTF-8");
        runs.trace(&["export", "-f", format, "--salt", "s", "-o", name, runs.path(0)])
            .expect(0);
        assert_eq!(std::fs::read(&file).expect("a file"), printed.stdout, "{format}");
    }
    let zip = runs.sandbox.path("run.zip");
    let name = zip.to_str().expect("UTF-8");
    let dry = runs.trace(&["bundle", "-n", "-o", name, runs.path(0)]);
    assert!(dry.expect(0).out().contains("trace.jsonl") && !zip.exists());
    runs.trace(&["bundle", "-o", name, runs.path(0)]).expect(0);
    let archive = zip::ZipArchive::new(std::fs::File::open(&zip).expect("a zip")).expect("a zip");
    let names: Vec<String> = archive
        .file_names()
        .map(|name| name.expect("a name").into_owned())
        .collect();
    for part in [
        "README.txt",
        "report.html",
        "report.md",
        "trace.jsonl",
        "hidden.txt",
    ] {
        assert!(
            names.iter().any(|name| name == part),
            "{part} is not in {names:?}"
        );
    }
    // Whoever is sent it reads the zip as it is.
    let shown = runs.trace(&["show", name]);
    assert!(shown.expect(0).out().contains("exit 1 after"), "{}", shown.out());
    // A file that is no bundle is not replaced, and a second bundle is.
    let precious = runs.sandbox.path("precious");
    std::fs::write(&precious, "precious").expect("a file");
    runs.trace(&["bundle", "-o", precious.to_str().expect("UTF-8"), runs.path(0)])
        .expect(2);
    assert_eq!(std::fs::read(&precious).expect("a file"), b"precious");
    runs.trace(&["bundle", "-o", name, runs.path(1)]).expect(0);
}

#[test]
fn old_traces_go_on_request() {
    let Some(runs) = runs("old_traces_go_on_request") else {
        return;
    };
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    for path in &runs.traces {
        let file = std::fs::File::options().append(true).open(path).expect("a trace");
        file.set_modified(old).expect("a time");
    }
    let dry = runs.trace(&["prune", "--all", "-n"]);
    assert_eq!(dry.expect(0).out().lines().count(), 2);
    runs.trace(&["prune"]).expect(0);
    assert!(runs.traces.iter().all(|path| path.exists()));
    runs.trace(&["prune", "--all"]).expect(0);
    assert!(!runs.traces.iter().any(|path| path.exists()));
}

#[test]
fn what_is_no_trace_is_said_to_be_none() {
    let Some(mut runs) = runs("what_is_no_trace_is_said_to_be_none") else {
        return;
    };
    runs.sandbox.set("NO_COLOR", "1");
    let file = runs.sandbox.path("foreign");
    let name = file.to_str().expect("UTF-8").to_string();
    for (foreign, word) in [
        (&b"{\"a\":1}\n"[..], "is no trace"),
        (b"\x1f\x8b\x08\x00rubbish", "is compressed; unpack it first"),
        (b"PK\x03\x04rubbish", "is no bundle"),
        (b"", "is no trace"),
        (b"\xff\xfe\n\xff", "is no trace"),
    ] {
        std::fs::write(&file, foreign).expect("a file");
        for args in [
            &["show"][..],
            &["export", "-f", "html"],
            &["bundle", "-n"],
            &["diff", &name],
        ] {
            let ended = runs.trace(&[args, &[name.as_str()]].concat());
            assert!(ended.expect(2).err().contains(word), "{args:?}: {}", ended.err());
        }
    }
    // A newer schema is read as far as it is known, and that is said.
    let text = std::fs::read_to_string(&runs.traces[0]).expect("a trace");
    std::fs::write(&file, text.replace(r#""schema":1"#, r#""schema":9"#)).expect("a file");
    let ended = runs.trace(&["export", "-f", "markdown", &name]);
    assert!(
        ended.expect(0).err().contains("the trace has schema 9"),
        "{}",
        ended.err()
    );
}

/// Also those that stand in for a go.mod, and those of a workspace.
#[test]
fn it_says_which_files_go_changed() {
    let Some(real) = real_go("it_says_which_files_go_changed") else {
        return;
    };
    let store = Store::synthetic(SEED, 2);
    let module = &store.modules()[0];
    let wanted = format!("{}@{}", module.path, module.version);
    let server = Server::start(store.clone(), Fault::Good).expect("a server");
    let mut sandbox = Sandbox::new(&real);
    sandbox.set("GOPROXY", server.url());
    let write = |file: &str, text: &str| {
        let path = sandbox.project().join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    let changed = || {
        let shown = sandbox.gosteady(&["trace", "show", "--json"]).expect(0).out();
        let records = shown
            .lines()
            .map(|l| serde_json::from_str::<serde_json::Value>(l).expect("JSON"));
        let files = records.filter(|r| r["kind"] == "file-changed");
        let mut files: Vec<String> = files
            .map(|r| r["file"].as_str().expect("a name").into())
            .collect();
        files.sort();
        files
    };
    write("go.mod", "module m.io/x\n\ngo 1.21\n");
    write("other.mod", "module m.io/x\n\ngo 1.21\n");
    sandbox.go(&["get", "-modfile=other.mod", &wanted]).expect(0);
    assert_eq!(changed(), ["other.mod", "other.sum"]);
    write("a/go.mod", "module m.io/a\n\ngo 1.21\n");
    write("go.work", "go 1.21\n\nuse (\n\t.\n\t./a\n)\n");
    sandbox.go(&["-C", "a", "get", &wanted]).expect(0);
    let files = changed();
    assert!(files.contains(&"go.mod".to_string()), "{files:?}");
    assert!(
        !files.iter().any(|f| f == "a/go.mod" || f.contains("..")),
        "{files:?}"
    );
}
