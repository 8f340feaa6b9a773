//! `gosteady trace export`: a run in the formats of others.

pub(super) mod html;
pub(super) mod markdown;
mod otlp;
mod perfetto;

use super::find::Found;
use super::{Failed, hide, output};
use crate::trace::story::Story;
use crate::trace::whole::Whole;
use crate::ui;
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

/// The trace in a format.
pub(super) fn render(whole: &Whole, format: Format) -> String {
    let story = Story::of(&whole.records);
    match format {
        Format::Perfetto => perfetto::render(&story),
        Format::Otlp => otlp::render(&story, whole.cause.as_deref()),
        Format::Markdown => markdown::render(&story, whole),
        Format::Html => html::render(&story, whole),
    }
}

#[cfg(test)]
#[path = "export/tests.rs"]
mod tests;
