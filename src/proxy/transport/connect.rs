//! One new connection: resolve, TCP (both families raced), proxy hop, TLS, HTTP handshake.

use super::address::{Address, bracketed};
use super::conn::{Conn, Sender};
use super::env_proxy::{EnvProxy, Kind, Proxy};
use super::fault::Fault;
use super::hop;
use super::keepalive;
use super::resolve::Resolver;
use super::stream::{Counted, Stream};
use super::tls::{self, Tls};
use super::{Class, Way};
use crate::activity::{Phase, Pulse};
use crate::world::World;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How long one address may stay silent before the next one is tried too (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);

/// Opens connections.
#[derive(Debug)]
pub struct Connector {
    proxies: EnvProxy,
    pub(super) resolver: Resolver,
    /// Who the last connection led to, by the name and port that were looked up.
    latest: Mutex<HashMap<(String, u16), SocketAddr>>,
    tls: Tls,
}

/// A way to a server.
pub struct Reached {
    /// What is said there reaches the server, or the proxy that is asked for it.
    pub stream: Stream,
    /// Who is connected to.
    peer: SocketAddr,
    /// The proxy's authorization, where targets must be absolute.
    absolute: Option<Option<String>>,
}

/// What a way is told to while it is gone: the request that waits for it reads what is known so far, also when it
/// is cut short.
#[derive(Debug, Clone)]
pub struct Journey {
    start: Instant,
    told: Arc<Mutex<Told>>,
}

#[derive(Debug)]
struct Told {
    flight: Option<Pulse>,
    way: Way,
}

impl Journey {
    /// The journey of this request, which began now.
    pub fn new(flight: Pulse) -> Journey {
        let told = Told {
            flight: Some(flight),
            way: Way::default(),
        };
        Journey {
            start: Instant::now(),
            told: Arc::new(Mutex::new(told)),
        }
    }

    /// What is known so far.
    pub fn way(&self) -> Way {
        self.told().way.clone()
    }

    /// The request has found another way: its phase is no longer this journey's.
    pub fn leave(&self) {
        self.told().flight = None;
    }

    /// How long ago it began.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Notes a change of phase.
    pub fn phase(&self, phase: Phase) {
        if let Some(flight) = &self.told().flight {
            flight.phase(phase);
        }
    }

    fn reached(&self, step: impl FnOnce(&mut Way, Duration)) {
        step(&mut self.told().way, self.start.elapsed());
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connector {
    /// Reads the proxy variables; opens nothing.
    pub fn new(world: Arc<World>) -> Connector {
        Connector {
            proxies: EnvProxy::new(&world),
            resolver: Resolver::default(),
            latest: Mutex::default(),
            tls: Tls::new(world),
        }
    }

    /// What the last connection towards this address led to is silent: the next one shall lead elsewhere, where it can.
    pub fn elsewhere(&self, address: &Address) {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(peer) = latest.get(&self.dialled(address)) {
            self.resolver.last_resort.add(*peer);
        }
    }

    /// Whose addresses are looked up: the server's, or those of the proxy that stands before it.
    fn dialled(&self, address: &Address) -> (String, u16) {
        let proxy = self.proxy(address).ok().flatten();
        proxy.map_or_else(
            || (address.host.clone(), address.port),
            |p| (p.host.clone(), p.port),
        )
    }

    /// A connection over which this address can be asked. Not bounded: see [`Connector::overdue`].
    pub async fn open(&self, address: &Address, journey: &Journey) -> Result<Conn, Fault> {
        let mut reached = self.reach(address, journey).await?;
        let mut h2 = false;
        if address.https {
            journey.phase(Phase::Handshaking);
            (reached.stream, h2) = self.tls.upstream(reached.stream, &address.host).await?;
            journey.reached(|way, at| way.times.secured = Some(at));
        }
        let mut conn = speak(reached.stream, h2, reached.peer, &address.host).await?;
        conn.absolute = reached.absolute;
        Ok(conn)
    }

    /// A stream to this address, through the proxy where one stands before it; TLS with the server is still to come. Not
    /// bounded: see [`Connector::overdue`].
    pub async fn reach(&self, address: &Address, journey: &Journey) -> Result<Reached, Fault> {
        let proxy = self.proxy(address)?;
        let (host, port) = match proxy {
            Some(proxy) => (proxy.host.as_str(), proxy.port),
            None => (address.host.as_str(), address.port),
        };
        let over_tls = address.https || proxy.is_some_and(|p| p.kind == Kind::Http { tls: true });
        let prepare = async {
            if over_tls {
                self.tls.prepare().await;
            }
        };
        let (tcp, ()) = tokio::join!(self.tcp(host, port, journey), prepare);
        let (tcp, peer) = tcp.map_err(|fault| behind(proxy, fault))?;
        let mut stream: Stream = Box::new(tcp);
        let mut absolute = None;
        if let Some(proxy) = proxy {
            journey.phase(Phase::Connecting);
            if proxy.kind == (Kind::Http { tls: true }) {
                stream = self
                    .tls
                    .proxy(stream, &proxy.host)
                    .await
                    .map_err(|f| behind(Some(proxy), f))?;
            }
            match proxy.kind {
                Kind::Socks5 => hop::socks5(&mut stream, proxy, &address.host, address.port).await?,
                Kind::Http { .. } if address.https => {
                    hop::tunnel(&mut stream, proxy, &address.host_and_port()).await?;
                }
                Kind::Http { .. } => absolute = Some(hop::authorization(proxy)),
            }
        }
        Ok(Reached {
            stream,
            peer,
            absolute,
        })
    }

    /// The failure of a journey that was not done within its bound.
    pub fn overdue(&self, address: &Address, way: &Way, bound: Duration) -> Fault {
        let proxy = self.proxy(address).ok().flatten();
        let (host, port) = self.dialled(address);
        let mut fault = tls::overdue(way, &format!("{}:{port}", bracketed(&host)), &host, bound);
        if let Some(proxy) = proxy
            && way.times.connected.is_some()
        {
            let proxy = format!("{}:{}", bracketed(&proxy.host), proxy.port);
            fault.class = Class::ProxyHop;
            fault.reason = format!(
                "no connection to {} through proxy {proxy} within {}",
                address.host_and_port(),
                humantime::format_duration(bound)
            );
        }
        match way.peer {
            Some(peer) => self.resolver.last_resort.add(peer),
            None => self.resolver.forget(&host, port),
        }
        fault
    }

    /// The proxy that stands before this address, if any; an error where it can't be used.
    pub fn proxy(&self, address: &Address) -> Result<Option<&Proxy>, Fault> {
        let found = self.proxies.for_address(address);
        found.map_err(|why| Fault::new(Class::ProxyHop, why))
    }

    async fn tcp(&self, host: &str, port: u16, journey: &Journey) -> Result<(TcpStream, SocketAddr), Fault> {
        journey.phase(Phase::Resolving);
        let found = self.resolver.lookup(host, port).await;
        let addresses = found.map_err(|e| Fault::resolve(host, &e))?;
        journey.reached(|way, at| way.times.resolved = Some(at));
        journey.phase(Phase::Connecting);
        match race(addresses).await {
            Ok((stream, peer)) => {
                let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
                latest.insert((host.to_owned(), port), peer);
                drop(latest);
                journey.reached(|way, at| {
                    way.times.connected = Some(at);
                    way.peer = Some(peer);
                });
                // A comfort; a stream that refuses it still carries bytes.
                let _ = stream.set_nodelay(true);
                keepalive::enable(&stream);
                Ok((stream, peer))
            }
            Err((peer, error)) => {
                self.resolver.forget(host, port);
                let whom = match host == peer.ip().to_string() {
                    true => peer.to_string(),
                    false => format!("{host} ({peer})"),
                };
                Err(Fault::connect(&whom, &error))
            }
        }
    }
}

/// A failure to reach the user's proxy is one of that hop, unless this machine is at fault.
fn behind(proxy: Option<&Proxy>, fault: Fault) -> Fault {
    match proxy {
        Some(proxy) if fault.class != Class::Local => hop::failed(proxy, &fault.reason),
        _ => fault,
    }
}

/// The first of the addresses to answer. Each gets a head start before the next one; the error is the first one.
async fn race(addresses: Vec<SocketAddr>) -> Result<(TcpStream, SocketAddr), (SocketAddr, io::Error)> {
    let mut waiting = addresses.into_iter();
    let mut running = JoinSet::new();
    let mut first_error = None;
    loop {
        match waiting.next() {
            Some(peer) => {
                running.spawn(async move { (peer, TcpStream::connect(peer).await) });
            }
            None if running.is_empty() => break,
            None => {}
        }
        tokio::select! {
            done = running.join_next() => match done {
                Some(Ok((peer, Ok(stream)))) => return Ok((stream, peer)),
                Some(Ok((peer, Err(error)))) => {
                    first_error.get_or_insert((peer, error));
                }
                Some(Err(_)) | None => {}
            },
            () = tokio::time::sleep(STAGGER), if waiting.len() > 0 => {}
        }
    }
    let nobody = || {
        (
            SocketAddr::from(([0, 0, 0, 0], 0)),
            io::Error::other("no address to connect to"),
        )
    };
    Err(first_error.unwrap_or_else(nobody))
}

/// Starts HTTP on a stream; its traffic is driven by a task that ends with the [`Conn`].
async fn speak(stream: Stream, h2: bool, peer: SocketAddr, host: &str) -> Result<Conn, Fault> {
    let (stream, read) = Counted::new(stream);
    let io = TokioIo::new(stream);
    let failed = |e: hyper::Error| Fault::request(host, &e);
    if h2 {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        let (sender, driver) = builder
            .initial_stream_window_size(4 << 20)
            .initial_connection_window_size(16 << 20)
            .max_header_list_size(1 << 20)
            .handshake(io)
            .await
            .map_err(failed)?;
        let task = tokio::spawn(async move {
            let ended = driver.await;
            tracing::trace!(?ended, "h2 connection ended");
        });
        return Ok(Conn::new(Sender::H2(sender), task.abort_handle(), peer, read));
    }
    let (sender, driver) = http1::Builder::new()
        .title_case_headers(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .handshake(io)
        .await
        .map_err(failed)?;
    let task = tokio::spawn(async move {
        let ended = driver.await;
        tracing::trace!(?ended, "http/1.1 connection ended");
    });
    Ok(Conn::new(Sender::H1(sender), task.abort_handle(), peer, read))
}
