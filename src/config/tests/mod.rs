//! A machine with every layer, and what loading makes of it.

mod anything;
mod checks;
mod faults;
mod project;

use super::*;
use crate::config::settings::{Progress, TraceTo};
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

/// A machine with a home, a project below it and a file for the whole machine.
struct Machine {
    root: tempfile::TempDir,
    env: Vec<(OsString, OsString)>,
}

impl Machine {
    fn new() -> Machine {
        let root = tempfile::tempdir().unwrap();
        for dir in ["home/project/.git", "home/.config/gosteady", "etc"] {
            fs::create_dir_all(root.path().join(dir)).unwrap();
        }
        let env = vec![("HOME".into(), root.path().join("home").into())];
        Machine { root, env }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn system(self, text: impl AsRef<[u8]>) -> Machine {
        fs::write(self.at("etc/config.toml"), text).unwrap();
        self
    }

    fn user(self, text: impl AsRef<[u8]>) -> Machine {
        fs::write(self.at("home/.config/gosteady/config.toml"), text).unwrap();
        self
    }

    fn project(self, text: impl AsRef<[u8]>) -> Machine {
        fs::write(self.at("home/project/gosteady.toml"), text).unwrap();
        self
    }

    fn env(mut self, name: &str, value: impl Into<OsString>) -> Machine {
        self.env.push((name.into(), value.into()));
        self
    }

    fn load(&self) -> Loaded {
        self.load_with(&[])
    }

    fn load_with(&self, pairs: &[&str]) -> Loaded {
        let world = World {
            env: self.env.clone(),
            cwd: Some(self.at("home/project")),
            ..World::default()
        };
        let pairs: Vec<OsString> = pairs.iter().map(OsString::from).collect();
        load_from(&world, &self.at("etc/config.toml"), world.cwd.as_deref(), &pairs)
    }

    /// Findings as `id place: what`, places below the machine's root.
    fn findings(&self) -> Vec<String> {
        let root = format!("{}/", self.root.path().display());
        let line = |f: &Finding| format!("{} {}: {}", f.id, f.evidence.replace(&root, ""), f.what);
        self.load().findings.iter().map(line).collect()
    }
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[test]
fn nothing_configured_is_the_contract() {
    let loaded = Machine::new().load();
    assert_eq!(loaded.settings, Settings::default());
    assert!(loaded.findings.is_empty() && loaded.files.is_empty());
    assert!(loaded.entries().all(|e| e.value.origin == Origin::Default));
    assert!(!invocations_all(&loaded));
    // No home, no working directory, nothing at all.
    assert_eq!(
        load_from(&World::default(), Path::new("/"), None, &[]).settings,
        Settings::default()
    );
}

#[test]
fn the_stronger_layer_wins_and_every_value_knows_its_layer() {
    let all = || {
        Machine::new()
            .system("patience = \"9m\"\nprogress = \"never\"\n[proxy]\nattempts = 9")
            .user("patience = \"8m\"\n[proxy]\nattempts = 8\n")
            .project("patience = \"7m\"\n")
            .env("GOSTEADY_PATIENCE", "6m")
    };
    let loaded = all().load();
    assert_eq!(loaded.findings, []);
    assert_eq!(loaded.files.len(), 3);
    assert_eq!(loaded.settings.proxy.patience, seconds(360));
    assert_eq!(loaded.origin("patience"), Origin::Env("GOSTEADY_PATIENCE"));
    assert_eq!(loaded.settings.proxy.attempts, 8);
    assert_eq!(loaded.settings.progress, Progress::Never);
    assert_eq!(loaded.origin("proxy.failover"), Origin::Default);
    let machine = all();
    let loaded = machine.load_with(&["patience=5m"]);
    assert_eq!(
        (loaded.settings.proxy.patience, loaded.origin("patience")),
        (seconds(300), Origin::CommandLine)
    );
    let place = |file: &str, line| Origin::File {
        path: machine.at(file),
        line,
        column: 1,
    };
    assert_eq!(
        loaded.origin("proxy.attempts"),
        place("home/.config/gosteady/config.toml", 3)
    );
    assert_eq!(loaded.origin("progress"), place("etc/config.toml", 2));
    let loaded = Machine::new()
        .user("patience = \"8m\"")
        .project("patience = \"7m\"")
        .load();
    assert_eq!(loaded.settings.proxy.patience, seconds(420));
}

#[test]
fn every_key_can_be_set_and_is_shown_as_it_was_set() {
    for (path, written, toml) in [
        ("proxy.failover", "always", "\"always\""),
        (
            "proxy.public",
            "[a.example, b.example:8080]",
            "[\"A.example\", \"b.example:8080\"]",
        ),
        ("proxy.connect-timeout", "1s", "\"1s\""),
        ("proxy.first-answer", "1s 500ms", "\"1s 500ms\""),
        ("proxy.hedge-after", "100ms", "\"100ms\""),
        ("proxy.stall-timeout", "1m", "\"1m\""),
        ("proxy.attempts", "7", "7"),
        ("proxy.retry-for", "2m", "\"120s\""),
        ("proxy.concurrency", "16", "0x10"),
        ("proxy.prefetch", "false", "false"),
        ("patience", "1h", "\"1h\""),
        (
            "pin.toolchain-sums",
            "[go1.26.6.linux-amd64 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]",
            "[\"go1.26.6.linux-amd64 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]",
        ),
        ("hang.report-after", "5s", "\"5s\""),
        ("hang.kill-after", "30s", "\"30s\""),
        ("hang.deadline", "30m", "\"30m\""),
        ("go.version", "1.26.6", "\"1.26.6\""),
        ("pin.enforce", "refuse", "\"refuse\""),
        ("pin.install", "never", "\"never\""),
        ("pin.toolchain-line", "exact", "\"exact\""),
        ("trace.to", "off", "\"off\""),
        ("trace.to", "off", "\"0\""),
        ("trace.to", "off", "\"/dev/null\""),
        ("trace.to", "state", "\"1\""),
        ("trace.invocations", "all", "\"all\""),
        ("trace.keep", "7days", "\"7d\""),
        ("trace.keep", "60days", "\"60d\""),
        ("trace.keep", "1day 12h", "\"36h\""),
        ("trace.max-size", "1GB", "\"1GB\""),
        ("policy.profile", "prod", "\"prod\""),
        ("undo.keep", "7days", "\"7d\""),
        ("progress", "never", "\"never\""),
    ] {
        let loaded = Machine::new().user(format!("{path} = {toml}")).load();
        assert_eq!(loaded.findings, [], "{path}");
        let entry = loaded.entries().find(|e| e.key.path == path).unwrap();
        assert_eq!(entry.value.value, written, "{path}");
        let variable = entry.key.variable;
        let bare = toml
            .trim_matches('"')
            .replace("[\"", "")
            .replace("\"]", "")
            .replace("\", \"", ",");
        if !bare.starts_with("0x") {
            let loaded = Machine::new().env(variable, bare).load();
            assert_eq!(loaded.findings, [], "{variable}");
            let entry = loaded.entries().find(|e| e.key.path == path).unwrap();
            assert_eq!(
                (entry.value.value.as_str(), entry.value.origin),
                (written, Origin::Env(variable))
            );
        }
    }
    assert_eq!(KEYS.len(), 27, "a new key belongs into the table above");
}

#[test]
fn derived_values_follow_theirs() {
    let s = Machine::new()
        .env("GOSTEADY_PROXY_CONNECT_TIMEOUT", "2s")
        .env("GOSTEADY_PROXY_STALL_TIMEOUT", "10s");
    let proxy = s.load().settings.proxy;
    assert_eq!(
        (proxy.connect_timeout_alone, proxy.stall_timeout_large),
        (seconds(12), seconds(30))
    );
}

#[test]
fn traces_go_where_the_reader_would_expect() {
    let to = |m: Machine| {
        let loaded = m.load();
        assert_eq!(loaded.findings, []);
        (loaded.settings.trace, m.root.path().to_path_buf())
    };
    let (trace, root) = to(Machine::new().env("GOSTEADY_TRACE", "run.jsonl"));
    assert_eq!(trace, TraceTo::Path(root.join("home/project/run.jsonl")));
    let (trace, root) = to(Machine::new().user("trace.to = \"~/traces/\""));
    assert_eq!(trace, TraceTo::Path(root.join("home/traces")));
    let (trace, _) = to(Machine::new().env("GOSTEADY_TRACE", OsString::from_vec(b"/t/\xff".to_vec())));
    assert_eq!(
        trace,
        TraceTo::Path(OsString::from_vec(b"/t/\xff".to_vec()).into())
    );
    let (trace, _) = to(Machine::new()
        .user("trace.to = \"off\"")
        .env("GOSTEADY_TRACE", "state"));
    assert_eq!(trace, TraceTo::State);
}

#[test]
fn variables_short_names_win_and_empty_ones_are_unset() {
    for order in [
        ["GOSTEADY_FAILOVER", "GOSTEADY_PROXY_FAILOVER"],
        ["GOSTEADY_PROXY_FAILOVER", "GOSTEADY_FAILOVER"],
    ] {
        let word = |name: &str| {
            if name == "GOSTEADY_FAILOVER" {
                "go"
            } else {
                "always"
            }
        };
        let m = order
            .iter()
            .fold(Machine::new(), |m, name| m.env(name, word(name)));
        let loaded = m.load();
        assert_eq!(loaded.settings.proxy.failover, Failover::Go);
        assert_eq!(loaded.origin("proxy.failover"), Origin::Env("GOSTEADY_FAILOVER"));
    }
    let loaded = Machine::new().env("GOSTEADY_FAILOVER", "").load();
    assert_eq!((loaded.settings, loaded.findings.len()), (Settings::default(), 0));
}
