//! Names, hidden when a trace leaves the machine: private module paths, directories, hosts, addresses, users.
//!
//! A name becomes `x-` and eight hex digits of an HMAC-SHA256 under a salt, the same name always the same, so that a
//! reader sees what belongs together. A module path is public where a public mirror gave it out in this very trace, or
//! by a list of well-known projects, and no GOPRIVATE matches it; all others are hidden. Elements of a path are
//! hidden one by one. It would rather hide too much than too little.

mod known;
mod salt;
mod scan;

pub use salt::{new_salt, own_salt};

use super::event::{Event, Record};
use crate::gomod::pattern::matches_prefix;
use crate::hex;
use aws_lc_rs::hmac;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Fields of the vocabulary itself, which name nobody.
#[rustfmt::skip]
const PLAIN: &[&str] = &[
    "kind", "id", "started", "gosteady", "platform", "verb", "protocol", "outcome", "action", "signal", "separator",
    "level", "before", "after", "GOVERSION", "cause",
];

/// What kind of name was hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A host's name.
    Host,
    /// An IP address.
    Address,
    /// A user's name.
    User,
    /// An element of a module path, a directory or a file name.
    Element,
}

impl Kind {
    /// The kind as a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Host => "host",
            Kind::Address => "address",
            Kind::User => "user",
            Kind::Element => "path element",
        }
    }
}

/// What stands for names, and how often it was put in: pseudonym to (kind, times).
pub type Hidden = BTreeMap<String, (Kind, u64)>;

/// Hides the names of one trace.
#[derive(Debug)]
pub struct Names {
    key: hmac::Key,
    home: String,
    /// Words that are names wherever they stand, in lower case.
    words: BTreeMap<String, Kind>,
    /// Module paths that a public mirror gave out.
    public: BTreeSet<String>,
    /// Lists of patterns, as in GOPRIVATE.
    private: Vec<String>,
    /// Addresses of public mirrors.
    peers: BTreeSet<IpAddr>,
    mirrors: BTreeSet<String>,
    hidden: RefCell<Hidden>,
}

impl Names {
    /// Names that are hashed with this salt. A salt that can be guessed lets others try names.
    pub fn new(salt: &[u8]) -> Names {
        Names {
            key: hmac::Key::new(hmac::HMAC_SHA256, salt),
            home: String::new(),
            words: BTreeMap::new(),
            public: BTreeSet::new(),
            private: Vec::new(),
            peers: BTreeSet::new(),
            mirrors: BTreeSet::new(),
            hidden: RefCell::default(),
        }
    }

    /// Learns from a record what is public and who must not be named. All records come first, then [`Names::hide`].
    pub fn learn(&mut self, record: &Record) {
        match &record.event {
            Event::Run(run) => {
                if let Some(home) = run.env.get("HOME").filter(|h| h.len() > 1) {
                    self.home = home.trim_end_matches('/').to_string();
                }
                for path in [&self.home.clone(), &run.dir] {
                    self.learn_path(path);
                }
                for (name, value) in run.env.iter().chain(&run.settings) {
                    match name.as_str() {
                        "GOPRIVATE" | "GONOPROXY" | "GONOSUMDB" => {
                            self.private.push(value.clone());
                            for part in value.split([',', '/']) {
                                self.word(part.trim_matches('*').trim_matches('.'), Kind::Element);
                            }
                        }
                        _ => self.learn_hosts(value),
                    }
                }
            }
            Event::Upstreams { list } => {
                for upstream in list {
                    self.learn_hosts(&upstream.url);
                    if upstream.public {
                        self.mirrors.insert(upstream.url.clone());
                    }
                }
            }
            Event::Attempt(attempt) if self.mirrors.contains(&attempt.upstream) => {
                if attempt.outcome == "ok"
                    && let Some((module, _)) = attempt.resource.split_once('@')
                {
                    self.public.insert(module.to_string());
                }
                if let Some(ip) = scan::address(&attempt.peer) {
                    self.peers.insert(ip);
                }
            }
            _ => {}
        }
    }

    /// Hides the names in every text of a record.
    pub fn hide(&self, record: &mut Value) {
        self.hide_under("", record);
    }

    fn hide_under(&self, field: &str, value: &mut Value) {
        match value {
            Value::String(text) if !PLAIN.contains(&field) => {
                *text = if field == "via" {
                    self.via(text)
                } else {
                    self.text(text)
                };
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_under(field, item)),
            Value::Object(members) => members.iter_mut().for_each(|(name, v)| self.hide_under(name, v)),
            _ => {}
        }
    }

    /// What was hidden so far.
    pub fn hidden(&self) -> Hidden {
        self.hidden.borrow().clone()
    }

    // `1.1 gate01 (squid)`: the second word of each element is a host or a pseudonym (RFC 9110, 7.6.3).
    fn via(&self, text: &str) -> String {
        let element = |element: &str| {
            let mut words: Vec<String> = element.split_whitespace().map(str::to_string).collect();
            if let Some(host) = words.get_mut(1)
                && !known::VIA.contains(&host.as_str())
            {
                *host = self.pseudonym(host, Kind::Host);
            }
            words.truncate(2);
            words.join(" ")
        };
        text.split(',').map(element).collect::<Vec<_>>().join(", ")
    }

    fn learn_path(&mut self, path: &str) {
        let mut after_home = false;
        for element in path.split('/') {
            let kind = if after_home { Kind::User } else { Kind::Element };
            self.word(element, kind);
            after_home = matches!(element, "home" | "Users");
        }
    }

    /// Hosts of one label (`http://goproxy:8081`) look like any word.
    fn learn_hosts(&mut self, text: &str) {
        for (at, _) in text.match_indices("://") {
            let rest = &text[at + 3..];
            let authority = rest.split(['/', ',', '|', ';', ' ']).next().unwrap_or_default();
            let host = authority.rsplit('@').next().unwrap_or_default();
            let host = host.split(':').next().unwrap_or_default();
            if !host.contains('.') {
                self.word(host, Kind::Host);
            }
        }
    }

    fn word(&mut self, word: &str, kind: Kind) {
        let harmless = known::ELEMENTS.contains(&word)
            || known::HOSTS.contains(&word)
            || known::ENDINGS.contains(&word)
            || scan::is_version(word);
        if word.chars().count() > 2 && !harmless {
            self.words.insert(word.to_lowercase(), kind);
        }
    }

    fn is_public(&self, module: &str) -> bool {
        let below = |root: &str| {
            module
                .strip_prefix(root)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let known = || known::MODULES.iter().any(|root| below(root));
        let given_out = || {
            let ends = module.match_indices('/').map(|(at, _)| at);
            ends.chain([module.len()])
                .any(|end| self.public.contains(&module[..end]))
        };
        !self.private.iter().any(|list| matches_prefix(list, module)) && (known() || given_out())
    }

    fn pseudonym(&self, name: &str, kind: Kind) -> String {
        let tag = hmac::sign(&self.key, name.to_lowercase().as_bytes());
        let pseudonym = format!("x-{}", hex::encode(&tag.as_ref()[..4]));
        self.hidden
            .borrow_mut()
            .entry(pseudonym.clone())
            .or_insert((kind, 0))
            .1 += 1;
        pseudonym
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
