//! Comma-separated lists of path patterns, as in GOPRIVATE, GONOPROXY and GONOSUMDB.

/// Whether the list can match anything at all. `GONOPROXY=none` and lists of blanks are customary ways to write
/// "nothing"; a pattern that can match no module path (`none` has no dot) is treated as what it means.
pub fn is_effectively_empty(list: &str) -> bool {
    list.split(',')
        .map(str::trim)
        .all(|p| p.is_empty() || p == "none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lists() {
        for list in ["", " ", ",", "none", " none ,"] {
            assert!(is_effectively_empty(list), "{list:?}");
        }
        assert!(!is_effectively_empty("git.corp.example"));
    }
}
