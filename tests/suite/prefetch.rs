//! Asking ahead of go changes when upstreams are asked, not what is asked, and nothing that go sees.

use crate::support::{Sandbox, real_go, tree};
use gosteady::drill::{Fault, Server, Store};
use std::time::Duration;

const MODULES: usize = 20;

/// More connections at once than go itself would have: its own limit is GOMAXPROCS, set to 2 below.
const WIDE: u64 = 6;

fn place(test: &str, fault: Fault) -> Option<(Sandbox, Server)> {
    place_of(&Store::synthetic(20, MODULES), test, fault)
}

fn place_of(store: &Store, test: &str, fault: Fault) -> Option<(Sandbox, Server)> {
    let real = real_go(test)?;
    let mut sandbox = Sandbox::with(&real, store);
    let server = Server::start(store.clone(), fault).expect("a server");
    sandbox
        .set("GOPROXY", server.url())
        .set("GOMAXPROCS", "2")
        .patient();
    Some((sandbox, server))
}

fn slow() -> Fault {
    Fault::slow(Duration::from_millis(50), 0)
}

fn asked(server: &Server) -> Vec<String> {
    let mut paths: Vec<String> = server.requests().into_iter().map(|r| r.path).collect();
    paths.sort();
    paths
}

/// Runs commands in a cold cache with and without us: we ask for nothing that go does not ask for, and for nothing
/// twice; all but go.mod files, which may come out of a zip, are asked for; and the module cache is the same.
#[track_caller]
fn same(test: &str, prepare: impl Fn(&mut Sandbox), commands: &[&[&str]], wide: u64) {
    same_of(&Store::synthetic(20, MODULES), test, prepare, commands, wide);
}

#[track_caller]
fn same_of(store: &Store, test: &str, prepare: impl Fn(&mut Sandbox), commands: &[&[&str]], wide: u64) {
    for args in commands {
        let Some((mut sandbox, server)) = place_of(store, test, Fault::Good) else {
            return;
        };
        prepare(&mut sandbox);
        sandbox.plain(args).expect(0);
        let (plain, cache) = (asked(&server), tree::module_cache(&sandbox.modcache()));
        drop(server);
        let (mut sandbox, server) = place_of(store, test, slow()).expect("as before");
        prepare(&mut sandbox);
        let ended = sandbox.go(args);
        ended.expect(0);
        assert!(!ended.err().contains("gosteady"), "{}", ended.err());
        let ours = asked(&server);
        let twice = ours.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(twice, None, "{args:?}");
        let more: Vec<_> = ours.iter().filter(|path| !plain.contains(path)).collect();
        assert!(more.is_empty(), "{args:?}: {more:#?}");
        let less = plain
            .iter()
            .filter(|path| !ours.contains(path) && !path.ends_with(".mod"));
        assert_eq!(less.collect::<Vec<_>>(), Vec::<&String>::new(), "{args:?}");
        let connections = server.connections();
        assert!(connections >= wide, "{args:?}: {connections} connections");
        tree::assert_same("module cache", &tree::module_cache(&sandbox.modcache()), &cache);
    }
}

#[test]
fn downloads_and_builds_ask_for_the_same() {
    let commands: &[&[&str]] = &[
        &["mod", "download"],
        &["build", "-o", "out", "."],
        &["test", "./..."],
        &["list", "-deps", "./..."],
    ];
    same("downloads_and_builds_ask_for_the_same", |_| (), commands, WIDE);
}

#[test]
fn commands_on_the_graph_ask_for_the_same() {
    let commands: &[&[&str]] = &[
        &["mod", "graph"],
        &["mod", "verify"],
        &["mod", "tidy"],
        &["mod", "vendor"],
        &["mod", "why", "fmt"],
        &["list", "-m", "all"],
    ];
    same("commands_on_the_graph_ask_for_the_same", |_| (), commands, WIDE);
}

#[test]
fn old_modules_ask_for_the_same() {
    let commands: &[&[&str]] = &[
        &["mod", "download"],
        &["build", "-o", "out", "."],
        &["list", "-m", "all"],
    ];
    let test = "old_modules_ask_for_the_same";
    same_of(&Store::old(20, MODULES), test, |_| (), commands, WIDE);
}

#[test]
fn workspaces_ask_for_the_same() {
    let workspace = |sandbox: &mut Sandbox| {
        let extra = sandbox.project().join("extra");
        std::fs::create_dir(&extra).unwrap();
        let sums = std::fs::read(sandbox.project().join("go.sum")).unwrap();
        std::fs::write(extra.join("go.sum"), sums).unwrap();
        let require = "module example.org/extra\n\ngo 1.21\n\nrequire example.com/m06 v1.0.0\n";
        std::fs::write(extra.join("go.mod"), require).unwrap();
        std::fs::write(
            extra.join("x.go"),
            "package extra\n\nimport _ \"example.com/m06\"\n",
        )
        .unwrap();
        let work = "go 1.21\n\nuse (\n\t.\n\t./extra\n)\n";
        std::fs::write(sandbox.project().join("go.work"), work).unwrap();
    };
    let commands: &[&[&str]] = &[
        &["mod", "download"],
        &["build", "-o", "out", "."],
        &["build", "./extra"],
    ];
    same("workspaces_ask_for_the_same", workspace, commands, 1);
}

#[test]
fn a_small_build_does_not_fetch_the_world() {
    let small = |sandbox: &mut Sandbox| {
        let dir = sandbox.project().join("small");
        std::fs::create_dir_all(dir.join("inner")).unwrap();
        // What another system needs, or a test, is not needed.
        for (file, imports) in [
            ("main.go", "import _ \"example.org/sample/small/inner\""),
            ("main_plan9.go", "import _ \"example.com/m00\""),
            ("main_test.go", "import _ \"example.com/m01\""),
            ("inner/inner.go", "import _ \"example.com/m08\""),
            ("inner/gen.go", "import _ \"example.com/m03\""),
        ] {
            let package = if file.starts_with("inner") {
                "inner"
            } else {
                "main"
            };
            let constraint = if file.ends_with("gen.go") {
                "//go:build ignore\n\n"
            } else {
                ""
            };
            let main = if file == "main.go" { "func main() {}\n" } else { "" };
            let text = format!("{constraint}package {package}\n\n{imports}\n\n{main}");
            std::fs::write(dir.join(file), text).unwrap();
        }
    };
    let commands: &[&[&str]] = &[&["build", "-o", "out", "./small"]];
    same("a_small_build_does_not_fetch_the_world", small, commands, 1);
}

#[test]
fn a_module_in_place_of_another_is_asked_for_by_its_own_name() {
    let replaced = |sandbox: &mut Sandbox| {
        let file = sandbox.project().join("go.mod");
        let text = std::fs::read_to_string(&file).unwrap();
        let local = sandbox.project().join("local");
        std::fs::create_dir(&local).unwrap();
        std::fs::write(local.join("go.mod"), "module example.com/m01\n\ngo 1.21\n").unwrap();
        let source = "package m01\n\nimport _ \"example.com/m03\"\n\nfunc Name() string { return \"\" }\n";
        std::fs::write(local.join("m01.go"), source).unwrap();
        let lines = "\nreplace example.com/m01 => ./local\n";
        std::fs::write(file, text + lines).unwrap();
    };
    let commands: &[&[&str]] = &[&["mod", "download"], &["build", "-o", "out", "."]];
    same(
        "a_module_in_place_of_another_is_asked_for_by_its_own_name",
        replaced,
        commands,
        WIDE,
    );
}

#[test]
fn what_is_private_or_switched_off_is_not_asked_for() {
    let Some((mut sandbox, server)) = place("what_is_private_or_switched_off_is_not_asked_for", slow())
    else {
        return;
    };
    // go itself finds nobody there to ask.
    sandbox
        .set("GONOPROXY", "example.com/m0[0-4]")
        .set("HTTPS_PROXY", "http://127.0.0.1:9")
        .set("GOVCS", "*:off");
    sandbox.go(&["mod", "download"]).expect(1);
    let private = |path: &String| (0..5).any(|n| path.contains(&format!("/m0{n}/")));
    let paths = asked(&server);
    assert!(!paths.is_empty() && !paths.iter().any(private), "{paths:#?}");

    let (mut sandbox, server) = place("", slow()).expect("as before");
    sandbox.set("GOSTEADY_PROXY_PREFETCH", "false");
    sandbox.go(&["mod", "download"]).expect(0);
    assert_eq!(sandbox.zips(), MODULES);
    assert!(
        server.connections() < WIDE,
        "{} connections",
        server.connections()
    );
}

#[test]
fn refusals_end_it_and_nothing_is_lost() {
    // No more than the retry budget bears.
    let refusing = || Fault::OneIn {
        of: 8,
        seed: 8,
        fault: Box::new(Fault::status(503)),
    };
    let Some((mut sandbox, server)) = place("refusals_end_it_and_nothing_is_lost", refusing()) else {
        return;
    };
    // What is made beside a slow answer would be taken from the budget.
    sandbox.hurry().patient();
    sandbox.go(&["mod", "download"]).expect(0);
    assert_eq!(sandbox.zips(), MODULES);
    drop(server);

    // What only go's own patience can get is left to go.
    let (mut sandbox, _server) = place("", Fault::status(503).first(12)).expect("as before");
    sandbox.hurry().patient();
    sandbox.set("GOSTEADY_PROXY_RETRY_FOR", "60s");
    sandbox.go(&["mod", "download"]).expect(0);
    assert_eq!(sandbox.zips(), MODULES);
}

/// What runs ahead of go leaves a silent mirror as soon as others are preferred to it: its zips bring the go.mod files.
#[test]
fn a_silent_mirror_does_not_hold_it_up() {
    const MANY: usize = 60;
    let store = Store::synthetic(24, MANY);
    let Some((mut sandbox, first)) =
        place_of(&store, "a_silent_mirror_does_not_hold_it_up", Fault::AcceptSilent)
    else {
        return;
    };
    let second = Server::start(store, slow()).expect("a server");
    sandbox
        .set("GOPROXY", format!("{},{}", first.url(), second.url()))
        .set("GOSTEADY_PROXY_PUBLIC", "127.0.0.1")
        .hurry();
    sandbox.go(&["mod", "download"]).expect(0);
    assert_eq!(sandbox.zips(), MANY);
    let mods = asked(&second).into_iter().filter(|path| path.ends_with(".mod"));
    let mods = mods.count();
    assert!(mods < MANY / 6, "go itself asked for {mods} go.mod files");
}
