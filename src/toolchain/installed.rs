//! The toolchains that are on this machine, wherever they came from. A version is learnt from the VERSION file of a GOROOT;
//! no process is started.

use super::pin::Want;
use super::places::{kept, on_path, places};
use super::version::Version;
use crate::config::goenv::GoEnv;
use crate::world::World;
use std::path::{Path, PathBuf};

/// A toolchain that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Its version, by its VERSION file.
    pub version: Version,
    /// Its GOROOT.
    pub root: PathBuf,
    /// Who put it there, e.g. `module cache` or `goenv`.
    pub from: &'static str,
}

impl Installed {
    /// Its `go` or `gofmt`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.root.join("bin").join(name)
    }
}

/// Finds a toolchain that is what a pin asks for: the first in the order of the places, or, for the newest patch of a
/// line, the newest of all. `known` is a go on PATH that was asked already; what else stands there is asked last.
pub fn find(want: &Want, world: &World, env: &GoEnv, known: Option<&Path>) -> Option<Installed> {
    match want {
        Want::Exact(version) => {
            let met = |found: &Installed| want.is_met_by(&found.version);
            let kept = kept(world, env);
            let found = kept.iter().find_map(|place| place.of(version).find(met));
            found.or_else(|| {
                on_path(world, known)
                    .iter()
                    .find_map(|place| place.of(version).find(met))
            })
        }
        Want::Newest(line) => {
            let places = places(world, env, known);
            let candidates = places.iter().flat_map(|place| place.all(Some(&line.language())));
            newest(candidates.filter(|found| want.is_met_by(&found.version)))
        }
        Want::System => None,
    }
}

/// Every toolchain, in the order of the places; one that two ways lead to is named once.
pub fn all(world: &World, env: &GoEnv) -> Vec<Installed> {
    let mut seen = Vec::new();
    let mut found = Vec::new();
    for toolchain in places(world, env, None).iter().flat_map(|place| place.all(None)) {
        let real = std::fs::canonicalize(&toolchain.root).unwrap_or_else(|_| toolchain.root.clone());
        if !seen.contains(&real) {
            seen.push(real);
            found.push(toolchain);
        }
    }
    found
}

/// The version of the toolchain at a GOROOT: the first line of its VERSION file. `None` for a tree built from a
/// repository, and where there is none.
pub fn version_at(root: &Path) -> Option<Version> {
    let text = std::fs::read_to_string(root.join("VERSION")).ok()?;
    Version::parse(text.lines().next().filter(|line| line.starts_with("go"))?)
}

// The first of the newest.
fn newest(found: impl Iterator<Item = Installed>) -> Option<Installed> {
    found.reduce(|best, next| if next.version > best.version { next } else { best })
}

#[cfg(test)]
mod tests {
    use super::super::places::{Kind, Place, SYSTEM};
    use super::*;
    use crate::world::platform;
    use std::os::unix::fs::PermissionsExt;

    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new() -> Machine {
            Machine(tempfile::tempdir().unwrap())
        }
        fn go(&self, place: &str, version: &str, mode: u32) -> PathBuf {
            let root = self.0.path().join(place);
            std::fs::create_dir_all(root.join("bin")).unwrap();
            std::fs::write(root.join("VERSION"), format!("{version}\ntime 2024\n")).unwrap();
            let go = root.join("bin/go");
            std::fs::write(&go, "").unwrap();
            std::fs::set_permissions(&go, std::fs::Permissions::from_mode(mode)).unwrap();
            root
        }
        fn world(&self) -> World {
            let tools = self.0.path().join("tools");
            World {
                env: vec![
                    ("HOME".into(), self.0.path().into()),
                    ("RUNNER_TOOL_CACHE".into(), tools.into()),
                ],
                ..World::default()
            }
        }
        fn find(&self, text: &str) -> Option<(&'static str, PathBuf)> {
            let world = self.world();
            let env = GoEnv::read(&world, Path::new("/nowhere/go"));
            let found = find(&Want::parse(text).unwrap(), &world, &env, None);
            found.map(|f| (f.from, f.root))
        }
    }

    #[test]
    fn every_place_is_found() {
        let (os, arch) = platform();
        let x64 = if arch == "amd64" { "x64" } else { arch };
        for (from, place) in [
            (
                "module cache",
                &*format!("go/pkg/mod/golang.org/toolchain@v0.0.1-go1.2.3.{os}-{arch}"),
            ),
            ("~/sdk", "sdk/go1.2.3"),
            ("goenv", ".goenv/versions/1.2.3"),
            ("asdf", ".asdf/installs/golang/1.2.3/go"),
            ("mise", ".local/share/mise/installs/go/1.2.3"),
            ("gvm", ".gvm/gos/go1.2.3"),
            ("tool cache", &*format!("tools/go/1.2.3/{x64}")),
        ] {
            let machine = Machine::new();
            let root = machine.go(place, "go1.2.3", 0o755);
            assert_eq!(machine.find("1.2.3"), Some((from, root.clone())), "{place}");
            assert_eq!(machine.find("1.2"), Some((from, root)), "{place}");
            assert_eq!(machine.find("1.2.4"), None, "{place}");
        }
    }

    #[test]
    fn a_directory_must_be_what_its_name_says() {
        let machine = Machine::new();
        machine.go("sdk/go1.2.3", "go1.2.4", 0o755);
        machine.go("sdk/go1.2.5", "go1.2.5", 0o644);
        machine.go("sdk/go1.2.6", "devel +abc", 0o755);
        machine.go("sdk/go1.2.7", "go1.2.7-corp", 0o755);
        for version in ["1.2.3", "1.2.5", "1.2.6", "1.2.7"] {
            assert_eq!(machine.find(version), None, "{version}");
        }
        // A half-unpacked tree has no VERSION or no go in it.
        std::fs::create_dir_all(machine.0.path().join("sdk/go1.2.8/bin")).unwrap();
        assert_eq!(machine.find("1.2.8"), None);
    }

    #[test]
    fn the_newest_patch_wherever_it_is() {
        let machine = Machine::new();
        machine.go("sdk/go1.22.9", "go1.22.9", 0o755);
        let newest = machine.go(".goenv/versions/1.22.10", "go1.22.10", 0o755);
        machine.go(".goenv/versions/1.22.11", "go1.22rc1", 0o755);
        machine.go("sdk/go1.23.1", "go1.23.1", 0o755);
        assert_eq!(machine.find("1.22"), Some(("goenv", newest)));
        let old = machine.go("sdk/go1.20", "go1.20", 0o755);
        assert_eq!(machine.find("1.20.0"), Some(("~/sdk", old)));
    }

    #[test]
    fn as_a_system_names_them() {
        let machine = Machine::new();
        machine.go("go-1.19", "go1.19.8", 0o755);
        machine.go("go1.20.1", "go1.20.1", 0o755);
        machine.go("gofer-1.21", "go1.21.1", 0o755);
        let place = Place {
            from: SYSTEM,
            kind: Kind::Versions {
                dir: machine.0.path().into(),
                prefix: "go",
                suffix: String::new(),
                below: "",
            },
        };
        let versions = |found: &[Installed]| -> Vec<String> {
            found.iter().map(|found| found.version.to_string()).collect()
        };
        assert_eq!(versions(&place.all(None)), ["1.19.8", "1.20.1"]);
        assert_eq!(versions(&place.all(Some("1.19"))), ["1.19.8"]);
        for version in ["1.19.8", "1.20.1"] {
            let found: Vec<_> = place.of(&Version::parse(version).unwrap()).collect();
            assert_eq!(versions(&found), [version]);
        }
    }

    #[test]
    fn all_of_them_once() {
        let machine = Machine::new();
        let root = machine.go("sdk/go1.22.9", "go1.22.9", 0o755);
        machine.go(".gvm/gos/go1.23.1", "go1.23.1", 0o755);
        std::os::unix::fs::symlink(&root, machine.0.path().join("sdk/go1.22.90")).unwrap();
        let world = machine.world();
        let env = GoEnv::read(&world, Path::new("/nowhere/go"));
        let below: Vec<_> = all(&world, &env)
            .into_iter()
            .filter(|found| found.root.starts_with(machine.0.path()))
            .map(|found| found.version.to_string())
            .collect();
        assert_eq!(below, ["1.22.9", "1.23.1"]);
    }
}
