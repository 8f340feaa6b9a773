//! A body that broke goes on where it ended: which validators are strong enough for that, which 206 is its rest, and
//! the place where all attempts at one upstream put what comes of the same file.
//!
//! Source: RFC 9110, 8.8 (validators), 13.1.5 (If-Range), 14 (ranges).

use super::spool::{Filling, Spool, Spooled};
use super::transport::Answer;
use bytes::Bytes;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// An attempt that brought at least as many bytes has got on, though it broke.
pub const PROGRESS: u64 = 64 << 10;
/// Attempts at one file that got on, at most; the largest zip in pieces of 1 MiB takes as many.
pub const PIECES: u32 = 512;
/// How much older than its answer a file must be for its date to name it; the two clocks may differ.
const SETTLED: Duration = Duration::from_secs(60);

/// A representation: one file in one state, on one server.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    /// For If-Range.
    validator: String,
    /// Its length in bytes, where it was told.
    total: Option<u64>,
    /// The host of a redirect, which gave the validator.
    host: Option<String>,
}

/// What came of a file.
#[derive(Debug)]
struct Partial<'a> {
    /// `None` where its rest can't be asked for.
    identity: Option<Identity>,
    content_type: String,
    /// `None` once it was taken.
    body: Option<Filling<'a>>,
    /// Attempts that write it.
    writers: u32,
}

/// What all attempts of one request at one upstream have got of the body.
#[derive(Debug, Default)]
pub struct Gathering<'a> {
    partial: RefCell<Option<Rc<RefCell<Partial<'a>>>>>,
}

/// What to ask for in place of the whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// From this byte on.
    pub from: u64,
    /// For If-Range.
    pub validator: String,
}

/// Writes what one attempt gets.
#[derive(Debug)]
pub struct Writer<'a> {
    partial: Rc<RefCell<Partial<'a>>>,
    at: u64,
}

/// Why a piece was not taken.
#[derive(Debug)]
pub enum NotTaken {
    /// There is no room for this part of it; what came before is there.
    NoRoom(Bytes),
    /// Another attempt has brought the whole.
    Done,
}

impl<'a> Gathering<'a> {
    /// How much there is that can be gone on from.
    pub fn len(&self) -> u64 {
        let partial = self.partial.borrow();
        partial.as_ref().map_or(0, |p| p.borrow().len())
    }

    /// What is to be asked for, where there is something to go on from.
    pub fn rest(&self) -> Option<Rest> {
        let partial = self.partial.borrow();
        let partial = partial.as_ref()?.borrow();
        let from = partial.len();
        let validator = partial.identity.as_ref()?.validator.clone();
        (from > 0).then_some(Rest { from, validator })
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.partial.take();
    }

    /// Where the body of a 200 goes: to what came of the same file before, else to a place of its own.
    pub fn whole(&self, answer: &Answer, content_type: &str, spool: &'a Spool) -> Writer<'a> {
        let identity = identity(answer);
        let mut kept = self.partial.borrow_mut();
        if let Some(partial) = kept.as_ref()
            && identity.is_some()
            && partial.borrow().identity == identity
            && partial.borrow().body.is_some()
        {
            let partial = Rc::clone(partial);
            partial.borrow_mut().writers += 1;
            return Writer { partial, at: 0 };
        }
        let partial = Rc::new(RefCell::new(Partial {
            content_type: content_type.to_owned(),
            body: Some(spool.body()),
            writers: 1,
            identity,
        }));
        *kept = partial.borrow().identity.is_some().then(|| Rc::clone(&partial));
        Writer { partial, at: 0 }
    }

    /// Where the body of a 206 goes; `None` where it is not the rest that was asked for.
    pub fn part(&self, answer: &Answer, asked: &Rest) -> Option<Writer<'a>> {
        let kept = self.partial.borrow();
        let partial = kept.as_ref()?;
        {
            let mut partial = partial.borrow_mut();
            let have = partial.len();
            partial.body.as_ref()?;
            let identity = partial.identity.as_mut()?;
            let range = answer
                .headers
                .get("content-range")
                .and_then(|r| content_range(r))?;
            // Servers exist that know Range and not If-Range.
            let header = match identity.validator.starts_with('"') {
                true => "etag",
                false => "last-modified",
            };
            let stated = answer.headers.get(header);
            let total = range.total.or(identity.total)?;
            let fits = range.start == asked.from
                && range.start <= have
                && identity.total.is_none_or(|t| t == total)
                && range.end < total
                && answer.length.is_none_or(|l| l == range.end + 1 - range.start);
            let same = stated.is_none_or(|stated| *stated == identity.validator)
                && identity.validator == asked.validator
                && identity.host == answer.way.redirected_to
                && is_plain(answer);
            if !fits || !same {
                return None;
            }
            identity.total = Some(total);
            partial.writers += 1;
        }
        Some(Writer {
            partial: Rc::clone(partial),
            at: asked.from,
        })
    }
}

impl Partial<'_> {
    fn len(&self) -> u64 {
        self.body.as_ref().map_or(0, Filling::len)
    }
}

impl Writer<'_> {
    /// How far this attempt has come in the file.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Adds a piece; what is there already, through another attempt, is not written again.
    pub fn push(&mut self, piece: &Bytes) -> Result<(), NotTaken> {
        let mut partial = self.partial.borrow_mut();
        let Some(body) = partial.body.as_mut() else {
            return Err(NotTaken::Done);
        };
        let known = usize::try_from(body.len() - self.at).unwrap_or(usize::MAX);
        if known < piece.len() {
            let news = piece.slice(known..);
            if body.push(&news).is_err() {
                return Err(NotTaken::NoRoom(news));
            }
        }
        self.at += piece.len() as u64;
        Ok(())
    }

    /// The length of the file, where it is known.
    pub fn total(&self) -> Option<u64> {
        self.partial.borrow().identity.as_ref()?.total
    }

    /// Whether this attempt, which came to its end, has brought the end of the file.
    pub fn is_whole(&self) -> bool {
        let partial = self.partial.borrow();
        let total = partial.identity.as_ref().and_then(|i| i.total);
        self.at == partial.len() && total.is_none_or(|t| t == self.at)
    }

    /// Whether more than one attempt has written it: it is as good as the upstream's validators are.
    pub fn is_joined(&self) -> bool {
        self.partial.borrow().writers > 1
    }

    /// What came, and its Content-Type. Nothing is left for the other attempts.
    pub fn take(self) -> Option<(Spooled, String)> {
        let mut partial = self.partial.borrow_mut();
        let body = partial.body.take()?.end();
        Some((body, std::mem::take(&mut partial.content_type)))
    }
}

/// What names the file of a 200 so surely that its rest may be asked for.
fn identity(answer: &Answer) -> Option<Identity> {
    let refuses = answer.headers.get("accept-ranges").is_some_and(|r| r == "none");
    let validator = validator(&answer.headers).filter(|_| !refuses && is_plain(answer))?;
    Some(Identity {
        validator,
        total: answer.length,
        host: answer.way.redirected_to.clone(),
    })
}

/// Not packed: a range of a packed file is none of the file.
fn is_plain(answer: &Answer) -> bool {
    let coding = answer.headers.get("content-encoding");
    !answer.decoded && coding.is_none_or(|c| c.eq_ignore_ascii_case("identity"))
}

/// A strong validator (RFC 9110, 8.8.1): the entity tag, unless it is weak; a date only where there is no tag, and
/// only one that is well before the answer's own (8.8.2.2).
fn validator(headers: &BTreeMap<String, String>) -> Option<String> {
    match headers.get("etag") {
        Some(tag) => {
            let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
            (!inner.contains('"')).then(|| tag.clone())
        }
        None => {
            let modified = headers.get("last-modified")?;
            let at = |date: &String| jiff::fmt::rfc2822::parse(date).ok();
            let age = at(headers.get("date")?)?.duration_since(&at(modified)?);
            (age >= jiff::SignedDuration::try_from(SETTLED).ok()?).then(|| modified.clone())
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct ContentRange {
    start: u64,
    /// The last byte.
    end: u64,
    total: Option<u64>,
}

/// `bytes 100-199/200` (RFC 9110, 14.4).
fn content_range(value: &str) -> Option<ContentRange> {
    let (range, total) = value.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = range.split_once('-')?;
    let range = ContentRange {
        start: number(start)?,
        end: number(end)?,
        total: match total {
            "*" => None,
            total => Some(number(total)?),
        },
    };
    (range.start <= range.end).then_some(range)
}

fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn headers(lines: &[(&str, &str)]) -> BTreeMap<String, String> {
        let own = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        lines.iter().map(own).collect()
    }

    #[test]
    fn only_strong_validators_count() {
        let old = "Sun, 06 Nov 1994 08:49:37 GMT";
        let later = "Sun, 06 Nov 1994 08:50:37 GMT";
        for (lines, want) in [
            (&[("etag", "\"a\"")][..], Some("\"a\"")),
            (&[("etag", "W/\"a\"")], None),
            (&[("etag", "a")], None),
            (&[("etag", "\"a\", \"b\"")], None),
            (&[("last-modified", old), ("date", later)], Some(old)),
            (&[("last-modified", later), ("date", later)], None),
            (&[("last-modified", later), ("date", old)], None),
            (&[("last-modified", old)], None),
            (&[("last-modified", "yesterday"), ("date", later)], None),
            // With a tag there is no asking by date.
            (
                &[("etag", "W/\"a\""), ("last-modified", old), ("date", later)],
                None,
            ),
            (&[], None),
        ] {
            assert_eq!(validator(&headers(lines)).as_deref(), want, "{lines:?}");
        }
    }

    #[test]
    fn content_ranges() {
        for (value, want) in [
            ("bytes 5-9/10", Some((5, 9, Some(10)))),
            ("bytes 5-9/*", Some((5, 9, None))),
            ("bytes 9-5/10", None),
            ("bytes */10", None),
            ("bytes +5-9/10", None),
            ("items 5-9/10", None),
            ("bytes 5-9", None),
            ("", None),
        ] {
            let want = want.map(|(start, end, total)| ContentRange { start, end, total });
            assert_eq!(content_range(value), want, "{value}");
        }
    }

    #[test]
    fn attempts_at_one_file_write_it_together() {
        let spool = Spool::new(Path::new("/nowhere"), Path::new("/nowhere"));
        let partial = Rc::new(RefCell::new(Partial {
            identity: Some(Identity {
                validator: "\"a\"".into(),
                total: Some(6),
                host: None,
            }),
            content_type: "t".into(),
            body: Some(spool.body()),
            writers: 2,
        }));
        let gathering = Gathering::default();
        *gathering.partial.borrow_mut() = Some(Rc::clone(&partial));
        assert_eq!(gathering.rest(), None, "nothing has come yet");
        let writer = |at| Writer {
            partial: Rc::clone(&partial),
            at,
        };
        let (mut first, mut second) = (writer(0), writer(0));
        first.push(&Bytes::from_static(b"abcd")).unwrap();
        assert_eq!(gathering.rest().map(|r| r.from), Some(4));
        second.push(&Bytes::from_static(b"abc")).unwrap();
        assert_eq!(gathering.len(), 4);
        second.push(&Bytes::from_static(b"def")).unwrap();
        assert!(second.is_whole() && !first.is_whole());
        let (body, content_type) = second.take().unwrap();
        assert_eq!(
            (&body.head().unwrap()[..], content_type.as_str()),
            (&b"abcdef"[..], "t")
        );
        assert!(matches!(
            first.push(&Bytes::from_static(b"e")),
            Err(NotTaken::Done)
        ));
        assert_eq!(gathering.rest(), None);
    }
}
