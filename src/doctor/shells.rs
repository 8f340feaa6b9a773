//! Which go other ways into this machine find: login shells, interactive shells, scripts, cron.

use super::check::Verdict;
use super::program::{self, AtBound};
use super::subject::Subject;
use crate::toolchain::whose;
use crate::world::World;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// What each shell starts with, whoever starts it.
const PLAIN: &str = "/usr/local/bin:/usr/bin:/bin";
/// What cron starts with (crontab(5)).
const CRON: &str = "/usr/bin:/bin";
/// What a new shell is given; with our PATH it would only repeat it.
const KEPT: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "TERM",
    "LANG",
    "XDG_CONFIG_HOME",
    "ZDOTDIR",
];

/// A way to start a shell.
struct Way {
    name: &'static str,
    flags: &'static str,
    /// The finding where it misses us, and what mends it.
    missed: Option<(&'static str, &'static str)>,
}

const WAYS: &[Way] = &[
    Way {
        name: "a login shell",
        flags: "-lc",
        missed: Some((
            "shim-not-in-login-shell",
            // ~/.bashrc, where install.sh writes, is not read by bash as a login shell.
            "add install.sh's line to ~/.profile, ~/.bash_profile or ~/.zprofile",
        )),
    },
    Way {
        name: "an interactive shell",
        flags: "-ic",
        missed: Some((
            "shim-not-in-interactive-shell",
            "install.sh --modify-profile writes the line into your shell's start-up file",
        )),
    },
    Way {
        name: "a script's shell",
        flags: "-c",
        missed: None,
    },
];

/// Asks each; `patience` is how long a shell may take to read its files.
pub fn look(subject: &Subject, patience: Duration) -> Verdict {
    let mut verdict = Verdict::default();
    let world = &subject.world;
    // Where we are not on PATH at all, that is said already.
    let present = world
        .path_dirs()
        .any(|dir| whose::is_gosteady(world, &dir.join("go")));
    let shown = |found: &Option<PathBuf>| match found {
        Some(path) if whose::is_gosteady(world, path) => format!("gosteady ({})", path.display()),
        Some(path) => path.display().to_string(),
        None => "no go".to_owned(),
    };
    let mut all = Vec::new();
    if let Some(shell) = world.set_var("SHELL").map(Path::new) {
        let asked: Vec<Option<PathBuf>> = std::thread::scope(|scope| {
            let threads: Vec<_> = WAYS
                .iter()
                .map(|way| scope.spawn(move || ask(world, shell, way.flags, patience)))
                .collect();
            let joined = threads.into_iter().map(|thread| thread.join().ok().flatten());
            joined.collect()
        });
        for (way, found) in WAYS.iter().zip(asked) {
            let Some(found) = found else {
                all.push(format!("{}: no answer in time", way.name));
                continue;
            };
            let found = Some(found).filter(|path| !path.as_os_str().is_empty());
            all.push(format!("{}: {}", way.name, shown(&found)));
            let ours = found
                .as_deref()
                .is_some_and(|path| whose::is_gosteady(world, path));
            if let Some((id, mend)) = way.missed.filter(|_| present && !ours) {
                verdict.found(
                    id,
                    format!("{} finds {}", way.name, shown(&found)),
                    format!("{} {} 'command -v go'", shell.display(), way.flags),
                    mend,
                );
            }
        }
    }
    let cron = which::which_in("go", Some(CRON), "/").ok();
    all.push(format!("cron: {}", shown(&cron)));
    verdict.saw(format!("go in {}", all.join("; ")));
    verdict
}

/// The go that a shell finds; empty where it finds none, `None` where it takes longer, and goes on by itself.
fn ask(world: &World, shell: &Path, flags: &str, patience: Duration) -> Option<PathBuf> {
    let mut command = Command::new(shell);
    command.args([flags, "command -v go"]).env_clear();
    for name in KEPT {
        if let Some(value) = world.set_var(name) {
            command.env(name, value);
        }
    }
    command.env("PATH", PLAIN);
    let ended = program::run(&mut command, patience, AtBound::Leave).ok()?;
    // Start-up files may print too; the answer comes last.
    ended.status?;
    let path = ended.stdout.lines().last().unwrap_or_default();
    Some(PathBuf::from(path.trim()))
}
