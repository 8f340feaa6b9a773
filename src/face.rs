//! Which program we were called as: decided from `argv[0]` alone, before anything else exists.

use std::ffi::OsStr;
use std::path::Path;

/// The face that the name selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// The shim in front of `go`.
    Go,
    /// The shim in front of `gofmt`.
    Gofmt,
    /// The gosteady command line: any other name.
    Cli,
}

impl Face {
    /// Reads the face off `argv[0]`.
    pub fn of(argv0: &OsStr) -> Face {
        match Path::new(argv0).file_name().and_then(OsStr::to_str) {
            Some("go") => Face::Go,
            Some("gofmt") => Face::Gofmt,
            _ => Face::Cli,
        }
    }

    /// The name of the real program behind the face; `None` for our own command line.
    pub fn program(self) -> Option<&'static str> {
        match self {
            Face::Go => Some("go"),
            Face::Gofmt => Some("gofmt"),
            Face::Cli => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faces() {
        for (argv0, face) in [
            ("go", Face::Go),
            ("/opt/shims/go", Face::Go),
            ("./gofmt", Face::Gofmt),
            ("gosteady", Face::Cli),
            ("go1.26", Face::Cli),
            ("", Face::Cli),
        ] {
            assert_eq!(Face::of(OsStr::new(argv0)), face, "{argv0}");
        }
    }
}
