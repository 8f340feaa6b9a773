//! A finding with the lines of the file that it is about, as a compiler shows an error.

use crate::config::{Mark, printable, printable_path};
use crate::error::{Finding, Level};
use crate::ui::Style;
use annotate_snippets::{AnnotationKind, Group, Renderer, Snippet};
use std::ops::Range;

/// The finding as text, ending in a newline. Without a mark, the evidence stands for the place. Names of files and what
/// stands in them may come from anybody: no control character passes.
pub fn render(finding: &Finding, mark: Option<&Mark>, style: Style) -> String {
    let level = match finding.level {
        Level::Error => annotate_snippets::Level::ERROR,
        Level::Warning => annotate_snippets::Level::WARNING,
        Level::Note => annotate_snippets::Level::NOTE,
    };
    let shown = |text: &str| printable(text, usize::MAX);
    let path = mark.map(|m| printable_path(&m.path));
    let title = match mark {
        Some(_) => shown(&finding.what),
        None => shown(&format!("{}: {}", finding.evidence, finding.what)),
    };
    let mut group = Group::with_title(level.primary_title(title).id(finding.id));
    // The renderer replaces the control characters of ASCII, but not U+0080 to U+009F; `·` is as long, so places stay.
    let c1 = |c: char| ('\u{80}'..='\u{9f}').contains(&c);
    let lines = mark.map(|m| m.text.replace(c1, "·"));
    if let (Some(mark), Some(path), Some(lines)) = (mark, &path, &lines) {
        let span = within(lines, &mark.span);
        let snippet = Snippet::source(lines.as_str())
            .path(path.as_str())
            .annotation(AnnotationKind::Primary.span(span));
        group = group.element(snippet);
    }
    if !finding.fix.is_empty() {
        group = group.element(annotate_snippets::Level::HELP.message(shown(&finding.fix)));
    }
    let renderer = if style.is_coloured() {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    format!("{}\n", renderer.render(&[group]))
}

/// The span cut to what the renderer can take: inside the text, on character boundaries, on its first line.
fn within(text: &str, span: &Range<usize>) -> Range<usize> {
    let floor = |mut i: usize| {
        i = i.min(text.len());
        while !text.is_char_boundary(i) {
            i -= 1;
        }
        i
    };
    let (start, end) = (floor(span.start), floor(span.end));
    let line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
    start..end.clamp(start, line_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(id: &'static str) -> Finding {
        Finding {
            id,
            level: Level::Warning,
            what: "unknown key `hegde`".into(),
            evidence: "GOSTEADY_HEGDE".into(),
            fix: "rename it".into(),
        }
    }

    #[test]
    fn a_frame_shows_the_line_and_the_way_out() {
        let mark = Mark {
            path: "/w/gosteady.toml".into(),
            text: "[proxy]\nhegde = 1\n".into(),
            span: 8..13,
        };
        let text = render(&finding("config-unknown-key"), Some(&mark), Style::plain());
        assert_eq!(
            text,
            "warning[config-unknown-key]: unknown key `hegde`
 --> /w/gosteady.toml:2:1
  |
2 | hegde = 1
  | ^^^^^
  |
  = help: rename it
"
        );
        assert_eq!(
            render(&finding("config-unknown-key"), None, Style::plain()),
            "warning[config-unknown-key]: GOSTEADY_HEGDE: unknown key `hegde`\n |\n = help: rename it\n"
        );
    }

    #[test]
    fn no_name_and_no_line_steers_the_terminal() {
        let odd = "d\u{1b}[31m\u{9b}2J\n::error::x";
        let mark = Mark {
            path: odd.into(),
            text: odd.into(),
            span: 0..1,
        };
        let finding = Finding {
            what: odd.into(),
            evidence: odd.into(),
            fix: odd.into(),
            ..finding("x")
        };
        for mark in [Some(&mark), None] {
            let text = render(&finding, mark, Style::plain());
            assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
            let foreign = |line: &str| line.starts_with("::");
            assert!(!text.lines().any(foreign), "{text}");
        }
    }

    #[test]
    fn no_span_breaks_the_frame() {
        for text in ["", "a", "é\n\nx", "\r\n", "a\u{1b}[2Jb\n"] {
            for start in 0..6 {
                for end in 0..8 {
                    let mark = Mark {
                        path: "f".into(),
                        text: text.into(),
                        span: start..end,
                    };
                    let shown = render(&finding("x"), Some(&mark), Style::plain());
                    assert!(!shown.contains('\u{1b}'), "{shown:?}");
                }
            }
        }
    }
}
