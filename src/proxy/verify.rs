//! A whole zip or go.mod held against go.sum before go sees it.
//!
//! go checks it again, and has the last word: a body that nobody has better is handed to it as it came, so that the
//! error is go's own.

use super::attempt::Ask;
use super::classify::{self, Outcome};
use super::engine::Engine;
use super::failover;
use super::pulse::Pulse;
use super::reply::{Reply, Told, Whole};
use super::request::{Kind, Resource};
use super::rules::Next;
use super::spool::Spooled;
use super::words::left_out;
use crate::cause::Cause;
use crate::config::settings::Failover;
use crate::gomod::Sums;
use crate::gomod::h1::{self, Bad};
use bytes::Bytes;
use std::cell::OnceCell;
use std::io::BufReader;
use std::path::PathBuf;
use std::rc::Rc;

/// The most that is taken of a metadata answer, in bytes; x/mod/zip allows a go.mod as much.
const MAX_METADATA: u64 = 16 << 20;

/// What go.sum says; its files are read when somebody asks first.
#[derive(Debug)]
pub struct Expected {
    files: Vec<PathBuf>,
    read: OnceCell<Sums>,
}

impl Expected {
    /// Of these files; those that are not there say nothing.
    pub fn new(files: Vec<PathBuf>) -> Expected {
        Expected {
            files,
            read: OnceCell::new(),
        }
    }

    /// The hashes that a resource may have; empty where go.sum says nothing about it.
    pub fn of(&self, resource: &Resource) -> &[String] {
        let Some((module, version)) = resource.version() else {
            return &[];
        };
        let sums = self.read.get_or_init(|| {
            let mut sums = Sums::default();
            for text in self.files.iter().filter_map(|f| std::fs::read(f).ok()) {
                sums.add(&text);
            }
            sums
        });
        sums.of(module, version, resource.kind == Kind::Mod)
    }
}

/// A whole body that is not what it should be.
#[derive(Debug)]
pub struct Withheld {
    content_type: String,
    body: Spooled,
}

/// The largest body of a kind, in bytes.
pub fn most(kind: &Kind) -> u64 {
    match kind {
        Kind::Zip => h1::MAX_ZIP,
        // Neither is one of the protocol's known answers.
        Kind::Other | Kind::Tile(_) => u64::MAX,
        _ => MAX_METADATA,
    }
}

/// An attempt that was ended because more came, or was to come.
pub fn too_much(kind: &Kind) -> Reply {
    let did = format!("answered with more than {} MiB", most(kind) >> 20);
    Reply::Told(wrong(Outcome::Foreign, did, String::new()))
}

fn wrong(outcome: Outcome, did: String, detail: String) -> Told {
    let cause = classify::cause_of_answer(outcome, 200).unwrap_or(Cause::InvalidBody);
    Told {
        status: Some(200),
        detail,
        ..Told::new(outcome, cause, did)
    }
}

/// Checks the body of a whole reply; any other comes back as it is, and so does one that is streamed. A zip that
/// go.sum does not know is looked at from outside.
pub async fn verify(engine: &Engine, ask: &Ask<'_>, reply: Reply, pulse: &Pulse) -> Reply {
    let resource = ask.resource;
    let checkable = resource.immutable && matches!(resource.kind, Kind::Mod | Kind::Zip);
    let mut whole = match reply {
        Reply::Whole(whole) if checkable && whole.rest.is_none() => whole,
        other => return other,
    };
    let expected = engine.sums.of(resource);
    let finding = match resource.kind {
        Kind::Zip => {
            let (module, version) = resource.version().unwrap_or_default();
            let (module, version) = (module.to_owned(), version.to_owned());
            let source = BufReader::new(whole.body.reader());
            let known = !expected.is_empty();
            let work = move || match known {
                true => h1::of_zip_and(source, &format!("{module}@{version}/go.mod")),
                false => h1::look(source, &module, &version).map(|()| None),
            };
            // A small zip may unpack to much, and it is this machine that takes its time now.
            pulse.rest();
            let done = tokio::task::spawn_blocking(work).await;
            pulse.begin();
            done.unwrap_or(Ok(None)).map(|read| {
                let read = read?;
                whole.go_mod = read.file.map(Bytes::from);
                Some(read.hash)
            })
        }
        _ if expected.is_empty() => Ok(None),
        _ => match whole.body.metadata() {
            Ok(Some(text)) => Ok(Some(h1::of_go_mod(&text))),
            _ => Ok(None),
        },
    };
    let Some(mut told) = judge(&resource.kind, finding.as_ref(), expected) else {
        return Reply::Whole(whole);
    };
    if let (Outcome::Mismatch, Ok(Some(hash))) = (told.outcome, &finding) {
        engine.learnt.borrow_mut().lied(ask.peer, &resource.wire, hash);
    }
    told.withheld = Some(Rc::new(Withheld {
        content_type: whole.content_type,
        body: whole.body,
    }));
    Reply::Told(told)
}

/// What is wrong with a body of this hash, or in which none could be found.
fn judge(kind: &Kind, finding: Result<&Option<String>, &Bad>, expected: &[String]) -> Option<Told> {
    let what = if *kind == Kind::Zip { "zip" } else { "go.mod" };
    match finding {
        Ok(Some(hash)) if !expected.is_empty() && !expected.contains(hash) => Some(wrong(
            Outcome::Mismatch,
            format!("sent a {what} that does not match go.sum"),
            format!("sent {hash}, go.sum says {}", expected.join(" or ")),
        )),
        Ok(_) => None,
        Err(Bad::Broken(detail)) => Some(wrong(
            Outcome::Garbled,
            format!("sent a damaged {what}"),
            detail.clone(),
        )),
        Err(Bad::Foreign(detail)) => Some(wrong(
            Outcome::Foreign,
            format!("sent a {what} that is not the module's"),
            detail.clone(),
        )),
    }
}

/// When everybody has failed: the first body that was withheld goes to go, which reports in its own words. Not where
/// a `|` lets go itself ask another: to that one an error leads, a wrong body does not.
pub fn hand_over(
    engine: &Engine,
    resource: &Resource,
    prefix: usize,
    failures: &[(usize, Told)],
    kept_from: Option<usize>,
) -> Option<Box<Whole>> {
    let mut withheld = failures
        .iter()
        .filter_map(|(p, t)| Some((*p, t, t.withheld.as_ref()?)));
    let (peer, told, body) = withheld.next()?;
    if failover::after_chain(&engine.list, prefix) == Next::Gos && engine.rules.failover != Failover::Go {
        let name = engine.name(peer);
        engine
            .notes
            .say(format!("{name} {}; go was told to ask the next one", told.did));
        return None;
    }
    let learnt = engine.learnt.borrow();
    let lies = learnt.lies(&resource.wire).iter();
    let lies: Vec<(String, &str)> = lies.map(|(p, hash)| (engine.name(*p), hash.as_str())).collect();
    let mut sentence = match lies.as_slice() {
        [] => format!("{}: {} {}", resource.label, engine.name(peer), told.did),
        lies => odd_one_out(&resource.label, lies),
    };
    if let Some(other) = kept_from {
        sentence.push_str(&format!("; {} {}", engine.name(other), left_out(engine, other)));
    }
    engine.notes.say(sentence);
    engine
        .notes
        .refuse(&resource.label, (told.cause, engine.name(peer)));
    Some(Box::new(Whole {
        content_type: body.content_type.clone(),
        body: body.body.clone(),
        rest: None,
        peer,
        go_mod: None,
    }))
}

/// Who is to be doubted when upstreams, given with the hash of what they sent, disagree with go.sum.
fn odd_one_out(label: &str, lies: &[(String, &str)]) -> String {
    let names: Vec<&str> = lies.iter().map(|(name, _)| name.as_str()).collect();
    match lies {
        [(name, _)] => format!(
            "{label}: what {name} sent does not match go.sum, and nobody else could tell which of the two is wrong"
        ),
        [(_, first), others @ ..] if others.iter().all(|(_, hash)| hash == first) => format!(
            "{label}: {} sent the same, and it does not match go.sum: go.sum is the odd one out",
            names.join(" and ")
        ),
        _ => format!(
            "{label}: {} each sent something else, and none of it matches go.sum: the mirrors are the odd ones out",
            names.join(" and ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judgements() {
        use Outcome::{Foreign, Garbled, Mismatch};
        let hash = |h: &str| Ok(Some(h.to_owned()));
        for (finding, expected, outcome) in [
            (hash("h1:a"), vec!["h1:a"], None),
            (hash("h1:a"), vec!["h1:b", "h1:a"], None),
            (hash("h1:a"), vec!["h1:b"], Some(Mismatch)),
            (hash("h1:a"), vec![], None),
            (Ok(None), vec!["h1:b"], None),
            (Err(Bad::Broken("cut".into())), vec!["h1:b"], Some(Garbled)),
            (Err(Bad::Foreign("odd".into())), vec![], Some(Foreign)),
        ] {
            let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
            let told = judge(&Kind::Zip, finding.as_ref(), &expected);
            assert_eq!(told.map(|t| t.outcome), outcome, "{finding:?} {expected:?}");
        }
    }

    #[test]
    fn a_mismatch_is_never_asked_for_again() {
        for outcome in [Outcome::Mismatch, Outcome::Foreign] {
            assert!(!outcome.retryable() && !outcome.definite(), "{outcome:?}");
        }
    }

    #[test]
    fn the_odd_one_out() {
        let say = |hashes: &[&'static str]| {
            let names = ["https://a", "https://b", "https://c"].map(str::to_owned);
            let lies: Vec<_> = names.into_iter().zip(hashes.iter().copied()).collect();
            odd_one_out("m@v1 zip", &lies)
        };
        assert!(say(&["h1:x"]).contains("nobody else"));
        assert!(say(&["h1:x", "h1:x"]).ends_with("go.sum is the odd one out"));
        let differ = say(&["h1:x", "h1:x", "h1:y"]);
        assert!(differ.ends_with("the mirrors are the odd ones out"), "{differ}");
        assert!(
            differ.contains("https://a and https://b and https://c"),
            "{differ}"
        );
    }
}
