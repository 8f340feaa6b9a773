//! What `gosteady doctor` can find: stable ids, how much each matters, and what it means.

use super::conformance;
use crate::cause::Cause;
use crate::error::{Finding, Level};

use Level::{Error, Note, Warning};

/// Id, level and meaning; `docs/doctor.md` has a line for each.
pub const FINDINGS: &[(&str, Level, &str)] = &[
    (
        "check-broken",
        Warning,
        "gosteady could not look; please report it",
    ),
    (
        "check-overdue",
        Warning,
        "something below it does not answer, or is very slow",
    ),
    // toolchain
    ("go-missing", Error, "no go command can run here"),
    (
        "go-not-runnable",
        Error,
        "the go that was found can't be executed",
    ),
    (
        "shim-not-on-path",
        Warning,
        "go commands run without gosteady: no guard, no pin, no trace",
    ),
    (
        "shim-not-first",
        Warning,
        "another go stands before gosteady, so go commands run without it",
    ),
    (
        "shim-not-in-login-shell",
        Note,
        "go commands in a login shell run without gosteady, or not at all",
    ),
    (
        "shim-not-in-interactive-shell",
        Note,
        "go commands in a new terminal run without gosteady, or not at all",
    ),
    (
        "shim-dangling",
        Warning,
        "an install was moved or removed; the next go on PATH runs",
    ),
    (
        "shim-stale",
        Warning,
        "which of the two runs depends on their order on PATH",
    ),
    (
        "pin-not-installed",
        Warning,
        "the next go command downloads it first, or fails where it may not",
    ),
    (
        "pin-not-met",
        Error,
        "pin.enforce = refuse holds go commands back",
    ),
    (
        "go-too-old",
        Error,
        "go compares its version with the go line before anything else",
    ),
    (
        "foreign-shim",
        Note,
        "another version manager's shim stands behind gosteady; it was passed over",
    ),
    (
        "goroot-foreign",
        Warning,
        "GOROOT makes go use another release's standard library than its own",
    ),
    (
        "env-shadows-goenv",
        Warning,
        "what `go env -w` wrote has no effect while the variable is set",
    ),
    // module
    (
        "no-module",
        Note,
        "go commands that need a module fail here, and `go get` can't be used",
    ),
    (
        "modules-off",
        Warning,
        "go ignores go.mod altogether and looks in GOPATH",
    ),
    (
        "go-mod-outside-repository",
        Warning,
        "the module that go uses is not part of this repository",
    ),
    (
        "go-work-outside-repository",
        Warning,
        "a workspace above the repository decides which modules go uses",
    ),
    (
        "go-work-without-module",
        Error,
        "go refuses to build a module that its workspace does not use",
    ),
    // configuration
    (
        "variable-unknown",
        Warning,
        "go does not know this variable; it has no effect",
    ),
    ("goflags-broken", Error, "every go command refuses to start"),
    (
        "goflags-mod-mod",
        Warning,
        "go may rewrite go.mod and go.sum in any build",
    ),
    (
        "sumdb-off",
        Warning,
        "new dependencies are taken on trust: nobody checks what a mirror sent",
    ),
    (
        "insecure-everything",
        Warning,
        "certificates and checksums are not checked for the modules that match",
    ),
    (
        "goproxy-broken",
        Error,
        "go refuses this list before it asks anybody",
    ),
    (
        "goproxy-off",
        Warning,
        "go downloads nothing; what is not in the module cache is an error",
    ),
    (
        "goproxy-comma",
        Note,
        "after a comma go moves on only at 404 or 410, not when the first one is down",
    ),
    (
        "private-name-to-public-mirror",
        Error,
        "the name of a private module is told to a public mirror, and is not found there",
    ),
    (
        "https-proxy-missing",
        Warning,
        "module downloads are https: they do not go through HTTP_PROXY",
    ),
    (
        "proxy-variable-broken",
        Error,
        "go can't use this proxy; downloads fail or go around it",
    ),
    (
        "proxy-variables-differ",
        Warning,
        "go takes the upper-case one; other programs take the other",
    ),
    (
        "no-proxy-entry",
        Warning,
        "this entry of NO_PROXY does not match what it looks like",
    ),
    (
        "pac-file",
        Warning,
        "browsers go through that proxy; go and gosteady know only HTTPS_PROXY and try without it",
    ),
    ("govcs-broken", Error, "go refuses to fetch any module directly"),
    (
        "govcs-forbids-git",
        Error,
        "go says that GOVCS disallows using git, and stops",
    ),
    // caches
    ("cache-not-absolute", Error, "go refuses a relative path here"),
    ("cache-missing", Error, "go has no place to write to"),
    ("cache-not-directory", Error, "go can't write below a file"),
    (
        "cache-foreign-owner",
        Warning,
        "files written by another user can't be mended or removed by you",
    ),
    (
        "cache-world-writable",
        Error,
        "anybody on this machine can plant code in your builds",
    ),
    (
        "cache-nested",
        Warning,
        "cleaning one of them, or a build of ./..., reaches into the other",
    ),
    (
        "cache-not-writable",
        Error,
        "go can't store what it downloads or builds",
    ),
    (
        "cache-no-locks",
        Warning,
        "two go commands at once can damage each other's files",
    ),
    (
        "cache-space",
        Error,
        "downloads and builds fail when the disk is full",
    ),
    ("cache-space-low", Warning, "a large download may not fit"),
    (
        "cache-network-filesystem",
        Warning,
        "thousands of small files are slow there, and locks may hang",
    ),
    (
        "cache-noexec",
        Error,
        "`go run` and `go test` build programs there and can't execute them",
    ),
    (
        "cache-case-insensitive",
        Note,
        "files that differ only in case collide in builds; go escapes its own names",
    ),
    // network; what a run meets too comes from the table of causes
    (
        "name-server-faulty",
        Warning,
        "every lookup that reaches it first waits seconds for it",
    ),
    (
        "dns-server-failure",
        Error,
        "the name server is there and can't do its work",
    ),
    (
        "dns-disagreement",
        Warning,
        "go, which asks the name servers itself, and other programs reach different hosts, or none",
    ),
    (
        "nsswitch-without-dns",
        Error,
        "programs that use the system's resolver find only what /etc/hosts holds",
    ),
    (
        "ipv6-black-hole",
        Warning,
        "every new connection may first wait for IPv6",
    ),
    (
        "ipv4-black-hole",
        Warning,
        "every new connection may first wait for IPv4",
    ),
    (
        "connect-forbidden",
        Error,
        "the connection was refused before a packet left this machine",
    ),
    (
        "tls-inspected",
        Note,
        "it works where that issuer is trusted; a container without its root certificate fails",
    ),
    (
        "certificate-expires",
        Warning,
        "after that day nobody can download from it",
    ),
    (
        "upstream-slow",
        Warning,
        "each of hundreds of requests takes this long",
    ),
    (
        "clock-skew",
        Warning,
        "certificates look expired or not yet valid",
    ),
    // credentials
    (
        "netrc-readable",
        Warning,
        "other users of this machine can read the passwords in it",
    ),
    (
        "netrc-unreadable",
        Error,
        "go finds no password for private hosts",
    ),
    ("goauth-helper-missing", Error, "go gets no credentials from it"),
    (
        "git-missing",
        Error,
        "go needs git for modules that it fetches directly",
    ),
    // dependencies
    ("module-not-found", Error, "none of the upstreams knows it"),
    (
        "module-unanswered",
        Warning,
        "an upstream that may have it did not say: what fails at it comes first",
    ),
    (
        "module-case",
        Error,
        "module paths distinguish upper and lower case",
    ),
    (
        "module-major",
        Error,
        "from v2 on the major version is part of the path",
    ),
    (
        "module-unasked",
        Note,
        "gosteady does not ask about private modules: go takes them directly",
    ),
];

/// A finding of the table; its level comes from there.
pub fn found(id: &'static str, what: String, evidence: String, fix: String) -> Finding {
    let level = entry(id).map_or(Warning, |(level, _)| level);
    Finding {
        id,
        level,
        what,
        evidence,
        fix,
    }
}

/// What it means; findings of the configuration are not in the table and speak for themselves.
pub fn meaning(id: &str) -> &'static str {
    match entry(id) {
        Some((_, meaning)) => meaning,
        None => Cause::by_id(id).map_or("", Cause::what),
    }
}

/// How much a cause matters where no command is running.
pub fn level_of(cause: Cause) -> Level {
    match cause {
        // Only new dependencies need it.
        Cause::SumdbUnreachable => Warning,
        // Somebody works there right now.
        Cause::CacheLockHeld => Note,
        _ => Error,
    }
}

fn entry(id: &str) -> Option<(Level, &'static str)> {
    let finding = FINDINGS.iter().find(|(known, _, _)| *known == id);
    let point = || conformance::entry(id).map(|(level, _, meaning)| (level, meaning));
    finding
        .map(|(_, level, meaning)| (*level, *meaning))
        .or_else(point)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_documented_and_used() {
        let docs = include_str!("../../docs/doctor.md");
        let sources = [
            include_str!("check.rs"),
            include_str!("go.rs"),
            include_str!("pins.rs"),
            include_str!("shells.rs"),
            include_str!("module.rs"),
            include_str!("settings.rs"),
            include_str!("list.rs"),
            include_str!("surroundings.rs"),
            include_str!("caches.rs"),
            include_str!("network/conclude.rs"),
            include_str!("credentials.rs"),
            include_str!("desktop.rs"),
            include_str!("git.rs"),
            include_str!("dependencies.rs"),
        ]
        .concat();
        for (n, (id, _, meaning)) in FINDINGS.iter().enumerate() {
            assert!(docs.contains(&format!("`{id}`")), "{id} is not in docs/doctor.md");
            assert!(sources.contains(&format!("\"{id}\"")), "{id} is never found");
            assert!(
                !meaning.is_empty() && FINDINGS[..n].iter().all(|(other, _, _)| other != id),
                "{id}"
            );
        }
        assert!(sources.matches(".found(").count() > 0);
    }
}
