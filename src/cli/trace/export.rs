//! `gosteady trace export`: a run in the formats of others.

pub(super) mod html;
pub(super) mod markdown;
mod perfetto;

use super::find::Found;
use super::{Failed, hide, output};
use crate::trace::otlp;
use crate::trace::story::Story;
use crate::trace::whole::Whole;
use crate::ui;
use crate::ui::words;
use crate::world::World;
use std::path::Path;

/// A format to export to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Chrome's trace events, for Perfetto and chrome://tracing
    #[value(alias = "chrome")]
    Perfetto,
    /// OTLP/JSON, for an OpenTelemetry collector
    Otlp,
    /// Text for an issue
    #[value(alias = "md")]
    Markdown,
    /// A report in one file, to be read in a browser
    Html,
}

pub(super) fn run(
    found: &Found,
    format: Format,
    to: Option<&Path>,
    hide: &hide::Args,
    world: &World,
) -> Result<(), Failed> {
    let (whole, secrets) = hide::read(found, hide, world)?;
    // The records are packed in a report: searched before they are.
    hide::search("the records", &whole.lines.join("\n"), "", &secrets)?;
    let text = render(&whole, format);
    hide::search("the export", &text, &render(&Whole::default(), format), &secrets)?;
    for remark in &whole.remarks {
        ui::note(remark);
    }
    // Names that are shown are for the reader alone.
    let mode = if hide.reveal { 0o600 } else { 0o644 };
    output::write(to, text.as_bytes(), mode)?;
    Ok(())
}

/// Why the run failed, as it is told.
#[derive(Debug, Default)]
struct Cause {
    id: String,
    /// What it is, in one sentence; empty for the id of a newer gosteady.
    what: String,
    /// Whom it concerns; empty where that is not known.
    whom: String,
    /// What to do next; empty with `what`.
    next: String,
}

/// What the trace says of the cause, else what it lets us guess.
fn cause(story: &Story, whole: &Whole) -> Option<Cause> {
    let blame = story.summary.blame();
    let (id, whom) = match (&whole.cause, blame) {
        (Some(id), Some(blame)) if *id == blame.cause => (blame.cause, blame.whom),
        (Some(id), _) => (id.clone(), String::new()),
        (None, Some(blame)) => (blame.cause, blame.whom),
        (None, None) => return None,
    };
    let known = crate::cause::Cause::by_id(&id);
    Some(Cause {
        what: known.map_or(String::new(), |cause| cause.what().to_string()),
        next: known.map_or(String::new(), |cause| cause.next_at(&whom)),
        id,
        whom,
    })
}

/// The trace in a format.
pub(super) fn render(whole: &Whole, format: Format) -> String {
    let story = Story::of(&whole.records);
    let cause = cause(&story, whole);
    match format {
        Format::Perfetto => words::json(&perfetto::render(&story)),
        Format::Otlp => words::json(&otlp::render(
            &story,
            cause.as_ref().map(|cause| cause.id.as_str()),
        )),
        Format::Markdown => markdown::render(&story, whole, cause.as_ref()),
        Format::Html => html::render(&story, whole, cause.as_ref()),
    }
}

#[cfg(test)]
#[path = "export/tests.rs"]
mod tests;
