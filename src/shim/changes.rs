//! Commands that may change go.mod and its kin, and which files those are: what they were is kept before.

use super::argv::Command;
use super::scene::Scene;
use super::table::{self, Class};
use crate::bounded;
use crate::config::Settings;
use crate::gomod;
use crate::journal::{Journal, Saved};
use crate::trace::{Event, Recorder};
use crate::world::World;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// Keeps what the files are, where the command may change them.
pub fn save(world: &World, settings: &Settings, command: &Command, scene: &Scene) -> Option<Saved> {
    if !may_change(command, &scene.goflags) {
        return None;
    }
    let files = files(command, scene);
    if files.is_empty() {
        return None;
    }
    Journal::of(settings, world)?.save(&command.verb(), &world.args, &scene.dir, &files)
}

/// Keeps what the files are, where the command is a build of them that went well.
pub fn built(world: &World, settings: &Settings, command: &Command, scene: &Scene) {
    let builds = matches!(command.words.as_slice(), ["build" | "install" | "vet"]);
    if !builds || command.names_a_version() || command.has("n") {
        return;
    }
    let files = files(command, scene);
    if let Some(journal) = Journal::of(settings, world).filter(|_| !files.is_empty()) {
        journal.built(&world.args, &scene.dir, &files);
    }
}

/// What the files that a command may change are at one time, for the trace.
#[derive(Debug)]
pub struct Prints(Vec<(PathBuf, String)>);

impl Prints {
    /// Of those that this command may change.
    pub fn take(command: &Command, scene: &Scene) -> Prints {
        let files = match may_change(command, &scene.goflags) {
            true => files(command, scene),
            false => Vec::new(),
        };
        Prints(
            files
                .into_iter()
                .map(|file| (file.clone(), print(&file)))
                .collect(),
        )
    }

    /// Records what has become of them.
    pub fn compare(self, scene: &Scene, recorder: &Recorder) {
        for (file, before) in self.0 {
            let after = print(&file);
            if before != after {
                let file = file.strip_prefix(&scene.dir).unwrap_or(&file);
                let file = file.to_string_lossy().into_owned();
                recorder.emit(Event::FileChanged { file, before, after });
            }
        }
    }
}

// `1234 bytes, 0f3a…`, or `absent`.
fn print(file: &Path) -> String {
    let Ok(text) = bounded::read_file(file) else {
        return "absent".to_string();
    };
    let mut hash = DefaultHasher::new();
    text.hash(&mut hash);
    format!("{} bytes, {:016x}", text.len(), hash.finish())
}

// Source: cmd/go/internal/modload (WriteGoMod and its callers): in readonly mode, the default, only these.
fn may_change(command: &Command, goflags: &[String]) -> bool {
    if command.has("h") || command.has("help") {
        return false;
    }
    match command.words.as_slice() {
        ["get"] | ["mod", "tidy" | "vendor" | "init" | "download"] => true,
        ["work", "init" | "use" | "sync"] => true,
        ["mod" | "work", "edit"] => !command.on("json") && !command.on("print"),
        _ => table::class(command) != Class::Zero && writes(command, goflags),
    }
}

fn writes(command: &Command, goflags: &[String]) -> bool {
    command.setting("mod", goflags).is_some_and(|mode| mode == "mod")
}

fn files(command: &Command, scene: &Scene) -> Vec<PathBuf> {
    let with_sums = |file: &Path, sum: &str| [file.to_path_buf(), file.with_extension(sum)];
    let module = |file: &Path| with_sums(file, "sum");
    let named = command.operands.first().map(|file| scene.dir.join(file));
    match (command.words.as_slice(), named) {
        (["mod", "init"], _) => {
            let file = scene.named_modfile(command);
            return module(&file.unwrap_or_else(|| scene.dir.join("go.mod"))).into();
        }
        (["work", "init"], _) => return with_sums(&scene.dir.join("go.work"), "work.sum").into(),
        (["mod" | "work", "edit"], Some(file)) => return vec![file],
        _ => {}
    }
    if let Some(file) = scene.named_modfile(command) {
        return module(&file).into();
    }
    let mut files: Vec<PathBuf> = scene.module.iter().flat_map(|file| module(file)).collect();
    if let Some(work) = &scene.work {
        files.extend(with_sums(work, "work.sum"));
        let text = bounded::read_file(work).unwrap_or_default();
        let members = gomod::workspace_uses(&text, work.parent().unwrap_or(Path::new("/")));
        for member in members {
            let file = std::path::absolute(member.join("go.mod")).unwrap_or_default();
            if file.is_file() && !files.contains(&file) {
                files.extend(module(&file));
            }
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    #[test]
    fn commands_that_may_write() {
        for (line, goflags, expected) in [
            ("get a.io/b", "", true),
            ("get -h", "", false),
            ("mod tidy", "", true),
            ("mod edit -require=a.io/b@v1.0.0", "", true),
            ("mod edit -json", "", false),
            ("mod init m", "", true),
            ("mod graph", "", false),
            ("work use ./x", "", true),
            ("work edit -print", "", false),
            ("build ./...", "", false),
            ("build -mod=mod ./...", "", true),
            ("build ./...", "-mod=mod", true),
            ("build -mod=readonly ./...", "-mod=mod", false),
            ("version", "-mod=mod", false),
            ("env", "-mod=mod", false),
            ("", "", false),
        ] {
            let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            let goflags: Vec<String> = goflags.split_whitespace().map(str::to_string).collect();
            let command = Command::parse(&args);
            assert_eq!(may_change(&command, &goflags), expected, "{line} {goflags:?}");
        }
    }
}
