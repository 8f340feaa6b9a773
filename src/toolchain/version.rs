//! Go's own order of versions: 1.21 < 1.21rc2 < 1.21.0 < 1.21.1.

use std::cmp::Ordering;

/// A Go version, e.g. `1.22`, `1.21rc2` or `1.22.1`. Source of its grammar and order: internal/gover/gover.go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    major: u64,
    minor: u64,
    /// `None` for a language version such as 1.21, which precedes its release candidates.
    stage: Option<Stage>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Beta(u64),
    Candidate(u64),
    Patch(u64),
}

impl Version {
    /// Reads `1.22.1`; also `go1.22.1`, and vendor forms such as `go1.22.1-corp` or `go1.22.1 X:exp`, whose suffix does
    /// not count. `None` for anything else (`devel`, `default`).
    pub fn parse(text: &str) -> Option<Version> {
        let text = text.strip_prefix("go").unwrap_or(text);
        let text = text.split(['-', ' ', '+']).next()?;
        let (major, rest) = number(text)?;
        let Some(rest) = rest.strip_prefix('.') else {
            return rest.is_empty().then_some(Version {
                major,
                minor: 0,
                stage: Some(Stage::Patch(0)),
            });
        };
        let (minor, rest) = number(rest)?;
        let stage = if rest.is_empty() {
            // Before 1.21 the first release of a line had no third part.
            (major == 1 && minor < 21).then_some(Stage::Patch(0))
        } else if let Some(patch) = rest.strip_prefix('.') {
            Some(Stage::Patch(whole(patch)?))
        } else if let Some(candidate) = rest.strip_prefix("rc") {
            Some(Stage::Candidate(whole(candidate)?))
        } else {
            Some(Stage::Beta(whole(rest.strip_prefix("beta")?)?))
        };
        Some(Version { major, minor, stage })
    }

    /// Whether this is a release or a candidate rather than a language version.
    pub fn is_toolchain(&self) -> bool {
        self.stage.is_some()
    }

    /// A language version's first release (1.22 -> 1.22.0); any other as it is. cmd/go/internal/toolchain/select.go
    /// does the same to a `go` line.
    pub fn first_release(self) -> Version {
        Version {
            stage: self.stage.or(Some(Stage::Patch(0))),
            ..self
        }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.stage).cmp(&(other.major, other.minor, other.stage))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    // No leading zeros, as in gover.go (cutInt).
    if digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    Some((digits.parse().ok()?, rest))
}

fn whole(text: &str) -> Option<u64> {
    number(text).filter(|(_, rest)| rest.is_empty()).map(|(n, _)| n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(text: &str) -> Version {
        Version::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn order() {
        let sorted = [
            "1.2",
            "1.20rc1",
            "1.20",
            "1.20.1",
            "1.21",
            "1.21beta1",
            "1.21rc2",
            "1.21.0",
            "1.21.10",
            "1.22",
        ];
        for pair in sorted.windows(2) {
            assert!(v(pair[0]) < v(pair[1]), "{pair:?}");
        }
        assert_eq!(v("go1.22.1-corp"), v("1.22.1"));
        assert_eq!(v("1.20"), v("1.20.0"));
        assert_eq!(v("1.22").first_release(), v("1.22.0"));
    }

    #[test]
    fn what_is_no_version() {
        for text in [
            "",
            "default",
            "go",
            "1.",
            "1.x",
            "1.22.",
            "1.22.1.2",
            "01.2",
            "devel go1.27-abc",
            "1.22rc",
        ] {
            assert_eq!(Version::parse(text), None, "{text:?}");
        }
    }
}
