//! The checksum database as a module server carries it: asked through our own client, which believes nobody.

use super::asking::Target;
use super::judge::{broken, kept, unknown};
use super::words::{reason, said};
use super::{Judgement, Point};
use crate::gomod::escape;
use crate::proxy::probe::Answer;
use crate::sumdb::{self, Fault, Found, Key, Ops, Record, Signed};

/// What the server said about the database.
#[derive(Debug)]
pub struct Log {
    /// Whose signature counts.
    pub key: Key,
    /// `supported`.
    pub supported: Answer,
    /// The rest, where it is carried.
    pub carried: Option<Carried>,
}

/// The answers of a server that carries the database.
#[derive(Debug)]
pub struct Carried {
    /// `latest`.
    pub latest: Answer,
    /// `lookup/M@V`.
    pub lookup: Answer,
    /// What our client made of the lookup and the tiles it needed.
    pub proof: Result<Found, Fault>,
    /// The tiles that it asked for.
    pub tiles: Vec<String>,
}

/// Asks. `file` makes the path of a file of the database on the server, `ask` asks for one.
pub fn ask(
    key: &Key,
    target: &Target,
    file: impl Fn(&str) -> String,
    mut ask: impl FnMut(&str) -> Answer,
) -> Log {
    let supported = ask(&file("supported"));
    let carried = super::asking::has(&supported).then(|| {
        let latest = ask(&file("latest"));
        let what = format!("lookup/{}@{}", escape(&target.module), escape(&target.version));
        let lookup = ask(&file(&what));
        let mut desk = Desk {
            lookup: &lookup,
            tiles: Vec::new(),
            ask: |path: &str| ask(&file(path)),
            newest: String::new(),
        };
        let proof = sumdb::lookup(&mut desk, key, &target.module, &target.version);
        let tiles = desk.tiles;
        Carried {
            latest,
            proof,
            tiles,
            lookup,
        }
    });
    Log {
        key: key.clone(),
        supported,
        carried,
    }
}

/// Asks the server alone and remembers nothing.
struct Desk<'a, A> {
    lookup: &'a Answer,
    tiles: Vec<String>,
    ask: A,
    newest: String,
}

impl<A: FnMut(&str) -> Answer> Ops for Desk<'_, A> {
    fn remote(&mut self, path: &str) -> Result<Vec<u8>, Fault> {
        let body = |answer: &Answer| match answer {
            Ok(seen) if seen.status == 200 => Ok(seen.body.to_vec()),
            Ok(seen) => Err(Fault::Absent(format!("{path}: {}", seen.status_text))),
            Err(trouble) => Err(Fault::Unreachable(format!("{path}: {}", reason(trouble)))),
        };
        if path.starts_with("lookup/") {
            return body(self.lookup);
        }
        self.tiles.push(path.to_owned());
        body(&(self.ask)(path))
    }

    fn cached(&mut self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn cache(&mut self, _: &str, _: &[u8]) {}

    fn latest(&mut self) -> Result<String, Fault> {
        Ok(self.newest.clone())
    }

    fn replace_latest(&mut self, _: &str, new: &str) -> Result<bool, Fault> {
        new.clone_into(&mut self.newest);
        Ok(true)
    }
}

/// The points about it. `zip` is the hash of the zip that the server sent, where it is one.
pub fn judge(log: &Result<Log, &'static str>, zip: Option<&str>) -> Vec<Point> {
    let rest = [
        "server-sumdb-lookup",
        "server-sumdb-tile",
        "server-sumdb-latest",
        "server-sumdb-agrees",
    ];
    let open = |why: &str| rest.iter().map(|id| unknown(id, why)).collect::<Vec<_>>();
    let log = match log {
        Ok(log) => log,
        Err(why) => {
            let first = ["server-sumdb", "server-sumdb-supported"].map(|id| unknown(id, *why));
            return first.into_iter().chain(open(why)).collect();
        }
    };
    let said = said(&log.supported);
    let mut points = match &log.supported {
        Ok(seen) => {
            let (carries, truthful) = (seen.status == 200, matches!(seen.status, 200 | 404 | 410));
            let judged = |yes| if yes { Judgement::Kept } else { Judgement::Broken };
            vec![
                Point::new("server-sumdb", judged(carries), format!("supported: {said}")),
                Point::new(
                    "server-sumdb-supported",
                    judged(truthful),
                    format!("supported: {said}"),
                ),
            ]
        }
        Err(_) => vec![
            unknown("server-sumdb", said.clone()),
            broken("server-sumdb-supported", said),
        ],
    };
    let Some(carried) = &log.carried else {
        points.extend(open("it is not carried"));
        return points;
    };
    points.extend(of_carried(&log.key, carried, zip));
    points
}

fn of_carried(key: &Key, carried: &Carried, zip: Option<&str>) -> Vec<Point> {
    let text = |answer: &Answer| {
        let seen = answer.as_ref().ok().filter(|seen| seen.status == 200)?;
        Some(String::from_utf8_lossy(&seen.body).into_owned())
    };
    let lookup = match text(&carried.lookup) {
        None => Err(said(&carried.lookup)),
        Some(text) => match Record::parse(&text) {
            None => Err("the answer is no record".to_owned()),
            Some(record) => Signed::open(record.note, key).map(|signed| (record.id, signed.tree.size)),
        },
    };
    let mut points = Vec::new();
    match &lookup {
        Ok((id, size)) => points.push(kept(
            "server-sumdb-lookup",
            format!("record {id} of {size}, signed by {}", key.name()),
        )),
        Err(why) => points.push(broken("server-sumdb-lookup", why.clone())),
    }
    points.push(match (&lookup, &carried.proof) {
        (Err(_), _) => unknown("server-sumdb-tile", "there is no record to prove"),
        (_, Ok(_)) if carried.tiles.is_empty() => unknown("server-sumdb-tile", "the proof needed no tile"),
        (_, Ok(_)) => kept(
            "server-sumdb-tile",
            format!("proved with {}", carried.tiles.join(", ")),
        ),
        (_, Err(fault)) => broken("server-sumdb-tile", fault.to_string()),
    });
    points.push(match text(&carried.latest).map(|note| Signed::open(&note, key)) {
        Some(Ok(signed)) => kept(
            "server-sumdb-latest",
            format!("a tree of {} records", signed.tree.size),
        ),
        Some(Err(why)) => broken("server-sumdb-latest", why),
        None => broken("server-sumdb-latest", said(&carried.latest)),
    });
    points.push(match (&carried.proof, zip) {
        (Ok(found), Some(zip)) if found.h1 == zip => kept("server-sumdb-agrees", zip),
        (Ok(found), Some(zip)) => broken(
            "server-sumdb-agrees",
            format!("the zip is {zip}, the database says {}", found.h1),
        ),
        _ => unknown("server-sumdb-agrees", "there is no proof, or no zip, to compare"),
    });
    points
}
