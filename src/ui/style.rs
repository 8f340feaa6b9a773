//! Whether to colour, and with what.

use crate::world::World;
use std::io::IsTerminal;

/// One of the two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// Whether a stream gets colours: `NO_COLOR` forbids, `CLICOLOR_FORCE` demands, `CLICOLOR=0` and `TERM=dumb` forbid,
/// else a terminal does. (no-color.org, bixense.com/clicolors)
pub fn coloured(world: &World, stream: Stream) -> bool {
    let terminal = match stream {
        Stream::Out => std::io::stdout().is_terminal(),
        Stream::Err => std::io::stderr().is_terminal(),
    };
    decide(world, terminal)
}

fn decide(world: &World, terminal: bool) -> bool {
    let is = |name: &str, value: &str| world.var(name).is_some_and(|v| v == value);
    if world.set_var("NO_COLOR").is_some() {
        false
    } else if world.set_var("CLICOLOR_FORCE").is_some() && !is("CLICOLOR_FORCE", "0") {
        true
    } else {
        terminal && !is("CLICOLOR", "0") && !is("TERM", "dumb")
    }
}

/// Wraps texts in styles, or leaves them alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    colour: bool,
}

impl Style {
    /// The style of a stream.
    pub fn of(world: &World, stream: Stream) -> Style {
        Style {
            colour: coloured(world, stream),
        }
    }

    /// No colour at all.
    pub fn plain() -> Style {
        Style { colour: false }
    }

    /// Whether anything is coloured.
    pub fn is_coloured(self) -> bool {
        self.colour
    }

    /// Headings.
    pub fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// What matters less.
    pub fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// Success.
    pub fn green(self, text: &str) -> String {
        self.wrap("32", text)
    }

    /// Warnings.
    pub fn yellow(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// Errors.
    pub fn red(self, text: &str) -> String {
        self.wrap("31", text)
    }

    /// Names of things.
    pub fn cyan(self, text: &str) -> String {
        self.wrap("36", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_decides_about_colour() {
        for (env, on_terminal, elsewhere) in [
            (&[][..], true, false),
            (&[("NO_COLOR", "1")], false, false),
            (&[("NO_COLOR", "")], true, false),
            (&[("CLICOLOR_FORCE", "1")], true, true),
            (&[("CLICOLOR_FORCE", "0")], true, false),
            (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false, false),
            (&[("CLICOLOR", "0")], false, false),
            (&[("TERM", "dumb")], false, false),
            (&[("TERM", "xterm")], true, false),
        ] {
            let world = World {
                env: env.iter().map(|(k, v)| (k.into(), v.into())).collect(),
                ..World::default()
            };
            assert_eq!(
                (decide(&world, true), decide(&world, false)),
                (on_terminal, elsewhere),
                "{env:?}"
            );
        }
    }

    #[test]
    fn plain_leaves_texts_alone() {
        assert_eq!(Style::plain().red("x"), "x");
        assert_eq!(Style { colour: true }.red("x"), "\x1b[31mx\x1b[0m");
        assert_eq!(Style { colour: true }.red(""), "");
    }
}
