//! Making a toolchain available that is pinned and not there.

use super::installed;
use super::pin::Want;
use super::version::Version;
use crate::config::goenv::GoEnv;
use crate::world::World;
use std::path::{Path, PathBuf};

/// Why a toolchain could not be made available.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What happened, as a clause that follows the toolchain's name: `is not installed`.
    pub what: String,
    /// What the reader can do; a command or an instruction.
    pub fix: String,
    /// What follows from it.
    pub kind: Kind,
}

/// What follows from a toolchain's absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nobody has tried to get it: a go that knows toolchains may, with GOTOOLCHAIN naming it.
    NotTried,
    /// It could not be had for a passing reason: safe to run again.
    Passing,
    /// It can't be had, or what was had is not what it should be.
    Refused,
}

/// Installs a toolchain and returns its GOROOT. Whoever has a network hands one in: nothing here has.
pub type Installer<'a> = &'a dyn Fn(&Version) -> Result<PathBuf, Missing>;

/// Makes a toolchain available and returns its GOROOT. A language version (1.22) stands for its newest patch. Without an
/// installer only what is there by now is found.
///
/// # Errors
/// [`Missing`] where it is not there, or as the installer says.
pub fn provide(want: &Version, world: &World, installer: Option<Installer>) -> Result<PathBuf, Missing> {
    // Another process may have installed it since we looked.
    let env = GoEnv::read(world, Path::new(""));
    let asked = if want.is_toolchain() {
        Want::Exact(want.clone())
    } else {
        Want::Newest(want.clone())
    };
    match (installed::find(&asked, world, &env, None), installer) {
        (Some(found), _) => Ok(found.root),
        (None, Some(install)) => install(want),
        (None, None) => Err(Missing::not_tried(want)),
    }
}

impl Missing {
    /// Of a toolchain that nobody has tried to get.
    pub fn not_tried(want: &Version) -> Missing {
        Missing {
            what: "is not installed".into(),
            fix: fix(want),
            kind: Kind::NotTried,
        }
    }
}

/// The command that mends a missing toolchain.
pub fn fix(want: &Version) -> String {
    format!("gosteady toolchain install {want}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_installed() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let world = World {
            env: vec![("HOME".into(), home.path().into())],
            ..World::default()
        };
        let want = Version::parse("1.2.3").unwrap();
        let install = |_: &Version| Ok(PathBuf::from("/installed"));
        assert_eq!(provide(&want, &world, None), Err(Missing::not_tried(&want)));
        assert_eq!(provide(&want, &world, Some(&install)), Ok("/installed".into()));
        let root = home.path().join("sdk/go1.2.3");
        std::fs::create_dir_all(root.join("bin")).unwrap();
        std::fs::write(root.join("VERSION"), "go1.2.3\n").unwrap();
        std::fs::write(root.join("bin/go"), "").unwrap();
        std::fs::set_permissions(root.join("bin/go"), std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(provide(&want, &world, Some(&install)), Ok(root));
    }
}
