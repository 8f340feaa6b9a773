//! The gosteady command line: argument definitions and one file a command.

pub mod args;
pub mod cache;
pub mod check;
pub mod completions;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod explain;
mod frame;
pub mod goroutines;
pub mod hook;
pub mod mirrors;
pub mod modules;
pub mod pin;
pub mod toolchain;
pub mod trace;
pub mod undo;
pub mod which;

use crate::outcome::{Code, Outcome};
use crate::ui::{self, Stream, Style};
use crate::world::World;
use args::{Args, Command};
use clap::Parser;

/// Runs a gosteady command. Help and usage errors need no configuration, so they work when that is broken.
pub fn main(world: &World) -> Outcome {
    // The name is ours whatever the file is called: help and completions speak of `gosteady`.
    let argv = std::iter::once("gosteady".into()).chain(world.args.iter().cloned());
    let outcome = match Args::try_parse_from(argv) {
        Ok(args) => run(&args.command, world),
        Err(error) => explain(&error, world),
    };
    match ui::unwritten() {
        Some(error) => {
            ui::note(&format!("what was to be printed is cut short: {error}"));
            Outcome::Ours(Code::Internal)
        }
        None => outcome,
    }
}

fn run(command: &Command, world: &World) -> Outcome {
    match command {
        Command::Cache(cmd) => cache::run(cmd, world),
        Command::Check(args) => check::run(args, world),
        Command::Config(args) => config::run(args, world),
        Command::Which(args) => which::run(args, world),
        Command::Explain(args) => explain::run(args, world),
        Command::Pin(args) => pin::run(args, world),
        Command::Toolchain(cmd) => toolchain::run(cmd, world),
        Command::Trace(cmd) => trace::run(cmd, world),
        Command::Mirrors(args) => mirrors::run(args, world),
        Command::Modules(args) => modules::run(args, world),
        Command::Goroutines(args) => goroutines::run(args, world),
        Command::Demo(args) => demo::run(args, world),
        Command::Doctor(args) => doctor::run(args, world),
        Command::Hook(cmd) => hook::run(cmd, world),
        Command::Undo(args) => undo::run(args, world),
        Command::Completions(args) => completions::run(args),
    }
}

/// Prints what clap has to say.
fn explain(error: &clap::Error, world: &World) -> Outcome {
    let (stream, code) = verdict(error);
    let text = error.render();
    let text = if Style::of(world, stream).is_coloured() {
        text.ansi().to_string()
    } else {
        text.to_string()
    };
    match stream {
        Stream::Out => ui::out(&text),
        Stream::Err => ui::err(&text),
    }
    Outcome::Ours(code)
}

/// Help that was asked for is output and success; anything else is an error.
fn verdict(error: &clap::Error) -> (Stream, Code) {
    if error.use_stderr() {
        (Stream::Err, Code::Usage)
    } else {
        (Stream::Out, Code::Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    fn parse(args: &[&str]) -> Result<Args, clap::Error> {
        Args::try_parse_from(std::iter::once(&"gosteady").chain(args))
    }

    #[test]
    fn the_definitions_hold_together() {
        Args::command().debug_assert();
    }

    #[test]
    fn help_fits_a_terminal() {
        let mut pages = vec![Args::command()];
        let mut seen = 0;
        while let Some(page) = pages.pop() {
            let text = page.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", page.get_name());
                seen += 1;
            }
            pages.extend(page.get_subcommands().cloned());
        }
        assert!(seen > 100, "{seen} lines");
    }

    #[test]
    fn command_lines() {
        assert!(matches!(parse(&["config"]).unwrap().command, Command::Config(_)));
        assert!(matches!(
            parse(&["which", "--why", "gofmt"]).unwrap().command,
            Command::Which(_)
        ));
        for (args, kind) in [
            (&[][..], ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand),
            (&["--help"], ErrorKind::DisplayHelp),
            (&["help", "config"], ErrorKind::DisplayHelp),
            (&["--version"], ErrorKind::DisplayVersion),
            (&["-V"], ErrorKind::DisplayVersion),
            (&["confg"], ErrorKind::InvalidSubcommand),
            (&["config", "--chek"], ErrorKind::UnknownArgument),
            (&["completions", "powershell"], ErrorKind::InvalidValue),
        ] {
            assert_eq!(parse(args).unwrap_err().kind(), kind, "{args:?}");
        }
    }

    #[test]
    fn only_what_was_asked_for_succeeds() {
        let verdict = |args: &[&str]| verdict(&parse(args).unwrap_err());
        assert_eq!(verdict(&["--version"]), (Stream::Out, Code::Ok));
        assert_eq!(verdict(&["help", "config"]), (Stream::Out, Code::Ok));
        assert_eq!(verdict(&[]), (Stream::Err, Code::Usage));
        assert_eq!(verdict(&["confg"]), (Stream::Err, Code::Usage));
    }

    #[test]
    fn version_and_help_say_what_they_should() {
        assert_eq!(parse(&["--version"]).unwrap_err().to_string(), "gosteady 0.1.0\n");
        let help = parse(&["--help"]).unwrap_err().to_string();
        for part in [
            "config",
            "which",
            "pin",
            "toolchain",
            "completions",
            "docs/configuration.md",
            "GOSTEADY_BYPASS=1",
        ] {
            assert!(help.contains(part), "{part} is missing in\n{help}");
        }
    }
}
