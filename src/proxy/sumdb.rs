//! The checksum database's part of the protocol: who is asked under which prefix.
//!
//! Source: cmd/go/internal/modfetch/sumdb.go (dbDial, initBase); go.dev/design/25530-sumdb.

use super::base::Base;
use super::engine::Engine;
use super::failover;
use super::request::{Kind, Resource};
use super::transport::Address;
use crate::config::settings::Failover;

/// The database's name and origin by GOSUMDB. `None` where it is off, unreadable, or has a URL of its own: go asks
/// no proxy then.
pub fn origin(gosumdb: &str) -> Option<(String, Base)> {
    let mut fields = gosumdb.split_whitespace();
    let (Some(key), None) = (fields.next(), fields.next()) else {
        return None;
    };
    // sum.golang.google.cn is an alias with a URL of its own.
    if key == "off" || key == "sum.golang.google.cn" {
        return None;
    }
    let name = key.split_once('+').map_or(key, |(name, _)| name);
    if name.is_empty() || name.ends_with('/') || name.contains(['@', '?', '#']) {
        return None;
    }
    Some((name.to_owned(), Base::parse(&format!("https://{name}"))?))
}

/// Who may be asked for a record of the database, in order; the first of them is the one committed to.
pub fn chain(engine: &Engine, prefix: usize, resource: &Resource) -> Vec<usize> {
    let name = resource.sumdb().unwrap_or_default();
    let carrier = engine.learnt.borrow().carrier(prefix, name).unwrap_or(prefix);
    let origin = of_name(engine, name);
    if Some(carrier) == origin {
        return vec![carrier];
    }
    let mut chain = engine.chain(carrier);
    if let (Some(origin), Some(&last)) = (origin, chain.last())
        && engine.rules.failover != Failover::Go
        && engine.passable(last)
        && failover::is_last(&engine.list, last)
    {
        chain.push(origin);
    }
    chain
}

/// Who carries the database for a prefix after its upstream said 404 or 410 to `supported`: the origin, where nobody
/// else is left whom go would ask through us.
pub fn after_no(engine: &Engine, prefix: usize, resource: &Resource) -> Option<usize> {
    let Kind::Supported(name) = &resource.kind else {
        return None;
    };
    let origin = of_name(engine, name)?;
    failover::is_last(&engine.list, prefix).then_some(origin)
}

/// The address of a resource at an upstream. Below the origin there is no `sumdb/NAME`.
pub fn address(engine: &Engine, peer: usize, resource: &Resource) -> Address {
    let checksums = resource.sumdb().is_some();
    let is_origin = engine.origin.as_ref().is_some_and(|(_, origin)| *origin == peer);
    let wire = if is_origin {
        below(resource)
    } else {
        &resource.wire
    };
    engine.peers[peer].base.join(wire, checksums)
}

fn below(resource: &Resource) -> &str {
    let wire = resource.wire.as_str();
    let at = match resource.kind {
        Kind::Lookup(_) => wire.find("/lookup/"),
        Kind::Tile(_) => wire.find("/tile/"),
        _ => None,
    };
    at.map_or(wire, |at| &wire[at + 1..])
}

/// The origin's number, where it is this database's.
pub fn of_name(engine: &Engine, name: &str) -> Option<usize> {
    engine
        .origin
        .as_ref()
        .filter(|(known, _)| known == name)
        .map(|(_, peer)| *peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_stand_at_the_root_of_the_origin() {
        for (wire, want) in [
            (
                "sumdb/sum.golang.org/lookup/m.io/%21a@v1.0.0",
                "lookup/m.io/%21a@v1.0.0",
            ),
            ("sumdb/h.io/db/tile/8/0/000.p/3", "tile/8/0/000.p/3"),
        ] {
            assert_eq!(below(&Resource::parse(wire).unwrap()), want);
        }
    }

    #[test]
    fn origins() {
        for (gosumdb, name) in [
            ("sum.golang.org", Some("sum.golang.org")),
            (
                "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
                Some("sum.golang.org"),
            ),
            (" sum.example/db+1+x ", Some("sum.example/db")),
            ("off", None),
            ("sum.golang.org https://sum.example", None),
            ("sum.golang.google.cn", None),
            ("", None),
            ("+1+x", None),
            ("a@b+1+x", None),
        ] {
            let got = origin(gosumdb);
            assert_eq!(got.as_ref().map(|(n, _)| n.as_str()), name, "{gosumdb}");
            if let Some((name, base)) = got {
                assert_eq!(base.shown, format!("https://{name}"));
            }
        }
    }
}
