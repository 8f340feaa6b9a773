//! `gosteady hook`: `gosteady check` before each commit.

mod git;

use super::check;
use crate::bounded;
use crate::check::{self as checks, Profile};
use crate::config::printable_path;
use crate::error::Error;
use crate::outcome::{Code, Outcome};
use crate::repair;
use crate::ui;
use crate::world::World;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Check go.mod and its kin before each commit.
#[derive(Debug, clap::Subcommand)]
pub enum Cmd {
    /// Write the pre-commit hook of this repository.
    Install(Args),
    /// Remove the hook that `gosteady hook install` wrote.
    Uninstall,
    /// What the hook runs: check the modules whose files are about to be committed.
    Run(Args),
}

/// How strict the hook is.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Only commits that touch go.mod, go.sum, go.work, vendor/modules.txt or
gosteady.toml are checked, as the files lie in the working tree. The hook goes
where git looks for it (core.hooksPath, worktrees). One that is there already
is left alone: the line to add to it is printed.

Examples:
  gosteady hook install --profile test
  git commit --no-verify              for once without it

Exit status: 0 done, 1 refused or something found, 2 no repository here.")]
pub struct Args {
    /// How strict; without it as `gosteady check`.
    #[arg(long, value_enum)]
    pub profile: Option<Profile>,
}

/// By this line our own hook is known.
const MARK: &str = "# gosteady hook";

/// What a hook of somebody else's calls us by.
const CALL: &str = "gosteady hook run";

/// Files that say something about modules.
const FILES: &[&str] = &[
    "go.mod",
    "go.sum",
    "go.work",
    "go.work.sum",
    "modules.txt",
    "gosteady.toml",
];

/// Runs the command.
pub fn run(cmd: &Cmd, world: &World) -> Outcome {
    if let Cmd::Run(args) = cmd {
        return look(args, world);
    }
    let hook = match git::pre_commit(world) {
        Ok(hook) => hook,
        Err(error) => {
            ui::note(&error.to_string());
            return Outcome::Ours(Code::Usage);
        }
    };
    let done = match cmd {
        Cmd::Install(args) => install(&hook, args.profile),
        _ => uninstall(&hook),
    };
    match done {
        Ok(told) => {
            ui::note(&format!("{}: {told}", printable_path(&hook)));
            Outcome::Ours(Code::Ok)
        }
        Err(error) => {
            ui::note(&error.to_string());
            Outcome::Ours(Code::Findings)
        }
    }
}

fn call(profile: Option<Profile>) -> String {
    let profile = profile.map(|profile| format!(" --profile {}", profile.as_str()));
    format!("{CALL}{}", profile.unwrap_or_default())
}

fn script(profile: Option<Profile>) -> String {
    format!(
        "#!/bin/sh\n{MARK}: written by `gosteady hook install`, removed by `gosteady hook uninstall`\n\
         command -v gosteady >/dev/null 2>&1 || {{\n    \
         echo \"gosteady is not on PATH: go.mod and its kin are not checked\" >&2\n    exit 0\n}}\n\
         exec {}\n",
        call(profile)
    )
}

/// What a hook's place holds.
#[derive(Debug, PartialEq, Eq)]
enum There {
    Nothing,
    Ours(String),
    Others { calls_us: bool },
}

fn there(hook: &Path) -> std::io::Result<There> {
    match bounded::read_file(hook) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && !hook.is_symlink() => Ok(There::Nothing),
        Err(e) => Err(e),
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            Ok(match text.lines().any(|line| line.starts_with(MARK)) {
                true => There::Ours(text),
                false => There::Others {
                    calls_us: text.contains(CALL),
                },
            })
        }
    }
}

fn failed(hook: &Path, error: &std::io::Error) -> Error {
    Error::new(
        format!("{}: {error}", printable_path(hook)),
        "mend that and try again",
    )
}

fn install(hook: &Path, profile: Option<Profile>) -> Result<&'static str, Error> {
    let wanted = script(profile);
    let told = match there(hook).map_err(|e| failed(hook, &e))? {
        There::Ours(text) if text == wanted && is_executable(hook) => return Ok("is in place"),
        There::Ours(_) => "brought up to date",
        There::Others { calls_us: true } => return Ok("calls gosteady already"),
        There::Others { calls_us: false } => {
            return Err(Error::new(
                format!("{} is there already and is left as it is", printable_path(hook)),
                format!("add this line to it: {} || exit 1", call(profile)),
            ));
        }
        There::Nothing => "installed",
    };
    let written = std::fs::create_dir_all(hook.parent().unwrap_or(Path::new(".")))
        .and_then(|()| repair::replace(hook, &wanted))
        .and_then(|()| std::fs::set_permissions(hook, std::fs::Permissions::from_mode(0o755)));
    written.map_err(|e| failed(hook, &e))?;
    Ok(told)
}

fn uninstall(hook: &Path) -> Result<&'static str, Error> {
    match there(hook).map_err(|e| failed(hook, &e))? {
        There::Nothing => Ok("is not there"),
        There::Others { calls_us: false } => Ok("is not gosteady's, and is left as it is"),
        There::Others { calls_us: true } => Err(Error::new(
            format!("{} is not gosteady's", printable_path(hook)),
            format!("remove the line with `{CALL}` from it"),
        )),
        There::Ours(_) => {
            std::fs::remove_file(hook).map_err(|e| failed(hook, &e))?;
            Ok("removed")
        }
    }
}

fn is_executable(hook: &Path) -> bool {
    std::fs::metadata(hook).is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0)
}

// The modules of the staged files, as they lie in the working tree.
fn look(args: &Args, world: &World) -> Outcome {
    let staged = match git::staged(world) {
        Ok(staged) => staged,
        Err(error) => {
            ui::note(&error.to_string());
            return Outcome::Ours(Code::Usage);
        }
    };
    let ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| FILES.contains(&name)) && !checks::is_missing(path)
    };
    let paths: Vec<PathBuf> = staged.into_iter().filter(ours).collect();
    if paths.is_empty() {
        return Outcome::Ours(Code::Ok);
    }
    let args = check::Args {
        paths,
        profile: args.profile,
        rules: Vec::new(),
        format: check::Format::Text,
    };
    check::before_commit(&args, world)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_is_written_once_and_nobody_elses_is_touched() {
        let dir = tempfile::tempdir().unwrap();
        let hook = dir.path().join("hooks/pre-commit");
        assert_eq!(install(&hook, None), Ok("installed"));
        assert_eq!(install(&hook, None), Ok("is in place"));
        assert_eq!(install(&hook, Some(Profile::Test)), Ok("brought up to date"));
        assert!(is_executable(&hook));
        assert_eq!(uninstall(&hook), Ok("removed"));
        assert_eq!(uninstall(&hook), Ok("is not there"));
        let other = "#!/bin/sh\nmake lint\n";
        std::fs::write(&hook, other).unwrap();
        let refused = install(&hook, Some(Profile::Prod)).unwrap_err();
        assert!(
            refused.fix.contains("gosteady hook run --profile prod || exit 1"),
            "{refused}"
        );
        assert_eq!(uninstall(&hook), Ok("is not gosteady's, and is left as it is"));
        assert_eq!(std::fs::read_to_string(&hook).unwrap(), other);
        std::fs::write(&hook, format!("{other}gosteady hook run || exit 1\n")).unwrap();
        assert_eq!(install(&hook, None), Ok("calls gosteady already"));
        assert!(uninstall(&hook).unwrap_err().fix.contains("remove the line"));
        std::fs::remove_file(&hook).unwrap();
        std::os::unix::fs::symlink("/nowhere/hook", &hook).unwrap();
        assert!(
            install(&hook, None).is_err(),
            "a link that leads nowhere is somebody's"
        );
    }
}
