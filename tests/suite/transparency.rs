//! The same command twice, plain go and through the shim: status, output and disk must be the same.

use crate::support::{Ended, Sandbox, real_go, tree};
use gosteady::drill::{Fault, Server, Store};
use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::path::Path;

/// The state in which a command finds the module cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cache {
    Cold,
    Warm,
}

/// What a command left.
struct Left {
    ended: Ended,
    cache: BTreeMap<String, Vec<u8>>,
    project: BTreeMap<String, Vec<u8>>,
}

struct Stage {
    store: Store,
    _server: Server,
    sandbox: Sandbox,
}

fn stage(real: &Path) -> Stage {
    let store = Store::synthetic(4, 4);
    let server = Server::start(store.clone(), Fault::Good).expect("a server");
    let mut sandbox = Sandbox::with(real, &store);
    sandbox.set("GOPROXY", server.url()).patient();
    Stage {
        store,
        _server: server,
        sandbox,
    }
}

impl Stage {
    fn play(&mut self, args: &[&str], cache: Cache, shim: bool) -> Left {
        self.sandbox.fresh();
        self.store
            .write_project(&self.sandbox.project())
            .expect("the project");
        if cache == Cache::Warm {
            self.sandbox.plain(&["mod", "download"]).expect(0);
        }
        let ended = if shim {
            self.sandbox.go(args)
        } else {
            self.sandbox.plain(args)
        };
        Left {
            ended,
            cache: tree::module_cache(&self.sandbox.modcache()),
            project: tree::files(&self.sandbox.project()),
        }
    }

    fn compare(&mut self, args: &[&str], cache: Cache) {
        let what = format!("go {} ({cache:?})", args.join(" "));
        if args.contains(&"-x") {
            // Fills the build cache, so that both runs print the same steps.
            self.play(args, cache, false);
        }
        let plain = self.play(args, cache, false);
        let guarded = self.play(args, cache, true);
        let (p, g) = (&plain.ended, &guarded.ended);
        assert_eq!(
            (p.status, p.signal, p.timed_out),
            (g.status, g.signal, g.timed_out),
            "{what}: {}",
            g.err()
        );
        assert_eq!(steady(&p.out()), steady(&g.out()), "{what}: stdout");
        let err = if p.status == Some(0) {
            g.err()
        } else {
            without_pointer(&g.err())
        };
        assert_eq!(steady(&p.err()), steady(&err), "{what}: stderr");
        tree::assert_same(&format!("{what}: module cache"), &plain.cache, &guarded.cache);
        tree::assert_same(&format!("{what}: project"), &plain.project, &guarded.project);
    }
}

/// stderr without the one line that says where the trace of a failed command is; it may stand only at the end.
fn without_pointer(err: &str) -> String {
    let whole = err.trim_end_matches('\n');
    let (rest, last) = whole.rsplit_once('\n').unwrap_or(("", whole));
    let pointer =
        last.starts_with("gosteady: what happened: gosteady trace show (/") && last.ends_with(".jsonl)");
    if pointer {
        rest.to_string()
    } else {
        err.to_string()
    }
}

/// Output without what differs between two runs of plain go: names of work directories, times taken, and the order
/// of lines that come from concurrent work.
fn steady(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text
        .lines()
        .map(|line| without_times(&without_work(line)))
        .collect();
    lines.sort();
    lines
}

/// `go-build123` becomes `go-build`.
fn without_work(line: &str) -> String {
    let mut parts = line.split("go-build");
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        out.push_str("go-build");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}

/// `0.012s` becomes `Ns`.
fn without_times(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let end = number
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(number.len());
        let (number, after) = number.split_at(end);
        out.push_str(before);
        let time = number.matches('.').count() == 1
            && after.starts_with('s')
            && !after[1..].starts_with(|c: char| c.is_ascii_alphanumeric());
        out.push_str(if time { "N" } else { number });
        rest = after;
    }
    out + rest
}

#[test]
fn a_name_that_the_caller_made_up_makes_no_difference() {
    let Some(real) = real_go("a_name_that_the_caller_made_up_makes_no_difference") else {
        return;
    };
    let mut stage = stage(&real);
    let (go, shim) = (real.join("go"), stage.sandbox.path("shims/go"));
    for args in [["version"].as_slice(), &["list", "-m", "all"]] {
        let mut under = |program: &Path| {
            stage.sandbox.fresh();
            stage
                .store
                .write_project(&stage.sandbox.project())
                .expect("the project");
            let mut command = stage.sandbox.command(program, args);
            stage.sandbox.run(command.arg0("build"))
        };
        let plain = under(&go);
        let shim = under(&shim);
        assert_eq!((shim.status, shim.out()), (plain.status, plain.out()), "{args:?}");
        plain.expect(0);
    }
}

#[test]
fn what_is_left_out_of_a_comparison() {
    for (line, left) in [
        (
            "# get http://h/m/@v/list: 200 OK (0.012s)",
            "# get http://h/m/@v/list: 200 OK (Ns)",
        ),
        ("ok  \texample.org/sample\t0.003s", "ok  \texample.org/sample\tNs"),
        ("WORK=/tmp/go-build1234/b001", "WORK=/tmp/go-build/b001"),
        (
            "go1.26.6 v1.0.0 m00 1.5 seconds",
            "go1.26.6 v1.0.0 m00 1.5 seconds",
        ),
    ] {
        assert_eq!(steady(line), [left]);
    }
}

fn compare_all(test: &str, commands: &[&str], cache: Cache) {
    let Some(real) = real_go(test) else { return };
    let mut stage = stage(&real);
    for command in commands {
        let args: Vec<&str> = command.split_whitespace().collect();
        stage.compare(&args, cache);
    }
}

const MODULES: &[&str] = &[
    "mod download",
    "mod download -json",
    "mod download -x",
    "mod graph",
    "mod tidy",
    "mod verify",
    "mod why example.com/m01",
    "mod vendor",
    "list -m all",
    "list -m -u all",
    "list -deps ./...",
    "get example.com/m00@v1.1.0",
    "get example.com/none@v1.0.0",
];

const BUILDS: &[&str] = &[
    "build",
    "build -x",
    "build ./nowhere",
    "vet ./...",
    "test -count=1 ./...",
    "run .",
    "fmt ./...",
    "clean",
    "generate ./...",
];

const OFFLINE: &[&str] = &[
    "",
    "env",
    "env GOPROXY",
    "env -json",
    "version",
    "help",
    "help mod",
    "bogus",
    "mod bogus",
    "build -bogus",
    "list std",
];

#[test]
fn module_commands_on_a_cold_cache() {
    compare_all("module_commands_on_a_cold_cache", MODULES, Cache::Cold);
}

#[test]
fn module_commands_on_a_warm_cache() {
    compare_all("module_commands_on_a_warm_cache", MODULES, Cache::Warm);
}

#[test]
fn builds_on_a_cold_cache() {
    compare_all("builds_on_a_cold_cache", BUILDS, Cache::Cold);
}

#[test]
fn builds_on_a_warm_cache() {
    compare_all("builds_on_a_warm_cache", BUILDS, Cache::Warm);
}

#[test]
fn commands_that_ask_nobody() {
    compare_all("commands_that_ask_nobody", OFFLINE, Cache::Cold);
}

/// gofmt is a face of ours too.
#[test]
fn gofmt_is_gofmt() {
    let Some(real) = real_go("gofmt_is_gofmt") else {
        return;
    };
    if !real.join("gofmt").is_file() {
        skipped!("gofmt_is_gofmt: no gofmt beside go");
        return;
    }
    let stage = stage(&real);
    let sandbox = &stage.sandbox;
    let plain = sandbox.run(&mut sandbox.command(real.join("gofmt"), &["-l", "-e", "."]));
    let ours = sandbox.run(&mut sandbox.command(sandbox.path("shims/gofmt"), &["-l", "-e", "."]));
    assert_eq!(plain, ours);
}

#[test]
fn a_toolchain_that_nobody_has() {
    let Some(real) = real_go("a_toolchain_that_nobody_has") else {
        return;
    };
    let mut stage = stage(&real);
    stage.sandbox.set("GOTOOLCHAIN", "go1.99.0");
    stage.sandbox.set("GOSUMDB", "sum.golang.org");
    for args in [&["version"][..], &["env", "GOPROXY"], &["build", "./..."]] {
        stage.compare(args, Cache::Cold);
    }
}
