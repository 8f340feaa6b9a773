//! `gosteady explain`: what a cause means, how gosteady knows, and what to do.

use crate::cause::Cause;
use crate::config::suggest::nearest;
use crate::outcome::{Code, Outcome};
use crate::ui::{self, Stream, Style};
use crate::world::World;
use clap::builder::PossibleValue;
use clap::error::ErrorKind;

/// The longest line, for a terminal of 80 columns.
const WIDTH: usize = 78;

/// Explain the cause of a failure or a hang.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gosteady explain                    all causes, each in a sentence
  gosteady explain tls-intercepted    what one means and what to do
  gosteady trace show                 why the last run failed

The id stands in brackets in messages and traces: [tls-intercepted].
The same is in docs/causes.md, with the id as anchor.")]
pub struct Args {
    /// The id of a cause, with or without brackets; all causes if absent.
    #[arg(value_name = "ID", value_parser = Id, hide_possible_values = true)]
    pub cause: Option<Cause>,
}

/// Reads an id; shells complete what it can be, and a slip of the hand gets a suggestion.
#[derive(Debug, Clone, Copy)]
struct Id;

impl clap::builder::TypedValueParser for Id {
    type Value = Cause;

    fn parse_ref(
        &self,
        command: &clap::Command,
        _arg: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Cause, clap::Error> {
        let text = value.to_string_lossy();
        let id = text.trim().trim_start_matches('[').trim_end_matches(']');
        Cause::by_id(id).ok_or_else(|| {
            let ids: Vec<&str> = Cause::ALL.iter().map(|cause| cause.id()).collect();
            let meant = match nearest(id, &ids) {
                Some(meant) => format!("did you mean {meant}? "),
                None => String::new(),
            };
            let text = format!("no cause has the id {id:?}; {meant}`gosteady explain` lists them all\n");
            clap::Error::raw(ErrorKind::InvalidValue, text).with_cmd(command)
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let value = |cause: &Cause| PossibleValue::new(cause.id()).help(cause.what());
        Some(Box::new(Cause::ALL.iter().map(value)))
    }
}

/// Runs the command.
pub fn run(args: &Args, world: &World) -> Outcome {
    let style = Style::of(world, Stream::Out);
    match args.cause {
        Some(cause) => ui::out(&page(cause, style)),
        None => Cause::ALL.iter().for_each(|cause| ui::out(&entry(*cause, style))),
    }
    Outcome::Ours(Code::Ok)
}

/// A cause in two lines.
fn entry(cause: Cause, style: Style) -> String {
    format!("{}\n    {}\n", style.bold(cause.id()), cause.what())
}

/// Its section for a terminal: the id as heading, the parts' names and what is in backquotes set off.
fn page(cause: Cause, style: Style) -> String {
    let mut out = format!("{}\n\n", style.bold(cause.id()));
    // Every second piece stands between two marks.
    let set_off = |text: &str, mark: &str, show: &dyn Fn(&str) -> String| -> String {
        let pieces = text.split(mark).enumerate();
        pieces
            .map(|(i, piece)| if i % 2 == 1 { show(piece) } else { piece.to_owned() })
            .collect()
    };
    let text = wrapped(&without_links(cause.section()));
    let text = set_off(&text, "**", &|name| style.bold(name));
    out.push_str(&set_off(&text, "`", &|code| match style.is_coloured() {
        true => style.cyan(code),
        false => format!("`{code}`"),
    }));
    out.push('\n');
    out
}

/// Paragraphs and points of a list as lines of at most [`WIDTH`] characters, where words allow.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let (mut width, mut indent) = (0, "");
    for line in text.lines() {
        let point = line.starts_with("- ");
        if line.is_empty() || point {
            indent = if point { "  " } else { "" };
            out.push_str(if width > 0 { "\n" } else { "" });
            out.push_str(if point { "" } else { "\n" });
            width = 0;
        }
        for word in line.split(' ').filter(|word| !word.is_empty()) {
            // What marks a name is not seen.
            let length = word.replace("**", "").chars().count();
            if width > 0 && width + 1 + length > WIDTH {
                out.push('\n');
                out.push_str(indent);
                width = indent.len();
            } else if width > 0 {
                out.push(' ');
                width += 1;
            }
            out.push_str(word);
            width += length;
        }
    }
    out
}

/// Markdown's `[text](#anchor)` as its text.
fn without_links(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](#") {
        let link = after.split_once(')');
        let (Some((head, name)), Some((_, tail))) = (before.rsplit_once('['), link) else {
            break;
        };
        out.push_str(head);
        out.push_str(name);
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args;
    use clap::Parser;

    #[test]
    fn ids_are_taken_as_messages_show_them() {
        let cause = |text: &str| match args::Args::try_parse_from(["gosteady", "explain", text]) {
            Ok(args::Args {
                command: args::Command::Explain(args),
            }) => Ok(args.cause),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        };
        for text in ["tls-intercepted", "[tls-intercepted]"] {
            assert_eq!(cause(text), Ok(Some(Cause::TlsIntercepted)));
        }
        let slip = cause("tls-intercept").unwrap_err();
        assert!(slip.contains("did you mean tls-intercepted?"), "{slip}");
    }

    #[test]
    fn pages_read_well_without_markdown() {
        for cause in Cause::ALL {
            let page = page(*cause, Style::plain());
            assert!(!page.contains("**") && !page.contains("]("), "{page}");
            assert!(page.contains("\n\nWhat to do."), "{page}");
            assert!(page.lines().all(|line| line.chars().count() <= WIDTH), "{page}");
        }
    }
}
