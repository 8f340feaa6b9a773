//! Where a redirect leads and what may be sent there. Source: net/http client.go and cmd/go/internal/web/http.go,
//! securityPreservingHTTPClient.

use super::Class;
use super::address::Address;
use super::fault::Fault;

/// How many requests one question may take.
const REQUESTS: usize = 10;
/// What is not told to another host.
const SENSITIVE: &[&str] = &[
    "authorization",
    "www-authenticate",
    "cookie",
    "cookie2",
    "proxy-authorization",
    "proxy-authenticate",
];

/// The next address; `None` where the answer is none to be followed. `first` is the address of the first request,
/// `last` that of the answer, `made` the number of requests made so far.
pub fn next(
    first: &Address,
    last: &Address,
    status: u16,
    location: Option<&str>,
    made: usize,
) -> Result<Option<Address>, Fault> {
    let (301 | 302 | 303 | 307 | 308, Some(location)) = (status, location.filter(|l| !l.is_empty())) else {
        return Ok(None);
    };
    let next = resolve(last, location).map_err(|why| {
        let reason = format!("redirect from {last} to an address that cannot be used: {why}");
        Fault::new(Class::BadRedirect, reason)
    })?;
    if first.https && !next.https {
        let reason = format!("redirected from secure URL {last} to insecure URL {next}");
        return Err(Fault::new(Class::BadRedirect, reason));
    }
    if made >= REQUESTS {
        let reason = format!("stopped after {REQUESTS} redirects (at {next})");
        return Err(Fault::new(Class::RedirectLoop, reason));
    }
    Ok(Some(next))
}

/// Whether a header of the first request may go to a redirect's host. What was once withheld stays withheld: the
/// caller remembers [`trusts`].
pub fn may_carry(header: &str, trusted: bool) -> bool {
    trusted || !SENSITIVE.contains(&header.to_ascii_lowercase().as_str())
}

/// Whether the host of `next` is that of `first` or below it.
pub fn trusts(first: &Address, next: &Address) -> bool {
    let (parent, sub) = (first.host.to_ascii_lowercase(), next.host.to_ascii_lowercase());
    sub == parent
        || !sub.contains([':', '%']) && sub.strip_suffix(&parent).is_some_and(|rest| rest.ends_with('.'))
}

/// RFC 3986, 5.2.
fn resolve(base: &Address, reference: &str) -> Result<Address, String> {
    let reference = reference.split('#').next().unwrap_or_default();
    let scheme = if base.https { "https" } else { "http" };
    let before_path = reference.find(['/', '?']).unwrap_or(reference.len());
    let parsed = if reference.starts_with("//") {
        Address::parse(&format!("{scheme}:{reference}"))?
    } else if reference[..before_path].contains(':') {
        Address::parse(reference)?
    } else {
        // Parsed behind a host that stands for the base's own.
        let slash = if reference.starts_with(['/', '?']) {
            ""
        } else {
            "/"
        };
        let relative = Address::parse(&format!("{scheme}://base{slash}{reference}"))?;
        let path = match reference {
            "" => base.path.clone(),
            r if r.starts_with('?') => base.path.clone(),
            r if r.starts_with('/') => relative.path,
            _ => format!(
                "{}{}",
                base.path.rsplit_once('/').map_or("", |(dir, _)| dir),
                relative.path
            ),
        };
        Address {
            path,
            query: relative.query,
            ..base.clone()
        }
    };
    Ok(Address {
        path: without_dots(&parsed.path),
        ..parsed
    })
}

// RFC 3986, 5.2.4.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (i, segment) in segments.iter().enumerate() {
        let last = i + 1 == segments.len();
        match *segment {
            "." | ".." => {
                if *segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    kept.iter().map(|segment| format!("/{segment}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn targets_resolve_as_rfc_3986_has_it() {
        let base = at("https://h/b/c/d?q");
        for (reference, target) in [
            ("https://o:1/x", "https://o:1/x"),
            ("//o/x", "https://o/x"),
            ("/x/../y", "https://h/y"),
            ("x", "https://h/b/c/x"),
            ("./x/.", "https://h/b/c/x/"),
            ("../../../x", "https://h/x"),
            ("?z", "https://h/b/c/d"),
            ("x:y/z", ""),
            ("#f", "https://h/b/c/d"),
            ("/a:b", "https://h/a:b"),
            ("ftp://o", ""),
        ] {
            let found = next(&base, &base, 302, Some(reference), 1);
            match target {
                "" => assert_eq!(found.unwrap_err().class, Class::BadRedirect, "{reference}"),
                _ => match found.unwrap() {
                    Some(found) => assert_eq!(found.to_string(), target),
                    None => panic!("{reference}"),
                },
            }
        }
        let kept = next(&base, &base, 302, Some("?z=1"), 1).unwrap().unwrap();
        assert_eq!(kept.target(), "/b/c/d?z=1");
    }

    #[test]
    fn what_is_followed_and_what_is_refused() {
        let (secure, plain) = (at("https://h/"), at("http://h/"));
        assert!(next(&secure, &secure, 302, None, 1).unwrap().is_none());
        assert!(next(&secure, &secure, 304, Some("/x"), 1).unwrap().is_none());
        assert!(
            next(&plain, &plain, 308, Some("https://h/x"), 9)
                .unwrap()
                .is_some()
        );
        let refused = next(&secure, &secure, 301, Some("http://h/x?token=1"), 1).unwrap_err();
        assert_eq!(
            refused.reason,
            "redirected from secure URL https://h/ to insecure URL http://h/x"
        );
        let ended = next(&plain, &plain, 302, Some("/x"), 10).unwrap_err();
        assert_eq!(ended.class, Class::RedirectLoop);
        assert!(ended.reason.starts_with("stopped after 10 redirects"));
    }

    #[test]
    fn credentials_stay_with_the_host_and_below() {
        for (first, next, trusted) in [
            ("https://h.org", "https://H.org:8443/x", true),
            ("https://h.org", "https://a.h.org/x", true),
            ("https://a.h.org", "https://h.org/x", false),
            ("https://h.org", "https://badh.org/x", false),
            ("https://[::1]", "https://[::1]:2", true),
        ] {
            assert_eq!(trusts(&at(first), &at(next)), trusted, "{first} {next}");
        }
        assert!(!may_carry("Authorization", false));
        assert!(may_carry("Authorization", true) && may_carry("Range", false));
    }
}
