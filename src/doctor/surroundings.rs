//! HTTP_PROXY, HTTPS_PROXY and NO_PROXY, as golang.org/x/net/http/httpproxy reads them.

use super::check::Verdict;
use super::subject::Subject;
use crate::trace::redact;
use std::net::IpAddr;

/// The proxy variables.
pub fn proxies(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    let either = |name: &str| {
        let names = [name.to_owned(), name.to_lowercase()];
        names
            .into_iter()
            .find_map(|n| subject.world.text(&n).map(|v| (n.clone(), v)))
    };
    let (http, https) = (either("HTTP_PROXY"), either("HTTPS_PROXY"));
    if let (Some((name, value)), None) = (&http, &https) {
        verdict.found(
            "https-proxy-missing",
            format!("{name} is set and HTTPS_PROXY is not"),
            format!("{name}={}", redact::text(value)),
            format!("export HTTPS_PROXY={}", redact::text(value)),
        );
    }
    for (name, value) in [&http, &https].into_iter().flatten() {
        verdict.saw(format!("{name}={}", redact::text(value)));
        if let Some(why) = broken(value) {
            verdict.found(
                "proxy-variable-broken",
                format!("{name} {why}"),
                format!("{name}={}", redact::text(value)),
                format!("export {name}=http://proxy.example:3128"),
            );
        }
    }
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"] {
        let lower = name.to_lowercase();
        if let (Some(upper), Some(other)) = (subject.world.text(name), subject.world.text(&lower))
            && upper != other
        {
            verdict.found(
                "proxy-variables-differ",
                format!("{name} and {lower} say different things"),
                format!("{} and {}", redact::text(upper), redact::text(other)),
                format!("export {lower}=\"${name}\""),
            );
        }
    }
    if let Some((name, value)) = either("NO_PROXY") {
        verdict.saw(format!("{name}={value}"));
        for (entry, why) in value.split(',').map(str::trim).filter_map(odd) {
            verdict.found(
                "no-proxy-entry",
                format!("{name} holds {entry:?}, which {why}"),
                format!("{name}={value}"),
                "write host names, .domains, addresses, or networks such as 10.0.0.0/8, with commas",
            );
        }
    }
    verdict
}

fn broken(value: &str) -> Option<String> {
    let (scheme, rest) = match value.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => ("http".into(), value),
    };
    if !matches!(scheme.as_str(), "http" | "https" | "socks5" | "socks5h") {
        return Some(format!("has the unknown scheme {scheme:?}"));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.is_empty() {
        return Some("names no host".into());
    }
    let port = host
        .rsplit_once(':')
        .filter(|(_, p)| !p.ends_with(']'))
        .map(|(_, p)| p);
    match port {
        Some(port) if port.parse::<u16>().is_err() => Some("has a port that is no number".into()),
        _ => None,
    }
}

/// An entry that does not do what it looks like.
fn odd(entry: &str) -> Option<(&str, &'static str)> {
    let why = if entry.is_empty() || entry == "*" {
        return None;
    } else if entry.contains("://") {
        "is an address with a scheme and matches nothing"
    } else if entry.contains(char::is_whitespace) {
        "holds blanks: only commas separate entries"
    } else if let Some((network, bits)) = entry.split_once('/') {
        match (network.parse::<IpAddr>(), bits.parse::<u8>()) {
            (Ok(_), Ok(_)) => "matches addresses only, never a host whose name resolves into it",
            _ => "is no network and matches nothing",
        }
    } else if entry.trim_start_matches("*.").contains('*') {
        "has a star in the middle and matches nothing"
    } else {
        return None;
    };
    // A network is right for addresses; it is worth a word only where upstreams have names.
    Some((entry, why)).filter(|(_, why)| !why.starts_with("matches addresses"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_that_cannot_be_used() {
        for (value, fine) in [
            ("http://p:3128", true),
            ("p.example:3128", true),
            ("socks5://u:p@h:1", true),
            ("http://[::1]:3128", true),
            ("htp://p:3128", false),
            ("http://", false),
            ("http://p:port", false),
        ] {
            assert_eq!(broken(value).is_none(), fine, "{value}");
        }
    }

    #[test]
    fn entries_that_match_nothing() {
        for (entry, fine) in [
            ("corp.example", true),
            (".corp.example", true),
            ("*.corp.example", true),
            ("10.0.0.0/8", true),
            ("*", true),
            ("https://corp.example", false),
            ("a b", false),
            ("git.*.example", false),
            ("corp/8", false),
        ] {
            assert_eq!(odd(entry).is_none(), fine, "{entry}");
        }
    }
}
