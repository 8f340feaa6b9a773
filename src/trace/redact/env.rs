//! Variables as a trace may tell them: an allow-list, and per variable what may be shown.

use super::argv::{counted, flag_words};
use super::text::is_secret_name;
use super::{HIDDEN, text};
use std::collections::BTreeMap;
use std::ffi::OsString;

#[derive(Clone, Copy)]
enum Show {
    /// As it is, but for secrets that [`text`] finds.
    Text,
    /// Words of flags: GOFLAGS.
    Flags,
    /// The first word of a command line, the rest as a count.
    Command,
    /// A GOAUTH list: commands between `;`.
    Commands,
    /// An HTTP proxy's address, whose scheme may be missing.
    Proxy,
    /// That it is set.
    Presence,
}

/// Variables of go (internal/cfg/cfg.go, KnownEnv; runtime) and of what surrounds it, that explain a run.
#[rustfmt::skip]
const TEXT: &[&str] = &[
    "GO111MODULE", "GOAMD64", "GOARCH", "GOARM", "GOARM64", "GOBIN", "GOCACHE", "GODEBUG", "GOENV", "GOEXPERIMENT",
    "GOFIPS140", "GOINSECURE", "GOMAXPROCS", "GOMEMLIMIT", "GOMODCACHE", "GONOPROXY", "GONOSUMDB", "GOOS", "GOPATH",
    "GOPRIVATE", "GOPROXY", "GOROOT", "GOSUMDB", "GOTMPDIR", "GOTOOLCHAIN", "GOTRACEBACK", "GOVCS", "GOVERSION", "GOWASM", "GOWORK",
    "CGO_ENABLED", "NETRC", "NO_PROXY", "no_proxy", "SSL_CERT_DIR", "SSL_CERT_FILE",
    "GIT_ALLOW_PROTOCOL", "GIT_ASKPASS", "GIT_SSH", "GIT_TERMINAL_PROMPT", "GCM_INTERACTIVE", "SSH_ASKPASS",
    "CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "BUILDKITE", "CIRCLECI", "TF_BUILD", "TEAMCITY_VERSION",
    "HOME", "LANG", "LC_ALL", "PATH", "TERM", "TMPDIR", "TZ", "NO_COLOR", "TRACEPARENT",
    "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME",
];

fn rule(name: &str) -> Option<Show> {
    match name {
        "GOFLAGS" => Some(Show::Flags),
        "GOAUTH" => Some(Show::Commands),
        "GOCACHEPROG" | "GIT_SSH_COMMAND" | "CC" | "CXX" => Some(Show::Command),
        "HTTP_PROXY" | "http_proxy" | "HTTPS_PROXY" | "https_proxy" | "ALL_PROXY" | "all_proxy" => {
            Some(Show::Proxy)
        }
        "SSH_AUTH_SOCK" | "DISPLAY" | "WAYLAND_DISPLAY" | "REQUEST_METHOD" => Some(Show::Presence),
        _ if TEXT.contains(&name) => Some(Show::Text),
        _ if name.starts_with("GOSTEADY_") && is_secret_name(name) => Some(Show::Presence),
        _ if name.starts_with("GOSTEADY_") => Some(Show::Text),
        _ => None,
    }
}

/// The variables of the allow-list that are set, their secrets hidden. The first of two equal names counts.
pub fn env(vars: &[(OsString, OsString)]) -> BTreeMap<String, String> {
    let mut shown = BTreeMap::new();
    for (name, given) in vars {
        if let Some(name) = name.to_str().filter(|name| rule(name).is_some()) {
            shown
                .entry(name.to_string())
                .or_insert_with(|| value(name, &given.to_string_lossy()));
        }
    }
    shown
}

/// What may be shown of a variable or go setting; all is hidden where the name is not on the allow-list.
pub fn value(name: &str, value: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    match rule(name) {
        Some(Show::Text) => text(value).into_owned(),
        Some(Show::Flags) => flag_words(value),
        Some(Show::Command) => command(value),
        Some(Show::Commands) => value
            .split(';')
            .map(|c| command(c.trim()))
            .collect::<Vec<_>>()
            .join("; "),
        Some(Show::Proxy) => match value.rsplit_once('@') {
            Some((head, host)) => {
                let scheme = head.find("://").map_or("", |i| &head[..i + 3]);
                format!("{scheme}{HIDDEN}@{}", text(host))
            }
            None => text(value).into_owned(),
        },
        Some(Show::Presence) => "set".to_string(),
        None => HIDDEN.to_string(),
    }
}

fn command(line: &str) -> String {
    match line.split_once(char::is_whitespace) {
        Some((program, rest)) => format!("{} {}", text(program), counted(rest)),
        None => text(line).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_by_its_rule() {
        for (name, given, shown) in [
            (
                "GOPROXY",
                "https://u:p@a|https://t@b,direct",
                "https://…@a|https://…@b,direct",
            ),
            ("GOSTEADY_USER_GOPROXY", "=https://u:p@a", "=https://…@a"),
            ("GOSTEADY_ANY_TOKEN", "hunter2", "set"),
            ("GOFLAGS", "-ldflags=-X=a=b -mod=mod", "-ldflags=…1 word -mod=mod"),
            ("GOAUTH", "netrc; helper --key hunter2", "netrc; helper …2 words"),
            ("GOCACHEPROG", "/bin/prog -t hunter2", "/bin/prog …2 words"),
            ("HTTPS_PROXY", "http://u:p@h:3128", "http://…@h:3128"),
            ("https_proxy", "u:p@h:3128", "…@h:3128"),
            ("http_proxy", "h:3128", "h:3128"),
            ("SSH_AUTH_SOCK", "/tmp/x", "set"),
            ("GOSUMDB", "sum.golang.org", "sum.golang.org"),
            ("HUNTER", "2", "…"),
            ("GOPROXY", "", ""),
        ] {
            assert_eq!(value(name, given), shown, "{name}={given}");
        }
    }

    #[test]
    fn only_the_allow_list_is_told() {
        let vars = [
            ("CI", "true"),
            ("AWS_SECRET_ACCESS_KEY", "x"),
            ("CI", "2"),
            ("GOFLAGS", ""),
        ];
        let vars: Vec<_> = vars
            .iter()
            .map(|(k, v)| (OsString::from(k), OsString::from(v)))
            .collect();
        let shown: Vec<_> = env(&vars).into_iter().collect();
        assert_eq!(
            shown,
            [("CI".into(), "true".into()), ("GOFLAGS".into(), String::new())]
        );
    }
}
