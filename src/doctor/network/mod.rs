//! The way to each upstream and to the checksum database, hop by hop.

mod conclude;
pub mod dns;
mod observe;

use super::check::{Check, Layer, Verdict};
use super::list;
use super::subject::Subject;
use crate::cause::Cause;
use crate::proxy::probe::{self, Seen, Trouble};
use crate::proxy::transport::Address;
use observe::Server;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How long one question is waited for; no check asks two after each other.
pub const BOUND: Duration = observe::REQUEST;
/// A public module that every mirror knows; its list is short, and the zip of this version large enough to measure.
pub const LIST: &str = "golang.org/x/mod/@v/list";
const ZIP: &str = "golang.org/x/mod/@v/v0.20.0.zip";

/// One check for each server that go would talk to.
pub fn checks(subject: &Subject) -> Vec<Check> {
    let upstreams = list::upstreams(subject);
    let mut checks = Vec::new();
    for upstream in &upstreams {
        let server = Server {
            shown: upstream.shown.clone(),
            public: upstream.public,
            list: upstream.file(LIST),
            zip: upstream.file(ZIP),
        };
        let run = move |subject: &Subject| {
            let seen = observe::observe(subject, &server);
            conclude::conclude(&seen, SystemTime::now())
        };
        checks.push(Check::new(&upstream.shown, Layer::Network, run).within(observe::ALL));
    }
    if let Some((name, origin)) = probe::checksum_database(&subject.text("GOSUMDB")) {
        let through = upstreams
            .first()
            .map(|u| u.file(&format!("sumdb/{name}/supported")));
        let latest = origin.file("latest");
        let shown = name.clone();
        let run = move |subject: &Subject| of_database(subject, &shown, through.clone(), latest.clone());
        checks.push(Check::new(&name, Layer::Network, run).within(observe::ALL));
    }
    checks
}

fn of_database(subject: &Subject, name: &str, through: Option<Address>, latest: Address) -> Verdict {
    let mut verdict = Verdict::default();
    let (through, origin) = std::thread::scope(|scope| {
        let through = through.map(|address| scope.spawn(|| ask(subject, address)));
        let origin = ask(subject, latest);
        (through.and_then(|thread| thread.join().ok()), origin)
    });
    // A mirror that carries the database spares the way to its origin (modfetch/sumdb.go).
    if let Some(Ok(seen)) = &through
        && seen.status == 200
    {
        verdict.saw(format!("the first upstream carries {name}"));
        return verdict;
    }
    let why = match origin {
        Ok(seen) if seen.status == 200 => {
            let steps = conclude::steps(&seen.way, seen.took);
            verdict.saw(format!("{name}: answered in {steps}"));
            return verdict;
        }
        Ok(seen) => format!("{name} answered {}", seen.status_text),
        // The way to the upstream fails alike, which has been said.
        Err(trouble) if matches!(&through, Some(Err(same)) if same.cause() == trouble.cause()) => {
            verdict.saw(format!("{name} can't be asked either: {}", trouble.reason()));
            return verdict;
        }
        Err(trouble) => trouble.reason(),
    };
    let what = format!("the checksum database {name} can't be asked");
    verdict.cause(Cause::SumdbUnreachable, what, why, &format!("https://{name}"));
    verdict
}

fn ask(subject: &Subject, address: Address) -> Result<Seen, Trouble> {
    let world = Arc::new(subject.world.clone());
    probe::ask(&world, &subject.text("GOAUTH"), address, BOUND)
}
