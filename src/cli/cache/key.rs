//! `gosteady cache key`.

use super::{Done, Ground};
use crate::bounded;
use crate::cli::which;
use crate::error::Error;
use crate::outcome::Code;
use crate::repair::cache::key::Key;
use crate::repair::cache::scope::sum_files;
use crate::ui;
use crate::world::{self, World};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Print a key for keeping the module cache in CI
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Made of every line of go.sum (of a workspace: of all its members, and
go.work.sum) and of the go that runs here. The same repository gives the same
key on every machine; where it lies does not count.

Examples:
  gosteady cache key                     go1.26.6-0f3a…
  gosteady cache key --platform          go1.26.6-linux-amd64-0f3a…
  gosteady cache key --json              also the prefix, for restore-keys

Exit status: 0 done, 2 there is no module here, 127 no go can be run.
More, with GitHub Actions and GitLab: docs/cache.md")]
pub struct Args {
    /// Directories of modules or workspaces; here without any.
    #[arg(value_name = "DIR")]
    dirs: Vec<PathBuf>,
    /// Let the platform count too, as for GOCACHE: GOOS/GOARCH; without a value, those in effect.
    #[arg(long, value_name = "GOOS/GOARCH", num_args = 0..=1, default_missing_value = "", require_equals = true)]
    platform: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, world: &World) -> Done {
    let ground = Ground::of(world)?;
    let cwd = world.cwd.clone().unwrap_or_default();
    let mut dirs: Vec<PathBuf> = args.dirs.iter().map(|dir| world.given(dir)).collect();
    if dirs.is_empty() {
        dirs.push(cwd.clone());
    }
    let (mut files, mut texts) = (BTreeSet::new(), Vec::new());
    for dir in &dirs {
        let here = sum_files(&ground.env, dir);
        if here.is_empty() {
            let what = match dir.as_os_str().is_empty() {
                true => "the working directory is gone".to_string(),
                false => format!("{} is in no module", dir.display()),
            };
            return Err((
                Code::Usage,
                Error::new(what, "name the directory of a go.mod or go.work"),
            ));
        }
        for file in here
            .into_iter()
            .filter(|file| !files.contains(file))
            .collect::<Vec<_>>()
        {
            // A module without requirements has none.
            if let Ok(text) = bounded::read_file(&file) {
                texts.extend_from_slice(&text);
                texts.push(b'\n');
                files.insert(file);
            }
        }
    }
    let answer = which::ask(
        &World {
            cwd: dirs.first().cloned(),
            ..world.clone()
        },
        "go",
    );
    let switches = answer.switches_to.map(|wanted| wanted.name);
    let runs = answer.version.map(|version| version.toolchain_name());
    let Some(go) = switches.or(runs) else {
        let what = "which go runs here can't be told".to_owned();
        return Err((
            Code::NotFound,
            Error::new(what, "gosteady which --why tells more"),
        ));
    };
    let platform = args
        .platform
        .as_deref()
        .map(|text| platform(text, &ground))
        .transpose()?;
    let key = Key::of(
        &go,
        platform.as_ref().map(|(os, arch)| (os.as_str(), arch.as_str())),
        &texts,
    );
    if args.json {
        let shown = files.iter().map(|file| {
            file.strip_prefix(&cwd)
                .unwrap_or(file)
                .to_string_lossy()
                .into_owned()
        });
        let value = serde_json::json!({
            "schema": 1,
            "key": key.text(),
            "prefix": key.prefix,
            "go": go,
            "sums": shown.collect::<Vec<_>>(),
        });
        ui::out(&ui::json(&value));
    } else {
        ui::out(&format!("{}\n", key.text()));
    }
    Ok(Code::Ok)
}

fn platform(text: &str, ground: &Ground) -> Result<(String, String), (Code, Error)> {
    let here = world::platform();
    let or = |name: &str, here: &str| match ground.env.text(name) {
        value if value.is_empty() => here.to_owned(),
        value => value,
    };
    if text.is_empty() {
        return Ok((or("GOOS", here.0), or("GOARCH", here.1)));
    }
    let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_alphanumeric());
    match text.split_once('/') {
        Some((os, arch)) if word(os) && word(arch) => Ok((os.into(), arch.into())),
        _ => {
            let what = format!("{text:?} is no platform");
            Err((Code::Usage, Error::new(what, "write it as linux/amd64")))
        }
    }
}
