//! GOPROXY as people read it and as go reads it, and what private names would go where.

use super::check::Verdict;
use super::subject::Subject;
use crate::config::settings::Failover;
use crate::gomod::pattern;
use crate::proxy::{self, Upstream};
use crate::trace::redact;

/// Ends of host names that are never public (RFC 2606, 6761, 6762, 8375, ICANN's `.internal`, and custom).
const PRIVATE_ENDS: &[&str] = &[
    "corp",
    "internal",
    "intranet",
    "intra",
    "lan",
    "local",
    "localdomain",
    "home",
    "home.arpa",
    "private",
    "test",
];

/// Hosts that anybody can reach; a repository there says nothing about its names.
const PUBLIC_HOSTS: &[&str] = &[
    "github.com",
    "gitlab.com",
    "bitbucket.org",
    "codeberg.org",
    "gitee.com",
    "git.sr.ht",
    "golang.org",
    "gopkg.in",
];

/// The list itself.
pub fn goproxy(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    let list = subject.goproxy();
    if list.is_empty() {
        return verdict;
    }
    let from = subject.setting("GOPROXY").map_or("go itself", |(_, from)| from);
    let shown = redact::text(&list);
    verdict.saw(format!("GOPROXY={shown} (set by {from})"));
    let elements = elements(&list);
    for (element, _) in &elements {
        if let Some(why) = broken(element) {
            verdict.found(
                "goproxy-broken",
                format!("GOPROXY holds {:?}, {why}", redact::text(element)),
                format!("GOPROXY={shown} (set by {from})"),
                "an element is an https:// address, `direct` or `off`; `,` or `|` stands between them",
            );
        }
    }
    if elements.first().is_some_and(|(e, _)| e == "off") {
        verdict.found(
            "goproxy-off",
            "GOPROXY=off",
            format!("set by {from}"),
            "unset GOPROXY, or `go env -u GOPROXY`",
        );
    }
    let upstreams = upstreams(subject);
    for pair in elements.windows(2) {
        let [(first, ','), (second, _)] = pair else {
            continue;
        };
        let known = upstreams.iter().find(|u| u.matches(first));
        let failover = subject.config.settings.proxy.failover;
        let passed_over =
            failover == Failover::Always || (failover == Failover::Safe && known.is_some_and(|u| u.public));
        if !matches!(second.as_str(), "direct" | "off") && known.is_some() && !passed_over {
            verdict.found(
                "goproxy-comma",
                format!(
                    "{} is not asked when {} is down",
                    redact::text(second),
                    redact::text(first)
                ),
                format!("GOPROXY={shown}"),
                "write `|` between them, or set GOSTEADY_FAILOVER=always; the later one then learns every name",
            );
        }
    }
    verdict
}

/// The http(s) upstreams that go would ask, as the proxy sees them.
pub fn upstreams(subject: &Subject) -> Vec<Upstream> {
    proxy::upstreams(&subject.goproxy(), &subject.config.settings.proxy.public)
}

/// Elements and what follows each: `,`, `|`, or a blank at the end. Source: cmd/go/internal/modfetch/proxy.go.
fn elements(list: &str) -> Vec<(String, char)> {
    let mut elements = Vec::new();
    let mut rest = list;
    while !rest.is_empty() {
        let at = rest.find([',', '|']);
        let (word, separator, after) = match at {
            Some(at) => (&rest[..at], char::from(rest.as_bytes()[at]), &rest[at + 1..]),
            None => (rest, ' ', ""),
        };
        if !word.trim().is_empty() {
            elements.push((word.trim().to_owned(), separator));
        }
        if matches!(word.trim(), "direct" | "off") {
            break;
        }
        rest = after;
    }
    elements
}

/// Why go would refuse an element.
fn broken(element: &str) -> Option<&'static str> {
    let complete = element.contains(":/") || element.starts_with('/') || !element.contains(['.', ':', '/']);
    if matches!(element, "direct" | "off") || !complete {
        return None;
    }
    match element.split_once(':') {
        None => Some("which is neither an address nor `direct` or `off`"),
        Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
            "https" | "http" if rest.starts_with("//") && rest.len() > 2 => None,
            "https" | "http" => Some("which has no host: two slashes belong after the colon"),
            "file" => None,
            _ => Some("whose scheme go does not know"),
        },
    }
}

/// Private names that a public mirror would be asked for.
pub fn private_names(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    let kept = subject.env.gonoproxy();
    if !pattern::is_effectively_empty(&kept) {
        verdict.saw(format!("GOPRIVATE/GONOPROXY={kept}"));
    }
    let Some(mirror) = upstreams(subject).into_iter().find(|u| u.public) else {
        return verdict;
    };
    let origin = origin_host(subject);
    let mut hosts: Vec<&str> = Vec::new();
    for require in &subject.module.requires {
        let host = require.path.split('/').next().unwrap_or_default();
        let replaced = subject
            .module
            .replaced
            .iter()
            .any(|replace| replace.path == require.path);
        let private = is_private(host) || origin.as_deref() == Some(host);
        if private && !replaced && !pattern::matches_prefix(&kept, &require.path) && !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    for host in hosts {
        let names = subject
            .module
            .requires
            .iter()
            .filter(|r| r.path.starts_with(host));
        let names: Vec<_> = names.map(|r| r.path.as_str()).take(3).collect();
        let own = subject.text("GOPRIVATE");
        let list = if own.is_empty() {
            host.to_owned()
        } else {
            format!("{own},{host}")
        };
        verdict.found(
            "private-name-to-public-mirror",
            format!("{} would be asked for modules of {host}", mirror.shown),
            format!("required: {}", names.join(", ")),
            format!("go env -w GOPRIVATE={list}"),
        );
    }
    verdict
}

fn is_private(host: &str) -> bool {
    let ends = |end: &&str| host.strip_suffix(*end).is_some_and(|rest| rest.ends_with('.'));
    PRIVATE_ENDS.iter().any(ends) || host.parse::<std::net::IpAddr>().is_ok()
}

/// The host of the repository's `origin`, where it is not one of the public ones.
fn origin_host(subject: &Subject) -> Option<String> {
    let config = std::fs::read_to_string(subject.repository.as_ref()?.join(".git/config")).ok()?;
    let mut section = String::new();
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line.to_owned();
        } else if section == "[remote \"origin\"]"
            && let Some(url) = line
                .strip_prefix("url")
                .and_then(|l| l.trim_start().strip_prefix('='))
        {
            return host_of(url.trim()).filter(|host| !PUBLIC_HOSTS.contains(&host.as_str()));
        }
    }
    None
}

/// `https://user@host:port/path` and `user@host:path`.
fn host_of(url: &str) -> Option<String> {
    let rest = url.split_once("://").map(|(_, rest)| rest);
    let authority = match rest {
        Some(rest) => rest.split('/').next()?,
        None => url.split_once(':')?.0,
    };
    let host = authority.rsplit('@').next()?.split(':').next()?;
    (host.contains('.') && !url.starts_with('/')).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_that_go_refuses() {
        for (element, fine) in [
            ("https://a.example", true),
            ("a.example/goproxy", true),
            ("file:///srv/mods", true),
            ("direct", true),
            ("htp://a.example", false),
            ("https:/a.example", false),
            ("https://", false),
            ("word", false),
            ("/srv/mods", false),
        ] {
            assert_eq!(broken(element).is_none(), fine, "{element}");
        }
        let list = elements(" https://a ,b.example|direct,junk");
        assert_eq!(
            list,
            [
                ("https://a".into(), ','),
                ("b.example".into(), '|'),
                ("direct".into(), ',')
            ]
        );
    }

    #[test]
    fn hosts() {
        for (url, host) in [
            ("git@git.corp.example:team/repo.git", Some("git.corp.example")),
            ("https://user@git.example:8443/x", Some("git.example")),
            ("ssh://git@git.example/x", Some("git.example")),
            ("/srv/git/x.git", None),
            ("../x", None),
        ] {
            assert_eq!(host_of(url).as_deref(), host, "{url}");
        }
        assert!(is_private("git.corp") && is_private("a.b.internal") && !is_private("corporate.example.com"));
    }
}
