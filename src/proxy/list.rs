//! GOPROXY: the list as cmd/go reads it, and the list the child gets instead.
//!
//! Source: cmd/go/internal/modfetch/proxy.go (proxyList, newProxyRepo).

use super::base::Base;

/// What follows an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separator {
    /// `,`: go moves on after a 404 or 410 only.
    Comma,
    /// `|`: go moves on after any error.
    Pipe,
    /// Nothing.
    End,
}

impl Separator {
    /// The character, empty at the end.
    pub fn as_str(self) -> &'static str {
        match self {
            Separator::Comma => ",",
            Separator::Pipe => "|",
            Separator::End => "",
        }
    }
}

/// What an element means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    /// An http(s) upstream that the loopback stands for.
    Http(Box<Base>),
    /// `direct`.
    Direct,
    /// `off`.
    Off,
    /// Left to go: `file://…`, or an http address with a password, which go refuses itself. Without secrets.
    Kept(String),
}

/// An element with what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The element.
    pub element: Element,
    /// What follows it.
    pub separator: Separator,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Http { tail: String },
}

/// A list that go accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The elements in go's order, up to the first `direct` or `off`.
    pub entries: Vec<Entry>,
    pieces: Vec<Piece>,
}

impl List {
    /// Reads GOPROXY. `None` where go would refuse it, where an address is beyond us (go runs alone then), or
    /// where no element is http(s).
    pub fn parse(goproxy: &str) -> Option<List> {
        List::read(goproxy).filter(|list| list.upstreams().next().is_some())
    }

    /// The same, of whatever elements.
    pub fn read(goproxy: &str) -> Option<List> {
        let mut entries = Vec::new();
        let mut pieces = Vec::new();
        let mut rest = goproxy;
        while !rest.is_empty() {
            let (item, separator, after) = match rest.find([',', '|']) {
                Some(at) => {
                    let separator = if rest.as_bytes()[at] == b'|' {
                        Separator::Pipe
                    } else {
                        Separator::Comma
                    };
                    (&rest[..at], separator, &rest[at + 1..])
                }
                None => (rest, Separator::End, ""),
            };
            let word = item.trim();
            let element = match word {
                "" => {
                    pieces.push(Piece::Text(format!("{item}{}", separator.as_str())));
                    rest = after;
                    continue;
                }
                "off" => Element::Off,
                "direct" => Element::Direct,
                _ => element(word)?,
            };
            let last = matches!(element, Element::Off | Element::Direct);
            if matches!(element, Element::Http(_)) {
                let start = item.len() - item.trim_start().len();
                pieces.push(Piece::Text(item[..start].to_owned()));
                pieces.push(Piece::Http { tail: tail(word) });
                let end = format!("{}{}", &item[start + word.len()..], separator.as_str());
                pieces.push(Piece::Text(end));
            } else {
                pieces.push(Piece::Text(format!("{item}{}", separator.as_str())));
            }
            entries.push(Entry { element, separator });
            if last {
                pieces.push(Piece::Text(after.to_owned()));
                break;
            }
            rest = after;
        }
        Some(List { entries, pieces })
    }

    /// The http(s) upstreams in order; their position is their number in a loopback prefix.
    pub fn upstreams(&self) -> impl Iterator<Item = &Base> {
        self.entries.iter().filter_map(|e| match &e.element {
            Element::Http(base) => Some(base.as_ref()),
            _ => None,
        })
    }

    /// Where in the list the upstream of this number stands.
    pub fn position(&self, upstream: usize) -> Option<usize> {
        let http = |(_, e): &(usize, &Entry)| matches!(e.element, Element::Http(_));
        self.entries
            .iter()
            .enumerate()
            .filter(http)
            .nth(upstream)
            .map(|(at, _)| at)
    }

    /// The list for the child: each upstream replaced by `ROOT/N`, its trailing slash and query kept, every other
    /// byte as it was. `root` has no trailing slash.
    pub fn child(&self, root: &str) -> String {
        let mut number = 0;
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Http { tail } => {
                    out.push_str(&format!("{root}/{number}{tail}"));
                    number += 1;
                }
            }
        }
        out
    }
}

/// An element that is neither `off` nor `direct`; `None` where go (or we) can't take it.
fn element(word: &str) -> Option<Element> {
    let complete = word.contains(":/") || word.starts_with('/') || !word.contains(['.', ':', '/']);
    let url = if complete {
        word.to_owned()
    } else {
        format!("https://{word}")
    };
    if url.chars().any(|c| c.is_ascii_control()) {
        return None;
    }
    let (scheme, rest) = url.split_once(':')?;
    match scheme.to_ascii_lowercase().as_str() {
        "file" => {
            // Only a path is allowed (newProxyRepo); what it says about the rest is for go to tell.
            let path = rest.strip_prefix("//").unwrap_or(rest);
            (path.starts_with('/') && !path.contains(['?', '#'])).then(|| Element::Kept(url.clone()))
        }
        "http" | "https" => {
            let base = Base::parse(&url)?;
            if !base.address.https && base.address.userinfo.is_some() {
                // "refusing to pass credentials to insecure URL": go says it at first use (web/http.go).
                return Some(Element::Kept(base.shown));
            }
            Some(Element::Http(Box::new(base)))
        }
        _ => None,
    }
}

/// What of an address follows its last path byte that is no slash: the trailing slash, query and fragment.
fn tail(word: &str) -> String {
    let cut = word.find(['?', '#']).unwrap_or(word.len());
    let (path, rest) = word.split_at(cut);
    let slash = if path.ends_with('/') { "/" } else { "" };
    format!("{slash}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_child_list_keeps_every_other_byte() {
        for (list, child) in [
            ("https://a.example", Some("R/0")),
            ("https://a.example,direct", Some("R/0,direct")),
            (
                " a.example/p/ | https://b.example?x=1,off,junk junk",
                Some(" R/0/ | R/1?x=1,off,junk junk"),
            ),
            (",,https://a.example,|,", Some(",,R/0,|,")),
            (
                "file:///srv/mods,https://a.example/",
                Some("file:///srv/mods,R/0/"),
            ),
            ("HTTPS://a.example", Some("R/0")),
            ("localhost:3000", Some("R/0")),
            (
                "http://u:p@a.example,https://b.example",
                Some("http://u:p@a.example,R/0"),
            ),
            ("https://u:p@a.example|direct,x", Some("R/0|direct,x")),
            ("direct", None),
            ("off,https://a.example", None),
            ("", None),
            (" , |", None),
            ("file:///srv/mods", None),
            ("word,https://a.example", None),
            ("/abs/path,https://a.example", None),
            ("ftp://a.example,https://b.example", None),
            ("https://a.example,file://host?q", None),
            ("https://a.example:port", None),
            ("https://,https://b.example", None),
        ] {
            let got = List::parse(list).map(|l| l.child("R"));
            assert_eq!(got.as_deref(), child, "{list}");
        }
    }

    #[test]
    fn separators_are_those_right_after_an_element() {
        let list = List::parse("a.example,|b.example|direct,c.example").unwrap();
        let separators: Vec<_> = list.entries.iter().map(|e| e.separator).collect();
        assert_eq!(separators, [Separator::Comma, Separator::Pipe, Separator::Comma]);
        assert_eq!(list.entries[2].element, Element::Direct);
        assert_eq!((list.position(1), list.position(2)), (Some(1), None));
    }

    proptest! {
        #[test]
        fn no_list_panics_and_a_list_without_upstreams_has_no_proxy(text in "[ a-z,|:/.@?%\u{e9}\u{a0}]{0,40}") {
            if let Some(list) = List::parse(&text) {
                let child = list.child("R");
                let separators = |s: &str| s.matches([',', '|']).count();
                prop_assert_eq!(separators(&child), separators(&text));
                prop_assert!(list.upstreams().count() > 0);
            }
        }
    }
}
