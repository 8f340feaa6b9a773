//! Questions to upstreams, for diagnosis: no retry, no failover, every step timed.

mod asker;

pub use super::list::Separator;
pub use super::retry::http_date;
pub use asker::{Answer, Asker, Asking, Question, Seen, Trouble, ask};

use super::base::Base;
use super::list::{Element, Entry, List};
use super::public::{self, is_public};
use super::transport::Address;
use super::{classify, sumdb};
use crate::cause::Cause;
use crate::gomod::escape;

/// An http(s) upstream of a GOPROXY list.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// As go prints it: a password is `xxxxx`.
    pub shown: String,
    /// Whether it is a public mirror: of the built-in list or of `proxy.public`.
    pub public: bool,
    /// What follows it in the list.
    pub separator: Separator,
    /// Whether an element stands before it that go asks itself: a `file://` directory.
    pub behind_kept: bool,
    base: Base,
}

impl Upstream {
    /// Whether an element of the list, as written, is this one.
    pub fn matches(&self, element: &str) -> bool {
        upstreams(element, &[])
            .first()
            .is_some_and(|other| other.base == self.base)
    }

    /// Its address without userinfo and query: what may be printed, and written into a GOPROXY.
    pub fn bare(&self) -> String {
        self.base.address.to_string()
    }

    /// Whether it is asked over TLS.
    pub fn is_https(&self) -> bool {
        self.base.address.https
    }

    /// Whether its address carries a user name, a password or a query.
    pub fn is_adorned(&self) -> bool {
        self.base.address.userinfo.is_some() || self.base.address.query.is_some()
    }

    /// The address of a file below it; `escaped` as go asks for it, without a leading slash.
    pub fn file(&self, escaped: &str) -> Address {
        self.base.join(escaped, escaped.starts_with("sumdb/"))
    }
}

/// The http(s) upstreams of a list that go accepts, in order; empty for any other.
pub fn upstreams(goproxy: &str, more_public: &[String]) -> Vec<Upstream> {
    let list = List::parse(goproxy);
    let mut behind_kept = false;
    let upstream = |entry: &Entry| match &entry.element {
        Element::Http(base) => Some(Upstream {
            shown: base.shown.clone(),
            public: is_public(&base.address, more_public),
            separator: entry.separator,
            behind_kept,
            base: base.as_ref().clone(),
        }),
        element => {
            behind_kept |= matches!(element, Element::Kept(_));
            None
        }
    };
    list.iter()
        .flat_map(|list| &list.entries)
        .filter_map(upstream)
        .collect()
}

/// Whether go asks somebody besides the upstreams of this list: an origin, or a directory.
pub fn asks_elsewhere(goproxy: &str) -> bool {
    match List::parse(goproxy) {
        Some(list) => list
            .entries
            .iter()
            .any(|entry| matches!(entry.element, Element::Direct | Element::Kept(_))),
        None => goproxy
            .split([',', '|'])
            .map(str::trim)
            .find(|word| matches!(*word, "direct" | "off") || word.starts_with("file:"))
            .is_some_and(|word| word != "off"),
    }
}

/// The mirrors that are public by general knowledge, each as a GOPROXY list of its own.
pub fn public_mirrors() -> Vec<Upstream> {
    let list = |mirror: &&str| upstreams(&format!("https://{mirror}"), &[]);
    public::MIRRORS.iter().flat_map(list).collect()
}

/// Name and origin of the checksum database that GOSUMDB names; `None` for `off` and for one with a URL of its own.
pub fn checksum_database(gosumdb: &str) -> Option<(String, Upstream)> {
    let (name, base) = sumdb::origin(if gosumdb.is_empty() {
        "sum.golang.org"
    } else {
        gosumdb
    })?;
    let upstream = Upstream {
        shown: base.shown.clone(),
        public: true,
        separator: Separator::End,
        behind_kept: false,
        base,
    };
    Some((name, upstream))
}

/// The path of a module's file as go asks for it: `golang.org/x/mod/@v/list`; capitals are escaped.
pub fn module_file(module: &str, file: &str) -> String {
    format!("{}/{file}", escape(module)).replace('!', "%21")
}

/// The path of a file of a checksum database below an upstream, as go asks for it: `sumdb/sum.golang.org/supported`.
pub fn database_file(name: &str, file: &str) -> String {
    format!("sumdb/{name}/{file}").replace('!', "%21")
}

/// What a server did that has this cause, in a few words that follow its name.
pub fn phrase(cause: Cause) -> &'static str {
    classify::phrase(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_else_is_asked() {
        for (list, elsewhere) in [
            ("https://a.example", false),
            ("https://a.example,direct", true),
            ("https://a.example,off,direct", false),
            ("file:///srv/mods,https://a.example", true),
            ("direct", true),
            ("file:///srv/mods,off", true),
            ("off", false),
            ("", false),
        ] {
            assert_eq!(asks_elsewhere(list), elsewhere, "{list}");
        }
        let list = upstreams("https://a.example|file:///srv/mods,https://b.example", &[]);
        let behind: Vec<_> = list.iter().map(|u| (u.separator, u.behind_kept)).collect();
        assert_eq!(behind, [(Separator::Pipe, false), (Separator::End, true)]);
    }

    #[test]
    fn paths_as_go_sends_them() {
        assert_eq!(module_file("a.io/Up", "@v/list"), "a.io/%21up/@v/list");
        assert_eq!(
            database_file("sum.example", "lookup/a.io/!up@v1.0.0"),
            "sumdb/sum.example/lookup/a.io/%21up@v1.0.0"
        );
        let [at_root, below] = ["https://h", "https://h/p"].map(|base| upstreams(base, &[]).remove(0));
        let file = database_file("n", "lookup/!a@v1");
        assert!(at_root.file(&file).to_string().ends_with("/lookup/!a@v1"));
        assert!(below.file(&file).to_string().ends_with("/lookup/%21a@v1"));
        let secret = upstreams("https://u:secret@h/p?k=secret", &[]).remove(0);
        assert!(secret.is_adorned() && secret.bare() == "https://h/p" && !below.is_adorned());
    }
}
