//! The GOPROXY line that follows from a comparison. Pure.

use super::Mirror;
use std::cmp::Reverse;

/// More public mirrors than this make a list no better.
const MOST: usize = 3;

/// What stands at the end of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// `direct`: what no mirror has comes from its origin.
    Direct,
    /// `off`: it is an error.
    Off,
    /// Nothing.
    Nothing,
}

impl Tail {
    /// Of a list, as go reads it up to the first of the two words; `direct` where the list is empty, as in go's default.
    pub fn of(goproxy: &str) -> Tail {
        let mut words = goproxy
            .split([',', '|'])
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .peekable();
        if words.peek().is_none() {
            return Tail::Direct;
        }
        match words.find(|word| matches!(*word, "direct" | "off")) {
            Some("direct") => Tail::Direct,
            Some(_) => Tail::Off,
            None => Tail::Nothing,
        }
    }
}

/// A list and why it is as it is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Suggestion {
    /// The value for GOPROXY; empty where no candidate is fit. Without credentials.
    pub goproxy: String,
    /// A sentence each.
    pub why: Vec<String>,
}

/// Private servers first, in their order, each with a comma behind it; then the public mirrors, the fresh and quick ones
/// first, with `|` between them; at the end what the user's own list has there, behind a comma.
pub fn suggest(mirrors: &[Mirror], tail: Tail) -> Suggestion {
    let (fit, unfit): (Vec<&Mirror>, Vec<&Mirror>) = mirrors.iter().partition(|mirror| mirror.is_fit());
    let (mut public, private): (Vec<&Mirror>, Vec<&Mirror>) =
        fit.iter().copied().partition(|mirror| mirror.upstream.public);
    public.sort_by_key(|m| (m.latest.is_none(), m.behind, Reverse(m.sumdb), m.p50));
    let names = |of: &[&Mirror]| of.iter().map(|m| m.upstream.bare()).collect::<Vec<_>>();
    let mut why = Vec::new();
    let mut parts = Vec::new();
    if !private.is_empty() {
        parts.push(names(&private).join(","));
        why.push(format!(
            "{}: not a public mirror, so it comes first. The comma behind it: at 404 or 410 the next one is asked, and \
             when it is down nobody is, so that its outage tells no name to others.",
            names(&private).join(", ")
        ));
    }
    let (used, spare) = public.split_at(public.len().min(MOST));
    if !used.is_empty() {
        parts.push(names(used).join("|"));
        why.push(match used {
            [_] => format!("{}: a public mirror.", names(used).join("")),
            _ => format!(
                "{}: public mirrors, the fresh and quick ones first. With `|` the next one is asked when one is down.",
                names(used).join(", ")
            ),
        });
    }
    for mirror in spare {
        why.push(format!(
            "{}: left out; {MOST} public mirrors are enough.",
            mirror.upstream.bare()
        ));
    }
    for mirror in unfit {
        why.push(format!(
            "{}: left out; it answered {} of {} requests.",
            mirror.upstream.bare(),
            mirror.answered,
            mirror.asked
        ));
    }
    for mirror in fit.iter().filter(|mirror| mirror.upstream.is_adorned()) {
        why.push(format!(
            "{}: what its address carries besides is left out; credentials belong in ~/.netrc or GOAUTH.",
            mirror.upstream.bare()
        ));
    }
    if !parts.is_empty() {
        match tail {
            Tail::Direct => {
                parts.push("direct".into());
                why.push("`direct` at the end, behind a comma: what no mirror has comes from its origin; an outage does \
                          not lead there.".into());
            }
            Tail::Off => {
                parts.push("off".into());
                why.push("`off` at the end, as in your list: what no mirror has is an error.".into());
            }
            Tail::Nothing => {}
        }
    }
    Suggestion {
        goproxy: parts.join(","),
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::conformance::Info;
    use crate::proxy::upstreams;
    use std::time::Duration;

    fn mirror(url: &str, ms: u64, change: impl FnOnce(&mut Mirror)) -> Mirror {
        let mut mirror = Mirror {
            upstream: upstreams(
                url,
                &["a.pub".into(), "b.pub".into(), "c.pub".into(), "d.pub".into()],
            )
            .remove(0),
            asked: 9,
            answered: 9,
            first: Some(Duration::from_millis(2 * ms)),
            p50: Some(Duration::from_millis(ms)),
            latest: Some(Info {
                version: "v1.0.0".into(),
                time: None,
            }),
            behind: false,
            sumdb: Some(true),
            range: Some(true),
            protocol: "HTTP/2",
            trouble: None,
        };
        change(&mut mirror);
        mirror
    }

    #[test]
    fn separators_and_order() {
        let none = |_: &mut Mirror| {};
        let down = |m: &mut Mirror| m.answered = 0;
        for (mirrors, tail, list) in [
            (vec![], Tail::Direct, ""),
            (
                vec![mirror("https://a.pub", 9, none)],
                Tail::Direct,
                "https://a.pub,direct",
            ),
            (
                vec![mirror("https://a.pub", 9, none), mirror("https://b.pub", 3, none)],
                Tail::Nothing,
                "https://b.pub|https://a.pub",
            ),
            (
                vec![
                    mirror("https://a.pub", 9, none),
                    mirror("https://corp.example/go", 90, none),
                ],
                Tail::Off,
                "https://corp.example/go,https://a.pub,off",
            ),
            (
                vec![
                    mirror("https://a.pub", 1, |m| m.behind = true),
                    mirror("https://b.pub", 2, |m| m.sumdb = Some(false)),
                    mirror("https://c.pub", 3, none),
                ],
                Tail::Direct,
                "https://c.pub|https://b.pub|https://a.pub,direct",
            ),
            (
                ["a", "b", "c", "d"]
                    .map(|name| mirror(&format!("https://{name}.pub"), 5, none))
                    .to_vec(),
                Tail::Direct,
                "https://a.pub|https://b.pub|https://c.pub,direct",
            ),
            (
                vec![mirror("https://a.pub", 1, down), mirror("https://b.pub", 1, none)],
                Tail::Direct,
                "https://b.pub,direct",
            ),
            (vec![mirror("https://a.pub", 1, down)], Tail::Direct, ""),
            (
                vec![mirror("https://u:secret@corp.example", 1, none)],
                Tail::Direct,
                "https://corp.example,direct",
            ),
        ] {
            let suggestion = suggest(&mirrors, tail);
            assert_eq!(suggestion.goproxy, list);
            assert!(!suggestion.why.concat().contains("secret"));
            assert_eq!(suggestion.why.is_empty(), mirrors.is_empty());
        }
    }

    #[test]
    fn ends_of_lists() {
        for (list, tail) in [
            ("", Tail::Direct),
            (" , ", Tail::Direct),
            ("https://a,direct", Tail::Direct),
            ("https://a|off,direct", Tail::Off),
            ("https://a", Tail::Nothing),
        ] {
            assert_eq!(Tail::of(list), tail, "{list}");
        }
    }
}
