//! Module versions: canonical form, order of importance, and the major version that a path demands.
//!
//! Source: golang.org/x/mod/semver, golang.org/x/mod/module (CanonicalVersion, SplitPathVersion, CheckPathMajor).

/// A version that go takes as it is, e.g. `v1.2.3-pre+incompatible`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version<'a> {
    /// The whole text.
    pub text: &'a str,
    /// `v1`.
    pub major: &'a str,
    /// `-pre`, with its hyphen; empty for a release.
    pub pre: &'a str,
    /// `+incompatible`, with its plus; mostly empty.
    pub build: &'a str,
}

/// Parses `vMAJOR.MINOR.PATCH[-PRE][+BUILD]`; shorter forms are not canonical.
pub fn parse(text: &str) -> Option<Version<'_>> {
    let rest = text.strip_prefix('v')?;
    let (rest, build) = rest.split_at(rest.find('+').unwrap_or(rest.len()));
    let (numbers, pre) = rest.split_at(rest.find('-').unwrap_or(rest.len()));
    let mut parts = numbers.split('.');
    let (major, minor, patch) = (parts.next()?, parts.next()?, parts.next()?);
    let number =
        |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) && (n == "0" || !n.starts_with('0'));
    let words = |text: &str, numeric: bool| {
        let word = |w: &str| {
            let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
            let digits = w.bytes().all(|b| b.is_ascii_digit());
            !w.is_empty() && w.bytes().all(fits) && !(numeric && digits && w.len() > 1 && w.starts_with('0'))
        };
        text.is_empty() || text[1..].split('.').all(word)
    };
    let sound = parts.next().is_none() && [major, minor, patch].into_iter().all(number);
    (sound && words(pre, true) && words(build, false)).then(|| Version {
        text,
        major: &text[..1 + major.len()],
        pre,
        build,
    })
}

/// Whether go takes the text as a version of the form v1.2.3 without asking anybody: `v1` and `v1.2` are completed.
pub fn is_version(text: &str) -> bool {
    let dots = text.matches('.').count();
    let short = !text.contains(['-', '+']) && dots < 2;
    parse(text).is_some() || short && parse(&format!("{text}{}", &".0.0"[dots * 2..])).is_some()
}

impl Version<'_> {
    /// Whether it names a commit: `v0.0.0-20240101000000-abcdefabcdef` and its kin (module.IsPseudoVersion).
    pub fn is_pseudo(&self) -> bool {
        let Some((rest, revision)) = self.pre.rsplit_once('-') else {
            return false;
        };
        let stamp = rest.rsplit(['.', '-']).next().unwrap_or_default();
        let zero = rest.len() == stamp.len() + 1 || rest.ends_with(&format!("0.{stamp}"));
        revision.len() == 12
            && revision.bytes().all(|b| b.is_ascii_alphanumeric())
            && stamp.len() == 14
            && stamp.bytes().all(|b| b.is_ascii_digit())
            && zero
    }

    /// Whether it is `+incompatible`: a v2 or later without a go.mod.
    pub fn is_incompatible(&self) -> bool {
        self.build == "+incompatible"
    }
}

/// The end of a path that says a major version: `/v2`, `.v3` of gopkg.in; empty for v0 and v1. `None` for a path that
/// go refuses.
pub fn path_major(path: &str) -> Option<&str> {
    let digits = |text: &str| text.len() - text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    if path.starts_with("gopkg.in/") {
        let bare = path.strip_suffix("-unstable").unwrap_or(path);
        let at = bare.len() - digits(bare);
        let start = at
            .checked_sub(2)
            .filter(|start| bare.get(*start..at) == Some(".v"))?;
        let number = &bare[at..];
        let sound = !number.is_empty() && (number == "0" || !number.starts_with('0'));
        return sound.then(|| &path[start..]);
    }
    let bare = path.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = &path[bare.len()..];
    if number.is_empty() || bare.len() < 2 || !bare.ends_with("/v") {
        return Some("");
    }
    let sound = !number.contains('.') && !number.starts_with('0') && number != "1";
    sound.then(|| &path[bare.len() - 2..])
}

/// Whether a version belongs to a path: `v2.0.0` to `/v2`.
pub fn belongs(version: &Version<'_>, path: &str) -> bool {
    let Some(major) = path_major(path) else {
        return false;
    };
    let major = major.strip_suffix("-unstable").unwrap_or(major);
    match major {
        "" => matches!(version.major, "v0" | "v1") || version.is_incompatible(),
        ".v1" if version.text.starts_with("v0.0.0-") => true,
        _ => version.major == &major[1..],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, canonical, version) in [
            ("v1.2.3", true, true),
            ("v1.2.3-pre.1+meta", true, true),
            ("v0.0.0-20240101000000-abcdefabcdef", true, true),
            ("v2.0.0+incompatible", true, true),
            ("v1.2", false, true),
            ("v1", false, true),
            ("v1.2.3.4", false, false),
            ("1.2.3", false, false),
            ("v1.02.3", false, false),
            ("v1.2.3-", false, false),
            ("v1.2-pre", false, false),
            ("master", false, false),
            ("v", false, false),
            ("", false, false),
        ] {
            assert_eq!(
                (parse(text).is_some(), is_version(text)),
                (canonical, version),
                "{text}"
            );
        }
    }

    #[test]
    fn pseudo_versions() {
        for (text, pseudo) in [
            ("v0.0.0-20240101000000-abcdefabcdef", true),
            ("v1.2.4-0.20240101000000-abcdefabcdef", true),
            ("v1.2.3-pre.0.20240101000000-abcdefabcdef", true),
            ("v1.2.3-rc.1", false),
            ("v1.2.3-20240101", false),
            ("v1.2.3", false),
        ] {
            assert_eq!(parse(text).unwrap().is_pseudo(), pseudo, "{text}");
        }
    }

    #[test]
    fn majors() {
        for (path, major) in [
            ("a.io/b", Some("")),
            ("a.io/b/v2", Some("/v2")),
            ("a.io/b/v1", None),
            ("a.io/b/v02", None),
            ("a.io/b/v2.1", None),
            ("gopkg.in/yaml.v3", Some(".v3")),
            ("gopkg.in/x.v0", Some(".v0")),
            ("gopkg.in/yaml", None),
            ("gopkg.in/a.v1-unstable", Some(".v1-unstable")),
            ("a.io/ipv4", Some("")),
        ] {
            assert_eq!(path_major(path), major, "{path}");
        }
        for (path, version, fits) in [
            ("a.io/b", "v1.0.0", true),
            ("a.io/b", "v2.0.0", false),
            ("a.io/b", "v2.0.0+incompatible", true),
            ("a.io/b/v2", "v2.1.0", true),
            ("gopkg.in/check.v1", "v0.0.0-20161208181325-20d25e280405", true),
            ("gopkg.in/yaml.v3", "v2.0.0", false),
        ] {
            assert_eq!(belongs(&parse(version).unwrap(), path), fits, "{path} {version}");
        }
    }
}
