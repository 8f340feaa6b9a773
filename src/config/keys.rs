//! The one table of settings: path, variable, kind, what a project's file may do with it, and what it means.
//! `docs/configuration.md` and `docs/environment.md` are made of it.

use super::key::{Key, Kind, Project};
use super::rules::Profile;
use super::settings::{Enforce, Failover, Install, Progress};

/// Every setting, in the order in which `gosteady config` shows them.
pub const KEYS: &[Key] = &[
    Key {
        path: "proxy.failover",
        variable: "GOSTEADY_PROXY_FAILOVER",
        short: Some("GOSTEADY_FAILOVER"),
        kind: Kind::Choice {
            words: &["go", "safe", "always"],
            get: |s| match s.proxy.failover {
                Failover::Go => "go",
                Failover::Safe => "safe",
                Failover::Always => "always",
            },
            set: |s, word| {
                s.proxy.failover = match word {
                    "go" => Failover::Go,
                    "always" => Failover::Always,
                    _ => Failover::Safe,
                }
            },
        },
        project: Project::Tighten,
        doc: "When the next upstream of GOPROXY is asked for what this one could not supply: `safe` past an unavailable public mirror, `go` exactly as the separators say, `always` past any unavailable upstream",
    },
    Key {
        path: "proxy.public",
        variable: "GOSTEADY_PROXY_PUBLIC",
        short: None,
        kind: Kind::Hosts(|s| &mut s.proxy.public),
        project: Project::Never,
        doc: "Hosts that count as public mirrors besides the built-in list: what is unavailable there may be asked elsewhere",
    },
    Key {
        path: "proxy.connect-timeout",
        variable: "GOSTEADY_PROXY_CONNECT_TIMEOUT",
        short: None,
        kind: Kind::Duration(|s| &mut s.proxy.connect_timeout),
        project: Project::Tighten,
        doc: "Longest wait for TCP and TLS; six times as long where no other upstream may be asked",
    },
    Key {
        path: "proxy.first-answer",
        variable: "GOSTEADY_PROXY_FIRST_ANSWER",
        short: None,
        kind: Kind::Duration(|s| &mut s.proxy.first_answer),
        project: Project::Tighten,
        doc: "Silence after which an upstream that has answered nothing in this run is unavailable, where another may be asked",
    },
    Key {
        path: "proxy.hedge-after",
        variable: "GOSTEADY_PROXY_HEDGE_AFTER",
        short: None,
        kind: Kind::Duration(|s| &mut s.proxy.hedge_after),
        project: Project::Tighten,
        doc: "Silence, or less than 1 KiB/s, after which a second attempt races the first",
    },
    Key {
        path: "proxy.stall-timeout",
        variable: "GOSTEADY_PROXY_STALL_TIMEOUT",
        short: None,
        kind: Kind::Duration(|s| &mut s.proxy.stall_timeout),
        project: Project::Tighten,
        doc: "Silence, or less than 1 KiB/s, after which a request is given up where another upstream may be asked; three times as long for zips and checksum lookups",
    },
    Key {
        path: "proxy.attempts",
        variable: "GOSTEADY_PROXY_ATTEMPTS",
        short: None,
        kind: Kind::Count {
            max: 20,
            get: |s| s.proxy.attempts,
            set: |s, n| s.proxy.attempts = n,
        },
        project: Project::Tighten,
        doc: "Attempts at one upstream after passing errors, where another may be asked",
    },
    Key {
        path: "proxy.retry-for",
        variable: "GOSTEADY_PROXY_RETRY_FOR",
        short: None,
        kind: Kind::Duration(|s| &mut s.proxy.retry_for),
        project: Project::Tighten,
        doc: "How long passing errors are retried where no other upstream may be asked",
    },
    Key {
        path: "proxy.concurrency",
        variable: "GOSTEADY_PROXY_CONCURRENCY",
        short: None,
        kind: Kind::Count {
            max: 256,
            get: |s| s.proxy.concurrency.try_into().unwrap_or(u32::MAX),
            set: |s, n| s.proxy.concurrency = n as usize,
        },
        project: Project::Tighten,
        doc: "Most requests at once to one upstream",
    },
    Key {
        path: "proxy.prefetch",
        variable: "GOSTEADY_PROXY_PREFETCH",
        short: None,
        kind: Kind::Switch(|s| &mut s.proxy.prefetch),
        project: Project::Tighten,
        doc: "Whether files that go.sum lists are asked for before go asks: in the order and through the list that go would use",
    },
    Key {
        path: "patience",
        variable: "GOSTEADY_PATIENCE",
        short: None,
        kind: Kind::Duration(|s| &mut s.proxy.patience),
        project: Project::Tighten,
        doc: "How long silence is borne where nobody else may be asked: a module server may be cloning",
    },
    Key {
        path: "pin.toolchain-sums",
        variable: "GOSTEADY_PIN_TOOLCHAIN_SUMS",
        short: None,
        kind: Kind::Sums(|s| &mut s.pin.toolchain_sums),
        project: Project::Never,
        doc: "Hashes of toolchain zips that you vouch for, for where the checksum database is off or can't be reached: see docs/toolchains.md",
    },
    Key {
        path: "hang.report-after",
        variable: "GOSTEADY_HANG_REPORT_AFTER",
        short: None,
        kind: Kind::Duration(|s| &mut s.hang.report_after),
        project: Project::Tighten,
        doc: "Without any progress for this long, a line says what is waited for",
    },
    Key {
        path: "hang.kill-after",
        variable: "GOSTEADY_HANG_KILL_AFTER",
        short: None,
        kind: Kind::Duration(|s| &mut s.hang.kill_after),
        project: Project::Tighten,
        doc: "Without any progress for this long, what provably cannot end is ended",
    },
    Key {
        path: "hang.deadline",
        variable: "GOSTEADY_HANG_DEADLINE",
        short: None,
        kind: Kind::Bound(|s| &mut s.hang.deadline),
        project: Project::Tighten,
        doc: "Your own bound for a whole go command; when it is reached the command is ended",
    },
    Key {
        path: "go.version",
        variable: "GOSTEADY_GO_VERSION",
        short: None,
        kind: Kind::GoVersion(|s| &mut s.go_version),
        project: Project::May,
        doc: "The exact Go version to run, see docs/pins.md; `1.26` is the newest patch of 1.26 that is installed, `system` the Go on PATH",
    },
    Key {
        path: "pin.enforce",
        variable: "GOSTEADY_PIN_ENFORCE",
        short: None,
        kind: Kind::Choice {
            words: &["refuse", "switch", "warn"],
            get: |s| match s.pin.enforce {
                Enforce::Refuse => "refuse",
                Enforce::Switch => "switch",
                Enforce::Warn => "warn",
            },
            set: |s, word| {
                s.pin.enforce = match word {
                    "refuse" => Enforce::Refuse,
                    "warn" => Enforce::Warn,
                    _ => Enforce::Switch,
                }
            },
        },
        project: Project::Tighten,
        doc: "What a pin does when the Go on PATH is another one: `switch` runs the pinned Go, `refuse` runs none and exits 78, `warn` runs the one on PATH after one line",
    },
    Key {
        path: "pin.install",
        variable: "GOSTEADY_PIN_INSTALL",
        short: None,
        kind: Kind::Choice {
            words: &["never", "auto", "always"],
            get: |s| match s.pin.install {
                Install::Never => "never",
                Install::Auto => "auto",
                Install::Always => "always",
            },
            set: |s, word| {
                s.pin.install = match word {
                    "never" => Install::Never,
                    "always" => Install::Always,
                    _ => Install::Auto,
                }
            },
        },
        project: Project::Tighten,
        doc: "Whether a Go that is asked for and not there may be downloaded: `auto` after one line that says so, `always` without it, `never` not at all",
    },
    Key {
        path: "pin.toolchain-line",
        variable: "GOSTEADY_PIN_TOOLCHAIN_LINE",
        short: None,
        kind: Kind::Choice {
            words: &["exact", "floor"],
            get: |s| {
                if s.pin.toolchain_line_exact {
                    "exact"
                } else {
                    "floor"
                }
            },
            set: |s, word| s.pin.toolchain_line_exact = word == "exact",
        },
        project: Project::Tighten,
        doc: "What the `toolchain` line of go.work or go.mod is: `floor`, the least version, as for go itself, or `exact`, a pin",
    },
    Key {
        path: "trace.to",
        variable: "GOSTEADY_TRACE_TO",
        short: Some("GOSTEADY_TRACE"),
        kind: Kind::Target(|s| &mut s.trace),
        project: Project::Never,
        doc: "Where traces go: `state` is `$XDG_STATE_HOME/gosteady/traces`, a file per run; a directory gets a file per run too",
    },
    Key {
        path: "trace.invocations",
        variable: "GOSTEADY_TRACE_INVOCATIONS",
        short: None,
        kind: Kind::Choice {
            words: &["downloads", "all"],
            get: |s| {
                if s.trace_all_invocations {
                    "all"
                } else {
                    "downloads"
                }
            },
            set: |s, word| s.trace_all_invocations = word == "all",
        },
        project: Project::Never,
        doc: "Which commands without a trace of their own leave a line in `invocations.jsonl`: those that may download, or all",
    },
    Key {
        path: "trace.keep",
        variable: "GOSTEADY_TRACE_KEEP",
        short: None,
        kind: Kind::Duration(|s| &mut s.trace_keep),
        project: Project::Never,
        doc: "How long traces are kept",
    },
    Key {
        path: "trace.max-size",
        variable: "GOSTEADY_TRACE_MAX_SIZE",
        short: None,
        kind: Kind::Size(|s| &mut s.trace_max_size),
        project: Project::Never,
        doc: "How many bytes of traces are kept, the newest first",
    },
    Key {
        path: "trace.otlp",
        variable: "GOSTEADY_TRACE_OTLP",
        short: None,
        kind: Kind::Switch(|s| &mut s.trace_otlp),
        project: Project::Never,
        doc: "Whether a run's trace is sent to the OpenTelemetry collector that `OTEL_EXPORTER_OTLP_ENDPOINT` names, names in it hashed; it costs the run at most half a second",
    },
    Key {
        path: "policy.profile",
        variable: "GOSTEADY_POLICY_PROFILE",
        short: None,
        kind: Kind::Choice {
            words: &["prod", "test", "dev", "off"],
            get: |s| s.policy.map_or("off", Profile::as_str),
            set: |s, word| s.policy = Profile::parse(word),
        },
        project: Project::Never,
        doc: "The profile of `gosteady check` that is enforced: where a rule of it is broken, `go` builds and downloads nothing and exits 78; see docs/policy.md",
    },
    Key {
        path: "undo.keep",
        variable: "GOSTEADY_UNDO_KEEP",
        short: None,
        kind: Kind::Bound(|s| &mut s.undo_keep),
        project: Project::Never,
        doc: "How long `gosteady undo` can bring back what go.mod, go.sum and go.work were before a go command; `off` keeps nothing",
    },
    Key {
        path: "progress",
        variable: "GOSTEADY_PROGRESS",
        short: None,
        kind: Kind::Choice {
            words: &["auto", "always", "never"],
            get: |s| match s.progress {
                Progress::Auto => "auto",
                Progress::Always => "always",
                Progress::Never => "never",
            },
            set: |s, word| {
                s.progress = match word {
                    "always" => Progress::Always,
                    "never" => Progress::Never,
                    _ => Progress::Auto,
                }
            },
        },
        project: Project::Never,
        doc: "The live line: `auto` shows it on a terminal and a heartbeat line elsewhere",
    },
];

/// Whether settings live below this path, e.g. `proxy`.
pub fn is_table(path: &str) -> bool {
    KEYS.iter().any(|k| {
        k.path
            .strip_prefix(path)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::super::settings::Settings;
    use super::*;

    #[test]
    fn variables_follow_the_rule_and_paths_are_unique() {
        for (i, key) in KEYS.iter().enumerate() {
            let by_rule = format!("GOSTEADY_{}", key.path.to_uppercase().replace(['.', '-'], "_"));
            assert_eq!(key.variable, by_rule);
            assert!(KEYS[..i].iter().all(|k| k.path != key.path), "{}", key.path);
            assert!(!is_table(key.path), "{} is a value and a table", key.path);
        }
    }

    #[test]
    fn tables() {
        assert!(is_table("proxy") && is_table("trace") && is_table("hang") && is_table("pin"));
        assert!(!is_table("pro") && !is_table("patience") && !is_table(""));
    }

    #[test]
    fn every_choice_reads_back_what_was_written() {
        for key in KEYS {
            if let Kind::Choice { words, get, set } = key.kind {
                for word in words {
                    let mut s = Settings::default();
                    set(&mut s, word);
                    assert_eq!(get(&s), *word, "{}", key.path);
                }
            }
        }
    }
}
