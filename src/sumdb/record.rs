//! The texts of the log: a tree's head and the answer to a lookup. Sources: golang.org/x/mod/sumdb/tlog/note.go
//! (ParseTree, ParseRecord).

use super::tlog::Hash;

/// A state of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tree {
    /// How many records it holds.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

impl Tree {
    /// Reads the text of a tree's note: a fixed first line, the size, the root; lines behind them do not count.
    pub fn parse(text: &str) -> Option<Tree> {
        let mut lines = text.strip_prefix("go.sum database tree\n")?.split('\n');
        let (size, root) = (lines.next()?, lines.next()?);
        // The line of the root must be ended.
        lines.next()?;
        let number: i64 = size.parse().ok()?;
        let plain = number >= 0 && number.to_string() == size;
        Some(Tree {
            size: u64::try_from(number).ok().filter(|_| plain)?,
            root: Hash::parse(root)?,
        })
    }
}

/// The answer to a lookup: a record and the signed tree it is said to be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its number.
    pub id: u64,
    /// Its text: go.sum lines.
    pub text: &'a str,
    /// The signed note of a tree.
    pub note: &'a str,
}

impl<'a> Record<'a> {
    /// Reads an answer: the number, the text, a blank line, the note.
    pub fn parse(answer: &'a str) -> Option<Record<'a>> {
        let (id, rest) = answer.split_once('\n')?;
        let end = rest.find("\n\n")?;
        let (text, note) = (&rest[..=end], &rest[end + 2..]);
        let valid = !text.starts_with('\n') && text.chars().all(|c| c >= ' ' || c == '\n');
        Some(Record {
            id: id.parse::<i64>().ok().and_then(|id| u64::try_from(id).ok())?,
            text,
            note,
        })
        .filter(|_| valid)
    }

    /// The hash that its go.sum line gives to a version's zip; `None` without such a line.
    pub fn h1(&self, module: &str, version: &str) -> Option<&'a str> {
        self.text.lines().find_map(|line| {
            let mut fields = line.split(' ');
            let ours = fields.next() == Some(module) && fields.next() == Some(version);
            fields
                .next()
                .filter(|hash| ours && hash.starts_with("h1:") && fields.next().is_none())
        })
    }
}
