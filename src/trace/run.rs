//! The first record of a run.

use super::event::{Run, SCHEMA};
use super::redact;
use super::store::Name;
use crate::world::{World, platform};
use std::path::Path;

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
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

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
