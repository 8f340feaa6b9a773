//! Finding names in text by their shape: URLs, paths, module paths, hosts, addresses, `user@host`.

use super::known::{ELEMENTS, ENDINGS, HOSTS, QUERIES, SLASHED};
use super::{Kind, Names};
use crate::gomod::unescape;
use crate::trace::redact::HIDDEN;
use std::net::{IpAddr, SocketAddr};

impl Names {
    /// The text with its names hidden.
    pub fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(in_token) {
            out.push_str(&rest[..start]);
            rest = &rest[start..];
            let end = rest.find(|c| !in_token(c)).unwrap_or(rest.len());
            let (token, after) = rest.split_at(end);
            // What ends a sentence is not part of a name.
            let name = token.trim_end_matches(['.', ':', '-', '!']);
            out.push_str(&self.token(name));
            out.push_str(&token[name.len()..]);
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn token(&self, token: &str) -> String {
        if let Some((scheme, rest)) = token.split_once("://") {
            let is_scheme = scheme.chars().all(|c| c.is_ascii_alphanumeric());
            let scheme = if is_scheme {
                scheme.to_string()
            } else {
                self.token(scheme)
            };
            return format!("{scheme}://{}", self.url(rest));
        }
        // `*.corp.example/team`
        if let Some(rest) = token
            .strip_prefix('.')
            .filter(|rest| rest.starts_with(char::is_alphanumeric))
        {
            return format!(".{}", self.token(rest));
        }
        if token.starts_with(['/', '~']) || token.contains(":/") {
            return self.each(token, ':', |name, part| name.path(part));
        }
        if let Some(ip) = address(token) {
            return self.address(token, ip);
        }
        match token.split_once('/') {
            Some(("." | "..", _)) => self.elements(token),
            // `git@host:owner/repository`, the short form of an SSH address.
            Some((first, _)) if first.contains('@') && first.contains(':') => {
                self.each(token, ':', |name, part| {
                    if part.contains('@') {
                        name.word_of(part)
                    } else {
                        name.elements(part)
                    }
                })
            }
            Some((first, _)) if is_dotted(first) => self.module(token),
            // A module may be named without a dot, as one that is never fetched.
            Some((first, _)) if is_import_path(token) && !SLASHED.contains(&first) => self.elements(token),
            Some(_) => self.each(token, '/', |name, part| name.word_of(part)),
            None => self.word_of(token),
        }
    }

    fn each(&self, text: &str, by: char, one: impl Fn(&Names, &str) -> String) -> String {
        let parts: Vec<String> = text.split(by).map(|part| one(self, part)).collect();
        parts.join(by.encode_utf8(&mut [0; 4]))
    }

    /// `[user@]host[:port][/path]`.
    fn url(&self, rest: &str) -> String {
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, server) = match authority.rsplit_once('@') {
            Some((user, server)) => (Some(user), server),
            None => (None, authority),
        };
        let host = server.split(':').next().unwrap_or_default();
        let port = &server[host.len()..];
        let is_known = HOSTS.contains(&host);
        let shown = match address(server) {
            Some(ip) => self.address(server, ip),
            None if is_known || host.is_empty() => format!("{host}{port}"),
            None if host == HIDDEN => format!("{host}{port}"),
            None => format!("{}{port}", self.pseudonym(host, Kind::Host)),
        };
        let user = user.map_or(String::new(), |user| match user {
            "git" | HIDDEN => format!("{user}@"),
            user => format!("{}@", self.pseudonym(user, Kind::User)),
        });
        let path = path.strip_prefix('/').map_or(String::new(), |path| {
            let at = path
                .split('/')
                .scan(0, |at, part| {
                    let here = *at;
                    *at += part.len() + 1;
                    Some((here, part))
                })
                .find(|(_, part)| is_dotted(part) && !part.starts_with('@') && !ELEMENTS.contains(part));
            match at {
                // A code host's own path is a module path.
                _ if is_known && self.is_public(&format!("{host}/{path}")) => format!("/{path}"),
                Some((at, _)) => format!("/{}{}", self.elements(&path[..at]), self.module(&path[at..])),
                None => format!("/{}", self.elements(path)),
            }
        });
        format!("{user}{shown}{path}")
    }

    /// An absolute path.
    fn path(&self, path: &str) -> String {
        if !self.home.is_empty()
            && let Some(rest) = path.strip_prefix(&self.home)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return format!("~{}", self.path(rest));
        }
        // Below the module cache stand module paths.
        for cache in ["/pkg/mod/cache/download/", "/pkg/mod/"] {
            if let Some((before, module)) = path.split_once(cache)
                && is_dotted(module.split('/').next().unwrap_or_default())
            {
                return format!("{}{cache}{}", self.elements(before), self.module(module));
            }
        }
        self.elements(path)
    }

    /// A module path, a package in one, or a file, with or without a version.
    fn module(&self, path: &str) -> String {
        let bare = path.split(['@', ':']).next().unwrap_or_default();
        let unescaped = unescape(bare.trim_end_matches('/'));
        if self.is_public(&unescaped) {
            return path.to_string();
        }
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        let first = match HOSTS.contains(&first) {
            true => first.to_string(),
            false => self.word_of(first),
        };
        match path.contains('/') {
            true => format!("{first}/{}", self.elements(rest)),
            false => first,
        }
    }

    fn elements(&self, path: &str) -> String {
        self.each(path, '/', |name, part| name.each(part, ':', Names::element))
    }

    fn element(&self, element: &str) -> String {
        let plain = element.chars().all(|c| c == '.' || c == '~')
            || matches!(element, "@v" | "@latest")
            || ELEMENTS.contains(&element)
            || is_tile(element)
            || is_version(element);
        if plain {
            return element.to_string();
        }
        if let Some((name, version)) = element.split_once('@') {
            return format!("{}@{}", self.element(name), self.version(version));
        }
        match element
            .rsplit_once('.')
            .filter(|(stem, end)| !stem.is_empty() && ENDINGS.contains(end))
        {
            // The file that holds a version is named by it: `v1.0.0.zip`.
            Some((stem, end)) if is_version(stem) || ELEMENTS.contains(&stem) => format!("{stem}.{end}"),
            Some((stem, end)) => format!("{}.{end}", self.pseudonym(stem, Kind::Element)),
            None => self.pseudonym(element, Kind::Element),
        }
    }

    fn version(&self, version: &str) -> String {
        match is_version(version) || QUERIES.contains(&version) || version.is_empty() {
            true => version.to_string(),
            false => self.pseudonym(version, Kind::Element),
        }
    }

    /// What has no slash: a host, a file, `user@host`, `m@v1.0.0`, an address, or any word.
    fn word_of(&self, word: &str) -> String {
        if let Some(kind) = self.words.get(&word.to_lowercase()) {
            return self.pseudonym(word, *kind);
        }
        if let Some((name, after)) = word.split_once('@') {
            if name.is_empty() {
                return format!("@{}", self.word_of(after));
            }
            if is_version(after) || QUERIES.contains(&after) {
                return format!("{}@{after}", self.word_of(name));
            }
            let user = match name {
                "git" | HIDDEN => name.to_string(),
                name => self.pseudonym(name, Kind::User),
            };
            return format!("{user}@{}", self.word_of(after));
        }
        if word.contains(':') {
            return self.each(word, ':', Names::word_of);
        }
        if let Some(ip) = address(word) {
            return self.address(word, ip);
        }
        if let Some((from, to)) = embedded(word).filter(|_| !is_version(word)) {
            let hidden = self.pseudonym(&word[from..to], Kind::Address);
            return format!("{}{hidden}{}", &word[..from], &word[to..]);
        }
        if !is_dotted(word) || HOSTS.contains(&word) || self.is_public(word) || is_locale(word) {
            return word.to_string();
        }
        match word.rsplit_once('.') {
            _ if ELEMENTS.contains(&word) => word.to_string(),
            // `com` and the like end names of hosts, which are hidden whole.
            Some((stem, end)) if ENDINGS.contains(&end) && !stem.contains('.') && !is_domain(end) => {
                self.element(word)
            }
            _ => self.pseudonym(word, Kind::Host),
        }
    }

    fn address(&self, text: &str, ip: IpAddr) -> String {
        if ip.is_loopback() || ip.is_unspecified() || self.peers.contains(&ip) {
            return text.to_string();
        }
        let shown = ip.to_string();
        match text.find(&shown) {
            Some(at) => text.replacen(
                &text[at..at + shown.len()],
                &self.pseudonym(&shown, Kind::Address),
                1,
            ),
            None => self.pseudonym(&shown, Kind::Address),
        }
    }
}

/// Whether all of it could be an import path without a dot in its first element.
fn is_import_path(token: &str) -> bool {
    token
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "/_-.".contains(c))
}

fn in_token(c: char) -> bool {
    c.is_alphanumeric() || "._~/@:-!…".contains(c)
}

/// `x004` or `063.p`, of the path of a checksum database's tile (golang.org/x/mod/sumdb/tlog, Tile.Path).
fn is_tile(element: &str) -> bool {
    let number = element.strip_prefix('x').unwrap_or(element);
    let number = number.strip_suffix(".p").unwrap_or(number);
    number.len() == 3 && number.bytes().all(|b| b.is_ascii_digit())
}

/// `C.UTF-8`, `en_US.utf8`: a value of LANG, which has the shape of a host.
fn is_locale(word: &str) -> bool {
    word.rsplit_once('.').is_some_and(|(tongue, charset)| {
        let charset = charset.to_ascii_lowercase();
        matches!(charset.as_str(), "utf-8" | "utf8")
            && tongue.len() <= 6
            && tongue.chars().all(|c| c.is_ascii_alphabetic() || c == '_')
    })
}

/// Whether it has the shape of a host or of a file with an ending: labels between dots, the last beginning with a
/// letter.
fn is_dotted(word: &str) -> bool {
    let word = word.split('@').next().unwrap_or_default();
    let word = word.split(':').next().unwrap_or_default();
    let last = word.rsplit_once('.').filter(|(stem, _)| !stem.is_empty());
    last.is_some_and(|(_, last)| last.chars().count() > 1 && last.starts_with(char::is_alphabetic))
        && !word.starts_with('.')
        && !is_version(word)
}

/// Where an IPv4 address stands in a word with something around it: `10.1.2.3-x`.
fn embedded(word: &str) -> Option<(usize, usize)> {
    let part = |c: char| c.is_ascii_digit() || c == '.';
    let mut at = 0;
    while let Some(start) = word[at..].find(part).map(|i| at + i) {
        let end = word[start..].find(|c| !part(c)).map_or(word.len(), |i| start + i);
        if word[start..end]
            .trim_matches('.')
            .parse::<std::net::Ipv4Addr>()
            .is_ok()
        {
            return Some((start, end));
        }
        at = end;
    }
    None
}

fn is_domain(end: &str) -> bool {
    matches!(end, "com" | "org" | "net" | "io" | "dev")
}

/// `v1.2.3`, `1.22`, `go1.26.0`, `v2`, `12`, and what may follow a version's numbers.
pub fn is_version(text: &str) -> bool {
    let text = text.strip_prefix("go").unwrap_or(text);
    let text = text.strip_prefix('v').unwrap_or(text);
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let number = |part: &str| {
        let digits = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let pre = digits.trim_start_matches("rc").trim_start_matches("beta");
        !part.is_empty() && digits.len() < part.len() && pre.chars().all(|c| c.is_ascii_digit())
    };
    // A pre-release may be a pseudo-version (`-0.20210105154028-b0ab187a4818`), not a word.
    let tail = &text[core.len()..];
    let harmless = |part: &str| {
        part.is_empty()
            || matches!(
                part,
                "incompatible" | "pre" | "alpha" | "beta" | "rc" | "dev" | "X"
            )
            || part.chars().any(|c| c.is_ascii_digit())
                && part.chars().all(|c| c.is_ascii_hexdigit() || c == 'r')
            || part.trim_end_matches(|c: char| c.is_ascii_digit()).len() < part.len()
                && ["rc", "beta", "alpha", "pre"].iter().any(|p| part.starts_with(p))
            || part.chars().all(|c| c.is_ascii_hexdigit())
    };
    core.split('.').count() <= 3 && core.split('.').all(number) && tail.split(['-', '+', '.']).all(harmless)
}

/// The IP address of `ip` or `ip:port`.
pub fn address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|a| a.ip()))
}
