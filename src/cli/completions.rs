//! `gosteady completions`: scripts for shells.

use super::args;
use crate::cause::Cause;
use crate::outcome::{Code, Outcome};
use crate::ui;
use clap::CommandFactory;

/// Print a completion script.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gosteady completions bash \\
    > ~/.local/share/bash-completion/completions/gosteady
  gosteady completions zsh > ~/.zfunc/_gosteady     (a directory of $fpath)
  gosteady completions fish > ~/.config/fish/completions/gosteady.fish

They complete `gosteady` itself; `go` is completed by what you use today.")]
pub struct Args {
    /// The shell to write for.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Shells that a script can be printed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Shell {
    /// GNU bash 4 or later.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
}

/// Runs the command.
pub fn run(args: &Args) -> Outcome {
    ui::out(&script(args.shell));
    Outcome::Ours(Code::Ok)
}

fn script(shell: Shell) -> String {
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut args::Args::command(), "gosteady", &mut bytes);
    let mut script = String::from_utf8_lossy(&bytes).into_owned();
    if shell == clap_complete::Shell::Fish {
        // clap_complete leaves out what an argument may be in fish.
        for cause in Cause::ALL {
            let (id, what) = (cause.id(), cause.what().replace('\'', "\\'"));
            let when = "__fish_gosteady_using_subcommand explain";
            script.push_str(&format!(
                "complete -c gosteady -n \"{when}\" -f -a \"{id}\" -d '{what}'\n"
            ));
        }
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_registers_itself_and_knows_the_commands() {
        for (shell, registration) in [
            (Shell::Bash, "complete -F _gosteady"),
            (Shell::Zsh, "#compdef gosteady"),
            (Shell::Fish, "complete -c gosteady"),
        ] {
            let script = script(shell);
            assert!(script.contains(registration), "{shell:?}");
            for command in ["config", "which", "trace", "explain", "demo", "completions"] {
                assert!(script.contains(command), "{shell:?} does not know {command}");
            }
            for cause in Cause::ALL {
                assert!(script.contains(cause.id()), "{shell:?} does not know {cause}");
            }
        }
    }
}
