//! The command line of gosteady, as clap reads it. Texts are written for somebody whose download hangs right now.

use super::{
    cache, check, completions, config, demo, doctor, explain, goroutines, hook, mirrors, modules, pin,
    toolchain, trace, undo, which,
};
use clap::{Parser, Subcommand};

/// What every page of help ends with.
const AFTER: &str = "\
Examples:
  gosteady which --why         which go would run here, and why
  gosteady pin 1.26.6          pin this project's Go version
  gosteady config              every setting, its value and who set it
  gosteady config --check      what is wrong with the configuration
  gosteady doctor              what is wrong on this machine
  gosteady check               known mistakes in go.mod and its kin
  gosteady undo                go.mod and go.sum as before the last go get
  gosteady mirrors             which mirror is quick, fresh and complete
  gosteady modules --missing   required modules that can't be had
  gosteady cache verify        what is damaged in the module cache
  gosteady toolchain install 1.26
  gosteady trace list          what recent go commands did
  gosteady explain             what can go wrong, and what to do then
  gosteady completions bash    a completion script for your shell

Used as go: put the directory of gosteady's `go` first on PATH. Every go
command then works as before; GOSTEADY_BYPASS=1 switches gosteady off for one.

Exit status: 0 done, 1 something was found, 2 wrong command line, 69 no
upstream could be reached, 70 an error inside gosteady, 75 an install that
failed for a passing reason, 78 refused by a pin, a policy or verification,
126 and 127 no go can be run. As go: go's own, and 124 where go was ended as
hung.

More: README.md, docs/behaviour.md, docs/configuration.md, docs/causes.md";

/// A go that does not hang, does not die of one bad mirror, and leaves a trace that explains.
#[derive(Debug, Parser)]
#[command(
    name = "gosteady",
    version,
    after_help = AFTER,
    arg_required_else_help = true,
    subcommand_required = true,
    max_term_width = 110
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check go.mod, go.work, go.sum, vendor and settings, offline.
    Check(check::Args),
    /// Check before each commit: a pre-commit hook of git's.
    #[command(
        subcommand,
        after_help = "\
Examples:
  gosteady hook install --profile test
  gosteady hook uninstall

More: docs/check.md"
    )]
    Hook(hook::Cmd),
    /// Verify the module cache, mend it, measure it; a key for CI.
    #[command(
        subcommand,
        after_help = "\
Examples:
  gosteady cache verify                 what is damaged
  gosteady cache repair                 that, and only that, fetched anew
  gosteady cache key                    the name under which CI may keep it

More: docs/cache.md"
    )]
    Cache(cache::Cmd),
    /// Show every setting with its value and who set it, or check the files.
    Config(config::Args),
    /// Tell which go would run here.
    Which(which::Args),
    /// Pin this project's Go version, show the pin, or check it.
    Pin(pin::Args),
    /// List, install and remove Go toolchains.
    #[command(
        subcommand,
        after_help = "\
Examples:
  gosteady toolchain list               those that a pin can choose
  gosteady toolchain install 1.26       the newest patch of Go 1.26

More: docs/toolchains.md"
    )]
    Toolchain(toolchain::Cmd),
    /// List, show, compare and export what go commands did.
    #[command(
        subcommand,
        after_help = "\
Examples:
  gosteady trace show                   the last run
  gosteady trace list --failed          those that failed
  gosteady trace bundle                 one zip to attach to a bug report

More: docs/trace.md"
    )]
    Trace(trace::Cmd),
    /// Find the first layer that fails: toolchain, settings, caches, network.
    Doctor(doctor::Args),
    /// Bring back go.mod, go.sum and go.work as they were before go changed them.
    Undo(undo::Args),
    /// Compare module mirrors, and suggest a GOPROXY.
    Mirrors(mirrors::Args),
    /// Show each required module: in the cache or not, and which upstream has it.
    Modules(modules::Args),
    /// Explain the cause of a failure or a hang, by the id in its message.
    Explain(explain::Args),
    /// Take a dump of goroutines apart, of go or of any Go program.
    Goroutines(goroutines::Args),
    /// Watch gosteady save a download from a broken mirror, on this machine alone.
    Demo(demo::Args),
    /// Print a completion script.
    Completions(completions::Args),
}
