//! Who may stand in for whom, decided by the list alone.

use super::list::{Element, List, Separator};
use super::rules::Next;
use crate::config::settings::Failover;

/// Whether an unavailable upstream may be passed over inside its own prefix.
pub fn passable(mode: Failover, public: bool) -> bool {
    match mode {
        Failover::Safe => public,
        Failover::Go => false,
        Failover::Always => true,
    }
}

/// The upstreams that may be asked under the prefix of `first`, in order: itself, then those right after it, as
/// long as each one before may be passed over. An element that is not http(s) ends the chain: go alone can ask it.
pub fn chain(list: &List, first: usize, mode: Failover, public: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut chain = vec![first];
    let (Some(mut at), mut last) = (list.position(first), first) else {
        return chain;
    };
    while passable(mode, public(last)) {
        at += 1;
        match list.entries.get(at).map(|e| &e.element) {
            Some(Element::Http(_)) => last += 1,
            _ => break,
        }
        chain.push(last);
    }
    chain
}

/// Who may supply what the last of a chain could not: go itself, where the prefix's own separator is `|`.
pub fn after_chain(list: &List, first: usize) -> Next {
    match list.position(first) {
        Some(at) if at + 1 < list.entries.len() && list.entries[at].separator == Separator::Pipe => Next::Gos,
        _ => Next::Nobody,
    }
}

/// Whether nothing but `direct` or the end follows this upstream, which must be the last one.
pub fn is_last(list: &List, upstream: usize) -> bool {
    let Some(at) = list.position(upstream) else {
        return false;
    };
    list.entries[at + 1..]
        .iter()
        .all(|e| e.element == Element::Direct)
}

/// Whether go itself can't get anything after this upstream: nothing follows, or `off`.
pub fn is_end(list: &List, upstream: usize) -> bool {
    let next = list.position(upstream).and_then(|at| list.entries.get(at + 1));
    next.is_none_or(|e| e.element == Element::Off)
}

/// The upstream that a comma kept from being asked, for the message that says so.
pub fn kept_from(list: &List, last: usize) -> Option<usize> {
    let at = list.position(last)?;
    let next = list.entries.get(at + 1)?;
    let gated = list.entries[at].separator == Separator::Comma && matches!(next.element, Element::Http(_));
    gated.then_some(last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn chains() {
        use Failover::{Always, Go, Safe};
        // Hosts that start with p are public.
        for (text, mode, first, chain_want, next) in [
            ("p.io,c.io,d.io", Safe, 0, vec![0, 1], Next::Nobody),
            ("p.io,q.io|direct", Safe, 0, vec![0, 1], Next::Nobody),
            ("c.io,p.io", Safe, 0, vec![0], Next::Nobody),
            ("c.io|p.io", Safe, 0, vec![0], Next::Gos),
            ("p.io|c.io", Safe, 0, vec![0, 1], Next::Gos),
            ("p.io,file:///x,c.io", Safe, 0, vec![0], Next::Nobody),
            ("p.io,direct", Safe, 0, vec![0], Next::Nobody),
            ("p.io|direct", Safe, 0, vec![0], Next::Gos),
            ("p.io|", Safe, 0, vec![0], Next::Nobody),
            ("p.io,c.io", Go, 0, vec![0], Next::Nobody),
            ("c.io,d.io,p.io", Always, 0, vec![0, 1, 2], Next::Nobody),
            ("c.io,d.io,p.io", Always, 1, vec![1, 2], Next::Nobody),
        ] {
            let list = List::parse(text).unwrap();
            let hosts: Vec<String> = list.upstreams().map(|b| b.address.host.clone()).collect();
            let public = |n: usize| hosts[n].starts_with('p');
            assert_eq!(chain(&list, first, mode, public), chain_want, "{text} {mode:?}");
            assert_eq!(after_chain(&list, first), next, "{text}");
        }
    }

    #[test]
    fn last_and_gated() {
        let list = List::parse("file:///x,a.io,b.io,direct").unwrap();
        assert_eq!((is_last(&list, 0), is_last(&list, 1)), (false, true));
        assert_eq!((kept_from(&list, 0), kept_from(&list, 1)), (Some(1), None));
        assert!(!is_last(&List::parse("a.io,off").unwrap(), 0));
        assert!(is_last(&List::parse("a.io").unwrap(), 0));
        assert_eq!(kept_from(&List::parse("a.io|b.io").unwrap(), 0), None);
    }

    proptest! {
        #[test]
        fn nobody_is_asked_past_a_gatekeeper(public in proptest::collection::vec(any::<bool>(), 1..6)) {
            let text: Vec<String> = (0..public.len()).map(|n| format!("h{n}.io")).collect();
            let list = List::parse(&text.join(",")).unwrap();
            let chain = chain(&list, 0, Failover::Safe, |n| public[n]);
            prop_assert!(chain.windows(2).all(|w| w[1] == w[0] + 1 && public[w[0]]));
        }
    }
}
