//! Pins: which Go somebody wrote down, where, and which of several counts. Pure, but for `walk`, which reads the files.

pub mod choice;
pub mod edit;
pub mod files;
pub mod walk;

use super::version::Version;
use crate::config::Origin;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

/// What a pin asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want {
    /// This one: `1.22.10`.
    Exact(Version),
    /// The newest patch of a language version: `1.22`.
    Newest(Version),
    /// The Go on PATH, whatever its version: `system`.
    System,
}

/// Where a pin stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In this environment variable.
    Variable(&'static str),
    /// In a file.
    File {
        /// The file.
        path: PathBuf,
        /// 1-based.
        line: usize,
    },
}

/// One statement about which Go to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The rule it falls under: the name of the variable or of the file.
    pub rule: &'static str,
    /// Where it stands.
    pub place: Place,
    /// As it is written.
    pub text: String,
    /// What it asks for, or why that is nothing we can give.
    pub want: Result<Want, String>,
    /// Whether it travels with the project: `install p@v` and `run p@v` ignore it.
    pub project: bool,
}

impl Want {
    /// Reads what a pin says. A version may begin with `go`; two numbers ask for the newest patch.
    ///
    /// # Errors
    /// Forms that other version managers know and that would have to be guessed here, and what is no version at all,
    /// as a clause.
    pub fn parse(text: &str) -> Result<Want, String> {
        if text == "system" {
            return Ok(Want::System);
        }
        if text.starts_with("path:") || text.starts_with(['/', '~', '.']) {
            return Err("names a directory, which a project's file may not do; name a version".into());
        }
        if text.starts_with("ref:") || text.starts_with("sub-") {
            return Err("asks for a build from source, which is not supported; name a version".into());
        }
        if matches!(text, "latest" | "stable" | "oldstable" | "tip" | "lts") {
            return Err("changes its meaning by itself; name a version".into());
        }
        let text = text.strip_prefix("prefix:").unwrap_or(text);
        let version = Version::parse(text).ok_or("is not a Go version; name one such as 1.26.6")?;
        let number = text.strip_prefix("go").unwrap_or(text);
        match number.split('.').count() {
            1 => Err("is not a Go version that can be run; name one such as 1.26.6".into()),
            2 if number.bytes().all(|b| b.is_ascii_digit() || b == b'.') => Ok(Want::Newest(version)),
            _ if version.is_toolchain() => Ok(Want::Exact(version)),
            _ => Err("is not a Go version that can be run; name one such as 1.26.6".into()),
        }
    }

    /// Whether a Go of this version is what is asked for. [`Want::System`] is met by any.
    pub fn is_met_by(&self, version: &Version) -> bool {
        match self {
            Want::Exact(wanted) => wanted.is_same_toolchain(version),
            Want::Newest(line) => line.is_same_line(version) && version.is_release(),
            Want::System => true,
        }
    }

    /// Whether some Go can be what both ask for.
    pub fn agrees_with(&self, other: &Want) -> bool {
        match (self, other) {
            (Want::Exact(a), Want::Exact(b)) => a.is_same_toolchain(b),
            (Want::Exact(a), Want::Newest(b)) | (Want::Newest(a), Want::Exact(b)) => a.is_same_line(b),
            (Want::Newest(a), Want::Newest(b)) => a.is_same_line(b),
            (a, b) => a == b,
        }
    }
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Want::Exact(version) => version.fmt(f),
            Want::Newest(line) => f.write_str(&line.language()),
            Want::System => f.write_str("system"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Variable(name) => f.write_str(name),
            Place::File { path, line } => {
                let path = crate::config::printable(&path.to_string_lossy(), usize::MAX);
                write!(f, "{path}:{line}")
            }
        }
    }
}

impl Place {
    /// The directory of the file.
    pub fn dir(&self) -> Option<&Path> {
        match self {
            Place::Variable(_) => None,
            Place::File { path, .. } => path.parent(),
        }
    }
}

impl Pin {
    /// A pin in a project's file.
    pub fn in_file(rule: &'static str, path: &Path, line: usize, text: &str) -> Pin {
        Pin {
            rule,
            place: Place::File {
                path: path.into(),
                line,
            },
            text: crate::config::printable(text, 80),
            want: Want::parse(text),
            project: true,
        }
    }

    /// A value of `go.version`, of whatever layer.
    pub fn configured(text: &str, origin: &Origin) -> Pin {
        let (place, project) = match origin {
            Origin::File { path, line, .. } => {
                let project = path.file_name() == Some(OsStr::new(crate::config::file::PROJECT));
                let place = Place::File {
                    path: path.clone(),
                    line: *line,
                };
                (place, project)
            }
            _ => (Place::Variable("GOSTEADY_GO_VERSION"), false),
        };
        Pin {
            rule: match &place {
                Place::Variable(name) => name,
                Place::File { .. } => "go.version",
            },
            place,
            text: text.to_string(),
            want: Want::parse(text),
            project,
        }
    }

    /// GOTOOLCHAIN of the environment where it names one toolchain; anything else is go's own affair.
    pub fn gotoolchain(value: &str) -> Option<Pin> {
        // go takes no blank off, and refuses it in its own words.
        let named = value.starts_with("go") && !value.contains(['+', ' ', '\t', '\n']);
        let version = Version::parse(value).filter(|v| named && v.is_toolchain())?;
        Some(Pin {
            rule: "GOTOOLCHAIN",
            place: Place::Variable("GOTOOLCHAIN"),
            text: value.to_string(),
            want: Ok(Want::Exact(version)),
            project: false,
        })
    }

    /// Whether it is GOTOOLCHAIN, which go follows by itself and tells about.
    pub fn is_gos_own(&self) -> bool {
        self.place == Place::Variable("GOTOOLCHAIN")
    }

    /// What it asks for, where that is a version.
    pub fn version(&self) -> Option<&Version> {
        match &self.want {
            Ok(Want::Exact(version) | Want::Newest(version)) => Some(version),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pins_say() {
        for (text, want) in [
            ("1.22.10", "Exact 1.22.10"),
            ("go1.22.10", "Exact 1.22.10"),
            ("1.22.1-corp", "Exact 1.22.1-corp"),
            ("1.21rc2", "Exact 1.21rc2"),
            ("1.22", "Newest 1.22"),
            ("1.19", "Newest 1.19"),
            ("1.20.0", "Exact 1.20"),
            ("prefix:1.22", "Newest 1.22"),
            ("system", "System system"),
        ] {
            let shown = match Want::parse(text) {
                Ok(w @ Want::Exact(_)) => format!("Exact {w}"),
                Ok(w @ Want::Newest(_)) => format!("Newest {w}"),
                Ok(w @ Want::System) => format!("System {w}"),
                Err(why) => why,
            };
            assert_eq!(shown, want, "{text}");
        }
        for text in [
            "path:/opt/go",
            "ref:master",
            "latest",
            "",
            "1",
            "1.22.x",
            ">=1.22",
            "/opt/go",
            "../go",
            "v1.22.1",
            "golang",
            "1.22-corp",
        ] {
            assert!(Want::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn meeting_and_agreeing() {
        let want = |text: &str| Want::parse(text).unwrap();
        let version = |text: &str| Version::parse(text).unwrap();
        assert!(want("1.22").is_met_by(&version("1.22.3")));
        assert!(!want("1.22").is_met_by(&version("1.22rc1")));
        assert!(!want("1.22.1").is_met_by(&version("1.22.1-corp")));
        assert!(want("system").is_met_by(&version("1.0")));
        assert!(want("1.22").agrees_with(&want("1.22.3")) && want("1.22.3").agrees_with(&want("1.22")));
        assert!(!want("1.22.3").agrees_with(&want("1.22.4")));
        assert!(!want("system").agrees_with(&want("1.22")) && want("system").agrees_with(&want("system")));
    }

    #[test]
    fn gotoolchain_is_a_pin_where_it_names_one_toolchain() {
        for (value, pins) in [
            ("go1.22.10", true),
            ("go1.20", true),
            ("go1.22.1-corp", true),
            ("go1.22", false),
            ("go1.22.10+auto", false),
            ("go1.22.10 ", false),
            ("local", false),
            ("auto", false),
            ("1.22.10", false),
            ("bash", false),
        ] {
            assert_eq!(Pin::gotoolchain(value).is_some(), pins, "{value}");
        }
    }
}
