//! `gosteady cache verify`.

use super::{Done, Ground, Which};
use crate::error::Level;
use crate::outcome::Code;
use crate::repair::cache::finding::{self, Damage};
use crate::repair::cache::layout::Layout;
use crate::repair::cache::scope::Scope;
use crate::repair::cache::verify::verify;
use crate::ui::words::{count, plain};
use crate::ui::{self, Stream, Style};
use crate::world::World;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::Path;

/// Find what is damaged, also what `go mod verify` does not see
#[derive(Debug, clap::Args)]
#[command(after_help = "\
go mod verify holds zips and trees against the .ziphash beside them. This
holds the zip and the .mod against go.sum, the tree against the zip file by
file, and looks at who may write there. Nothing is changed or downloaded.

Examples:
  gosteady cache verify                  what this project's go.sum names
  gosteady cache verify --all            everything in GOMODCACHE
  gosteady cache verify golang.org/x/mod

Exit status: 0 nothing wrong (notes do not count), 1 something is,
2 wrong command line. More: docs/cache.md")]
pub struct Args {
    #[command(flatten)]
    which: Which,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, world: &World) -> Done {
    let ground = Ground::of(world)?;
    let scope = ground.scope(world, &args.which)?;
    let found = look(&ground.cache, &scope);
    if args.json {
        ui::out(&ui::json(&json(&ground.cache, &scope, &found)));
    } else {
        ui::out(&text(
            &ground.cache,
            &scope,
            &found,
            Style::of(world, Stream::Out),
        ));
    }
    Ok(match finding::faulty(&found) {
        true => Code::Findings,
        false => Code::Ok,
    })
}

/// Verifies, with a bar where somebody watches.
pub(super) fn look(cache: &Layout, scope: &Scope) -> Vec<Damage> {
    let bar = std::io::stderr().is_terminal().then(|| {
        let style = ProgressStyle::with_template("verifying {wide_bar} {pos}/{len}");
        let bar = ProgressBar::new(scope.modules.len() as u64);
        style.map_or(bar.clone(), |style| bar.with_style(style))
    });
    let tick = || {
        if let Some(bar) = &bar {
            bar.inc(1);
        }
    };
    let found = verify(cache, &scope.modules, &scope.sums, &tick);
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    found
}

fn json(cache: &Layout, scope: &Scope, found: &[Damage]) -> serde_json::Value {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let findings: Vec<_> = found
        .iter()
        .map(|damage| {
            let mut value = serde_json::json!(damage.finding);
            value["module"] = damage.module.as_ref().map(|m| m.path.clone()).into();
            value["version"] = damage.module.as_ref().map(|m| m.version.clone()).into();
            value
        })
        .collect();
    serde_json::json!({
        "schema": 1,
        "modcache": text(cache.root()),
        "sums": scope.files.iter().map(|file| text(file)).collect::<Vec<_>>(),
        "modules": scope.modules.len(),
        "ok": !finding::faulty(found),
        "findings": findings,
    })
}

fn one(damage: &Damage, style: Style) -> String {
    let finding = &damage.finding;
    let level = match finding.level {
        Level::Error => style.red("error"),
        _ => style.yellow("warning"),
    };
    let lines = [&finding.evidence, &finding.fix]
        .into_iter()
        .filter(|line| !line.is_empty());
    let lines: String = lines.map(|line| format!("  {}\n", plain(line))).collect();
    format!("{level}[{}]: {}\n{lines}", finding.id, plain(&finding.what))
}

fn text(cache: &Layout, scope: &Scope, found: &[Damage], style: Style) -> String {
    let mut out = String::new();
    let of = |level| found.iter().filter(move |d| d.finding.level == level);
    for damage in of(Level::Error).chain(of(Level::Warning)) {
        out.push_str(&one(damage, style));
    }
    let n = |level| of(level).count() as u64;
    let looked = count(scope.modules.len() as u64, "module version");
    let place = cache.root().display();
    let verdict = match (n(Level::Error), n(Level::Warning)) {
        (0, 0) => style.green(&format!("{looked} in {place}: nothing wrong")),
        (0, warnings) => style.yellow(&format!("{looked} in {place}: {warnings} to look at")),
        (errors, 0) => style.red(&format!("{looked} in {place}: {errors} wrong")),
        (errors, warnings) => style.red(&format!(
            "{looked} in {place}: {errors} wrong, {warnings} to look at"
        )),
    };
    out.push_str(&verdict);
    // Each alone says little.
    let mut notes: Vec<(&str, u64)> = Vec::new();
    for damage in of(Level::Note) {
        match notes.iter_mut().find(|(id, _)| *id == damage.finding.id) {
            Some((_, n)) => *n += 1,
            None => notes.push((damage.finding.id, 1)),
        }
    }
    for (id, n) in notes {
        out.push_str(&format!(", {n} {id}"));
    }
    out.push('\n');
    out
}
