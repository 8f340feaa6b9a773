//! Questions to upstreams, for diagnosis: no retry, no failover, every step timed.

mod asker;

pub use super::list::Separator;
pub use super::retry::http_date;
pub use asker::{Answer, Asker, Asking, Question, Seen, Trouble, ask};

use super::base::Base;
use super::list::{Element, Entry, List};
use super::public::{self, is_public};
use super::transport::Address;
use super::{classify, own, sumdb};
use crate::cause::Cause;
use crate::gomod::escape;
use std::path::PathBuf;

/// An http(s) upstream of a GOPROXY list.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// As go prints it: a password is `xxxxx`.
    pub shown: String,
    /// Whether it is a public mirror: of the built-in list or of `proxy.public`.
    pub public: bool,
    /// What follows it in the list.
    pub separator: Separator,
    base: Base,
}

/// Who is asked for modules: an element of a GOPROXY list.
#[derive(Debug, Clone)]
pub enum Source {
    /// An http(s) upstream.
    Upstream(Upstream),
    /// A directory that a `file://` element names.
    Directory {
        /// The element as go prints it.
        shown: String,
        /// The directory.
        root: PathBuf,
        /// What follows it in the list.
        separator: Separator,
    },
}

impl Source {
    /// As go prints it: a password is `xxxxx`.
    pub fn shown(&self) -> &str {
        match self {
            Source::Upstream(upstream) => &upstream.shown,
            Source::Directory { shown, .. } => shown,
        }
    }

    /// What follows it in the list.
    pub fn separator(&self) -> Separator {
        match self {
            Source::Upstream(upstream) => upstream.separator,
            Source::Directory { separator, .. } => *separator,
        }
    }

    /// Whether it is a public mirror.
    pub fn is_public(&self) -> bool {
        matches!(self, Source::Upstream(upstream) if upstream.public)
    }
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
    let list = List::parse(goproxy).into_iter().flat_map(|list| list.entries);
    list.filter_map(|entry| upstream(&entry, more_public)).collect()
}

/// Everybody whom go would ask along a list, up to the first whom gosteady can't ask: an origin (`direct`), or an
/// address that go itself refuses. The second value tells whether there is one.
pub fn sources(goproxy: &str, more_public: &[String]) -> (Vec<Source>, bool) {
    let mut sources = Vec::new();
    for entry in List::read(goproxy).into_iter().flat_map(|list| list.entries) {
        match &entry.element {
            Element::Off => break,
            Element::Http(_) => sources.extend(upstream(&entry, more_public).map(Source::Upstream)),
            Element::Kept(shown) if let Some(root) = own::file_root(shown) => {
                sources.push(Source::Directory {
                    shown: shown.clone(),
                    root,
                    separator: entry.separator,
                });
            }
            Element::Direct | Element::Kept(_) => return (sources, true),
        }
    }
    (sources, false)
}

fn upstream(entry: &Entry, more_public: &[String]) -> Option<Upstream> {
    let Element::Http(base) = &entry.element else {
        return None;
    };
    Some(Upstream {
        shown: base.shown.clone(),
        public: is_public(&base.address, more_public),
        separator: entry.separator,
        base: base.as_ref().clone(),
    })
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
        for (list, asked, elsewhere) in [
            ("https://a.example", "https://a.example", false),
            ("https://a.example,direct", "https://a.example", true),
            ("https://a.example,off,direct", "https://a.example", false),
            (
                "file:///srv/mods,https://a.example",
                "file:///srv/mods https://a.example",
                false,
            ),
            ("direct", "", true),
            ("direct,https://a.example", "", true),
            ("file:///srv/m%20m|off", "file:///srv/m%20m", false),
            ("http://u:p@a.example,https://b.example", "", true),
            ("off", "", false),
            ("", "", false),
            ("file://host/x,https://a.example", "", false),
        ] {
            let (sources, other) = sources(list, &[]);
            let shown: Vec<&str> = sources.iter().map(Source::shown).collect();
            assert_eq!((shown.join(" "), other), (asked.to_owned(), elsewhere), "{list}");
        }
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
