//! The base address of an upstream: as go parses it, as go prints it, and the addresses made from it.
//!
//! Source: net/url (parse, setPath, Redacted), cmd/go/internal/web/api.go (Join), modfetch/proxy.go (getBody).

use super::transport::Address;
use crate::percent::{decode, encode};
use crate::secret::Secret;

/// An upstream's base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Whom to connect to; its path has no trailing slash.
    pub address: Address,
    /// What go prints for it, without a trailing slash and query: a password is `xxxxx`.
    pub shown: String,
    /// Scheme and host alone, for messages.
    pub label: String,
    /// Whether a `!` in checksum database paths goes out as it is rather than as `%21`.
    literal_bang: bool,
}

impl Base {
    /// Parses an http or https address; `None` where net/url would refuse it or where it is beyond us (a host
    /// that is not ASCII or is percent-encoded).
    pub fn parse(url: &str) -> Option<Base> {
        let (scheme, rest) = url.split_once("://")?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (rest, query) = match rest.split_once('?') {
            Some((before, query)) => (before, Some(query)),
            None => (rest, None),
        };
        let (authority, raw) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (userinfo, hostport) = match authority.rsplit_once('@') {
            Some((userinfo, hostport)) => (Some(self::userinfo(userinfo)?), hostport),
            None => (None, authority),
        };
        let (host, port) = host_and_port(hostport)?;
        let decoded = decode(raw)?;
        let default = encode(&decoded, b"$&+,/:;=@");
        let raw = raw.strip_suffix('/').unwrap_or(raw);
        let default = default.strip_suffix('/').unwrap_or(&default);
        let valid = raw
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:@[]%/".contains(&b));
        let path = if valid { raw } else { default };
        let address = Address {
            https,
            userinfo: None,
            host,
            port: port.unwrap_or(if https { 443 } else { 80 }),
            path: String::new(),
            query: None,
        };
        let scheme = if https { "https" } else { "http" };
        let user = match &userinfo {
            None => String::new(),
            Some((name, None)) => format!("{}@", encode(name.as_bytes(), b"$&+,;=")),
            Some((name, Some(_))) => format!("{}:xxxxx@", encode(name.as_bytes(), b"$&+,;=")),
        };
        Some(Base {
            label: address.to_string(),
            shown: format!("{scheme}://{user}{hostport}{path}"),
            literal_bang: path.is_empty() || path != default,
            address: Address {
                userinfo: userinfo.map(Secret::new),
                path: path.to_owned(),
                query: query.filter(|q| !q.is_empty()).map(|q| Secret::new(q.to_owned())),
                ..address
            },
        })
    }

    /// The address of something below the base. `wire` is its escaped path as go sent it, without a leading slash.
    pub fn join(&self, wire: &str, sumdb: bool) -> Address {
        let mut address = self.address.clone();
        address.path.push('/');
        if sumdb && self.literal_bang {
            address.path.push_str(&wire.replace("%21", "!"));
        } else {
            address.path.push_str(wire);
        }
        address
    }
}

fn userinfo(text: &str) -> Option<(String, Option<String>)> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b);
    if !text.bytes().all(allowed) {
        return None;
    }
    let text_of = |part: &str| String::from_utf8(decode(part)?).ok();
    match text.split_once(':') {
        None => Some((text_of(text)?, None)),
        Some((name, password)) => Some((text_of(name)?, Some(text_of(password)?))),
    }
}

fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = if let Some(bracketed) = text.strip_prefix('[') {
        let (host, rest) = bracketed.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        (host, rest)
    } else {
        text.split_at(text.find(':').unwrap_or(text.len()))
    };
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._:".contains(&b);
    if host.is_empty() || !host.bytes().all(fits) {
        return None;
    }
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        None => return None,
        Some("") => None,
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => Some(digits.parse().ok()?),
        Some(_) => return None,
    };
    Some((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_as_go_prints_them() {
        for (url, shown, label) in [
            (
                "https://a.example/",
                Some("https://a.example"),
                "https://a.example",
            ),
            (
                "https://u:secret@a.example/x/?k=v",
                Some("https://u:xxxxx@a.example/x"),
                "https://a.example",
            ),
            (
                "https://u%40b@a.example",
                Some("https://u%40b@a.example"),
                "https://a.example",
            ),
            (
                "HTTP://a.example:8080/x",
                Some("http://a.example:8080/x"),
                "http://a.example:8080",
            ),
            (
                "https://[::1]:3000",
                Some("https://[::1]:3000"),
                "https://[::1]:3000",
            ),
            (
                "https://a.example:443/a b",
                Some("https://a.example:443/a%20b"),
                "https://a.example",
            ),
            ("https://a.example:99999", None, ""),
            ("https://[::1", None, ""),
            ("https://a%2f.example", None, ""),
            ("https:/a.example", None, ""),
            ("https://a.example/%zz", None, ""),
        ] {
            let base = Base::parse(url);
            assert_eq!(base.as_ref().map(|b| b.shown.as_str()), shown, "{url}");
            if let Some(base) = base {
                assert_eq!(base.label, label, "{url}");
                assert!(!format!("{base:?}").contains("secret"), "{url}");
            }
        }
    }

    #[test]
    fn addresses_escape_as_go_does() {
        let wire = "sumdb/sum.golang.org/lookup/github.com/%21q@v1.0.0";
        let path = |url: &str, sumdb| Base::parse(url).unwrap().join(wire, sumdb).path;
        assert_eq!(
            path("https://a.example", true),
            format!("/{}", wire.replace("%21", "!"))
        );
        assert_eq!(path("https://a.example/", false), format!("/{wire}"));
        assert_eq!(path("https://a.example/p/", true), format!("/p/{wire}"));
        assert_eq!(
            path("https://a.example/p!", true),
            format!("/p!/{}", wire.replace("%21", "!"))
        );
    }

    #[test]
    fn the_query_of_a_base_is_sent() {
        let base = Base::parse("https://a.example/x?token=t#frag").unwrap();
        assert_eq!(base.join("m/@v/list", false).query.unwrap().expose(), "token=t");
    }
}
