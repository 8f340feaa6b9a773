//! The policy that a user's or the machine's file names: before go is run, the rules of its profile are checked, offline.
//!
//! It is a rail, not a fence: who may change their own environment may also leave gosteady out.

use super::argv::Command;
use super::scene::Scene;
use super::table::{self, Class};
use crate::check::{self, Levels, Problem};
use crate::config::rules::Profile;
use crate::config::{self, Loaded, goenv::GoEnv};
use crate::error::Level;
use crate::world::World;
use std::path::{Path, PathBuf};

/// How much is checked before a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// Nothing: it builds and downloads nothing.
    Nothing,
    /// go's settings: it downloads, but it is what the files are mended or looked at with.
    Settings,
    /// go's settings, go.mod and its kin: it builds.
    Files,
}

/// The lines that say why a command is not run; `None` where it may run, as it always may without a policy.
pub fn refusal(
    world: &World,
    env: &GoEnv,
    loaded: &Loaded,
    command: &Command,
    scene: &Scene,
) -> Option<Vec<String>> {
    let profile = loaded.settings.policy?;
    let files = match extent(command) {
        Extent::Nothing => return None,
        Extent::Settings => Vec::new(),
        Extent::Files => files(command, scene),
    };
    let levels = Levels::new(profile, &loaded.checks);
    let found = check::of_command(world, env, &scene.dir, files, &levels);
    let errors: Vec<&Problem> = found.iter().filter(|p| p.finding.level == Level::Error).collect();
    (!errors.is_empty()).then(|| told(&errors, profile, loaded, &scene.dir))
}

/// A line about a policy that was written down and can't be enforced, because no profile has its name.
pub fn misread(loaded: &Loaded) -> Option<String> {
    let finding = loaded.findings_about("policy.profile").next()?;
    Some(format!(
        "{}: {}; no policy is enforced",
        finding.evidence, finding.what
    ))
}

fn extent(command: &Command) -> Extent {
    if table::class(command) == Class::Zero {
        return Extent::Nothing;
    }
    match command.verb().as_str() {
        // What `p@v` builds is another module: its own go.mod counts.
        "install" | "run" if command.names_a_version() => Extent::Settings,
        "build" | "install" | "run" | "test" | "generate" | "tool" | "vet" | "fix" => Extent::Files,
        // With a module it mends go.sum.
        "mod download" if command.operands.is_empty() => Extent::Files,
        _ => Extent::Settings,
    }
}

fn files(command: &Command, scene: &Scene) -> Vec<PathBuf> {
    let mut files = match (&scene.work, scene.named_modfile(command)) {
        (Some(work), _) => check::workspace(work),
        (None, Some(named)) => return vec![named],
        (None, None) => Vec::new(),
    };
    files.extend(scene.module.iter().filter(|_| scene.work.is_none()).cloned());
    files.retain(|file| file.is_file());
    files
}

fn told(errors: &[&Problem], profile: Profile, loaded: &Loaded, dir: &Path) -> Vec<String> {
    let name = profile.as_str();
    let by = loaded.origin("policy.profile");
    let mut lines = vec![format!("not run: the policy `{name}`, set by {by}, refuses it")];
    for problem in errors {
        let finding = &problem.finding;
        let place = problem.place().map(|(file, line, column)| {
            let file = file.strip_prefix(dir).unwrap_or(file);
            format!("{}:{line}:{column}: ", file.to_string_lossy())
        });
        let fix = match finding.fix.as_str() {
            "" => String::new(),
            fix => format!("; {fix}"),
        };
        let line = format!(
            "{}{}{fix} [{}]",
            place.unwrap_or_default(),
            finding.what,
            finding.id
        );
        // It names files and what stands in them.
        lines.push(config::printable(&line, usize::MAX));
    }
    lines.push(format!("the lines themselves: gosteady check --profile {name}"));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    #[test]
    fn what_is_told_steers_no_terminal() {
        let odd = "d\u{1b}[31m\u{9b}\ngosteady: x";
        let problem = Problem {
            finding: crate::error::Finding {
                id: "gomod-syntax",
                level: Level::Error,
                what: odd.into(),
                evidence: String::new(),
                fix: odd.into(),
            },
            mark: Some(config::Mark {
                path: odd.into(),
                text: "x".into(),
                span: 0..1,
            }),
        };
        let loaded = config::load(&World::default());
        let lines = told(&[&problem], Profile::Dev, &loaded, Path::new("/"));
        assert!(
            !lines.iter().any(|line| line.contains(char::is_control)),
            "{lines:?}"
        );
    }

    #[test]
    fn what_builds_is_checked_whole_and_what_mends_is_not() {
        for (line, expected) in [
            ("", Extent::Nothing),
            ("version", Extent::Nothing),
            ("env -w GOPROXY=direct", Extent::Nothing),
            ("mod edit -droprequire=a", Extent::Nothing),
            ("mod init m", Extent::Nothing),
            ("build -h", Extent::Nothing),
            ("build ./...", Extent::Files),
            ("test -run X .", Extent::Files),
            ("run .", Extent::Files),
            ("run a.io/b@v1.0.0", Extent::Settings),
            ("install a.io/b@v1.0.0", Extent::Settings),
            ("tool stringer", Extent::Files),
            ("tool compile -V", Extent::Nothing),
            ("mod download", Extent::Files),
            ("mod download a.io/b", Extent::Settings),
            ("mod tidy", Extent::Settings),
            ("mod vendor", Extent::Settings),
            ("mod graph", Extent::Settings),
            ("get a.io/b@latest", Extent::Settings),
            ("list -m all", Extent::Settings),
            ("work sync", Extent::Settings),
        ] {
            let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            assert_eq!(extent(&Command::parse(&args)), expected, "{line}");
        }
    }
}
