//! A dump, read line by line.

use super::text;
use super::{Dump, Frame, Group};
use std::collections::HashMap;
use std::io::{self, BufRead, Read};

/// Bytes of a line that are looked at; the rest is skipped.
const MAX_LINE: u64 = 64 << 10;
/// Groups at most; a program with more different stacks has another problem.
const MAX_GROUPS: usize = 50_000;
/// Frames of a stack at most: the runtime itself prints a hundred.
const MAX_FRAMES: usize = 200;

/// Reads a dump to its end. What stands around the stacks (the program's output, registers) is skipped.
pub fn read(mut from: impl BufRead) -> io::Result<Dump> {
    let mut reader = Reader::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut from).take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let whole = line.last() == Some(&b'\n');
        reader.line(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
        if !whole {
            from.skip_until(b'\n')?;
        }
        reader.ended_well = whole;
    }
    Ok(reader.finish())
}

/// What makes a group.
type Key = (String, Vec<Frame>, String);

#[derive(Debug, Default)]
struct Reader {
    groups: HashMap<Key, (u64, u64, u64)>,
    open: Option<Open>,
    dump: Dump,
    ended_well: bool,
}

/// The goroutine whose stack is being read.
#[derive(Debug)]
struct Open {
    number: u64,
    state: String,
    minutes: u64,
    frames: Vec<Frame>,
    created_by: String,
    // The next line may be the place of what was read last.
    wants_place: bool,
}

impl Reader {
    fn line(&mut self, line: &str) {
        if let Some((number, state, minutes)) = text::heading(line) {
            self.close();
            self.open = Some(Open {
                number,
                state,
                minutes,
                frames: Vec::new(),
                created_by: String::new(),
                wants_place: false,
            });
            return;
        }
        let Some(open) = &mut self.open else {
            return;
        };
        if line.is_empty() || text::is_epilogue(line) {
            self.close();
        } else if open.wants_place && line.starts_with('\t') {
            open.wants_place = false;
            let frame = open.frames.last_mut().filter(|_| open.created_by.is_empty());
            match (text::place(line), frame) {
                (Some(place), Some(frame)) => frame.place = place,
                (Some(_), None) => {}
                (None, _) => self.dump.damaged += 1,
            }
        } else if let Some(maker) = text::created_by(line) {
            open.created_by = maker.to_string();
            open.wants_place = true;
        } else if let Some(function) = text::function(line) {
            if open.frames.len() < MAX_FRAMES {
                open.frames.push(text::frame(function));
            }
            open.wants_place = true;
        } else if line.starts_with("...") || line.starts_with("goroutine running on other thread") {
            // `...additional frames elided...`; a running goroutine whose stack is not available.
        } else {
            self.dump.damaged += 1;
        }
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        // The scheduler's own stack of a thread, which the runtime counts as no goroutine either.
        if open.number == 0 {
            return;
        }
        self.dump.goroutines += 1;
        let key = (open.state, open.frames, open.created_by);
        if self.groups.len() >= MAX_GROUPS && !self.groups.contains_key(&key) {
            self.dump.ungrouped += 1;
            return;
        }
        let group = self.groups.entry(key).or_insert((0, 0, open.number));
        group.0 += 1;
        group.1 = group.1.max(open.minutes);
        group.2 = group.2.min(open.number);
    }

    fn finish(mut self) -> Dump {
        self.dump.cut = self
            .open
            .as_ref()
            .is_some_and(|o| o.frames.is_empty() || o.wants_place || !self.ended_well);
        self.close();
        let mut dump = self.dump;
        dump.groups = self
            .groups
            .into_iter()
            .map(|((state, frames, created_by), (count, minutes, first))| Group {
                state,
                frames,
                created_by,
                count,
                minutes,
                first,
            })
            .collect();
        dump.groups
            .sort_by_key(|g| (std::cmp::Reverse((g.count, g.minutes)), g.first));
        dump
    }
}
