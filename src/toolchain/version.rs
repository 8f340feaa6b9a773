//! Go's own order of versions: 1.21 < 1.21rc2 < 1.21.0 < 1.21.1.

use std::cmp::Ordering;
use std::fmt;

/// A Go version, e.g. `1.22`, `1.21rc2`, `1.22.1` or `1.22.1-corp`. Grammar and order are those of internal/gover/gover.go;
/// a vendor's suffix takes no part in the order, as in cmd/go/internal/gover/toolchain.go (FromToolchain), so that two
/// versions may be equal and not [the same toolchain](Version::is_same_toolchain).
#[derive(Debug, Clone)]
pub struct Version {
    major: Number,
    minor: Number,
    /// `None` for a language version such as 1.21 and for what precedes a release.
    patch: Option<Number>,
    /// `rc`, `beta`; empty for a release and for a language version.
    kind: String,
    pre: Option<Number>,
    /// `-corp`; empty for the Go project's own.
    suffix: String,
    /// Whether something follows after a blank, as in `go1.22.1 X:exp`.
    marked: bool,
}

/// Decimal digits without leading zeros, of any length.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Number(String);

impl Version {
    /// Reads `1.22.1`; also `go1.22.1`, and vendor forms such as `go1.22.1-corp`. What follows a blank is left out
    /// (`go1.22.1 X:exp`). `None` for anything else (`devel`, `default`), and for a suffix that could not be part of a
    /// file name.
    pub fn parse(text: &str) -> Option<Version> {
        let text = text.strip_prefix("go").unwrap_or(text);
        let (text, marked) = match text.split_once([' ', '\t']) {
            Some((text, _)) => (text, true),
            None => (text, false),
        };
        let (text, suffix) = text.split_at(text.find('-').unwrap_or(text.len()));
        if !suffix
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b'\\'))
        {
            return None;
        }
        let mut version = Version {
            major: Number::new("0"),
            minor: Number::new("0"),
            patch: None,
            kind: String::new(),
            pre: None,
            suffix: suffix.to_string(),
            marked,
        };
        let rest;
        (version.major, rest) = number(text)?;
        if rest.is_empty() {
            // "1" is 1.0.0.
            version.patch = Some(Number::new("0"));
            return Some(version);
        }
        let rest = rest.strip_prefix('.')?;
        let (minor, rest) = number(rest)?;
        version.minor = minor;
        if rest.is_empty() {
            // Before 1.21 the first release of a line had no third part.
            version.patch = (version.minor < Number::new("21")).then(|| Number::new("0"));
        } else if let Some(patch) = rest.strip_prefix('.') {
            version.patch = Some(whole(patch)?);
        } else {
            let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            let (kind, digits) = rest.split_at(letters);
            if kind.is_empty() || !kind.bytes().all(|b| b.is_ascii_lowercase()) {
                return None;
            }
            version.kind = kind.to_string();
            if !digits.is_empty() {
                version.pre = Some(whole(digits)?);
            }
        }
        Some(version)
    }

    /// Whether this is a release or a candidate rather than a language version such as 1.21.
    pub fn is_toolchain(&self) -> bool {
        self.patch.is_some() || !self.kind.is_empty()
    }

    /// Whether this is a release rather than a candidate or a language version.
    pub fn is_release(&self) -> bool {
        self.patch.is_some()
    }

    /// A language version's first release (1.22 -> 1.22.0); any other as it is. cmd/go/internal/toolchain/select.go
    /// does the same to a `go` line.
    pub fn first_release(self) -> Version {
        match self.is_toolchain() {
            true => self,
            false => Version {
                patch: Some(Number::new("0")),
                ..self
            },
        }
    }

    /// The language version as text: `1.22` of 1.22.1 and of 1.22rc1.
    pub fn language(&self) -> String {
        format!("{}.{}", self.major.0, self.minor.0)
    }

    /// Whether both belong to one language version.
    pub fn is_same_line(&self, other: &Version) -> bool {
        (&self.major, &self.minor) == (&other.major, &other.minor)
    }

    /// Whether both name one toolchain: equal, and of the same vendor.
    pub fn is_same_toolchain(&self, other: &Version) -> bool {
        self == other && self.suffix == other.suffix
    }

    /// Whether this Go knows GOTOOLCHAIN and toolchain lines, which came with 1.21.
    pub fn knows_toolchains(&self) -> bool {
        self.major > Number::new("1") || self.minor >= Number::new("21")
    }

    /// The value of GOTOOLCHAIN with which a go of this version stays what it is. A go whose version says more than its name
    /// (`go1.22.1 X:exp`) does not know itself by that name: cmd/go/internal/gover/local.go (LocalToolchain).
    pub fn staying(&self) -> String {
        match self.marked {
            true => "local".into(),
            false => self.toolchain_name(),
        }
    }

    /// The name of its toolchain: `go1.22.1`; `go1.20` for the first release of a line before 1.21.
    pub fn toolchain_name(&self) -> String {
        format!("go{self}")
    }
}

impl fmt::Display for Version {
    /// `1.22.1-corp`: as [`Version::parse`] reads it, in the one form that Go's own releases have.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}{}", self.major.0, self.minor.0, self.kind)?;
        if let Some(pre) = &self.pre {
            f.write_str(&pre.0)?;
        }
        if let Some(patch) = &self.patch
            && (self.knows_toolchains() || patch.0 != "0")
        {
            write!(f, ".{}", patch.0)?;
        }
        f.write_str(&self.suffix)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |v: &Version| (v.patch.clone(), v.kind.clone(), v.pre.clone());
        self.major
            .cmp(&other.major)
            .then_with(|| self.minor.cmp(&other.minor))
            .then_with(|| key(self).cmp(&key(other)))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl Number {
    fn new(digits: &str) -> Number {
        Number(digits.to_string())
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.0.len(), &self.0).cmp(&(other.0.len(), &other.0))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn number(text: &str) -> Option<(Number, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    // No leading zeros, as in gover.go (cutInt).
    if digits.is_empty() || digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    Some((Number::new(digits), rest))
}

fn whole(text: &str) -> Option<Number> {
    number(text).filter(|(_, rest)| rest.is_empty()).map(|(n, _)| n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn v(text: &str) -> Version {
        Version::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn order() {
        let sorted = [
            "1",
            "1.2",
            "1.20rc1",
            "1.20",
            "1.20.1",
            "1.21",
            "1.21beta1",
            "1.21rc2",
            "1.21rc10",
            "1.21.0",
            "1.21.10",
            "1.22",
            "1.99999999999999999999999.1",
            "2.1",
        ];
        for pair in sorted.windows(2) {
            assert!(v(pair[0]) < v(pair[1]), "{pair:?}");
        }
        assert_eq!(v("go1.22.1-corp"), v("1.22.1"));
        assert!(!v("go1.22.1-corp").is_same_toolchain(&v("1.22.1")));
        assert_eq!(v("1.20"), v("1.20.0"));
        assert_eq!(v("1.22").first_release(), v("1.22.0"));
        assert_eq!(v("1.22rc1").first_release(), v("1.22rc1"));
    }

    #[test]
    fn what_a_version_is() {
        assert!(!v("1.21").is_toolchain() && v("1.20").is_toolchain() && v("1.21rc1").is_toolchain());
        assert!(!v("1.21rc1").is_release() && v("1.21.0").is_release());
        assert!(v("1.22.3").is_same_line(&v("1.22")) && !v("1.22.3").is_same_line(&v("1.2.3")));
        assert_eq!(
            (
                v("go1.22.1 (Red Hat 1.22.1-1)").staying().as_str(),
                v("go1.22.1").staying().as_str()
            ),
            ("local", "go1.22.1")
        );
        assert!(v("1.21rc1").knows_toolchains() && !v("1.20.14").knows_toolchains());
        for (text, shown) in [
            ("go1.22.1-corp.2", "1.22.1-corp.2"),
            ("go1.22.1 X:exp", "1.22.1"),
            ("1.20.0", "1.20"),
            ("1.21.0", "1.21.0"),
            ("1.21", "1.21"),
            ("1.21rc2", "1.21rc2"),
        ] {
            assert_eq!(v(text).to_string(), shown, "{text}");
        }
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
            "1.22.1rc1",
            "1.22RC1",
            "1.22rc01",
            "1.22.1+auto",
            "1.22.1-a/../b",
            "1.22.1-a\\b",
            "1.22.1-\u{1}",
        ] {
            assert_eq!(Version::parse(text).map(|v| v.to_string()), None, "{text:?}");
        }
    }

    fn any_version() -> impl Strategy<Value = String> {
        let stage = prop_oneof![
            Just(String::new()),
            (0u32..12).prop_map(|n| format!(".{n}")),
            (0u32..12).prop_map(|n| format!("rc{n}")),
            (0u32..3).prop_map(|n| format!("beta{n}")),
        ];
        (1u32..3, 0u32..40, stage, prop_oneof![Just(""), Just("-corp")])
            .prop_map(|(major, minor, stage, suffix)| format!("{major}.{minor}{stage}{suffix}"))
    }

    proptest! {
        #[test]
        fn the_order_is_total_and_text_comes_back(a in any_version(), b in any_version(), c in any_version()) {
            let (a, b, c) = (v(&a), v(&b), v(&c));
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            if a <= b && b <= c {
                prop_assert!(a <= c);
            }
            prop_assert!(v(&a.to_string()).is_same_toolchain(&a));
            prop_assert!(a.is_same_line(&v(&a.language())));
            prop_assert!(v(&a.toolchain_name()).is_same_toolchain(&a));
        }

        #[test]
        fn nothing_panics(text in ".{0,24}") {
            let _ = Version::parse(&text);
        }
    }
}
