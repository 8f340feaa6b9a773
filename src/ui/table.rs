//! Aligned columns.

/// A cell: its text, and the text with its style, which takes no more room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    text: String,
    styled: Option<String>,
}

impl Cell {
    /// A cell whose text is shown through a style.
    pub fn styled(text: impl Into<String>, style: impl FnOnce(&str) -> String) -> Cell {
        let text = text.into();
        let styled = Some(style(&text));
        Cell { text, styled }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Cell {
        Cell {
            text: text.into(),
            styled: None,
        }
    }
}

/// Lines with the columns aligned to the left and two spaces between them, nothing behind the last.
pub fn columns(rows: &[Vec<Cell>]) -> String {
    aligned(rows, &[])
}

/// The same, with the columns at the right where `right` says so: those of numbers.
pub fn aligned(rows: &[Vec<Cell>], right: &[bool]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        for (i, cell) in row.iter().enumerate() {
            let width = cell.text.chars().count();
            match widths.get_mut(i) {
                Some(w) => *w = (*w).max(width),
                None => widths.push(width),
            }
        }
    }
    let mut out = String::new();
    for row in rows {
        // Blanks are owed until something follows them, so that no line ends in blanks.
        let mut owed = 0;
        for (i, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if !cell.text.is_empty() {
                let room = width - cell.text.chars().count();
                let before = if right.get(i) == Some(&true) { room } else { 0 };
                out.extend(std::iter::repeat_n(' ', owed + before));
                out.push_str(cell.styled.as_deref().unwrap_or(&cell.text));
                owed = room - before + 2;
            } else {
                owed += width + 2;
            }
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_and_lines_end_clean() {
        let rows = [
            vec!["KEY".into(), "VALUE".into(), "FROM".into()],
            vec![Cell::styled("é", |t| format!("<{t}>")), "".into(), "here".into()],
            vec!["longer".into(), "x".into(), "".into()],
        ];
        assert_eq!(
            columns(&rows),
            "KEY     VALUE  FROM\n<é>              here\nlonger  x\n"
        );
        assert_eq!(columns(&[]), "");
        let numbers = [
            vec!["NAME".into(), "N".into()],
            vec!["ä".into(), Cell::styled("10", |t| format!("<{t}>"))],
        ];
        assert_eq!(aligned(&numbers, &[false, true]), "NAME   N\nä     <10>\n");
    }
}
