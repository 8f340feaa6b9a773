//! What go says on stderr, as lines: for the trace, and for holding back.

use super::hide::hide_userinfo;
use crate::cause::heard::Heard;
use crate::trace::{Event, Recorder};

/// Lines of go's that go into the trace.
const MAX_LINES: usize = 200;
/// Bytes of each.
const MAX_LINE: usize = 4096;
/// Bytes held back at most; the newest are kept, the error stands at the end.
const MAX_HELD: usize = 1 << 20;
/// Progress that is never held back.
const PASSING: [&[u8]; 2] = [b"go: downloading ", b"# get "];

/// Records a stream's lines, the first 200 of them, 4 KiB of each.
#[derive(Debug, Default)]
pub struct Tap {
    line: Vec<u8>,
    taken: usize,
    heard: Heard,
    script: Option<Script>,
}

impl Tap {
    /// A tap of a go that prints the commands it runs, too (`-n`, `-x`): of these nothing is recorded, for the values of
    /// -ldflags and the arguments of the user's program stand in them.
    pub fn of_script() -> Tap {
        Tap {
            script: Some(Script::default()),
            ..Tap::default()
        }
    }

    /// Takes what was passed on.
    pub fn push(&mut self, bytes: &[u8], recorder: &Recorder) {
        for part in bytes.split_inclusive(|b| *b == b'\n') {
            let text = part.strip_suffix(b"\n").unwrap_or(part);
            let room = MAX_LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            if text.len() < part.len() {
                self.record(recorder);
            }
        }
    }

    /// The stream has ended, perhaps within a line.
    pub fn finish(&mut self, recorder: &Recorder) {
        if !self.line.is_empty() {
            self.record(recorder);
        }
    }

    /// The cause that the lines name.
    pub fn heard(&self) -> Heard {
        self.heard
    }

    fn record(&mut self, recorder: &Recorder) {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        self.heard.hear(&line);
        if self
            .script
            .as_mut()
            .is_some_and(|script| !script.is_message(&line))
        {
            return;
        }
        if self.taken < MAX_LINES {
            self.taken += 1;
            let line = hide_userinfo(&line);
            recorder.emit(Event::Stderr { line });
        }
    }
}

/// Tells go's messages from the commands between them. What is no known form of a message is taken for a command.
#[derive(Debug, Default)]
struct Script {
    // Within the text of a file that a command would write (cmd/go/internal/work/shell.go: writeFile).
    here: bool,
    // The line before was a message; what is indented below it belongs to it.
    message: bool,
}

/// How go's messages begin, those of its tools and of git's.
const MESSAGES: [&str; 9] = [
    "go: ",
    "# ",
    "package ",
    "pattern ",
    "verifying ",
    "fatal: ",
    "error: ",
    "warning: ",
    "\t",
];

impl Script {
    fn is_message(&mut self, line: &str) -> bool {
        let was = self.message;
        self.message = false;
        if self.here {
            self.here = !line.ends_with("EOF");
        } else if line.ends_with("<< 'EOF'") || line.contains("<< 'EOF' #") {
            self.here = true;
        } else {
            self.message = match MESSAGES.iter().find(|start| line.starts_with(**start)) {
                Some(start) => *start != "\t" || was,
                None => names_a_place(line),
            };
        }
        self.message
    }
}

// `file.go:3:14: …`
fn names_a_place(line: &str) -> bool {
    let place = line.split(' ').next().unwrap_or_default().strip_suffix(':');
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    place.is_some_and(|place| place.rsplit_once(':').is_some_and(|(_, last)| number(last)))
}

/// Divides a stream into lines that pass at once and lines that are held back.
#[derive(Debug, Default)]
pub struct Hold {
    held: Vec<u8>,
    // The beginning of a line, while it is not yet clear which it is.
    start: Vec<u8>,
    line: Line,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Line {
    #[default]
    Unclear,
    Passes,
    Held,
}

impl Hold {
    /// Takes bytes and returns those that pass.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for part in bytes.split_inclusive(|b| *b == b'\n') {
            self.part(part, &mut out);
        }
        if self.held.len() > 2 * MAX_HELD {
            self.trim();
        }
        out
    }

    /// All that was held back.
    pub fn finish(&mut self) -> Vec<u8> {
        self.held.append(&mut self.start);
        self.trim();
        std::mem::take(&mut self.held)
    }

    // A line or a piece of one.
    fn part(&mut self, part: &[u8], out: &mut Vec<u8>) {
        if self.line == Line::Unclear {
            self.start.extend_from_slice(part);
            self.line = if PASSING.iter().any(|p| self.start.starts_with(p)) {
                out.append(&mut self.start);
                Line::Passes
            } else if PASSING.iter().any(|p| p.starts_with(&self.start)) {
                Line::Unclear
            } else {
                self.held.append(&mut self.start);
                Line::Held
            };
        } else if self.line == Line::Passes {
            out.extend_from_slice(part);
        } else {
            self.held.extend_from_slice(part);
        }
        if part.ends_with(b"\n") {
            self.line = Line::Unclear;
        }
    }

    fn trim(&mut self) {
        let Some(over) = self.held.len().checked_sub(MAX_HELD).filter(|n| *n > 0) else {
            return;
        };
        let cut = self.held[over..]
            .iter()
            .position(|b| *b == b'\n')
            .map_or(over, |newline| over + newline + 1);
        self.held.drain(..cut);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(recorder: &Recorder) -> Vec<String> {
        let text = |event| match event {
            Event::Stderr { line } => line,
            other => panic!("{other:?}"),
        };
        recorder.records().into_iter().map(|r| text(r.event)).collect()
    }

    #[test]
    fn lines_are_recorded_whole_and_within_bounds() {
        let recorder = Recorder::memory();
        let mut tap = Tap::default();
        for piece in ["go: a", "b\n\nx https://me:pw@h/ y\n", &"z".repeat(5000), "\nend"] {
            tap.push(piece.as_bytes(), &recorder);
        }
        tap.finish(&recorder);
        let long = "z".repeat(4096);
        assert_eq!(
            lines(&recorder),
            ["go: ab", "", "x https://…@h/ y", long.as_str(), "end"]
        );
        tap.push("n\n".repeat(300).as_bytes(), &recorder);
        assert_eq!((lines(&recorder).len(), tap.heard().lines), (MAX_LINES, 305));
    }

    #[test]
    fn commands_are_not_recorded() {
        let text = "\
go: downloading m v1
mkdir -p $WORK/b001/
cat >$WORK/b001/importcfg << 'EOF' # internal
# import config
go: no message
EOF
# example.com/p
./main.go:4:2: m@v1: reading https://p/m: 502
\tserver response: down
/go/pkg/tool/linux_amd64/link -o x -X main.key=secret main.a
\t-extldflags=secret
# get https://p/m: 502 Bad Gateway (0.1s)
cat >x << 'EOF'
EOF
secret: 7 x
$WORK/b001/exe/p go: 12:7: secret";
        let want = "\
go: downloading m v1
# example.com/p
./main.go:4:2: m@v1: reading https://p/m: 502
\tserver response: down
# get https://p/m: 502 Bad Gateway (0.1s)";
        let recorder = Recorder::memory();
        let mut tap = Tap::of_script();
        tap.push(text.as_bytes(), &recorder);
        tap.finish(&recorder);
        assert_eq!(lines(&recorder).join("\n"), want);
    }

    #[test]
    fn progress_passes_and_the_rest_is_held_whatever_the_cut() {
        let text = b"go: finding x\ngo: downloading m v1\n# get https://p\n#get\ngo: d\n\ngo: downl";
        let want = (
            b"go: downloading m v1\n# get https://p\n".to_vec(),
            b"go: finding x\n#get\ngo: d\n\ngo: downl".to_vec(),
        );
        for size in 1..text.len() {
            let mut hold = Hold::default();
            let out: Vec<u8> = text.chunks(size).flat_map(|c| hold.push(c)).collect();
            assert_eq!((out, hold.finish()), want, "pieces of {size}");
        }
    }

    #[test]
    fn the_newest_lines_are_kept() {
        let mut hold = Hold::default();
        for n in 0..200_000 {
            hold.push(format!("line number {n:08}\n").as_bytes());
        }
        let held = hold.finish();
        assert!(held.len() <= MAX_HELD && held.len() > MAX_HELD / 2);
        assert!(held.starts_with(b"line number ") && held.ends_with(b"line number 00199999\n"));
    }
}
