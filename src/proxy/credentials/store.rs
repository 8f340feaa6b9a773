//! Headers by prefix. Source: cmd/go/internal/auth/auth.go, `storeCredential` and `loadCredential`.

use super::Headers;
use crate::proxy::transport::Address;
use std::collections::BTreeMap;

/// Headers by `host[:port][/path]`, without scheme and without a slash at the end.
#[derive(Debug, Default)]
pub struct Store(BTreeMap<String, Headers>);

impl Store {
    /// Remembers headers for a prefix, or forgets the prefix where there are none.
    pub fn put(&mut self, prefix: &str, headers: Headers) {
        let prefix = prefix.strip_prefix("https://").unwrap_or(prefix);
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        if headers.is_empty() {
            self.0.remove(prefix);
        } else {
            self.0.insert(prefix.to_string(), headers);
        }
    }

    /// The headers of the longest prefix, path element by path element. An address does not tell whether `:443` was
    /// written in it, so that is tried last.
    pub fn find(&self, address: &Address) -> Option<&Headers> {
        let authority = address.authority();
        let explicit = (address.port == 443).then(|| format!("{authority}:443"));
        let find = |authority: String| self.longest(&format!("{authority}{}", address.path));
        find(authority).or_else(|| explicit.and_then(find))
    }

    fn longest(&self, url: &str) -> Option<&Headers> {
        let mut prefix = url.strip_suffix('/').unwrap_or(url);
        loop {
            if let Some(found) = self.0.get(prefix) {
                return Some(found);
            }
            prefix = prefix.rsplit_once('/')?.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn the_longest_prefix_wins() {
        let mut store = Store::default();
        for (prefix, value) in [
            ("https://h.org", "host"),
            ("h.org/a/b/", "path"),
            ("h.org:8443", "port"),
            ("e.org:443", "explicit"),
        ] {
            store.put(prefix, vec![("X".into(), Secret::new(value.into()))]);
        }
        for (address, value) in [
            ("https://h.org", Some("host")),
            ("https://h.org/", Some("host")),
            ("https://h.org/a/bb", Some("host")),
            ("https://h.org/a/b", Some("path")),
            ("https://h.org/a/b/c/d", Some("path")),
            ("https://h.org:8443/a/b", Some("port")),
            ("https://h.org:9/a/b", None),
            ("https://sub.h.org", None),
            ("https://e.org/x", Some("explicit")),
        ] {
            let found = store.find(&Address::parse(address).unwrap());
            assert_eq!(found.map(|h| h[0].1.expose().as_str()), value, "{address}");
        }
        store.put("h.org/a/b", Headers::new());
        let found = store.find(&Address::parse("https://h.org/a/b").unwrap());
        assert_eq!(found.unwrap()[0].1.expose(), "host");
    }
}
