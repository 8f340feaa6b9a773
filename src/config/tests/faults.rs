//! Each kind of finding, with its place.

use super::*;

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
        (
            "[pin]\ntoolchain-sums = [\"go1.26.6.linux-amd64 h1:short=\"]",
            "config-bad-value U:2:18",
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
            "trace.to = \"-\"",
            "config-bad-value U:1:12: `trace.to = \"-\"` names no file: stdout and stderr are go's",
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
    fs::create_dir(m.at("home/project/gosteady.toml")).unwrap();
    assert_eq!(
        m.findings(),
        ["config-unreadable home/project/gosteady.toml: can't be read: it is a directory"]
    );

    let m = Machine::new().project("patience = \"1m\"");
    let path = m.at("home/project/gosteady.toml");
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o0)).unwrap();
    // root may read everything.
    if fs::read(&path).is_err() {
        assert_eq!(
            m.findings(),
            ["config-unreadable home/project/gosteady.toml: can't be read: permission denied"]
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
        found[0].starts_with("config-not-allowed-in-project home/project/gosteady.toml:1:1: "),
        "{found:?}"
    );
    assert!(
        found[1].starts_with("config-bad-value home/project/gosteady.toml:2:12: "),
        "{found:?}"
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
        "home/project/gosteady.toml:3:1: unknown key `proxy.hegde-after`, did you mean `proxy.hedge-after`? (see `gosteady config --check`)"
    );
    let m = Machine::new().project("a = 1\nb = 2\npatience = 3");
    assert_eq!(
        line(&m).unwrap(),
        "home/project/gosteady.toml:3:12: `patience = 3` is not a duration in quotes (and 2 more; see `gosteady config --check`)"
    );
}

#[test]
fn foreign_text_is_made_printable() {
    assert_eq!(printable("a\u{1b}[2J\n\u{202e}é", 99), "a\\u{1b}[2J\\n\\u{202e}é");
    assert_eq!(printable("abcdef", 3), "abc…");
    assert_eq!(printable("abc", 3), "abc");
}
