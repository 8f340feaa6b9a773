//! Which program we were called as: decided from the name alone, before anything else exists.

use crate::world::World;
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
    /// Reads the face off `argv[0]`; where the caller made that up, which go does not mind, off the path that was
    /// executed.
    pub fn of(world: &World) -> Face {
        let executed = world.executed.as_deref();
        Face::named(&world.argv0)
            .or_else(|| Face::named(executed?))
            .unwrap_or(Face::Cli)
    }

    fn named(path: &OsStr) -> Option<Face> {
        match Path::new(path).file_name().and_then(OsStr::to_str)? {
            "go" => Some(Face::Go),
            "gofmt" => Some(Face::Gofmt),
            "gosteady" => Some(Face::Cli),
            _ => None,
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
        for (argv0, executed, face) in [
            ("go", None, Face::Go),
            ("/opt/shims/go", None, Face::Go),
            ("./gofmt", None, Face::Gofmt),
            ("gosteady", Some("/opt/shims/go"), Face::Cli),
            ("go1.26", None, Face::Cli),
            ("", None, Face::Cli),
            ("", Some("/opt/shims/go"), Face::Go),
            ("whatever", Some("shims/gofmt"), Face::Gofmt),
            ("whatever", Some("/opt/bin/gosteady-0.1"), Face::Cli),
            ("go", Some("/opt/bin/gosteady"), Face::Go),
        ] {
            let world = World {
                argv0: argv0.into(),
                executed: executed.map(Into::into),
                ..World::default()
            };
            assert_eq!(Face::of(&world), face, "{argv0} {executed:?}");
        }
    }
}
