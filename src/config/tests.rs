use super::settings::{Progress, TraceTo};
use super::*;
use proptest::prelude::*;
use std::ffi::OsStr;
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
        for dir in ["home/work/.git", "home/.config/gosteady", "etc"] {
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
        fs::write(self.at("home/work/gosteady.toml"), text).unwrap();
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
            cwd: Some(self.at("home/work")),
            ..World::default()
        };
        let pairs: Vec<OsString> = pairs.iter().map(OsString::from).collect();
        load_from(&world, &self.at("etc/config.toml"), &pairs)
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
        load_from(&World::default(), Path::new("/"), &[]).settings,
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
        ("patience", "1h", "\"1h\""),
        ("hang.report-after", "5s", "\"5s\""),
        ("hang.kill-after", "30s", "\"30s\""),
        ("hang.deadline", "30m", "\"30m\""),
        ("trace.to", "off", "\"off\""),
        ("trace.invocations", "all", "\"all\""),
        ("trace.keep", "7days", "\"7d\""),
        ("trace.max-size", "1GB", "\"1GB\""),
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
    assert_eq!(KEYS.len(), 18, "a new key belongs into the table above");
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
    assert_eq!(trace, TraceTo::Path(root.join("home/work/run.jsonl")));
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

#[test]
fn findings_in_files_with_their_places() {
    let user = "home/.config/gosteady/config.toml";
    for (text, expected) in [
        (
            "patience = ",
            "config-syntax U:1:12: not TOML, so nothing in this file is in effect: string values must be quoted, expected literal string",
        ),
        (
            "patience = \"1m\"\nprogress = \"au\u{7}to\"\n",
            "config-syntax U:2:15",
        ),
        (
            "\n[proxy]\nhegde-after = \"2s\"",
            "config-unknown-key U:3:1: unknown key `proxy.hegde-after`, did you mean `proxy.hedge-after`?",
        ),
        (
            "proxy.hegde-after = \"2s\"",
            "config-unknown-key U:1:7: unknown key `proxy.hegde-after`, did you mean",
        ),
        (
            "failover = \"go\"",
            "config-unknown-key U:1:1: unknown key `failover`, did you mean `proxy.failover`?",
        ),
        (
            "[prxy]\nfailover = \"go\"\nattempts = 3",
            "config-unknown-key U:1:2: unknown key `prxy`, did you mean `proxy`?",
        ),
        (
            "\"a\\u001bb\" = 1",
            "config-unknown-key U:1:1: unknown key `a\\u{1b}b`",
        ),
        (
            "patience = 30",
            "config-bad-value U:1:12: `patience = 30` is not a duration in quotes",
        ),
        (
            "patience = \"30\"",
            "config-bad-value U:1:12: `patience = \"30\"` is a duration without a unit",
        ),
        (
            "patience = \"soon\"",
            "config-bad-value U:1:12: `patience = \"soon\"` is not a duration",
        ),
        (
            "patience = \"0s\"",
            "config-bad-value U:1:12: `patience = \"0s\"` can't be zero",
        ),
        (
            "patience = \"900 years\"",
            "config-bad-value U:1:12: `patience = \"900 years\"` can't be longer than ten years",
        ),
        ("[patience]\na = 1", "config-bad-value U:1:1"),
        (
            "[proxy]\n  attempts = 0",
            "config-bad-value U:2:14: `proxy.attempts = 0` is out of range",
        ),
        (
            "proxy.attempts = -1",
            "config-bad-value U:1:18: `proxy.attempts = -1` is not a whole number",
        ),
        ("proxy.attempts = 99999999999999999999", "config-bad-value U:1:18"),
        (
            "proxy.failover = \"saef\"",
            "config-bad-value U:1:18: `proxy.failover = \"saef\"` knows no such word, did you mean `safe`?",
        ),
        (
            "proxy.failover = true",
            "config-bad-value U:1:18: `proxy.failover = true` is not a text",
        ),
        (
            "proxy = 3",
            "config-bad-value U:1:9: `proxy` is a table of settings, not a value",
        ),
        (
            "trace = \"off\"",
            "config-bad-value U:1:9: `trace` is a table of settings, not a value",
        ),
        (
            "trace.to = \"traces\"",
            "config-bad-value U:1:12: `trace.to = \"traces\"` is not an absolute path",
        ),
        (
            "trace.to = \"\"",
            "config-bad-value U:1:12: `trace.to = \"\"` is empty",
        ),
        (
            "trace.max-size = \"many\"",
            "config-bad-value U:1:18: `trace.max-size = \"many\"` is not a size",
        ),
        (
            "proxy.public = \"a.example\"",
            "config-bad-value U:1:16: `proxy.public` is not a list of host names",
        ),
        (
            "proxy.public = [\"a\", \"https://u:hunter2@b\"]",
            "config-bad-value U:1:16: `proxy.public` has an entry that is not a host name (number 2)",
        ),
    ] {
        let m = Machine::new().user(text);
        let found = m.findings();
        assert_eq!(found.len(), 1, "{text:?}: {found:?}");
        let expected = expected.replace('U', user);
        assert!(
            found[0].starts_with(&expected),
            "{text:?}:\n{}\n{expected}",
            found[0]
        );
        let loaded = m.load();
        assert_eq!(loaded.settings, Settings::default(), "{text:?}");
        assert!(
            loaded
                .findings
                .iter()
                .all(|f| !f.fix.is_empty() && !f.what.contains("hunter2"))
        );
        let (_, mark) = loaded.marked().next().unwrap();
        let mark = mark.unwrap();
        assert!(mark.text.get(mark.span.clone()).is_some(), "{text:?}: {mark:?}");
    }
}

#[test]
fn a_file_may_be_no_text_no_file_or_not_ours_to_read() {
    let m = Machine::new().user(b"\xef\xbb\xbfprogress = \"never\"\n\n# \xff");
    assert_eq!(
        m.findings(),
        [
            "config-syntax home/.config/gosteady/config.toml:3:3: not TOML, so nothing in this file is in effect: a byte that is not UTF-8"
        ]
    );
    let m = Machine::new().user(b"\xef\xbb\xbfprogress = \"never\"\r\n");
    assert_eq!(
        (m.findings().len(), m.load().settings.progress),
        (0, Progress::Never)
    );

    let m = Machine::new();
    fs::create_dir(m.at("home/work/gosteady.toml")).unwrap();
    assert_eq!(
        m.findings(),
        ["config-unreadable home/work/gosteady.toml: can't be read: it is a directory"]
    );

    let m = Machine::new().project("patience = \"1m\"");
    let path = m.at("home/work/gosteady.toml");
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o0)).unwrap();
    // root may read everything.
    if fs::read(&path).is_err() {
        assert_eq!(
            m.findings(),
            ["config-unreadable home/work/gosteady.toml: can't be read: permission denied"]
        );
        assert_eq!(m.load().settings, Settings::default());
    }
}

#[test]
fn a_bad_value_leaves_its_neighbours_and_the_layer_below() {
    let m = Machine::new()
        .user("patience = \"5m\"\n[proxy]\nattempts = 3")
        .project("progress = \"never\"\npatience = \"often\"\n[proxy]\nattempts = 2\nfailover = \"go\"");
    let loaded = m.load();
    assert_eq!(loaded.settings.proxy.patience, seconds(300));
    assert_eq!(
        (loaded.settings.proxy.attempts, loaded.settings.proxy.failover),
        (2, Failover::Go)
    );
    assert_eq!(loaded.settings.progress, Progress::Auto);
    let found = m.findings();
    assert!(
        found[0].starts_with("config-not-allowed-in-project home/work/gosteady.toml:1:1: "),
        "{found:?}"
    );
    assert!(
        found[1].starts_with("config-bad-value home/work/gosteady.toml:2:12: "),
        "{found:?}"
    );
}

#[test]
fn a_projects_file_may_only_tighten() {
    // (below it, project's line, taken)
    for (below, line, taken) in [
        ("", "proxy.failover = \"go\"", true),
        ("", "proxy.failover = \"safe\"", true),
        ("", "proxy.failover = \"always\"", false),
        ("proxy.failover = \"always\"", "proxy.failover = \"safe\"", true),
        ("proxy.failover = \"go\"", "proxy.failover = \"safe\"", false),
        ("", "patience = \"2m\"", true),
        ("", "patience = \"10m\"", true),
        ("", "patience = \"11m\"", false),
        ("patience = \"1m\"", "patience = \"2m\"", false),
        ("patience = \"20m\"", "patience = \"15m\"", true),
        ("", "proxy.connect-timeout = \"6s\"", false),
        ("", "proxy.attempts = 3", true),
        ("", "proxy.attempts = 5", false),
        ("", "proxy.concurrency = 64", false),
        ("", "hang.deadline = \"5m\"", true),
        ("hang.deadline = \"5m\"", "hang.deadline = \"off\"", false),
        ("hang.deadline = \"5m\"", "hang.deadline = \"6m\"", false),
        ("", "proxy.public = [\"evil.example\"]", false),
        ("", "proxy.public = []", false),
        ("", "trace.to = \"/tmp/t\"", false),
        ("", "trace.to = \"off\"", false),
        ("", "trace.keep = \"1s\"", false),
        ("", "trace.max-size = 1", false),
        ("", "trace.invocations = \"all\"", false),
        ("", "progress = \"never\"", false),
    ] {
        let m = Machine::new().user(below).project(line);
        let loaded = m.load();
        let without = Machine::new().user(below).load();
        if taken {
            assert_eq!(loaded.findings, [], "{below} / {line}");
            assert!(loaded.origins.iter().any(
                |(_, o)| matches!(o, Origin::File { path, .. } if *path == m.at("home/work/gosteady.toml"))
            ));
        } else {
            assert_eq!(loaded.findings.len(), 1, "{below} / {line}");
            assert_eq!(loaded.findings[0].id, "config-not-allowed-in-project", "{line}");
            assert_eq!(loaded.settings, without.settings, "{below} / {line}");
        }
    }
    // What a person sets in the environment stands above a project's file and is not bound by it.
    let loaded = Machine::new()
        .project("proxy.failover = \"go\"")
        .env("GOSTEADY_FAILOVER", "always")
        .load();
    assert_eq!(
        (loaded.settings.proxy.failover, loaded.findings.len()),
        (Failover::Always, 0)
    );
}

#[test]
fn findings_in_the_environment_and_on_the_command_line() {
    for (name, value, expected) in [
        (
            "GOSTEADY_PATIENCE",
            OsString::from("soon"),
            Some("config-bad-value GOSTEADY_PATIENCE: `patience = soon` is not a duration"),
        ),
        (
            "GOSTEADY_FAILOVER",
            "off".into(),
            Some("config-bad-value GOSTEADY_FAILOVER: `proxy.failover = off` knows no such word"),
        ),
        (
            "GOSTEADY_PATIENCE",
            OsString::from_vec(b"\xff".to_vec()),
            Some("config-bad-value GOSTEADY_PATIENCE: "),
        ),
        (
            "GOSTEADY_PATIANCE",
            "1m".into(),
            Some(
                "config-unknown-key GOSTEADY_PATIANCE: no setting has this variable, did you mean `GOSTEADY_PATIENCE`?",
            ),
        ),
        ("GOSTEADY_BYPASS", "1".into(), None),
        ("GOSTEADY_GO_VERSION", "1.24.1".into(), None),
        ("GOSTEADY_RELEASE_CHANNEL", "x".into(), None),
        ("GOSTEADYX", "x".into(), None),
    ] {
        let found = Machine::new().env(name, value).findings();
        match expected {
            Some(expected) => assert!(found.len() == 1 && found[0].starts_with(expected), "{found:?}"),
            None => assert!(found.is_empty(), "{found:?}"),
        }
    }
    let loaded = Machine::new().load_with(&["proxy.atempts=2", "patience", "proxy.attempts=2"]);
    let ids: Vec<_> = loaded
        .findings
        .iter()
        .map(|f| (f.id, f.evidence.as_str()))
        .collect();
    assert_eq!(
        ids,
        [
            ("config-unknown-key", "command line"),
            ("config-bad-value", "command line")
        ]
    );
    assert_eq!(loaded.settings.proxy.attempts, 2);
}

#[test]
fn one_line_tells_of_all_findings() {
    let line = |m: &Machine| {
        warning(&m.load().findings).map(|w| w.replace(&format!("{}/", m.root.path().display()), ""))
    };
    assert_eq!(line(&Machine::new()), None);
    let m = Machine::new().project("[proxy]\n\nhegde-after = \"1s\"");
    assert_eq!(
        line(&m).unwrap(),
        "home/work/gosteady.toml:3:1: unknown key `proxy.hegde-after`, did you mean `proxy.hedge-after`? (see `gosteady config --check`)"
    );
    let m = Machine::new().project("a = 1\nb = 2\npatience = 3");
    assert_eq!(
        line(&m).unwrap(),
        "home/work/gosteady.toml:3:12: `patience = 3` is not a duration in quotes (and 2 more; see `gosteady config --check`)"
    );
}

#[test]
fn foreign_text_is_made_printable() {
    assert_eq!(printable("a\u{1b}[2J\n\u{202e}é", 99), "a\\u{1b}[2J\\n\\u{202e}é");
    assert_eq!(printable("abcdef", 3), "abc…");
    assert_eq!(printable("abc", 3), "abc");
}

fn check_any(bytes: &[u8], value: &OsStr) -> Result<(), TestCaseError> {
    let machine = Machine::new()
        .user(bytes)
        .project(bytes)
        .env("GOSTEADY_TRACE", value);
    let machine = KEYS.iter().fold(machine, |m, key| m.env(key.variable, value));
    let loaded = machine.load();
    for (finding, mark) in loaded.marked() {
        prop_assert!(!finding.what.chars().any(char::is_control));
        prop_assert!(mark.is_none_or(|m| m.span.start <= m.text.len()));
    }
    prop_assert_eq!(loaded.entries().count(), KEYS.len());
    let _ = warning(&loaded.findings);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_loading_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check_any(&bytes, &OsString::from_vec(bytes.iter().copied().filter(|b| *b != 0).collect()))?;
    }

    #[test]
    fn no_toml_like_text_makes_loading_panic(
        lines in prop::collection::vec(
            ("[a-z.\\[\\]]{0,3}(proxy|patience|trace|hang|public|to|progress|attempts|deadline)?", "[ .=\\[\\]]{0,3}",
             "(-?[0-9]{0,22}|\"[0-9]{0,20}[a-zµé ]{0,6}\"|\\[.{0,9}\\]|\\{.{0,9}\\}|.{0,12})"), 0..8)
    ) {
        let text: String = lines.iter().map(|(k, eq, v)| format!("{k}{eq}{v}\n")).collect();
        let value: String = lines.iter().map(|(_, _, v)| v.as_str()).filter(|v| !v.contains('\0')).collect();
        check_any(text.as_bytes(), OsStr::new(&value))?;
    }
}
