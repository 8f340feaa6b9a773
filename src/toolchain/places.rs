//! Where toolchains are on a machine: version managers, the system, go's own module cache, PATH.

use super::find;
use super::installed::{Installed, version_at};
use super::version::Version;
use crate::config::goenv::{GoEnv, root_of};
use crate::world::{World, platform};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub(super) const SYSTEM: &str = "system";
const HOMEBREW: &str = "Homebrew";

/// A place where toolchains are.
#[derive(Debug)]
pub(super) struct Place {
    /// As [`Installed::from`].
    pub from: &'static str,
    /// What it is.
    pub kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
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

    /// What there may be of a version.
    pub fn of(&self, version: &Version) -> impl Iterator<Item = Installed> {
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

    /// Those whose directory names a version of this line, or all.
    pub fn all(&self, line: Option<&str>) -> Vec<Installed> {
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

pub(super) fn places(world: &World, env: &GoEnv, known: Option<&Path>) -> Vec<Place> {
    let mut places = on_path(world, known);
    places.extend(kept(world, env));
    places
}

pub(super) fn on_path(world: &World, known: Option<&Path>) -> Vec<Place> {
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

/// In the order in which they are asked: what go itself would use, version managers, the system.
pub(super) fn kept(world: &World, env: &GoEnv) -> Vec<Place> {
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

// Joining nothing would leave a slash behind.
fn tree(dir: PathBuf, below: &str) -> PathBuf {
    if below.is_empty() { dir } else { dir.join(below) }
}
