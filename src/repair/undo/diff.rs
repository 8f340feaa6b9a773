//! The difference that an undo makes, as `diff -u` shows it.

use super::Step;
use crate::ui::{Style, words};
use similar::TextDiff;
use std::path::Path;

/// The difference of one file; its name relative to a directory where it lies below.
pub fn unified(step: &Step, root: &Path, style: Style) -> String {
    let name = step.path.strip_prefix(root).unwrap_or(&step.path);
    let name = words::plain(&name.to_string_lossy());
    let side = |there: bool| match there {
        true => name.clone(),
        false => "/dev/null".to_owned(),
    };
    let (old, new) = (side(step.now.0.is_some()), side(step.then.0.is_some()));
    let diff = TextDiff::from_lines(step.now.text(), step.then.text());
    let diff = diff.unified_diff().header(&old, &new).to_string();
    let mut shown = String::new();
    for line in diff.lines() {
        // A tab is part of go.mod; nothing else that a terminal would obey.
        let parts: Vec<String> = line.split('\t').map(words::plain).collect();
        let line = parts.join("\t");
        shown += &match line.as_bytes().first() {
            Some(b'+') => style.green(&line),
            Some(b'-') => style.red(&line),
            Some(b'@') => style.cyan(&line),
            _ => line,
        };
        shown.push('\n');
    }
    shown
}
