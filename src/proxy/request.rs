//! What go asks for: the path below a prefix, understood.
//!
//! Source: the GOPROXY protocol (go.dev/ref/mod), modfetch/proxy.go, modfetch/sumdb.go.

use crate::gomod::unescape;
use crate::percent::decode;

/// The kinds of thing that go asks a module proxy for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `M/@v/V.info`.
    Info,
    /// `M/@v/V.mod`.
    Mod,
    /// `M/@v/V.zip`.
    Zip,
    /// `M/@v/list`.
    List,
    /// `M/@latest`.
    Latest,
    /// `sumdb/NAME/supported`, with the database's name.
    Supported(String),
    /// `sumdb/NAME/lookup/…`.
    Lookup(String),
    /// `sumdb/NAME/tile/…`.
    Tile(String),
    /// Anything else; passed on all the same.
    Other,
}

/// A request of go's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its escaped path as go sent it, without a leading slash.
    pub wire: String,
    /// What it is.
    pub kind: Kind,
    /// Its name for people: `golang.org/x/text@v0.3.0 zip`.
    pub label: String,
    /// Whether it names something that can never change.
    pub immutable: bool,
}

impl Resource {
    /// Understands a path. `None` where no client of ours may send it upstream: broken escapes, dot segments.
    pub fn parse(wire: &str) -> Option<Resource> {
        let path = String::from_utf8(decode(wire)?).ok()?;
        let bad = |segment: &str| matches!(segment, "" | "." | "..");
        if path.chars().any(char::is_control) || path.split('/').any(bad) {
            return None;
        }
        let (kind, label, immutable) = understand(&path);
        Some(Resource {
            wire: wire.to_owned(),
            kind,
            label,
            immutable,
        })
    }

    /// Module path and version of an `.info`, `.mod` or `.zip`, unescaped.
    pub fn version(&self) -> Option<(&str, &str)> {
        // Neither can hold a blank or an `@`.
        let (version, _) = self.label.rsplit_once(' ')?;
        version
            .split_once('@')
            .filter(|_| matches!(self.kind, Kind::Info | Kind::Mod | Kind::Zip))
    }

    /// Whether it belongs to the checksum database.
    pub fn sumdb(&self) -> Option<&str> {
        match &self.kind {
            Kind::Supported(name) | Kind::Lookup(name) | Kind::Tile(name) => Some(name),
            _ => None,
        }
    }

    /// Whether its answer may rightly take long: zips, and lookups that the database must first make.
    pub fn large(&self) -> bool {
        matches!(self.kind, Kind::Zip | Kind::Lookup(_))
    }
}

fn understand(path: &str) -> (Kind, String, bool) {
    let other = || (Kind::Other, path.to_owned(), false);
    if let Some(rest) = path.strip_prefix("sumdb/") {
        if let Some(name) = rest.strip_suffix("/supported") {
            return (
                Kind::Supported(name.to_owned()),
                format!("{name} supported"),
                false,
            );
        }
        if let Some((name, what)) = rest.split_once("/lookup/") {
            let label = format!("{name} lookup {}", unescape(what));
            return (Kind::Lookup(name.to_owned()), label, true);
        }
        if let Some((name, what)) = rest.split_once("/tile/") {
            return (Kind::Tile(name.to_owned()), format!("{name} tile {what}"), true);
        }
        return other();
    }
    if let Some(module) = path.strip_suffix("/@latest") {
        return (Kind::Latest, format!("{} latest", unescape(module)), false);
    }
    let Some((module, file)) = path.split_once("/@v/") else {
        return other();
    };
    let module = unescape(module);
    if file == "list" {
        return (Kind::List, format!("{module} list"), false);
    }
    let Some((version, extension)) = file.rsplit_once('.') else {
        return other();
    };
    let kind = match extension {
        "info" => Kind::Info,
        "mod" => Kind::Mod,
        "zip" => Kind::Zip,
        _ => return other(),
    };
    let version = unescape(version);
    let immutable = is_canonical(&version);
    (kind, format!("{module}@{version} {extension}"), immutable)
}

/// Whether a version is canonical: `vX.Y.Z[-pre][+incompatible]` (x/mod/module: CanonicalVersion).
fn is_canonical(version: &str) -> bool {
    let version = version.strip_suffix("+incompatible").unwrap_or(version);
    let Some(version) = version.strip_prefix('v') else {
        return false;
    };
    let (core, pre) = match version.split_once('-') {
        Some((core, pre)) => (core, Some(pre)),
        None => (version, None),
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let number = |s: &str| digits(s) && (s == "0" || !s.starts_with('0'));
    let identifier = |s: &str| {
        let known = !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        known && (!digits(s) || number(s))
    };
    core.split('.').count() == 3
        && core.split('.').all(number)
        && pre.is_none_or(|pre| pre.split('.').all(identifier))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_are_understood_whichever_way_they_are_escaped() {
        let sum = || "sum.golang.org".to_owned();
        for (wire, kind, label, immutable) in [
            (
                "golang.org/x/text/@v/v0.3.0.zip",
                Kind::Zip,
                "golang.org/x/text@v0.3.0 zip",
                true,
            ),
            (
                "rsc.io/%21q/@v/v1.5.2.info",
                Kind::Info,
                "rsc.io/Q@v1.5.2 info",
                true,
            ),
            ("rsc.io/!q/@v/main.info", Kind::Info, "rsc.io/Q@main info", false),
            (
                "m.io/a/@v/v2.0.0+incompatible.mod",
                Kind::Mod,
                "m.io/a@v2.0.0+incompatible mod",
                true,
            ),
            ("m.io/a/@v/list", Kind::List, "m.io/a list", false),
            ("m.io/a/@latest", Kind::Latest, "m.io/a latest", false),
            (
                "sumdb/sum.golang.org/supported",
                Kind::Supported(sum()),
                "sum.golang.org supported",
                false,
            ),
            (
                "sumdb/sum.golang.org/lookup/m.io/%21a@v1.0.0",
                Kind::Lookup(sum()),
                "sum.golang.org lookup m.io/A@v1.0.0",
                true,
            ),
            (
                "sumdb/h/p/tile/8/0/x001/000",
                Kind::Tile("h/p".into()),
                "h/p tile 8/0/x001/000",
                true,
            ),
            ("favicon.ico", Kind::Other, "favicon.ico", false),
            ("m/@v/v1.0.0.exe", Kind::Other, "m/@v/v1.0.0.exe", false),
        ] {
            let got = Resource::parse(wire).unwrap();
            assert_eq!(
                (got.kind, got.label.as_str(), got.immutable),
                (kind, label, immutable),
                "{wire}"
            );
        }
        for wire in ["", "a//b", "../x", "a/%2e%2e/b", "a%", "a%zz", "a%0ab"] {
            assert_eq!(Resource::parse(wire), None, "{wire}");
        }
    }

    #[test]
    fn canonical_versions() {
        for (version, canonical) in [
            ("v1.2.3", true),
            ("v0.0.1-go1.21.0.linux-amd64", true),
            ("v0.0.0-20210101000000-abcdefabcdef", true),
            ("v1.2", false),
            ("v01.2.3", false),
            ("v1.2.3+build", false),
            ("v1.2.3-", false),
            ("v1.2.3-01", false),
            ("main", false),
        ] {
            assert_eq!(is_canonical(version), canonical, "{version}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_the_wire_form_is_kept(wire in "[a-zA-Z0-9@/.%!+~-]{0,40}") {
            if let Some(resource) = Resource::parse(&wire) {
                prop_assert_eq!(resource.wire, wire);
            }
        }
    }
}
