//! The terminal behind the live line.

use indicatif::{ProgressDrawTarget, TermLike};
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// Columns that stay free behind the line. The terminal shows `^C` or `^Z` there, and indicatif fills lines with blanks up to
/// their end: what then wraps, or pushes the line up, leaves it on the screen for good.
const ECHO: u16 = 5;
/// Redrawn at most so often in a second.
const RATE: u8 = 20;

/// The terminal that stderr is, a little narrower than it is.
#[derive(Debug, Default)]
pub struct Screen {
    /// One write for each picture, so that it does not flicker.
    pending: Mutex<String>,
}

impl Screen {
    /// What a progress bar draws on.
    pub fn on_stderr() -> ProgressDrawTarget {
        ProgressDrawTarget::term_like_with_hz(Box::new(Screen::default()), RATE)
    }

    fn add(&self, text: &str) -> io::Result<()> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.push_str(text);
        Ok(())
    }

    // ECMA-48: CUU, CUD, CUF, CUB. Nought would mean one.
    fn move_cursor(&self, n: usize, way: char) -> io::Result<()> {
        match n {
            0 => Ok(()),
            n => self.add(&format!("\x1b[{n}{way}")),
        }
    }
}

fn narrower(columns: u16) -> u16 {
    columns.saturating_sub(ECHO).max(1)
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        narrower(terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| width.0))
    }

    fn height(&self) -> u16 {
        terminal_size::terminal_size_of(io::stderr()).map_or(24, |(_, height)| height.0)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.add(text)?;
        self.add("\n")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.add(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.add("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        let picture = std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        let mut stderr = io::stderr().lock();
        stderr.write_all(picture.as_bytes())?;
        stderr.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::{ProgressBar, ProgressStyle};
    use std::sync::Arc;

    /// A terminal of 40 columns that keeps what is drawn.
    #[derive(Debug, Clone, Default)]
    struct Paper(Arc<Screen>);

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            narrower(40)
        }
        fn move_cursor_up(&self, n: usize) -> io::Result<()> {
            self.0.move_cursor_up(n)
        }
        fn move_cursor_down(&self, n: usize) -> io::Result<()> {
            self.0.move_cursor_down(n)
        }
        fn move_cursor_right(&self, n: usize) -> io::Result<()> {
            self.0.move_cursor_right(n)
        }
        fn move_cursor_left(&self, n: usize) -> io::Result<()> {
            self.0.move_cursor_left(n)
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.0.write_line(text)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.write_str(text)
        }
        fn clear_line(&self) -> io::Result<()> {
            self.0.clear_line()
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_line_leaves_room_for_what_the_terminal_shows_of_keys() {
        let paper = Paper::default();
        let target = ProgressDrawTarget::term_like(Box::new(paper.clone()));
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(ProgressStyle::with_template("gosteady: {wide_msg}").unwrap());
        bar.set_message("x".repeat(100));
        bar.tick();
        bar.finish_and_clear();
        let drawn = paper.0.pending.lock().unwrap().clone();
        let lines: Vec<&str> = drawn.split("\r\x1b[2K").collect();
        assert!(lines.iter().all(|line| line.len() <= 35), "{lines:?}");
        assert!(
            lines.iter().any(|line| line.starts_with("gosteady: xxx")),
            "{lines:?}"
        );
        assert_eq!(lines.last(), Some(&""), "and it is cleared in the end");
        assert_eq!((narrower(0), narrower(80)), (1, 75));
    }
}
