//! What a server does wrong: leaves that say how, and combinators that say when.

use super::store::Random;
use std::time::Duration;

/// A server's behaviour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Fault {
    /// None: every answer is right and quick.
    #[default]
    Good,
    /// The connection is accepted, the request is read, no byte ever comes back.
    AcceptSilent,
    /// No SYN is answered: the accept queue is full and nobody accepts. For a whole server only.
    ConnectBlackhole,
    /// Nobody listens on the port. For a whole server only.
    Refused,
    /// The server's name does not resolve. For a whole server only.
    NoSuchHost,
    /// Half a head, then silence.
    HalfHeader,
    /// A right head and half the body, then silence.
    StallMidBody,
    /// A right head, then a byte of body each second.
    OneBytePerSecond,
    /// An error status.
    Status {
        /// HTTP status.
        code: u16,
        /// Seconds for a Retry-After header.
        retry_after: Option<u64>,
        /// The text/plain body.
        body: String,
    },
    /// The right answer up to this many bytes of body, then a TCP reset; 0 resets before the head.
    Reset {
        /// Bytes of body before it.
        after: usize,
    },
    /// A Content-Length larger than the body that comes; the connection is closed in good order.
    Truncate,
    /// The right answer with one bit of the body turned over.
    Garble,
    /// A redirect to the same address, for ever.
    RedirectLoop,
    /// 200 and an HTML login page for whatever was asked.
    CaptivePortal,
    /// A redirect of the same path to another base, e.g. `http://127.0.0.1:8080`.
    RedirectTo(String),
    /// 401 unless the request carries these credentials; right answers with them.
    RequireBasicAuth {
        /// User name.
        user: String,
        /// Password: one made up for a drill.
        password: String,
    },
    /// Late and narrow, and beyond that the inner fault.
    Slow {
        /// Wait before the head.
        latency: Duration,
        /// Bytes of body in a second; 0 for no bound.
        bandwidth: u64,
        /// What else is wrong.
        then: Box<Fault>,
    },
    /// The first requests meet the fault; later ones are answered well.
    FirstN(u64, Box<Fault>),
    /// The first requests of each path meet the fault; later ones are answered well.
    FirstOfEach(u64, Box<Fault>),
    /// Requests of one kind meet the fault, and only they are counted inside; others are answered well.
    Only(Kind, Box<Fault>),
    /// Requests for what the server does not have meet the fault; others are answered well.
    Absent(Box<Fault>),
    /// One request in `of`, chosen by the seed and the request's number, meets the fault.
    OneIn {
        /// How rare it is; 1 for always.
        of: u64,
        /// What the choice is made of.
        seed: u64,
        /// What those meet.
        fault: Box<Fault>,
    },
    /// One connection in `of`, chosen by the seed and the connection's number, meets the fault with all its requests.
    OneConnectionIn {
        /// How rare it is; 1 for always.
        of: u64,
        /// What the choice is made of.
        seed: u64,
        /// What those meet.
        fault: Box<Fault>,
    },
    /// The requests from one number up to another one, which is not of them, meet the fault.
    Between(u64, u64, Box<Fault>),
    /// A body that is longer than this is cut there, in good order; a shorter one, and so its last part, comes whole.
    CutAfter {
        /// Bytes of body before it.
        bytes: usize,
        /// Whether silence follows in place of the end.
        silent: bool,
    },
    /// These bytes in place of an answer, and then the end of the connection.
    Raw(String),
    /// Each part may take the request; the first that is not [`Fault::Good`] for it counts.
    Any(Vec<Fault>),
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `@v/list`.
    List,
    /// `@v/V.info`.
    Info,
    /// `@v/V.mod`.
    Mod,
    /// `@v/V.zip`.
    Zip,
    /// `@latest`.
    Latest,
    /// `sumdb/…`.
    Sumdb,
    /// Anything else.
    Other,
}

impl Kind {
    /// Reads the kind off a decoded path without a leading slash.
    pub fn of(path: &str) -> Kind {
        match path {
            p if p.starts_with("sumdb/") => Kind::Sumdb,
            p if p.ends_with("/@latest") => Kind::Latest,
            p if p.ends_with("/@v/list") => Kind::List,
            p if p.ends_with(".info") => Kind::Info,
            p if p.ends_with(".mod") => Kind::Mod,
            p if p.ends_with(".zip") => Kind::Zip,
            _ => Kind::Other,
        }
    }
}

/// Which request of a server's life it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn<'a> {
    /// Requests before it, of any path.
    pub number: u64,
    /// Requests before it of the same kind.
    pub of_kind: u64,
    /// Requests before it of the same path.
    pub of_path: u64,
    /// Connections before its own.
    pub connection: u64,
    /// Its decoded path without a leading slash.
    pub path: &'a str,
    /// Whether the server has it.
    pub known: bool,
}

/// What one request meets: a pace and a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan<'a> {
    /// Wait before the head.
    pub latency: Duration,
    /// Bytes of body in a second; 0 for no bound.
    pub bandwidth: u64,
    /// A fault that is not a combinator.
    pub leaf: &'a Fault,
}

impl Fault {
    /// An error status with a short text.
    pub fn status(code: u16) -> Fault {
        Fault::Status {
            code,
            retry_after: None,
            body: format!("drill: status {code}\n"),
        }
    }

    /// Late and narrow answers that are right.
    pub fn slow(latency: Duration, bandwidth: u64) -> Fault {
        Fault::Slow {
            latency,
            bandwidth,
            then: Box::new(Fault::Good),
        }
    }

    /// This fault for the first `n` requests only.
    pub fn first(self, n: u64) -> Fault {
        Fault::FirstN(n, Box::new(self))
    }

    /// This fault for the first `n` requests of each path only.
    pub fn first_of_each(self, n: u64) -> Fault {
        Fault::FirstOfEach(n, Box::new(self))
    }

    /// This fault for requests of one kind only.
    pub fn only(self, kind: Kind) -> Fault {
        Fault::Only(kind, Box::new(self))
    }

    /// This fault for requests only that should be answered by 404.
    pub fn absent(self) -> Fault {
        Fault::Absent(Box::new(self))
    }

    /// What a request meets.
    pub(super) fn plan(&self, turn: Turn<'_>) -> Plan<'_> {
        let good = || Plan {
            latency: Duration::ZERO,
            bandwidth: 0,
            leaf: &Fault::Good,
        };
        fn when(condition: bool, fault: &Fault) -> Option<&Fault> {
            condition.then_some(fault)
        }
        let inner = match self {
            Fault::FirstN(n, fault) => when(turn.number < *n, fault),
            Fault::FirstOfEach(n, fault) => when(turn.of_path < *n, fault),
            Fault::Only(kind, fault) => {
                let counted = Turn {
                    number: turn.of_kind,
                    ..turn
                };
                let met = Kind::of(turn.path) == *kind;
                return if met { fault.plan(counted) } else { good() };
            }
            Fault::Absent(fault) => when(!turn.known, fault),
            Fault::OneIn { of, seed, fault } => when(chosen(*of, *seed, turn.number), fault),
            Fault::OneConnectionIn { of, seed, fault } => when(chosen(*of, *seed, turn.connection), fault),
            Fault::Between(from, to, fault) => when((*from..*to).contains(&turn.number), fault),
            Fault::Any(parts) => {
                let plans = parts.iter().map(|part| part.plan(turn));
                return plans.into_iter().find(|p| *p != good()).unwrap_or_else(good);
            }
            Fault::Slow {
                latency,
                bandwidth,
                then,
            } => {
                return Plan {
                    latency: *latency,
                    bandwidth: *bandwidth,
                    leaf: then.plan(turn).leaf,
                };
            }
            leaf => return Plan { leaf, ..good() },
        };
        inner.map_or_else(good, |fault| fault.plan(turn))
    }
}

fn chosen(of: u64, seed: u64, number: u64) -> bool {
    let roll = Random(seed ^ number.wrapping_mul(0xd134_2543_de82_ef95)).next();
    roll.is_multiple_of(of.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(number: u64, of_path: u64, path: &str) -> Turn<'_> {
        Turn {
            number,
            of_kind: 0,
            of_path,
            connection: number / 2,
            path,
            known: path == "m/@v/v1.zip",
        }
    }

    #[test]
    fn kinds() {
        for (path, kind) in [
            ("example.com/m/@v/list", Kind::List),
            ("example.com/m/@v/v1.0.0.info", Kind::Info),
            ("example.com/m/@v/v1.0.0.mod", Kind::Mod),
            ("example.com/m/@v/v1.0.0.zip", Kind::Zip),
            ("example.com/m/@latest", Kind::Latest),
            ("sumdb/sum.golang.org/supported", Kind::Sumdb),
            ("", Kind::Other),
        ] {
            assert_eq!(Kind::of(path), kind, "{path}");
        }
    }

    #[test]
    fn combinators_choose_their_requests() {
        let reset = || Fault::Reset { after: 0 };
        let zip = "m/@v/v1.zip";
        for (fault, turn, met) in [
            (reset().first(2), turn(1, 0, zip), true),
            (reset().first(2), turn(2, 0, zip), false),
            (reset().first_of_each(1), turn(9, 0, zip), true),
            (reset().first_of_each(1), turn(9, 1, zip), false),
            (reset().only(Kind::Zip), turn(0, 0, zip), true),
            (reset().only(Kind::Mod), turn(0, 0, zip), false),
            (reset().only(Kind::Zip).first(1), turn(1, 0, zip), false),
            (reset().first(1).only(Kind::Zip), turn(1, 0, zip), true),
            (
                Fault::Any(vec![reset().only(Kind::Mod), reset()]),
                turn(0, 0, zip),
                true,
            ),
            (Fault::Between(2, 4, Box::new(reset())), turn(1, 0, zip), false),
            (Fault::Between(2, 4, Box::new(reset())), turn(2, 0, zip), true),
            (Fault::Between(2, 4, Box::new(reset())), turn(4, 0, zip), false),
            (reset().absent(), turn(0, 0, zip), false),
            (reset().absent(), turn(0, 0, "m/@v/v2.zip"), true),
            (Fault::Any(vec![]), turn(0, 0, zip), false),
        ] {
            let leaf = fault.plan(turn).leaf;
            assert_eq!(*leaf == reset(), met, "{fault:?} {turn:?}");
        }
    }

    #[test]
    fn slowness_adds_to_what_is_inside() {
        let fault = Fault::Slow {
            latency: Duration::from_millis(5),
            bandwidth: 10,
            then: Box::new(Fault::Truncate.first(1)),
        };
        let (first, second) = (fault.plan(turn(0, 0, "")), fault.plan(turn(1, 0, "")));
        assert_eq!((first.bandwidth, first.leaf), (10, &Fault::Truncate));
        assert_eq!((second.bandwidth, second.leaf), (10, &Fault::Good));
    }

    #[test]
    fn one_in_n_is_seeded() {
        let fault = |seed| Fault::OneIn {
            of: 4,
            seed,
            fault: Box::new(Fault::Truncate),
        };
        let met = |seed| -> Vec<bool> {
            let fault = fault(seed);
            (0..400)
                .map(|n| *fault.plan(turn(n, 0, "")).leaf == Fault::Truncate)
                .collect()
        };
        assert_eq!(met(1), met(1));
        assert_ne!(met(1), met(2));
        let connections = Fault::OneConnectionIn {
            of: 4,
            seed: 1,
            fault: Box::new(Fault::Truncate),
        };
        let leaf = |n| connections.plan(turn(n, 0, "")).leaf.clone();
        assert!((0..200).all(|n| leaf(2 * n) == leaf(2 * n + 1)));
        assert!((0..200).any(|n| leaf(n) == Fault::Truncate));
        let hits = met(1).iter().filter(|m| **m).count();
        assert!((50..150).contains(&hits), "{hits} of 400");
    }
}
