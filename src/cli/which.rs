//! `gosteady which`: the go that would run here, and why.

use crate::config::goenv::GoEnv;
use crate::outcome::{Code, Outcome};
use crate::toolchain::find::{self, NotFound, RealGo};
use crate::ui;
use crate::world::World;

/// Tell which go would run here.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gosteady which                the path of the go that would run
  gosteady which --why          every rule that led there
  gosteady which --json gofmt   the same for gofmt, for a script")]
pub struct Args {
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Print every rule that led there.
    #[arg(long)]
    pub why: bool,
    /// The program to look for.
    #[arg(default_value = "go", value_parser = ["go", "gofmt"])]
    pub program: String,
}

/// Runs the command.
pub fn run(args: &Args, world: &World) -> Outcome {
    let program = if args.program == "gofmt" { "gofmt" } else { "go" };
    let real = match find::real_go(world, program) {
        Ok(real) => real,
        Err(NotFound::Nowhere { .. }) => {
            ui::note(&format!(
                "no real {program} was found; install Go, or put it on PATH behind gosteady's own entry"
            ));
            return Outcome::Ours(Code::NotFound);
        }
        Err(NotFound::NotRunnable(path)) => {
            ui::note(&format!(
                "{} is not executable; mend its mode, or put another Go on PATH",
                path.display()
            ));
            return Outcome::Ours(Code::NotRunnable);
        }
    };
    let env = GoEnv::read(world, &real.path);
    let version = env.go_version();
    if args.json {
        let skipped: Vec<_> = real.skipped.iter().map(|p| p.to_string_lossy()).collect();
        let answer = serde_json::json!({
            "program": program,
            "path": real.path.to_string_lossy(),
            "why": real.why,
            "version": version,
            "goroot": env.goroot.as_ref().map(|r| r.to_string_lossy()),
            "skipped": skipped,
        });
        ui::out(&format!("{answer:#}\n"));
    } else if args.why {
        ui::out(&why(world, &real, &env, version.as_deref()));
    } else {
        ui::out(&format!("{}\n", real.path.display()));
    }
    Outcome::Ours(Code::Ok)
}

fn why(world: &World, real: &RealGo, env: &GoEnv, version: Option<&str>) -> String {
    let mut text = format!("{}\n", real.path.display());
    let mut row = |name: &str, value: &str| text.push_str(&format!("  {name:<10} {value}\n"));
    row("found as", &real.why);
    for path in &real.skipped {
        row(
            "skipped",
            &format!("{} (another version manager's shim)", path.display()),
        );
    }
    row(
        "version",
        version.unwrap_or("unknown: no VERSION file in its GOROOT"),
    );
    if let Some(root) = &env.goroot {
        row("GOROOT", &root.display().to_string());
    }
    let toolchain = env.text("GOTOOLCHAIN");
    if !toolchain.is_empty() {
        row(
            "toolchain",
            &format!("GOTOOLCHAIN={toolchain}: go itself may switch within that"),
        );
    }
    for (file, why) in find::records(world)
        .into_iter()
        .filter(|(file, _)| file.is_file())
    {
        row("record", &format!("{} ({why})", file.display()));
    }
    text
}
