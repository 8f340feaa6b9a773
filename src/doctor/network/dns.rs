//! What the name servers of resolv.conf say, each asked by itself: go's own resolver asks them and not the system's.
//!
//! Source: RFC 1035 (messages), resolv.conf(5), nsswitch.conf(5).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// How often a server is asked before it counts as silent: a datagram may be lost.
const TRIES: u32 = 2;
/// Record types.
const A: u16 = 1;
const AAAA: u16 = 28;

/// What a name server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The name's addresses; none where it has none of that kind.
    Addresses(Vec<IpAddr>),
    /// NXDOMAIN.
    NoSuchName,
    /// Another error, by its name: `SERVFAIL`, `REFUSED`.
    Failed(String),
    /// Nothing within the bound.
    Silent,
    /// No route leads to it.
    NoRoute,
    /// Its machine is there, and nobody answers questions on it.
    Nobody,
}

/// The servers that resolv.conf names, the first three as everybody reads them; `127.0.0.1` where it names none.
pub fn servers(resolv_conf: &str) -> Vec<IpAddr> {
    let named = resolv_conf.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let address = words
            .next()
            .filter(|word| *word == "nameserver")
            .and(words.next())?;
        address.split('%').next()?.parse().ok()
    });
    let named: Vec<IpAddr> = named.take(3).collect();
    match named.is_empty() {
        true => vec![Ipv4Addr::LOCALHOST.into()],
        false => named,
    }
}

/// The services that nsswitch.conf asks for hosts, e.g. `files dns`; `None` where it has no such line.
pub fn hosts_line(nsswitch: &str) -> Option<&str> {
    let line = nsswitch
        .lines()
        .find_map(|line| line.trim().strip_prefix("hosts:"))?;
    Some(line.split('#').next().unwrap_or_default().trim())
}

/// Whether those services ask name servers at all, by themselves or through systemd-resolved.
pub fn asks_servers(hosts_line: &str) -> bool {
    let mut services = hosts_line.split_ascii_whitespace();
    services.any(|service| matches!(service, "dns" | "resolve"))
}

/// Whether a hosts file holds the name.
pub fn in_hosts_file(hosts: &str, name: &str) -> bool {
    let lines = hosts
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default());
    lines
        .filter_map(|line| line.split_once(char::is_whitespace))
        .any(|(_, names)| names.split_whitespace().any(|n| n.eq_ignore_ascii_case(name)))
}

/// Asks one server for the name's addresses of both families.
pub fn ask(server: IpAddr, name: &str, bound: Duration) -> Reply {
    let replies = std::thread::scope(|scope| {
        let asked = [A, AAAA].map(|kind| scope.spawn(move || one(server, name, kind, bound)));
        asked.map(|thread| thread.join().unwrap_or(Reply::Silent))
    });
    joined(replies)
}

/// Both families' replies as one: what is known counts before what is not.
fn joined([v4, v6]: [Reply; 2]) -> Reply {
    match (v4, v6) {
        (Reply::Addresses(mut all), Reply::Addresses(more)) => {
            all.extend(more);
            Reply::Addresses(all)
        }
        (Reply::Addresses(all), _) | (_, Reply::Addresses(all)) if !all.is_empty() => Reply::Addresses(all),
        (Reply::Silent, other) | (other, _) => other,
    }
}

fn one(server: IpAddr, name: &str, kind: u16, bound: Duration) -> Reply {
    let Some(query) = query(id(), name, kind) else {
        return Reply::Failed("no name that can be asked for".into());
    };
    let any: SocketAddr = match server {
        IpAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        IpAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).and_then(|socket| socket.connect((server, 53)).map(|()| socket));
    let Ok(socket) = socket else {
        return Reply::NoRoute;
    };
    for _ in 0..TRIES {
        if let Err(error) = socket.send(&query) {
            return unheard(&error);
        }
        let until = Instant::now() + bound / TRIES;
        let mut answer = [0; 1500];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || socket.set_read_timeout(Some(left)).is_err() {
                break;
            }
            match socket.recv(&mut answer) {
                Ok(length) => match reply(&query, &answer[..length]) {
                    Some(reply) => return reply,
                    // Somebody else's answer.
                    None => continue,
                },
                Err(e)
                    if matches!(
                        e.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    ) =>
                {
                    break;
                }
                Err(error) => return unheard(&error),
            }
        }
    }
    Reply::Silent
}

fn unheard(error: &std::io::Error) -> Reply {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => Reply::Nobody,
        std::io::ErrorKind::PermissionDenied => Reply::Failed("forbidden by this machine".into()),
        _ => Reply::NoRoute,
    }
}

// Any number that is not always the same: an answer to an older question must not count.
fn id() -> u16 {
    let mut bytes = [0; 2];
    let filled = aws_lc_rs::rand::fill(&mut bytes);
    filled.map_or(0x6773, |()| u16::from_be_bytes(bytes))
}

/// A question with recursion desired; `None` for what is no host name.
fn query(id: u16, name: &str, kind: u16) -> Option<Vec<u8>> {
    let mut message = id.to_be_bytes().to_vec();
    message.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).ok().filter(|n| (1..=63).contains(n))?;
        message.push(length);
        message.extend(label.bytes());
    }
    message.push(0);
    message.extend(kind.to_be_bytes());
    message.extend([0, 1]);
    (message.len() <= 512).then_some(message)
}

/// What an answer says; `None` where it is none to this question.
fn reply(query: &[u8], answer: &[u8]) -> Option<Reply> {
    let question = query.get(12..)?;
    let same = answer.get(..2)? == query.get(..2)? && answer.get(2)? & 0x80 != 0;
    if !same || !answer.get(12..)?.starts_with(question) {
        return None;
    }
    match answer.get(3)? & 0x0f {
        0 => {}
        3 => return Some(Reply::NoSuchName),
        2 => return Some(Reply::Failed("SERVFAIL".into())),
        5 => return Some(Reply::Failed("REFUSED".into())),
        code => return Some(Reply::Failed(format!("error {code}"))),
    }
    let count = u16::from_be_bytes([*answer.get(6)?, *answer.get(7)?]);
    let mut rest = answer.get(12 + question.len()..)?;
    let mut addresses = Vec::new();
    for _ in 0..count {
        let Some((kind, data, after)) = record(rest) else {
            break;
        };
        if kind == A {
            addresses.extend(<[u8; 4]>::try_from(data).map(IpAddr::from));
        } else if kind == AAAA {
            addresses.extend(<[u8; 16]>::try_from(data).map(IpAddr::from));
        }
        rest = after;
    }
    Some(Reply::Addresses(addresses))
}

/// A record's type and data, and what follows it.
fn record(mut rest: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    // Its name: labels up to an empty one, or to a pointer of two bytes.
    loop {
        let (length, after) = rest.split_first()?;
        match length {
            0 => {
                rest = after;
                break;
            }
            n if n & 0xc0 == 0xc0 => {
                rest = after.get(1..)?;
                break;
            }
            n => rest = after.get(usize::from(*n)..)?,
        }
    }
    let kind = u16::from_be_bytes([*rest.first()?, *rest.get(1)?]);
    let length = usize::from(u16::from_be_bytes([*rest.get(8)?, *rest.get(9)?]));
    Some((kind, rest.get(10..10 + length)?, rest.get(10 + length..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn files_of_the_resolver() {
        let conf = "# x\nsearch corp\nnameserver 10.0.0.1\nnameserver fe80::1%eth0\noptions x\n";
        let found: Vec<String> = servers(conf).iter().map(IpAddr::to_string).collect();
        assert_eq!(found, ["10.0.0.1", "fe80::1"]);
        assert_eq!(servers("").len(), 1);
        assert_eq!(hosts_line("a: b\nhosts:  files dns # x\n"), Some("files dns"));
        for (line, asks) in [
            ("files", false),
            ("files mymachines resolve [!UNAVAIL=return]", true),
        ] {
            assert_eq!(asks_servers(line), asks, "{line}");
        }
        let hosts = "127.0.0.1 localhost\n10.0.0.1\tGit.corp git # mirror\n";
        assert!(in_hosts_file(hosts, "git.corp") && !in_hosts_file(hosts, "mirror"));
    }

    fn answer(query: &[u8], code: u8, records: &[(u16, &[u8])]) -> Vec<u8> {
        let mut answer = query.to_vec();
        (answer[2], answer[3]) = (0x81, 0x80 | code);
        answer[7] = records.len() as u8;
        for (kind, data) in records {
            answer.extend([0xc0, 12]);
            answer.extend(kind.to_be_bytes());
            answer.extend([0, 1, 0, 0, 0, 60, 0, data.len() as u8]);
            answer.extend(*data);
        }
        answer
    }

    #[test]
    fn answers() {
        let query = query(7, "proxy.example.", A).unwrap();
        let alias: (u16, &[u8]) = (5, b"\x01a\x00");
        let found = answer(&query, 0, &[alias, (A, &[10, 0, 0, 1])]);
        assert_eq!(
            reply(&query, &found),
            Some(Reply::Addresses(vec![[10, 0, 0, 1].into()]))
        );
        for (code, expected) in [
            (0, Reply::Addresses(Vec::new())),
            (3, Reply::NoSuchName),
            (2, Reply::Failed("SERVFAIL".into())),
            (5, Reply::Failed("REFUSED".into())),
        ] {
            assert_eq!(reply(&query, &answer(&query, code, &[])), Some(expected));
        }
        let other = super::query(8, "proxy.example", A).unwrap();
        assert_eq!(reply(&query, &answer(&other, 0, &[])), None, "another question's");
        assert!(super::query(7, "a..b", A).is_none() && super::query(7, &"a".repeat(64), A).is_none());
    }

    #[test]
    fn families_are_joined() {
        let some = || Reply::Addresses(vec![[10, 0, 0, 1].into()]);
        let none = || Reply::Addresses(Vec::new());
        for (v4, v6, both) in [
            (some(), none(), some()),
            (some(), Reply::Silent, some()),
            (Reply::Silent, some(), some()),
            (Reply::Silent, Reply::Silent, Reply::Silent),
            (none(), Reply::Silent, none()),
            (Reply::NoSuchName, Reply::NoSuchName, Reply::NoSuchName),
        ] {
            assert_eq!(joined([v4.clone(), v6.clone()]), both, "{v4:?} {v6:?}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_read(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let query = query(7, "a.example", A).unwrap();
            let _ = reply(&query, &bytes);
            let mut whole = answer(&query, 0, &[(A, &[1, 2, 3, 4])]);
            whole.append(&mut bytes);
            whole[7] = 9;
            let _ = reply(&query, &whole);
        }
    }
}
