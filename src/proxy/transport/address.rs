//! Addresses: parsed as leniently as Go's net/url does where cmd/go would accept the result, printed without secrets.

use crate::percent;
use crate::secret::Secret;
use std::fmt;

/// A base or request address. Prints itself without userinfo and without the query.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Whether the scheme is https.
    pub https: bool,
    /// `user:password`, percent-decoded, where the address carries it.
    pub userinfo: Option<Secret<(String, Option<String>)>>,
    /// Host name or IP address, without brackets.
    pub host: String,
    /// Port, the scheme's default filled in.
    pub port: u16,
    /// Path as it goes on the wire (escaped), starting with `/`, or empty.
    pub path: String,
    /// Query without `?`.
    pub query: Option<Secret<String>>,
}

/// The parts of `scheme://[userinfo@]host[:port][/path][?query]`, whatever the scheme.
pub(super) struct Parts {
    pub scheme: String,
    pub userinfo: Option<Secret<(String, Option<String>)>>,
    pub host: String,
    pub port: Option<u16>,
    pub path: String,
    pub query: Option<Secret<String>>,
}

impl Address {
    /// Parses an absolute http or https address. A fragment is dropped; the error says what is wrong without
    /// repeating the address, which may hold a password. Source: net/url's `parse`, `parseAuthority`, `EscapedPath`.
    pub fn parse(text: &str) -> Result<Address, String> {
        let parts = Parts::parse(text)?;
        let https = match parts.scheme.as_str() {
            "https" => true,
            "http" => false,
            other => return Err(format!("unsupported scheme {other}")),
        };
        Ok(Address {
            https,
            userinfo: parts.userinfo,
            host: parts.host,
            port: parts.port.unwrap_or(if https { 443 } else { 80 }),
            path: parts.path,
            query: parts.query,
        })
    }

    /// The address of something below this base: the escaped path is appended after exactly one slash, the query
    /// and the userinfo are kept. Source: cmd/go/internal/modfetch/proxy.go, `getBody`.
    pub fn join(&self, escaped_path: &str) -> Address {
        let base = self.path.trim_end_matches('/');
        Address {
            path: format!("{base}/{}", escaped_path.trim_start_matches('/')),
            ..self.clone()
        }
    }

    /// `scheme://host[:port]`, the scheme's default port left out, IPv6 in brackets.
    pub fn origin(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}", self.authority())
    }

    /// `host[:port]` as it stands in a Host header: the scheme's default port left out, IPv6 in brackets.
    pub fn authority(&self) -> String {
        let default = if self.https { 443 } else { 80 };
        let mut authority = bracketed(&self.host);
        if self.port != default {
            authority.push_str(&format!(":{}", self.port));
        }
        authority
    }

    /// `host:port` as a CONNECT request names it.
    pub(super) fn host_and_port(&self) -> String {
        format!("{}:{}", bracketed(&self.host), self.port)
    }

    /// Path and query for the request line; `/` where the path is empty.
    pub(super) fn target(&self) -> String {
        let mut target = if self.path.is_empty() {
            "/".to_string()
        } else {
            self.path.clone()
        };
        if let Some(query) = &self.query {
            target.push('?');
            target.push_str(query.expose());
        }
        target
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.path)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A host as it stands in an address: an IPv6 literal in brackets, its zone escaped.
pub(super) fn bracketed(host: &str) -> String {
    if host.contains(':') {
        format!("[{}]", host.replace('%', "%25"))
    } else {
        host.to_string()
    }
}

impl Parts {
    pub fn parse(text: &str) -> Result<Parts, String> {
        if text.bytes().any(|b| b < b' ' || b == 0x7f) {
            return Err("invalid control character in URL".into());
        }
        let text = text.split_once('#').map_or(text, |(before, _)| before);
        let (scheme, rest) = text.split_once("://").ok_or("missing scheme")?;
        let mut letters = scheme.bytes();
        let head = letters.next().is_some_and(|b| b.is_ascii_alphabetic());
        if !head || !letters.all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) {
            return Err("missing scheme".into());
        }
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(Secret::new(escape(query, b"%?/")))),
            None => (rest, None),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (userinfo, host) = match authority.rsplit_once('@') {
            Some((userinfo, host)) => (Some(parse_userinfo(userinfo)?), host),
            None => (None, authority),
        };
        let (host, port) = parse_host(host)?;
        unescape(path).ok_or("invalid URL escape in path")?;
        Ok(Parts {
            scheme: scheme.to_ascii_lowercase(),
            userinfo,
            host,
            port,
            path: escape(path, b"%/[]"),
            query,
        })
    }
}

fn parse_userinfo(text: &str) -> Result<Secret<(String, Option<String>)>, String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b);
    if !text.bytes().all(allowed) {
        return Err("invalid userinfo".into());
    }
    let decode = |part: &str| unescape(part).ok_or("invalid URL escape in userinfo");
    Ok(Secret::new(match text.split_once(':') {
        Some((user, password)) => (decode(user)?, Some(decode(password)?)),
        None => (decode(text)?, None),
    }))
}

fn parse_host(text: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or("missing ']' in host")?;
        match (after.strip_prefix(':'), after) {
            (Some(port), _) => (host.to_string(), port),
            (None, "") => (host.to_string(), ""),
            _ => return Err("invalid port after host".into()),
        }
    } else {
        match text.rsplit_once(':') {
            Some((host, _)) if host.contains(':') => return Err("an IPv6 host needs brackets".into()),
            Some((host, port)) => (host.to_string(), port),
            None => (text.to_string(), ""),
        }
    };
    let host = unescape(&host).ok_or("invalid URL escape in host")?;
    if host.is_empty() {
        return Err("no host in URL".into());
    }
    // What net/url lets through in a host beyond letters and digits; a zone and non-ASCII names included.
    if host
        .bytes()
        .any(|b| b.is_ascii() && !b.is_ascii_alphanumeric() && !b"-._~!$&'()*+,;=:%".contains(&b))
    {
        return Err("invalid character in host name".into());
    }
    if port.is_empty() {
        return Ok((host, None));
    }
    let digits = port.bytes().all(|b| b.is_ascii_digit());
    let number = port.parse().ok().filter(|_| digits);
    Ok((host, Some(number.ok_or("invalid port after host")?)))
}

/// Escapes what may not stand on the wire; what is escaped already stays where `extra` has the percent sign.
fn escape(text: &str, extra: &[u8]) -> String {
    percent::encode(text.as_bytes(), &[b"!$&'()*+,;=:@", extra].concat())
}

/// Undoes percent-escapes; `None` for a broken escape. Bytes that are no UTF-8 are replaced.
fn unescape(text: &str) -> Option<String> {
    Some(String::from_utf8_lossy(&percent::decode(text)?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_print_what_is_no_secret() {
        for (text, shown, target) in [
            ("https://proxy.example.org", "https://proxy.example.org", "/"),
            ("HTTPS://H:443/a/", "https://H/a/", "/a/"),
            ("http://h:8080/a?token=x#f", "http://h:8080/a", "/a?token=x"),
            ("http://h:/a", "http://h/a", "/a"),
            ("https://u:p%40ss@h/x%21y", "https://h/x%21y", "/x%21y"),
            ("http://[::1]:80/a b", "http://[::1]/a%20b", "/a%20b"),
            ("http://[fe80::1%25eth0]:1", "http://[fe80::1%25eth0]:1", "/"),
            ("https://h?q", "https://h", "/?q"),
            ("https://h/ä", "https://h/%C3%A4", "/%C3%A4"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(
                (address.to_string().as_str(), address.target().as_str()),
                (shown, target)
            );
        }
    }

    #[test]
    fn userinfo_is_decoded_and_hidden() {
        let address = Address::parse("https://us%65r:p%40s:s@h:1/").unwrap();
        let userinfo = address.userinfo.as_ref().unwrap().expose();
        assert_eq!(userinfo, &("user".to_string(), Some("p@s:s".to_string())));
        assert_eq!(
            format!("{address:?} {}", address.origin()),
            "https://h:1/ https://h:1"
        );
        let bare = Address::parse("https://token@h").unwrap();
        assert_eq!(bare.userinfo.unwrap().expose(), &("token".to_string(), None));
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        for text in [
            "",
            "h",
            "//h/a",
            "file:///x",
            "ftp://h",
            "http:h",
            "https://",
            "https:///a",
            "https://h:x",
            "https://h:+1",
            "https://h:70000",
            "https://[::1",
            "https://[::1]x",
            "https://::1/",
            "https://h o/",
            "https://h/%zz",
            "https://u ser@h/",
            "https://h/\n",
        ] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn joining_leaves_one_slash_and_keeps_the_query() {
        for (base, path, target) in [
            ("https://h", "a/@v/list", "/a/@v/list"),
            ("https://h/", "/a", "/a"),
            ("https://h/p/", "a", "/p/a"),
            ("https://h/p?k=1", "x%21y", "/p/x%21y?k=1"),
        ] {
            assert_eq!(Address::parse(base).unwrap().join(path).target(), target);
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_printing_is_stable(text in "(https?://)?[ -~ä]{0,40}") {
            if let Ok(address) = Address::parse(&text) {
                let again = Address::parse(&address.to_string()).unwrap();
                prop_assert_eq!(again.to_string(), address.to_string());
            }
        }
    }
}
