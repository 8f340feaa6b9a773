//! Comma-separated lists of path patterns, as in GOPRIVATE, GONOPROXY and GONOSUMDB.

/// Whether the list can match anything at all. `GONOPROXY=none` and lists of blanks are customary ways to write
/// "nothing"; a pattern that can match no module path (`none` has no dot) is treated as what it means.
pub fn is_effectively_empty(list: &str) -> bool {
    list.split(',')
        .map(str::trim)
        .all(|p| p.is_empty() || p == "none")
}

/// Whether a glob of the list matches every module path: only stars, as in `*` and `*/*`.
pub fn matches_everything(list: &str) -> bool {
    let stars = |part: &str| !part.is_empty() && part.bytes().all(|b| b == b'*');
    list.split(',').any(|glob| glob.trim().split('/').all(stars))
}

/// Whether a glob of the list matches the first elements of a module path.
/// Source: golang.org/x/mod/module (MatchPrefixPatterns).
pub fn matches_prefix(list: &str, target: &str) -> bool {
    list.split(',')
        .map(|glob| glob.strip_suffix('/').unwrap_or(glob))
        .filter(|glob| !glob.is_empty())
        .any(|glob| {
            let slashes = glob.matches('/').count();
            let cut = target.match_indices('/').nth(slashes).map(|(at, _)| at);
            target.matches('/').count() >= slashes
                && matches(glob.as_bytes(), &target.as_bytes()[..cut.unwrap_or(target.len())]) == Some(true)
        })
}

// Go's path.Match; `None` is its ErrBadPattern, as far as it looked.
fn matches(glob: &[u8], name: &[u8]) -> Option<bool> {
    match glob {
        [] => Some(name.is_empty()),
        [b'*', rest @ ..] => {
            let most = name.iter().position(|b| *b == b'/').unwrap_or(name.len());
            for taken in 0..=most {
                if matches(rest, &name[taken..])? {
                    return Some(true);
                }
            }
            Some(false)
        }
        [b'?', rest @ ..] => match char_of(name) {
            Some((c, after)) if c != '/' => matches(rest, after),
            _ => Some(false),
        },
        [b'[', rest @ ..] => {
            let Some((c, after)) = char_of(name) else {
                return Some(false);
            };
            let (hit, rest) = class(rest, c)?;
            if hit { matches(rest, after) } else { Some(false) }
        }
        [b'\\', rest @ ..] => {
            let (literal, rest) = rest.split_first()?;
            literally(*literal, rest, name)
        }
        [literal, rest @ ..] => literally(*literal, rest, name),
    }
}

fn literally(literal: u8, rest: &[u8], name: &[u8]) -> Option<bool> {
    match name {
        [first, after @ ..] if *first == literal => matches(rest, after),
        _ => Some(false),
    }
}

// A bracketed class after its `[`: whether it holds the character, and what follows it.
fn class(glob: &[u8], c: char) -> Option<(bool, &[u8])> {
    let (negated, mut rest) = match glob {
        [b'^', rest @ ..] => (true, rest),
        _ => (false, glob),
    };
    let (mut hit, mut ranges) = (false, 0);
    loop {
        if let [b']', after @ ..] = rest
            && ranges > 0
        {
            return Some((hit != negated, after));
        }
        let (low, after) = bound(rest)?;
        let (high, after) = match after {
            [b'-', more @ ..] => bound(more)?,
            _ => (low, after),
        };
        hit |= (low..=high).contains(&c);
        ranges += 1;
        rest = after;
    }
}

fn bound(glob: &[u8]) -> Option<(char, &[u8])> {
    let glob = match glob {
        [] | [b'-' | b']', ..] => return None,
        [b'\\', rest @ ..] => rest,
        _ => glob,
    };
    let (c, rest) = char_of(glob)?;
    (!rest.is_empty()).then_some((c, rest))
}

fn char_of(bytes: &[u8]) -> Option<(char, &[u8])> {
    let width = match bytes.first()? {
        0..0x80 => 1,
        0x80..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    };
    let (head, rest) = bytes.split_at_checked(width)?;
    let c = std::str::from_utf8(head).ok()?.chars().next()?;
    Some((c, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_match_as_in_go() {
        for (list, target, want) in [
            ("", "a.io/x", false),
            ("a.io", "a.io/x", true),
            ("a.io/", "a.io/x", true),
            ("a.io/x/y", "a.io/x", false),
            ("a.io/x", "a.io/x", true),
            ("a.io/x", "a.io/xy", false),
            ("*.corp.io", "git.corp.io/x/y", true),
            ("*.corp.io", "corp.io/x", false),
            ("*.corp.io,b.io/team", "b.io/team/z", true),
            (",,b.io", "b.io", true),
            ("*", "b.io/x", true),
            ("*/x", "b.io/x/y", true),
            ("?.io", "b.io/x", true),
            ("[a-c].io", "b.io/x", true),
            ("[^a-c].io", "b.io/x", false),
            ("[a-c", "b", false),
            ("[]a]", "a", false),
            ("b\\.io", "b.io", true),
            (" b.io", "b.io", false),
            ("a*c*e.io", "abcde.io/x", true),
            ("b.io/*/z", "b.io/y/z/w", true),
            ("none", "b.io", false),
        ] {
            assert_eq!(matches_prefix(list, target), want, "{list:?} {target:?}");
        }
    }

    #[test]
    fn empty_lists() {
        for list in ["", " ", ",", "none", " none ,"] {
            assert!(is_effectively_empty(list), "{list:?}");
        }
        assert!(!is_effectively_empty("git.corp.example"));
    }
}
