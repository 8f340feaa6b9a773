//! Looking at the way to one server, every hop by itself and all at once, so that a dead one delays no other.

use super::dns::{self, Reply};
use crate::bounded;
use crate::doctor::subject::Subject;
use crate::proxy::probe::{self, Seen, Trouble};
use crate::proxy::transport::peer::{self, Certificate};
use crate::proxy::transport::{Address, Class};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a request may take.
pub const REQUEST: Duration = Duration::from_secs(9);
/// How long resolving may take: glibc gives a silent server 5 s, and then asks again.
const NAMES: Duration = Duration::from_millis(5500);
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(3);
/// How long all of it may take.
pub const ALL: Duration = Duration::from_secs(12);

/// A server to look at.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its address as go prints it.
    pub shown: String,
    /// Whether it is a public mirror, whose certificate has a public issuer.
    pub public: bool,
    /// A small file of it.
    pub list: Address,
    /// A larger one.
    pub zip: Address,
}

/// What was seen of it.
#[derive(Debug)]
pub struct Observed {
    /// Who is looked at.
    pub server: Server,
    /// The HTTP or SOCKS proxy that stands before it, `host:port`.
    pub proxy: Option<String>,
    /// The host that this machine connects to: the server, or that proxy.
    pub host: String,
    /// Its name; `None` for an address.
    pub names: Option<Names>,
    /// A connection over each family that the host has.
    pub tcp: Vec<Tried>,
    /// Where a proxy stands before the server: connections past it.
    pub direct: Vec<Tried>,
    /// The certificate of an https server.
    pub certificate: Option<Certificate>,
    /// What the small file came to.
    pub list: Result<Seen, Trouble>,
    /// What the larger one came to.
    pub zip: Result<Seen, Trouble>,
}

/// What is told of a host's name.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// By the system's resolver; `None` where it did not answer in time.
    pub system: Option<Result<Vec<IpAddr>, (Class, String)>>,
    /// By each name server of resolv.conf; empty where none was asked.
    pub servers: Vec<(IpAddr, Reply)>,
    /// Whom the system's resolver asks, as nsswitch.conf says.
    pub hosts_line: Option<String>,
}

/// One attempt to connect.
#[derive(Debug)]
pub struct Tried {
    /// To whom.
    pub address: SocketAddr,
    /// How long it took, or why it failed; `None` for silence.
    pub outcome: Option<io::Result<Duration>>,
}

/// Looks.
pub fn observe(subject: &Subject, server: &Server) -> Observed {
    let world = Arc::new(subject.world.clone());
    let goauth = subject.text("GOAUTH");
    let proxy = peer::proxy_before(&world, &server.list).ok().flatten();
    let (host, port) = match &proxy {
        Some((host, port)) => (host.clone(), *port),
        None => (server.list.host.clone(), server.list.port),
    };
    std::thread::scope(|scope| {
        let list = scope.spawn(|| probe::ask(&world, &goauth, server.list.clone(), REQUEST));
        let zip = scope.spawn(|| probe::ask(&world, &goauth, server.zip.clone(), REQUEST));
        let certificate = scope.spawn(|| {
            server
                .list
                .https
                .then(|| peer::certificate(&world, &server.list, REQUEST * 3 / 5))
                .flatten()
        });
        let direct = scope.spawn(|| match &proxy {
            Some(_) => tcp(&addresses(&server.list.host, server.list.port), server.list.port),
            None => Vec::new(),
        });
        let names = names(&host, port);
        let known = match &names {
            Some(names) => names.known().to_vec(),
            None => host.parse().into_iter().collect(),
        };
        let tcp = tcp(&known, port);
        let gone = || Trouble::Local("the check itself failed".into());
        Observed {
            server: server.clone(),
            proxy: proxy.as_ref().map(|(host, port)| format!("{host}:{port}")),
            names,
            tcp,
            direct: direct.join().unwrap_or_default(),
            certificate: certificate.join().ok().flatten(),
            list: list.join().unwrap_or_else(|_| Err(gone())),
            zip: zip.join().unwrap_or_else(|_| Err(gone())),
            host: host.clone(),
        }
    })
}

/// What is told of a name; `None` for an address.
pub fn names(host: &str, port: u16) -> Option<Names> {
    if host.parse::<IpAddr>().is_ok() {
        return None;
    }
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    // A name without a dot is completed by resolv.conf's search list, and one in the hosts file is asked of nobody.
    let ask =
        cfg!(target_os = "linux") && host.contains('.') && !dns::in_hosts_file(&read("/etc/hosts"), host);
    let servers = if ask {
        dns::servers(&read("/etc/resolv.conf"))
    } else {
        Vec::new()
    };
    let (system, servers) = std::thread::scope(|scope| {
        let ask = |server| scope.spawn(move || (server, dns::ask(server, host, NAMES)));
        let asked: Vec<_> = servers.into_iter().map(ask).collect();
        let name = host.to_owned();
        let system = bounded::run(NAMES, move || peer::resolve(&name, port));
        let servers = asked.into_iter().filter_map(|thread| thread.join().ok());
        (system, servers.collect())
    });
    Some(Names {
        system,
        servers,
        hosts_line: dns::hosts_line(&read("/etc/nsswitch.conf")).map(str::to_owned),
    })
}

impl Names {
    /// The addresses that a connection would be tried to.
    pub fn known(&self) -> &[IpAddr] {
        match &self.system {
            Some(Ok(addresses)) => addresses,
            _ => &[],
        }
    }
}

fn addresses(host: &str, port: u16) -> Vec<IpAddr> {
    if let Ok(address) = host.parse() {
        return vec![address];
    }
    let host = host.to_owned();
    let found = bounded::run(NAMES, move || peer::resolve(&host, port));
    found.and_then(Result::ok).unwrap_or_default()
}

/// Tries the first address of each family, side by side.
fn tcp(addresses: &[IpAddr], port: u16) -> Vec<Tried> {
    let families = [IpAddr::is_ipv4, IpAddr::is_ipv6];
    let first = families.map(|is| addresses.iter().find(|a| is(a)).copied());
    std::thread::scope(|scope| {
        let address = |ip| SocketAddr::new(ip, port);
        let threads: Vec<_> = first
            .into_iter()
            .flatten()
            .map(|ip| scope.spawn(move || connect(address(ip))))
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().ok())
            .collect()
    })
}

fn connect(address: SocketAddr) -> Tried {
    let begun = Instant::now();
    let outcome = match std::net::TcpStream::connect_timeout(&address, CONNECT) {
        Ok(_) => Some(Ok(begun.elapsed())),
        Err(e) if e.kind() == io::ErrorKind::TimedOut => None,
        Err(e) => Some(Err(e)),
    };
    Tried { address, outcome }
}
