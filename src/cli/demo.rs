//! `gosteady demo`: a silent mirror before a good one, on this machine alone, with plain go and with gosteady.

mod bounded;
mod stage;

use crate::outcome::{Code, Outcome, signal_name};
use crate::trace::store::Entry;
use crate::ui::{
    note, out,
    words::count,
    wrap::{width, wrap},
};
use crate::world::World;
use bounded::{End, Ended};
use stage::Stage;
use std::path::Path;
use std::time::Duration;

/// How long plain go is watched.
const PLAIN: Duration = Duration::from_secs(3);
/// The bound for the guarded run: several times what it needs.
const GUARDED: Duration = Duration::from_secs(180);
/// The most modules that a demo makes.
const MOST: usize = 500;

/// Shows what gosteady does, without a network: two mirrors on this machine, of which the first never answers.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Two mirrors are started on loopback; the first accepts connections and never
answers. `go mod download` runs with plain go, for three seconds, and then with
gosteady. Nothing but the trace stays.

Examples:
  gosteady demo
  gosteady demo --modules 100

Exit status: 0 every module arrived, 1 one did not, 2 wrong command line,
127 no go is there.")]
pub struct Args {
    /// How many modules the sample project needs
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub modules: usize,
    /// Keep the sample project and its caches
    #[arg(long)]
    pub keep: bool,
}

/// Runs the demo. `Ok` when every module arrived, `Findings` when one did not, `NotFound` without a Go,
/// `Signaled` after Ctrl-C. Everything it made is removed, but for the trace and with `--keep`.
pub fn run(args: &Args, world: &World) -> Outcome {
    if args.modules == 0 || args.modules > MOST {
        note(&format!("--modules must be from 1 to {MOST}"));
        return Outcome::Ours(Code::Usage);
    }
    let Some(go) = stage::real_go(world) else {
        note("no go found on PATH, and the demo needs a real one to guard");
        note(
            "install one from https://go.dev/dl/, or with tests/get-go.sh in gosteady's sources; then run this again",
        );
        return Outcome::Ours(Code::NotFound);
    };
    let watch = match bounded::Watch::start() {
        Ok(watch) => watch,
        Err(error) => return failed(&error),
    };
    match Stage::set(world, &go, args.modules) {
        Ok(stage) => play(stage, args, &watch, world),
        Err(error) => failed(&error),
    }
}

fn failed(error: &std::io::Error) -> Outcome {
    note(&format!("the demo could not be set up: {error}"));
    Outcome::Ours(Code::Internal)
}

fn play(stage: Stage, args: &Args, watch: &bounded::Watch, world: &World) -> Outcome {
    introduce(&stage);
    let outcome = show(&stage, args.modules, watch, world);
    match stage.strike(args.keep) {
        Ok(None) => {}
        Ok(Some(kept)) => out(&format!("\nKept: {}\n", kept.display())),
        Err(error) => note(&format!("the demo's directory could not be removed: {error}")),
    }
    outcome.unwrap_or_else(|error| failed(&error))
}

fn introduce(stage: &Stage) {
    let [first, second] = stage.mirrors();
    say(
        &format!(
            "Two module mirrors on this machine, and a project that needs {}. No network is used.",
            count(stage.modules() as u64, "module")
        ),
        0,
    );
    out("\n");
    row(
        "first mirror",
        &format!("{first}  accepts connections, never answers"),
    );
    row("second mirror", &format!("{second}  works"));
    row("go", &stage.go().display().to_string());
    row("command", "go mod download");
    out("\n");
}

fn show(stage: &Stage, wanted: usize, watch: &bounded::Watch, world: &World) -> std::io::Result<Outcome> {
    begin("plain go");
    let plain = bounded::run(&mut stage.plain(), PLAIN, watch)?;
    let arrived = stage.arrived();
    out(&match plain.end {
        End::Interrupted(signal) => return Ok(interrupted(signal)),
        End::Bound => format!(
            "still waiting after {}, {arrived} of {wanted} modules; we ended it\n",
            seconds(plain.took)
        ),
        _ => format!("{}, {arrived} of {wanted} modules\n", describe(&plain)),
    });
    stage.empty_cache()?;

    begin("gosteady");
    let before = stage.newest_trace().map(|trace| trace.path);
    let guarded = bounded::run(&mut stage.guarded(), GUARDED, watch)?;
    if let End::Interrupted(signal) = guarded.end {
        return Ok(interrupted(signal));
    }
    let arrived = stage.arrived();
    let good = guarded.end == End::Exited(0) && arrived == wanted;
    if good {
        out(&format!("{arrived} modules in {}\n", seconds(guarded.took)));
    } else {
        out(&format!(
            "{}, {arrived} of {wanted} modules\n",
            describe(&guarded)
        ));
    }
    quote(&guarded.stderr);
    let trace = stage
        .newest_trace()
        .filter(|trace| Some(&trace.path) != before.as_ref());
    tell_trace(trace.as_ref(), world);
    Ok(Outcome::Ours(if good { Code::Ok } else { Code::Findings }))
}

fn interrupted(signal: i32) -> Outcome {
    out("interrupted\n");
    Outcome::Signaled(signal)
}

fn tell_trace(trace: Option<&Entry>, world: &World) {
    let Some(trace) = trace else {
        out("\nNo trace of this run was kept.\n");
        return;
    };
    // Right after the install it is not on PATH yet.
    let on_path = world
        .program("gosteady")
        .and_then(|found| found.canonicalize().ok());
    let program = match &world.exe {
        Some(exe) if on_path.as_ref() != Some(exe) => shown(exe),
        _ => "gosteady".to_string(),
    };
    // The demo does not hear GOSTEADY_TRACE; `trace show` does, and looks elsewhere then.
    let run = match super::trace::find(world, &trace.name.id[..8]) {
        Some(path) if path == trace.path => trace.name.id[..8].to_string(),
        _ => shown(&trace.path),
    };
    out(&format!(
        "\nWhat happened, request by request:\n\n  {program} trace show {run}\n"
    ));
}

/// A path as a shell takes it.
fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@".contains(c);
    if text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// The first lines of what a run said, set in from the left.
fn quote(stderr: &str) {
    const LINES: usize = 8;
    for line in stderr.lines().take(LINES) {
        out(&format!("  {:<15}{line}\n", ""));
    }
    let more = stderr.lines().count().saturating_sub(LINES);
    if more > 0 {
        out(&format!("  {:<15}… and {more} lines more\n", ""));
    }
}

fn describe(ended: &Ended) -> String {
    let took = seconds(ended.took);
    match ended.end {
        End::Exited(status) => format!("exit status {status} after {took}"),
        End::Died(signal) => format!("died of {} after {took}", signal_name(signal)),
        End::Bound => format!("still running after {took}; we ended it"),
        End::Interrupted(_) => format!("interrupted after {took}"),
    }
}

fn row(name: &str, text: &str) {
    say(&format!("  {name:<15}{text}"), 17);
}

/// A line, broken where the terminal ends.
fn say(line: &str, indent: usize) {
    out(&wrap(line, width().unwrap_or(usize::MAX), indent));
    out("\n");
}

fn begin(name: &str) {
    // There is no newline yet, and the wait that follows is what the name stands for: `out` holds nothing back.
    out(&format!("  {name:<15}"));
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_can_be_pasted_into_a_shell() {
        for (path, text) in [
            (
                "/s/traces/2026-01-02T03:04:05Z-mod-download-ab.jsonl",
                "/s/traces/2026-01-02T03:04:05Z-mod-download-ab.jsonl",
            ),
            ("/a b/c", "'/a b/c'"),
            ("/it's", r"'/it'\''s'"),
        ] {
            assert_eq!(shown(Path::new(path)), text);
        }
    }

    #[test]
    fn ends_in_words() {
        let ended = |end| Ended {
            end,
            took: Duration::from_millis(8612),
            stderr: String::new(),
        };
        assert_eq!(describe(&ended(End::Exited(1))), "exit status 1 after 8.6 s");
        assert_eq!(
            describe(&ended(End::Bound)),
            "still running after 8.6 s; we ended it"
        );
    }
}
