//! What git says about the repository around us. It only looks at its own files.

use crate::config::printable_path;
use crate::error::Error;
use crate::world::World;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where git looks for the pre-commit hook of this repository. A directory that other repositories share is refused.
pub fn pre_commit(world: &World) -> Result<PathBuf, Error> {
    let top = line(world, None, &["rev-parse", "--show-toplevel"])?;
    // A relative core.hooksPath counts from the top.
    let ask = |what: &[&str]| Ok(top.join(line(world, Some(&top), what)?));
    // Asked for as a whole: of a core.hooksPath set to nothing git says `./`, and looks in `/`.
    let hook = ask(&["rev-parse", "--git-path", "hooks/pre-commit"])?;
    let hooks = hook.parent().unwrap_or(&top);
    let common = ask(&["rev-parse", "--git-common-dir"])?;
    let (real_top, real_common) = (real(&top), real(&common));
    let advice =
        "git config --unset core.hooksPath, or --global --unset where it is set for all repositories";
    match hooks.to_str() {
        Some("/dev/null") => {
            let what = "core.hooksPath is /dev/null: git's hooks are switched off here";
            return Err(Error::new(what, advice));
        }
        Some("/") => {
            let what = "core.hooksPath is empty or /: git looks for its hooks in /, not in this repository";
            return Err(Error::new(what, advice));
        }
        _ => {}
    }
    let at = real(hooks);
    if !at.starts_with(&real_top) && !at.starts_with(&real_common) {
        return Err(Error::new(
            format!(
                "core.hooksPath leads out of this repository, to {}, where other repositories have their hooks",
                printable_path(hooks)
            ),
            "add this line to its pre-commit: gosteady hook run || exit 1",
        ));
    }
    Ok(hook)
}

/// The files that are about to be committed, absolute; not those that go away.
pub fn staged(world: &World) -> Result<Vec<PathBuf>, Error> {
    let top = line(world, None, &["rev-parse", "--show-toplevel"])?;
    let args = ["diff", "--cached", "--name-only", "--diff-filter=d", "-z"];
    let out = git(world, Some(&top), &args)?;
    let names = out.split(|b| *b == 0).filter(|name| !name.is_empty());
    Ok(names.map(|name| top.join(OsStr::from_bytes(name))).collect())
}

/// A path without links, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let known = path.ancestors().find_map(|above| {
        let real = std::fs::canonicalize(above).ok()?;
        Some(real.join(path.strip_prefix(above).ok()?))
    });
    known.unwrap_or_else(|| path.to_path_buf())
}

fn line(world: &World, dir: Option<&Path>, args: &[&str]) -> Result<PathBuf, Error> {
    let out = git(world, dir, args)?;
    let line = out.strip_suffix(b"\n").unwrap_or(&out);
    Ok(PathBuf::from(OsStr::from_bytes(line)))
}

fn git(world: &World, dir: Option<&Path>, args: &[&str]) -> Result<Vec<u8>, Error> {
    let mut command = Command::new("git");
    command
        .args(args)
        .env_clear()
        .envs(world.env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null());
    if let Some(dir) = dir.or(world.cwd.as_deref()) {
        command.current_dir(dir);
    }
    let output = command
        .output()
        .map_err(|e| Error::new(format!("git can't be run: {e}"), "install git"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let first = said.lines().next().unwrap_or("git failed").to_owned();
    Err(Error::new(
        first,
        "run this inside the working tree of a repository",
    ))
}
