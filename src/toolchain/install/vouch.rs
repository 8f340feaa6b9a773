//! Who vouches for a toolchain, and for which hash: the checksum database, or where that can't be asked a hash that the
//! user's or the machine's own configuration gives. GONOSUMDB does not count, as it does not for go
//! (cmd/go/internal/modfetch/sumdb.go: useSumDB).

use super::Ground;
use super::desk::Desk;
use super::failure::{Failure, Kind};
use super::name::{MODULE, Toolchain};
use super::place::Place;
use crate::sumdb::{self, Database, Fault, NoDatabase};

/// A hash that somebody answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// The `h1:` of the zip.
    pub h1: String,
    /// Who answers for it, as a clause after "verified by".
    pub by: String,
}

/// Finds out.
pub fn vouch(toolchain: &Toolchain, place: &Place, ground: &Ground) -> Result<Vouched, Failure> {
    let pinned = pinned(toolchain, ground.sums)?;
    let by_pin = |h1: &str| Vouched {
        h1: h1.to_owned(),
        by: "pin.toolchain-sums".into(),
    };
    let advice = format!(
        "a hash in your own configuration would do: pin.toolchain-sums = [\"{} h1:…\"]",
        toolchain.full_name()
    );
    let refused = |what: String, fix: &str| Failure::new(Kind::Refused, what, fix);
    let name = toolchain.name();
    let database = match Database::parse(ground.gosumdb) {
        Ok(database) => database,
        Err(NoDatabase::Off) => {
            let what = format!("{name} can't be verified: GOSUMDB=off");
            return pinned.map(by_pin).ok_or_else(|| refused(what, &advice));
        }
        Err(NoDatabase::Invalid(why)) => {
            return Err(refused(
                format!("{name} can't be verified: GOSUMDB {why}"),
                "see `go help environment`",
            ));
        }
    };
    let Some(mut desk) = Desk::new(&database, place, ground.fetch) else {
        let what = "there is no place to remember the checksum database's newest tree: neither HOME nor GOPATH is set";
        return Err(refused(what.into(), "set GOPATH to a directory"));
    };
    match sumdb::lookup(&mut desk, &database.key, MODULE, &toolchain.version()) {
        Ok(found) => match pinned {
            Some(h1) if h1 != found.h1 => Err(refused(
                format!(
                    "{name}: {} says {}, pin.toolchain-sums says {h1}",
                    database.name(),
                    found.h1
                ),
                "one of them is wrong; do not install it before you know which",
            )),
            _ => Ok(Vouched {
                by: format!("{} (record {} of {})", database.name(), found.record, found.size),
                h1: found.h1,
            }),
        },
        Err(Fault::Absent(_) | Fault::Unreachable(_)) if pinned.is_some() => {
            Ok(by_pin(pinned.unwrap_or_default()))
        }
        Err(Fault::Absent(why)) => Err(Failure::new(
            Kind::Unknown,
            format!("no {} was published: {why}", toolchain.full_name()),
            "`gosteady toolchain install 1.N` takes the newest patch of a line",
        )),
        Err(Fault::Unreachable(why)) => Err(Failure::new(
            Kind::Passing,
            format!("{name} can't be verified: {why}"),
            format!("try again; {advice}"),
        )),
        Err(fault) => {
            if let Fault::Fork(fork) = &fault {
                tracing::error!(
                    older = fork.older_note,
                    newer = fork.newer_note,
                    "two histories of {}",
                    fork.name
                );
            }
            let fix = match fault {
                Fault::Fork(_) => {
                    "this is what an attack looks like, and nothing was installed; report it to the database's owner with \
                     both trees"
                        .to_owned()
                }
                Fault::Memory(_) => {
                    "see whether the file is readable and writable; what it remembers protects you, so keep it".to_owned()
                }
                _ => match ground.fetch.carrier() {
                    Some(who) => format!("it came from {who}, or was changed on the way; nothing was installed"),
                    None => format!("what {} holds of it is not to be trusted", place.answers(database.name()).display()),
                },
            };
            Err(refused(format!("{name} can't be verified: {fault}"), &fix))
        }
    }
}

/// The hash that the configuration gives to this toolchain.
fn pinned<'a>(toolchain: &Toolchain, sums: &'a [String]) -> Result<Option<&'a str>, Failure> {
    let full = toolchain.full_name();
    let mut hashes = sums
        .iter()
        .filter_map(|line| line.split_once(' '))
        .filter(|(name, _)| *name == full);
    match (hashes.next(), hashes.next()) {
        (Some((_, a)), Some((_, b))) if a != b => Err(Failure::new(
            Kind::Refused,
            format!("pin.toolchain-sums has two hashes for {full}"),
            "remove one of them",
        )),
        (first, _) => Ok(first.map(|(_, hash)| hash)),
    }
}
