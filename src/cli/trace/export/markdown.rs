//! Text for an issue: what a maintainer asks for first, and no more than an issue takes.

use super::Cause;
use crate::cli::trace::show::headline;
use crate::trace::event::Event;
use crate::trace::story::{Fetch, Story};
use crate::trace::whole::Whole;
use crate::ui::words::{bytes, count, duration, plain, share};

/// Requests that are named.
const FAILED: usize = 20;
const SLOWEST: usize = 5;
/// Lines of go's that are shown, the last ones.
const LINES: usize = 40;
/// Characters of one line.
const LINE: usize = 400;

pub(super) fn render(story: &Story, whole: &Whole, cause: Option<&Cause>) -> String {
    let mut out = format!(
        "### `{}`: {}\n\n",
        code(&story.run.command()),
        cell(&headline(&story.summary))
    );
    if let Some(Cause { id, what, whom, next }) = cause {
        let whom = if whom.is_empty() {
            String::new()
        } else {
            format!(" ({})", cell(whom))
        };
        out.push_str(format!("**Cause:** `{}` {}{whom}", code(id), cell(what)).trim_end());
        out.push_str("\n\n");
        if !next.is_empty() {
            // Its backticks are ours; what else stands in it may be the trace's.
            out.push_str(&format!("**Next:** {}\n\n", cell(next).replace("\\`", "`")));
        }
    }
    failures(story, &mut out);
    mirrors(story, &mut out);
    slowest(story, &mut out);
    incidents(story, &mut out);
    said(story, &mut out);
    environment(story, whole, &mut out);
    out
}

fn failures(story: &Story, out: &mut String) {
    let failed: Vec<&Fetch> = story.failures().collect();
    if failed.is_empty() {
        return;
    }
    out.push_str(&format!(
        "**{} failed**\n\n",
        count(failed.len() as u64, "request")
    ));
    for fetch in failed.iter().take(FAILED) {
        let status = fetch
            .status
            .map_or("no answer".to_string(), |status| status.to_string());
        let tries = count(fetch.tries.len() as u64, "attempt");
        let reason = cell(&fetch.reason());
        let resource = code(fetch.resource);
        out.push_str(&format!(
            "- `{resource}`: {status} after {}, {tries}{}{reason}\n",
            duration(fetch.duration()),
            if reason.is_empty() { "" } else { ": " }
        ));
    }
    if failed.len() > FAILED {
        out.push_str(&format!("- and {} more\n", failed.len() - FAILED));
    }
    out.push('\n');
}

fn mirrors(story: &Story, out: &mut String) {
    if story.summary.upstreams.is_empty() {
        return;
    }
    out.push_str("| upstream | attempts | ok | received | first byte (median) |\n| --- | ---: | ---: | ---: | ---: |\n");
    for (upstream, tally) in &story.summary.upstreams {
        out.push_str(&format!(
            "| {} | {} | {} | {} | {} |\n",
            cell(upstream),
            tally.attempts,
            share(tally.ok, tally.attempts),
            bytes(tally.bytes),
            tally.median_first_byte().map_or("-".to_string(), duration)
        ));
    }
    out.push('\n');
}

fn slowest(story: &Story, out: &mut String) {
    let slowest = story.slowest(SLOWEST);
    if slowest.is_empty() {
        return;
    }
    out.push_str("**What took the time**\n\n");
    for fetch in slowest {
        let by = match fetch.served_by {
            "" => String::new(),
            by => format!(" from {}", cell(by)),
        };
        out.push_str(&format!(
            "- {}: `{}`{by}\n",
            duration(fetch.duration()),
            code(fetch.resource)
        ));
    }
    out.push('\n');
}

fn incidents(story: &Story, out: &mut String) {
    let lines: Vec<String> = story
        .incidents
        .iter()
        .filter_map(|record| {
            let text = match &record.event {
                Event::Waiting { what, for_ms } => format!("waiting for {} for {}", what, duration(*for_ms)),
                Event::Ending {
                    target, signal, why, ..
                } => format!("{signal} to {target}: {why}"),
                Event::Warning { text } => format!("warning: {text}"),
                Event::FileChanged { file, before, after } => format!("{file} changed: {before} → {after}"),
                _ => return None,
            };
            Some(format!("- {:.3} s: {}\n", record.t / 1e3, cell(&text)))
        })
        .collect();
    if !lines.is_empty() {
        out.push_str("**What gosteady saw**\n\n");
        lines.iter().take(FAILED).for_each(|line| out.push_str(line));
        out.push('\n');
    }
}

fn said(story: &Story, out: &mut String) {
    if story.stderr.is_empty() {
        return;
    }
    let skipped = story.stderr.len().saturating_sub(LINES);
    out.push_str("**go says**\n\n```text\n");
    if skipped > 0 {
        out.push_str(&format!("… {} before\n", count(skipped as u64, "line")));
    }
    for (_, line) in &story.stderr[skipped..] {
        // No line may end the block.
        out.push_str(&cut(line).replace("```", "'''"));
        out.push('\n');
    }
    out.push_str("```\n\n");
}

fn environment(story: &Story, whole: &Whole, out: &mut String) {
    let run = &story.run;
    out.push_str("<details><summary>Environment</summary>\n\n| | |\n| --- | --- |\n");
    let mut row = |name: &str, value: &str| {
        if !value.is_empty() {
            out.push_str(&format!("| {} | {} |\n", cell(name), cell(value)));
        }
    };
    row("gosteady", &run.gosteady);
    row("platform", &run.platform);
    row("started", &run.started);
    row("run", &run.id);
    row("directory", &run.dir);
    row("go", &format!("{} ({})", run.go, run.go_why));
    if let Some((action, why)) = story.decision {
        row("decision", &format!("{action}: {why}"));
    }
    run.settings
        .iter()
        .chain(&run.env)
        .for_each(|(name, value)| row(name, value));
    whole.remarks.iter().for_each(|remark| row("note", remark));
    out.push_str("\n</details>\n");
}

/// Text in a table or a sentence: neither Markdown nor HTML of its own.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for c in cut(text).chars() {
        match c {
            '|' | '*' | '`' | '[' | ']' | '\\' | '#' | '@' => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
}

/// Text between backticks.
fn code(text: &str) -> String {
    cut(text).replace('`', "'")
}

fn cut(text: &str) -> String {
    let text = plain(text);
    match text.char_indices().nth(LINE) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
