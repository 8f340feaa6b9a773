//! What a project's file may do.

use super::*;

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
        ("", "proxy.prefetch = false", true),
        ("proxy.prefetch = false", "proxy.prefetch = true", false),
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
        ("", "policy.profile = \"prod\"", false),
        ("", "undo.keep = \"1h\"", false),
        ("", "go.version = \"1.26.6\"", true),
        ("go.version = \"1.26.6\"", "go.version = \"1.20\"", true),
        ("", "pin.enforce = \"refuse\"", true),
        ("", "pin.enforce = \"warn\"", false),
        ("", "pin.install = \"always\"", false),
        ("", "pin.toolchain-line = \"exact\"", true),
    ] {
        let m = Machine::new().user(below).project(line);
        let loaded = m.load();
        let without = Machine::new().user(below).load();
        if taken {
            assert_eq!(loaded.findings, [], "{below} / {line}");
            assert!(loaded.origins.iter().any(
                |(_, o)| matches!(o, Origin::File { path, .. } if *path == m.at("home/project/gosteady.toml"))
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
