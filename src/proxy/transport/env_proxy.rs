//! Which HTTP or SOCKS proxy stands before an upstream. Source: golang.org/x/net/http/httpproxy, as vendored by Go.

use super::address::{Address, Parts};
use crate::secret::Secret;
use crate::world::World;
use std::net::IpAddr;

/// How a proxy is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// HTTP, over TLS where `tls`: CONNECT for https, absolute request targets for http.
    Http {
        /// Whether the way to the proxy itself is TLS.
        tls: bool,
    },
    /// SOCKS5; names are resolved by the proxy, as Go does for `socks5` and `socks5h` alike.
    Socks5,
}

/// A proxy of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// How it is spoken to.
    pub kind: Kind,
    /// Host, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Its credentials.
    pub userinfo: Option<Secret<(String, Option<String>)>>,
}

/// The proxy settings of the environment.
#[derive(Debug, Default)]
pub struct EnvProxy {
    http: Option<Result<Proxy, String>>,
    https: Option<Result<Proxy, String>>,
    cgi: bool,
    except: Vec<Exception>,
}

/// One entry of NO_PROXY.
#[derive(Debug, PartialEq, Eq)]
enum Exception {
    All,
    Net(IpAddr, u8),
    Ip(IpAddr, Option<String>),
    /// A suffix with its leading dot; whether the name without it matches too; a port.
    Domain(String, bool, Option<String>),
}

impl EnvProxy {
    /// Reads HTTP_PROXY, HTTPS_PROXY, NO_PROXY (upper case first) and REQUEST_METHOD. Not ALL_PROXY, which go does not
    /// know: what stands there may be dead, or may not be told what go asks.
    pub fn new(world: &World) -> EnvProxy {
        let any = |upper, lower| world.text(upper).or_else(|| world.text(lower));
        EnvProxy {
            http: any("HTTP_PROXY", "http_proxy").and_then(parse),
            https: any("HTTPS_PROXY", "https_proxy").and_then(parse),
            cgi: world.set_var("REQUEST_METHOD").is_some() && any("HTTP_PROXY", "http_proxy").is_some(),
            except: any("NO_PROXY", "no_proxy").map(exceptions).unwrap_or_default(),
        }
    }

    /// The proxy for this address, if one stands before it; an error where go would refuse to use it.
    pub fn for_address(&self, address: &Address) -> Result<Option<&Proxy>, String> {
        let proxy = if address.https { &self.https } else { &self.http };
        let Some(proxy) = proxy else { return Ok(None) };
        if !address.https && self.cgi {
            return Err("refusing to use HTTP_PROXY value in CGI environment".into());
        }
        if !self.applies(&address.host, address.port) {
            return Ok(None);
        }
        proxy.as_ref().map(Some).map_err(Clone::clone)
    }

    fn applies(&self, host: &str, port: u16) -> bool {
        let ip: Option<IpAddr> = host.parse().ok();
        if host == "localhost" || ip.is_some_and(|ip| ip.to_canonical().is_loopback()) {
            return false;
        }
        let host = host.trim().to_ascii_lowercase();
        let port = port.to_string();
        !self.except.iter().any(|e| e.matches(&host, &port, ip))
    }
}

impl Exception {
    fn matches(&self, host: &str, port: &str, ip: Option<IpAddr>) -> bool {
        let here = |wanted: &Option<String>| wanted.as_deref().is_none_or(|w| w == port);
        match self {
            Exception::All => true,
            Exception::Net(net, bits) => ip.is_some_and(|ip| contains(*net, *bits, ip)),
            Exception::Ip(one, wanted) => {
                ip.is_some_and(|ip| ip.to_canonical() == one.to_canonical()) && here(wanted)
            }
            Exception::Domain(suffix, bare, wanted) => {
                let matches = host.ends_with(suffix.as_str()) || (*bare && host == &suffix[1..]);
                ip.is_none() && matches && here(wanted)
            }
        }
    }
}

fn exceptions(list: &str) -> Vec<Exception> {
    let entries: Vec<&str> = list.split(',').map(str::trim).filter(|p| !p.is_empty()).collect();
    if entries.contains(&"*") {
        return vec![Exception::All];
    }
    entries
        .iter()
        .filter_map(|p| exception(&p.to_lowercase()))
        .collect()
}

fn exception(entry: &str) -> Option<Exception> {
    if let Some((net, bits)) = entry.split_once('/')
        && let (Ok(net), Ok(bits)) = (net.parse::<IpAddr>(), bits.parse::<u8>())
        && bits <= if net.is_ipv4() { 32 } else { 128 }
    {
        return Some(Exception::Net(net, bits));
    }
    let (host, port) = split_port(entry);
    if let Ok(ip) = host.parse() {
        return Some(Exception::Ip(ip, port));
    }
    let host = if host.starts_with("*.") { &host[1..] } else { host };
    match host {
        "" => None,
        suffix if suffix.starts_with('.') => Some(Exception::Domain(suffix.into(), false, port)),
        name => Some(Exception::Domain(format!(".{name}"), true, port)),
    }
}

// net.SplitHostPort: a host with a bare colon in it has no port; an empty port counts as none here.
fn split_port(entry: &str) -> (&str, Option<String>) {
    let port = |p: &str| Some(p.to_string()).filter(|p| !p.is_empty());
    if let Some((host, rest)) = entry.strip_prefix('[').and_then(|e| e.split_once(']')) {
        return match rest.strip_prefix(':') {
            Some(p) => (host, port(p)),
            None => (entry, None),
        };
    }
    match entry.split_once(':') {
        Some((host, p)) if !p.contains(':') => (host, port(p)),
        _ => (entry, None),
    }
}

fn contains(net: IpAddr, bits: u8, ip: IpAddr) -> bool {
    match (net.to_canonical(), ip.to_canonical()) {
        (IpAddr::V4(net4), IpAddr::V4(ip)) => {
            let bits = if net.is_ipv4() {
                bits
            } else {
                bits.saturating_sub(96)
            };
            (u32::from(net4) ^ u32::from(ip))
                .checked_shr(32 - u32::from(bits))
                .unwrap_or(0)
                == 0
        }
        (IpAddr::V6(net), IpAddr::V6(ip)) => {
            (u128::from(net) ^ u128::from(ip))
                .checked_shr(128 - u32::from(bits))
                .unwrap_or(0)
                == 0
        }
        _ => false,
    }
}

/// `None` where Go ignores the value; an error where Go's dial would fail.
fn parse(value: &str) -> Option<Result<Proxy, String>> {
    let parts = match Parts::parse(value) {
        Ok(parts) => parts,
        Err(_) => Parts::parse(&format!("http://{value}")).ok()?,
    };
    let (kind, default) = match parts.scheme.as_str() {
        "http" => (Kind::Http { tls: false }, 80),
        "https" => (Kind::Http { tls: true }, 443),
        "socks5" | "socks5h" => (Kind::Socks5, 1080),
        other => return Some(Err(format!("proxy scheme {other} is not supported"))),
    };
    Some(Ok(Proxy {
        kind,
        host: parts.host,
        port: parts.port.unwrap_or(default),
        userinfo: parts.userinfo,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> EnvProxy {
        EnvProxy::new(&World {
            env: pairs.iter().map(|(k, v)| (k.into(), v.into())).collect(),
            ..World::default()
        })
    }

    fn used(pairs: &[(&str, &str)], address: &str) -> Option<(String, u16)> {
        let proxies = env(pairs);
        let found = proxies.for_address(&Address::parse(address).unwrap()).unwrap();
        found.map(|p| (p.host.clone(), p.port))
    }

    #[test]
    fn variables_by_scheme_upper_case_first() {
        let both = [
            ("HTTP_PROXY", "http://a:1"),
            ("https_proxy", "b:2"),
            ("HTTPS_PROXY", ""),
        ];
        assert_eq!(used(&both, "http://x.org"), Some(("a".into(), 1)));
        assert_eq!(used(&both, "https://x.org"), Some(("b".into(), 2)));
        assert_eq!(used(&[("HTTP_PROXY", "a:1")], "https://x.org"), None);
        let socks = [("HTTPS_PROXY", "socks5h://s"), ("HTTP_PROXY", "a:1")];
        assert_eq!(used(&socks, "https://x.org"), Some(("s".into(), 1080)));
        assert_eq!(used(&socks, "http://x.org"), Some(("a".into(), 1)));
        let all = [("ALL_PROXY", "b:2"), ("all_proxy", "b:2")];
        assert_eq!(used(&all, "https://x.org"), None);
        assert_eq!(used(&[("HTTPS_PROXY", "http://%zz")], "https://x.org"), None);
    }

    #[test]
    fn a_cgi_environment_and_an_unknown_scheme_are_refused() {
        let x = Address::parse("http://x.org").unwrap();
        let cgi = env(&[("HTTP_PROXY", "a:1"), ("REQUEST_METHOD", "GET")]);
        assert!(cgi.for_address(&x).unwrap_err().contains("CGI"));
        assert!(env(&[("HTTP_PROXY", "gopher://a")]).for_address(&x).is_err());
    }

    #[test]
    fn loopback_never_goes_through_a_proxy() {
        for (address, through) in [
            ("https://localhost", false),
            ("https://127.8.9.1:80", false),
            ("https://[::1]", false),
            ("https://0.0.0.0", true),
            ("https://localhost.example", true),
        ] {
            let found = used(&[("HTTPS_PROXY", "p:1")], address);
            assert_eq!(found.is_some(), through, "{address}");
        }
    }

    #[test]
    fn no_proxy_table() {
        for (list, address, through) in [
            ("example.com", "https://example.com", false),
            ("example.com", "https://EXAMPLE.com", false),
            ("example.com", "https://a.example.com", false),
            ("example.com", "https://badexample.com", true),
            (".example.com", "https://example.com", true),
            (".example.com", "https://a.example.com", false),
            ("*.example.com", "https://example.com", true),
            ("*.example.com", "https://a.example.com", false),
            ("example.com:8443", "https://example.com", true),
            ("example.com:8443", "https://example.com:8443", false),
            ("example.com:443", "https://example.com", false),
            ("10.0.0.0/8", "https://10.1.2.3", false),
            ("10.0.0.0/8", "https://11.1.2.3", true),
            ("0.0.0.0/0", "https://11.1.2.3", false),
            ("2001:db8::/32", "https://[2001:db8::1]", false),
            ("2001:db8::/32", "https://[2001:db9::1]", true),
            ("10.1.2.3", "https://10.1.2.3:99", false),
            ("10.1.2.3:98", "https://10.1.2.3:99", true),
            ("[2001:db8::1]:99", "https://[2001:db8::1]:99", false),
            ("2001:db8::1", "https://[2001:db8::1]:99", false),
            (" foo , * ", "https://anything", false),
            ("foo,,bar", "https://baz", true),
            (":80", "https://baz", true),
            ("2.3", "https://10.1.2.3", true),
        ] {
            let found = used(&[("HTTPS_PROXY", "p:1"), ("no_proxy", list)], address);
            assert_eq!(found.is_some(), through, "{list} {address}");
        }
    }
}
