//! go's settings that people get wrong, and what is wrong with ours.

use super::check::Verdict;
use super::subject::Subject;
use crate::gomod::pattern;
use std::os::unix::ffi::OsStrExt;

/// Variables from articles and other tools that go does not know, with what does what they promise.
const MYTHS: &[(&str, &str)] = &[
    (
        "GOLOGGING",
        "go build -x prints the commands; gosteady trace show tells what was asked of whom",
    ),
    (
        "GOLOG",
        "go build -x prints the commands; gosteady trace show tells what was asked of whom",
    ),
    ("GOVERBOSE", "use go build -v -x"),
    ("GODEBUGGING", "use GODEBUG=http2debug=1, or gosteady trace show"),
    (
        "GOTIMEOUT",
        "go has no timeout; gosteady has: hang.deadline (GOSTEADY_HANG_DEADLINE)",
    ),
    (
        "GOPROXYTIMEOUT",
        "go has no timeout; gosteady has: proxy.stall-timeout, patience",
    ),
    (
        "GOHTTPTIMEOUT",
        "go has no timeout; gosteady has: proxy.stall-timeout, patience",
    ),
    (
        "GORETRY",
        "go does not retry; gosteady does: proxy.attempts, proxy.retry-for",
    ),
    (
        "GOPROXYRETRY",
        "go does not retry; gosteady does: proxy.attempts, proxy.retry-for",
    ),
    ("GOMODPROXY", "use GOPROXY"),
    ("GOMODULEPROXY", "use GOPROXY"),
    ("GOPROXIES", "use GOPROXY"),
    ("GOHTTPPROXY", "use HTTPS_PROXY"),
    (
        "GONOSUMCHECK",
        "use GONOSUMDB, for the modules that no public database can know",
    ),
    ("GOMODMODE", "use GOFLAGS=-mod=…"),
    ("GOMODULES", "use GO111MODULE, which is on by default"),
    ("GO11MODULE", "use GO111MODULE, which is on by default"),
    ("GO111MODULES", "use GO111MODULE, which is on by default"),
];

/// Variables of go's whose names are often misspelt. Source: internal/cfg/cfg.go (KnownEnv).
const KNOWN: &[&str] = &[
    "GO111MODULE",
    "GOAUTH",
    "GOBIN",
    "GOCACHE",
    "GOCACHEPROG",
    "GOENV",
    "GOEXPERIMENT",
    "GOFLAGS",
    "GOINSECURE",
    "GOMODCACHE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOPATH",
    "GOPRIVATE",
    "GOPROXY",
    "GOROOT",
    "GOSUMDB",
    "GOTMPDIR",
    "GOTOOLCHAIN",
    "GOTOOLDIR",
    "GOVCS",
    "GOWORK",
];

/// GO* variables that have no effect.
pub fn variables(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    for (name, _) in &subject.world.env {
        let Some(name) = name.to_str() else { continue };
        if let Some(advice) = unknown(name) {
            verdict.found(
                "variable-unknown",
                format!("{name} is set, but no such variable exists"),
                "",
                advice,
            );
        }
    }
    verdict
}

fn unknown(name: &str) -> Option<String> {
    let bare = name.replace('_', "");
    if let Some((_, instead)) = MYTHS.iter().find(|(myth, _)| *myth == bare) {
        return Some((*instead).to_owned());
    }
    let misspelt =
        |known: &&&str| name.len() > 4 && name.starts_with("GO") && **known != name && slip(name, known);
    let known = KNOWN.iter().find(misspelt).filter(|_| !KNOWN.contains(&name));
    known.map(|known| format!("unset {name}; export {known}=…"))
}

/// Whether two names differ by one letter left out, added or changed, or by two neighbours that changed places.
fn slip(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[head..], &b[head..]);
    match a.len().cmp(&b.len()) {
        std::cmp::Ordering::Equal => {
            a.get(1..) == b.get(1..) || (a.len() > 1 && a[0] == b[1] && a[1] == b[0] && a[2..] == b[2..])
        }
        std::cmp::Ordering::Less => b.len() - a.len() == 1 && a == &b[1..],
        std::cmp::Ordering::Greater => a.len() - b.len() == 1 && &a[1..] == b,
    }
}

/// GOFLAGS.
pub fn goflags(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    let Some((flags, from)) = subject.setting("GOFLAGS") else {
        return verdict;
    };
    let flags = String::from_utf8_lossy(flags.as_bytes()).into_owned();
    let shown = format!(
        "GOFLAGS={} (set by {from})",
        crate::trace::redact::flag_words(&flags)
    );
    verdict.saw(shown.clone());
    // A word may be quoted as a whole and hold blanks then (cmd/internal/quoted); those are left to go.
    let words = flags
        .split_ascii_whitespace()
        .filter(|_| !flags.contains(['\'', '"']));
    for word in words.filter(|w| !w.starts_with('-') || w.trim_start_matches('-').is_empty()) {
        verdict.found(
            "goflags-broken",
            format!("GOFLAGS holds {word:?}, which is no flag"),
            shown.clone(),
            "a value joins its flag with =, as in -mod=vendor; go env -u GOFLAGS clears what go env -w set",
        );
    }
    if subject.env.says_mod_mod() {
        verdict.found(
            "goflags-mod-mod",
            "GOFLAGS says -mod=mod",
            shown,
            "give -mod=mod to the one command that needs it",
        );
    }
    verdict
}

/// What switches verification off. Never advised, often left behind.
pub fn verification(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    let from = |key| subject.setting(key).map_or("", |(_, from)| from);
    if subject.text("GOSUMDB") == "off" {
        verdict.found(
            "sumdb-off",
            "the checksum database is switched off",
            format!("GOSUMDB=off (set by {})", from("GOSUMDB")),
            "unset GOSUMDB, and name what is private in GOPRIVATE instead",
        );
    }
    for key in ["GONOSUMDB", "GOPRIVATE"] {
        let list = subject.text(key);
        if pattern::matches_everything(&list) {
            verdict.found(
                "sumdb-off",
                format!("{key} matches every module"),
                format!("{key}={list} (set by {})", from(key)),
                format!("name only what is private, as in {key}=git.example.com"),
            );
        }
    }
    let insecure = subject.text("GOINSECURE");
    if pattern::matches_everything(&insecure) {
        verdict.found(
            "insecure-everything",
            "GOINSECURE matches every module",
            format!("GOINSECURE={insecure} (set by {})", from("GOINSECURE")),
            "name only the hosts that have no certificate, or give them one",
        );
    }
    verdict
}

/// gosteady's own files and variables.
pub fn ours(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    for file in &subject.config.files {
        verdict.saw(format!("settings of {}", file.display()));
    }
    verdict.findings = subject.config.findings.clone();
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_and_mythical_variables() {
        for (name, known) in [
            ("GORPOXY", Some("GOPROXY")),
            ("GOPROXI", Some("GOPROXY")),
            ("GOPROX", Some("GOPROXY")),
            ("GOPROXYY", Some("GOPROXY")),
            ("GO_LOGGING", Some("trace show")),
            ("GOTIMEOUT", Some("deadline")),
            ("GOPROXY", None),
            ("GOOS", None),
            ("GOARM", None),
            ("GOOGLE_APPLICATION_CREDENTIALS", None),
            ("GOSTEADY_TRACE", None),
            ("GOLANG_VERSION", None),
            ("HOME", None),
        ] {
            let advice = unknown(name);
            assert_eq!(advice.is_some(), known.is_some(), "{name}: {advice:?}");
            assert!(known.is_none_or(|k| advice.unwrap().contains(k)), "{name}");
        }
    }
}
