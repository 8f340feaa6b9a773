//! `gosteady config`: every setting, its value and who set it.

use super::frame;
use crate::config::{self, Entry, Loaded, Origin};
use crate::error::{Finding, Level};
use crate::outcome::{Code, Outcome};
use crate::ui::table::{Cell, columns};
use crate::ui::{self, Stream, Style};
use crate::world::World;
use std::ffi::OsString;

/// Show every setting with its value and who set it, or check the files.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Layers, the strongest first:
  the command line, GOSTEADY_* variables,
  gosteady.toml, the nearest at or above this directory in its repository,
  ~/.config/gosteady/config.toml, /etc/gosteady/config.toml, defaults.
A project's gosteady.toml may only make settings stricter. A fault never
stops go: the layer below applies.

Examples:
  gosteady config                               every setting
  gosteady config --check                       what is wrong, with the lines
  gosteady config --json | jq '.settings[]'     for a script
  gosteady config --set proxy.failover=always   what it would look like

More: docs/configuration.md")]
pub struct Args {
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Show what is wrong with the files and variables; exit 1 if anything is.
    #[arg(long)]
    pub check: bool,
    /// Put a value on top for this command alone.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<OsString>,
}

/// Runs the command.
pub fn run(args: &Args, world: &World) -> Outcome {
    let loaded = config::load_with(world, &args.set);
    let mut wrong = loaded.findings.iter().filter(|f| is_argument(f)).peekable();
    if wrong.peek().is_some() {
        wrong.for_each(|finding| ui::note(&format!("--set: {}", finding.what)));
        return Outcome::Ours(Code::Usage);
    }
    let style = Style::of(world, Stream::Out);
    match (args.json, args.check) {
        (true, _) => ui::out(&json(&loaded)),
        (false, true) => ui::out(&report(&loaded, style)),
        (false, false) => {
            ui::out(&listing(&loaded, style));
            if let Some(line) = config::warning(&loaded.findings) {
                ui::note(&line);
            }
        }
    }
    if args.check && faulty(&loaded) {
        Outcome::Ours(Code::Findings)
    } else {
        Outcome::Ours(Code::Ok)
    }
}

// What is wrong with a value of `--set`, not with a file or a variable.
fn is_argument(finding: &Finding) -> bool {
    finding.evidence == Origin::CommandLine.to_string()
}

fn faulty(loaded: &Loaded) -> bool {
    loaded.findings.iter().any(|f| f.level > Level::Note)
}

fn listing(loaded: &Loaded, style: Style) -> String {
    let heading = |text: &str| Cell::styled(text, |t| style.bold(t));
    let mut rows = vec![vec![heading("KEY"), heading("VALUE"), heading("FROM")]];
    rows.extend(loaded.entries().map(|Entry { key, value }| {
        let from = value.origin.to_string();
        let by_default = value.origin == Origin::Default;
        let quiet = |text: String| match by_default {
            true => Cell::styled(text, |t| style.dim(t)),
            false => text.into(),
        };
        vec![
            Cell::styled(key.path, |t| style.cyan(t)),
            quiet(value.value),
            quiet(from),
        ]
    }));
    columns(&rows)
}

fn report(loaded: &Loaded, style: Style) -> String {
    let mut text = String::new();
    for (finding, mark) in loaded.marked() {
        text.push_str(&frame::render(finding, mark, style));
        text.push('\n');
    }
    let read = match loaded.files.len() {
        0 => "no file".into(),
        1 => "1 file".into(),
        n => format!("{n} files"),
    };
    let verdict = match loaded.findings.len() {
        0 => style.green("nothing wrong"),
        1 => style.yellow("1 finding"),
        n => style.yellow(&format!("{n} findings")),
    };
    text.push_str(&format!("{verdict} ({read} read)\n"));
    for path in &loaded.files {
        text.push_str(&format!(
            "  {}\n",
            config::printable(&path.to_string_lossy(), usize::MAX)
        ));
    }
    text
}

/// `{"schema": 1, "settings": [{key, value, default, origin, variable, project, doc}], "files": […], "findings": […]}`.
fn json(loaded: &Loaded) -> String {
    let defaults = config::Settings::default();
    let settings: Vec<_> = loaded
        .entries()
        .map(|Entry { key, value }| {
            serde_json::json!({
                "key": key.path,
                "value": value.value,
                "default": key.show(&defaults),
                "origin": value.origin,
                "variable": key.preferred_variable(),
                "project": key.project.word(),
                "doc": key.doc,
            })
        })
        .collect();
    let files: Vec<_> = loaded.files.iter().map(|p| p.to_string_lossy()).collect();
    let all = serde_json::json!({
        "schema": 1,
        "settings": settings,
        "files": files,
        "findings": loaded.findings,
    });
    ui::json(&all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(text: &str) -> (tempfile::TempDir, Loaded) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(".git")).unwrap();
        std::fs::write(dir.path().join("gosteady.toml"), text).unwrap();
        let world = World {
            cwd: Some(dir.path().into()),
            env: vec![("GOSTEADY_PROGRESS".into(), "never".into())],
            ..World::default()
        };
        let loaded = config::load_with(&world, &["proxy.attempts=3".into()]);
        (dir, loaded)
    }

    #[test]
    fn a_wrong_value_of_the_command_line_is_told_apart() {
        let (_dir, mut loaded) = loaded("patience = 0\n");
        assert!(!loaded.findings.is_empty() && !loaded.findings.iter().any(is_argument));
        for pair in ["patience=0", "x", "=x", "proxy.attempts=many"] {
            loaded = config::load_with(&World::default(), &[pair.into()]);
            assert!(loaded.findings.iter().any(is_argument), "{pair}");
        }
    }

    #[test]
    fn the_listing_names_every_key_and_its_origin() {
        let (dir, loaded) = loaded("patience = \"2m\"\n");
        let text = listing(&loaded, Style::plain());
        assert_eq!(text.lines().count(), config::KEYS.len() + 1);
        let line = |key: &str| {
            let line = text.lines().find(|l| l.starts_with(key)).unwrap();
            line.split_whitespace().map(str::to_string).collect::<Vec<_>>()
        };
        let file = format!("{}/gosteady.toml:1:1", dir.path().display());
        assert_eq!(line("patience"), ["patience", "2m", &file]);
        assert_eq!(line("progress"), ["progress", "never", "GOSTEADY_PROGRESS"]);
        assert_eq!(line("proxy.attempts"), ["proxy.attempts", "3", "command", "line"]);
        assert_eq!(line("proxy.hedge-after"), ["proxy.hedge-after", "2s", "default"]);
        assert!(!faulty(&loaded));
        assert!(report(&loaded, Style::plain()).starts_with("nothing wrong (1 file read)\n"));
    }

    #[test]
    fn the_report_frames_every_finding() {
        let (_dir, loaded) = loaded("[proxy]\nhegde-after = \"1s\"\n# é\nfailover = \"alwasy\"\n");
        let text = report(&loaded, Style::plain());
        assert!(faulty(&loaded));
        for part in [
            "warning[config-unknown-key]",
            "error[config-bad-value]",
            "gosteady.toml:2:1",
            "gosteady.toml:4:12",
            "^^^^^^^^^^^",
            "2 findings (1 file read)",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }

    #[test]
    fn json_is_for_scripts() {
        let (dir, loaded) = loaded("patience = \"2m\"\nx = 1\n");
        let value: serde_json::Value = serde_json::from_str(&json(&loaded)).unwrap();
        let settings = value["settings"].as_array().unwrap();
        let patience = settings.iter().find(|s| s["key"] == "patience").unwrap();
        assert_eq!(
            (&patience["value"], &patience["default"]),
            (&"2m".into(), &"10m".into())
        );
        assert_eq!(patience["origin"]["from"], "file");
        assert_eq!(patience["origin"]["line"], 1);
        assert_eq!(
            patience["origin"]["path"],
            dir.path().join("gosteady.toml").to_str().unwrap()
        );
        assert_eq!(value["findings"][0]["id"], "config-unknown-key");
    }
}
