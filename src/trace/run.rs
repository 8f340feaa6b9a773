//! The beginning of a run's trace.

use super::event::{Event, Run, SCHEMA};
use super::file::FileSink;
use super::recorder::Recorder;
use super::store::Name;
use super::{log, redact};
use crate::config::Settings;
use crate::world::{World, platform};
use std::path::Path;
use std::time::SystemTime;

impl Recorder {
    /// Begins the trace of a command, as the settings ask for it: with its first record, and with the program's own
    /// debugging. `verb`, `go`, `go_why` and `of_go` are what [`Run::describe`] takes.
    pub fn begin<'a>(
        verb: &str,
        world: &World,
        settings: &Settings,
        (go, go_why): (&Path, &str),
        of_go: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Recorder {
        let name = Name::new(verb, SystemTime::now());
        let Some(sink) = FileSink::new(settings, world, name.clone()) else {
            return Recorder::off();
        };
        let recorder = Recorder::to_file(sink);
        log::install(&recorder, tracing::Level::INFO);
        recorder.emit(Event::Run(Run::describe(&name, verb, world, go, go_why, of_go)));
        recorder
    }
}

impl Run {
    /// Describes the run by the allow-lists. `settings` are go's settings in effect that matter, as (name, value).
    pub fn describe<'a>(
        name: &Name,
        verb: &str,
        world: &World,
        go: &Path,
        go_why: &str,
        settings: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Run {
        let lossy = |path: &Path| redact::text(&path.to_string_lossy()).into_owned();
        let (os, arch) = platform();
        Run {
            schema: SCHEMA,
            gosteady: env!("CARGO_PKG_VERSION").to_string(),
            id: name.id.clone(),
            started: name.started.to_string(),
            verb: verb.to_string(),
            argv: redact::argv(&world.args),
            dir: world.cwd.as_deref().map(lossy).unwrap_or_default(),
            pid: std::process::id(),
            go: lossy(go),
            go_why: go_why.to_string(),
            platform: format!("{os}/{arch}"),
            env: redact::env(&world.env),
            settings: settings
                .into_iter()
                .map(|(k, v)| (k.to_string(), redact::value(k, v)))
                .collect(),
        }
    }

    /// The command as it was typed, secrets hidden: `go build ./...`; its verb where the arguments are not known.
    pub fn command(&self) -> String {
        match &self.argv[..] {
            [] => self.title(),
            [first, ..] => format!("{} {}", program(first), self.argv.join(" ")),
        }
    }

    /// What the run is, in few words: `go mod download`, `gosteady toolchain install`.
    pub fn title(&self) -> String {
        format!("{} {}", program(&self.verb), self.verb)
    }
}

fn program(words: &str) -> &'static str {
    match words.split(' ').next() {
        Some(redact::INSTALL) => "gosteady",
        _ => "go",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn an_install_of_ours_is_no_command_of_go() {
        let run = |verb: &str, argv: &str| Run {
            verb: verb.into(),
            argv: redact::argv(&argv.split_whitespace().map(Into::into).collect::<Vec<_>>()),
            ..Run::default()
        };
        for (verb, argv, command, title) in [
            ("mod tidy", "mod tidy -x", "go mod tidy -x", "go mod tidy"),
            ("mod tidy", "", "go mod tidy", "go mod tidy"),
            // It was shown as `go … install 1.26`.
            (
                "toolchain install",
                "toolchain install 1.26",
                "gosteady toolchain install 1.26",
                "gosteady toolchain install",
            ),
            // The shim installs what a pin names.
            (
                "toolchain install",
                "version",
                "go version",
                "gosteady toolchain install",
            ),
        ] {
            let run = run(verb, argv);
            assert_eq!((run.command().as_str(), run.title().as_str()), (command, title));
        }
    }

    #[test]
    fn a_run_is_described_without_secrets() {
        let world = World {
            args: ["build", "-ldflags=hunter2", "."].map(Into::into).to_vec(),
            env: vec![
                ("GOPROXY".into(), "https://u:hunter2@h".into()),
                ("KEY".into(), "hunter2".into()),
            ],
            cwd: Some("/src".into()),
            ..World::default()
        };
        let name = Name::new("build", SystemTime::now());
        let run = Run::describe(
            &name,
            "build",
            &world,
            Path::new("/go"),
            "pin",
            [("GOFLAGS", "-toolexec=hunter2")],
        );
        assert_eq!(run.argv, ["build", "-ldflags=…1 word", "."]);
        assert_eq!(
            (run.schema, run.id.as_str(), run.dir.as_str()),
            (SCHEMA, name.id.as_str(), "/src")
        );
        assert!(!serde_json::to_string(&run).unwrap().contains("hunter2"));
    }
}
