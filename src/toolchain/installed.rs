//! The toolchains that are on this machine, wherever they came from. A version is learnt from the VERSION file of a GOROOT;
//! no process is started.

use super::find;
use super::pin::Want;
use super::version::Version;
use crate::config::goenv::{GoEnv, root_of};
use crate::world::{World, platform};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
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

const SYSTEM: &str = "system";
const HOMEBREW: &str = "Homebrew";

/// A place where toolchains are.
#[derive(Debug)]
struct Place {
    from: &'static str,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// This is a GOROOT itself.
    Root(PathBuf),
    /// Directories `<prefix><version><suffix>` in `dir`, the GOROOT at `below` in each.
    Versions {
        dir: PathBuf,
        prefix: &'static str,
        suffix: String,
        below: &'static str,
    },
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

// Joining nothing would leave a slash behind.
fn tree(dir: PathBuf, below: &str) -> PathBuf {
    if below.is_empty() { dir } else { dir.join(below) }
}

// The first of the newest.
fn newest(found: impl Iterator<Item = Installed>) -> Option<Installed> {
    found.reduce(|best, next| if next.version > best.version { next } else { best })
}

impl Place {
    fn at(&self, root: PathBuf) -> Option<Installed> {
        let version = version_at(&root)?;
        let mode = std::fs::metadata(root.join("bin/go")).ok()?.permissions().mode();
        (mode & 0o111 != 0).then_some(Installed {
            version,
            root,
            from: self.from,
        })
    }

    // What there may be of a version.
    fn of(&self, version: &Version) -> impl Iterator<Item = Installed> {
        let roots = match &self.kind {
            Kind::Root(root) => vec![root.clone()],
            Kind::Versions {
                dir,
                prefix,
                suffix,
                below,
            } => {
                let names = self.names(version).into_iter();
                names
                    .map(|name| tree(dir.join(format!("{prefix}{name}{suffix}")), below))
                    .collect()
            }
        };
        roots.into_iter().filter_map(|root| self.at(root))
    }

    // How the directory of a version may be called: 1.20 is also 1.20.0, and a system's packages are named by the line.
    fn names(&self, version: &Version) -> Vec<String> {
        let name = version.to_string();
        let line = version.language();
        match self.from {
            SYSTEM => vec![format!("-{name}"), name, format!("-{line}"), line],
            HOMEBREW => vec![name, line],
            _ if version.is_release() && name == line => vec![name, format!("{line}.0")],
            _ => vec![name],
        }
    }

    // Those whose directory names a version of this line, or all.
    fn all(&self, line: Option<&str>) -> Vec<Installed> {
        let (dir, prefix, suffix, below) = match &self.kind {
            Kind::Root(root) => return self.at(root.clone()).into_iter().collect(),
            Kind::Versions {
                dir,
                prefix,
                suffix,
                below,
            } => (dir, prefix, suffix, below),
        };
        let Ok(entries) = std::fs::read_dir(dir) else {
            return Vec::new();
        };
        let fits = |name: &OsStr| {
            let version = name
                .to_str()?
                .strip_prefix(prefix)?
                .strip_suffix(suffix.as_str())?;
            // Debian has /usr/lib/go-1.22.
            let version = match self.from {
                SYSTEM => version.strip_prefix('-').unwrap_or(version),
                _ => version,
            };
            let version = Version::parse(version)?;
            line.is_none_or(|line| version.language() == line).then_some(())
        };
        let mut roots: Vec<PathBuf> = entries
            .flatten()
            .filter(|entry| fits(&entry.file_name()).is_some())
            .map(|entry| tree(entry.path(), below))
            .collect();
        roots.sort();
        roots.into_iter().filter_map(|root| self.at(root)).collect()
    }
}

fn places(world: &World, env: &GoEnv, known: Option<&Path>) -> Vec<Place> {
    let mut places = on_path(world, known);
    places.extend(kept(world, env));
    places
}

fn on_path(world: &World, known: Option<&Path>) -> Vec<Place> {
    let roots = find::all_on_path(world, known)
        .into_iter()
        .filter_map(|go| root_of(&go));
    roots
        .map(|root| Place {
            from: "PATH",
            kind: Kind::Root(root),
        })
        .collect()
}

// In the order in which they are asked: what go itself would use, version managers, the system.
fn kept(world: &World, env: &GoEnv) -> Vec<Place> {
    let mut places = Vec::new();
    if let Some(tree) = env.get("GOROOT") {
        places.push(Place {
            from: "GOROOT",
            kind: Kind::Root(tree.into()),
        });
    }
    let mut versions = |from, dir: Option<PathBuf>, prefix, suffix: &str, below| {
        let Some(dir) = dir else { return };
        places.push(Place {
            from,
            kind: Kind::Versions {
                dir,
                prefix,
                suffix: suffix.to_string(),
                below,
            },
        });
    };
    let (os, arch) = platform();
    let home = |below: &str| Some(world.home()?.join(below));
    let named = |name: &str, or: &str| match world.set_var(name).map(PathBuf::from) {
        Some(dir) if dir.is_absolute() => Some(dir),
        _ => home(or),
    };
    let join = |dir: Option<PathBuf>, below: &str| Some(dir?.join(below));
    let data = named("XDG_DATA_HOME", ".local/share");
    let mise = match world.set_var("MISE_DATA_DIR") {
        Some(dir) => Some(PathBuf::from(dir)),
        None => join(data, "mise"),
    };
    let modules = join(env.gomodcache(), "golang.org");
    let suffix = format!(".{os}-{arch}");
    versions("module cache", modules, "toolchain@v0.0.1-go", &suffix, "");
    versions("~/sdk", home("sdk"), "go", "", "");
    versions(
        "goenv",
        join(named("GOENV_ROOT", ".goenv"), "versions"),
        "",
        "",
        "",
    );
    let asdf = join(named("ASDF_DATA_DIR", ".asdf"), "installs/golang");
    versions("asdf", asdf, "", "", "go");
    versions("mise", join(mise, "installs/go"), "", "", "");
    versions("gvm", home(".gvm/gos"), "go", "", "");
    versions("g", home(".g/versions"), "", "", "");
    versions("gobrew", home(".gobrew/versions"), "", "", "go");
    versions("proto", home(".proto/tools/go"), "", "", "");
    let tools = match world.set_var("RUNNER_TOOL_CACHE") {
        Some(dir) => PathBuf::from(dir),
        None => "/opt/hostedtoolcache".into(),
    };
    let machine = if arch == "amd64" { "x64" } else { arch };
    versions("tool cache", Some(tools.join("go")), "", "", machine);
    for dir in ["/usr/local", "/usr/lib", "/opt"] {
        versions(SYSTEM, Some(dir.into()), "go", "", "");
    }
    let (brews, trees): (&[&str], &[&str]) = if cfg!(target_os = "macos") {
        (&["/opt/homebrew/opt", "/usr/local/opt"], &["/usr/local/go"])
    } else {
        let trees = &[
            "/usr/local/go",
            "/usr/lib/go",
            "/usr/lib/golang",
            "/usr/lib64/go",
            "/snap/go/current",
        ];
        (&["/home/linuxbrew/.linuxbrew/opt"], trees)
    };
    for dir in brews {
        versions(HOMEBREW, Some(dir.into()), "go@", "", "libexec");
    }
    let mut tree = |from, root: PathBuf| {
        let kind = Kind::Root(root);
        places.push(Place { from, kind });
    };
    for root in trees {
        tree(SYSTEM, root.into());
    }
    for dir in brews {
        tree(HOMEBREW, Path::new(dir).join("go/libexec"));
    }
    // A relative place would depend on where the command was given.
    places.retain(|place| match &place.kind {
        Kind::Root(dir) | Kind::Versions { dir, .. } => dir.as_os_str().as_bytes().starts_with(b"/"),
    });
    places
}

#[cfg(test)]
mod tests {
    use super::*;

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
