//! The gosteady command line: argument definitions and one file a command.

pub mod args;
pub mod completions;
pub mod config;
pub mod demo;
mod frame;
pub mod trace;
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
    match Args::try_parse_from(argv) {
        Ok(args) => run(&args.command, world),
        Err(error) => explain(&error, world),
    }
}

fn run(command: &Command, world: &World) -> Outcome {
    match command {
        Command::Config(args) => config::run(args, world),
        Command::Which(args) => which::run(args, world),
        Command::Trace(cmd) => trace::run(cmd, world),
        Command::Demo(args) => demo::run(args, world),
        Command::Completions(args) => completions::run(args),
    }
}

/// Prints what clap has to say: help that was asked for to stdout, anything else to stderr.
fn explain(error: &clap::Error, world: &World) -> Outcome {
    let asked = !error.use_stderr();
    let stream = if asked { Stream::Out } else { Stream::Err };
    let text = error.render();
    let text = if Style::of(world, stream).is_coloured() {
        text.ansi().to_string()
    } else {
        text.to_string()
    };
    if asked {
        ui::out(&text);
        Outcome::Ours(Code::Ok)
    } else {
        ui::err(&text);
        Outcome::Ours(Code::Usage)
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
        let outcome = |args: &[&str]| explain(&parse(args).unwrap_err(), &World::default());
        assert_eq!(outcome(&["--version"]), Outcome::Ours(Code::Ok));
        assert_eq!(outcome(&[]), Outcome::Ours(Code::Usage));
        assert_eq!(outcome(&["confg"]), Outcome::Ours(Code::Usage));
    }

    #[test]
    fn version_and_help_say_what_they_should() {
        assert_eq!(parse(&["--version"]).unwrap_err().to_string(), "gosteady 0.1.0\n");
        let help = parse(&["--help"]).unwrap_err().to_string();
        for part in [
            "config",
            "which",
            "completions",
            "docs/configuration.md",
            "GOSTEADY_BYPASS=1",
        ] {
            assert!(help.contains(part), "{part} is missing in\n{help}");
        }
    }
}
