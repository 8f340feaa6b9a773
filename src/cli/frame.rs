//! A finding with the lines of the file that it is about, as a compiler shows an error.

use crate::config::Mark;
use crate::error::{Finding, Level};
use crate::ui::Style;
use annotate_snippets::{AnnotationKind, Group, Renderer, Snippet};
use std::ops::Range;

/// The finding as text, ending in a newline. Without a mark, the evidence stands for the place.
pub fn render(finding: &Finding, mark: Option<&Mark>, style: Style) -> String {
    let level = match finding.level {
        Level::Error => annotate_snippets::Level::ERROR,
        Level::Warning => annotate_snippets::Level::WARNING,
        Level::Note => annotate_snippets::Level::NOTE,
    };
    let path = mark.map(|m| m.path.to_string_lossy());
    let title = match mark {
        Some(_) => finding.what.clone(),
        None => format!("{}: {}", finding.evidence, finding.what),
    };
    let mut group = Group::with_title(level.primary_title(title).id(finding.id));
    if let (Some(mark), Some(path)) = (mark, &path) {
        let span = within(&mark.text, &mark.span);
        let snippet = Snippet::source(mark.text.as_ref())
            .path(path.as_ref())
            .annotation(AnnotationKind::Primary.span(span));
        group = group.element(snippet);
    }
    if !finding.fix.is_empty() {
        group = group.element(annotate_snippets::Level::HELP.message(finding.fix.as_str()));
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
