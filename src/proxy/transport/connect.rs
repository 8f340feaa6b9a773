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
use crate::activity::{FlightHandle, Phase};
use crate::world::World;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How long one address may stay silent before the next one is tried too (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);

/// Opens connections.
#[derive(Debug)]
pub struct Connector {
    proxies: EnvProxy,
    resolver: Resolver,
    tls: Tls,
}

/// What the way is told to while it is gone.
pub struct Journey<'a> {
    /// Told of every change of phase.
    pub flight: &'a FlightHandle,
    /// When the request began.
    pub start: Instant,
    /// What is known so far; it stays when the journey is cut short.
    pub way: &'a mut Way,
}

impl Connector {
    /// Reads the proxy variables; opens nothing.
    pub fn new(world: Arc<World>) -> Connector {
        Connector {
            proxies: EnvProxy::new(&world),
            resolver: Resolver::default(),
            tls: Tls::new(world),
        }
    }

    /// A connection over which this address can be asked. Not bounded: see [`Connector::overdue`].
    pub async fn open(&self, address: &Address, journey: &mut Journey<'_>) -> Result<Conn, Fault> {
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
            journey.flight.phase(Phase::Connecting);
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
        let mut h2 = false;
        if address.https {
            journey.flight.phase(Phase::Handshaking);
            (stream, h2) = self.tls.upstream(stream, &address.host).await?;
            journey.way.times.secured = Some(journey.start.elapsed());
        }
        let mut conn = speak(stream, h2, peer, &address.host).await?;
        conn.absolute = absolute;
        Ok(conn)
    }

    /// The failure of a journey that was not done within its bound.
    pub fn overdue(&self, address: &Address, way: &Way, bound: Duration) -> Fault {
        let proxy = self.proxy(address).ok().flatten();
        let (host, port) = proxy.map_or((&address.host, address.port), |p| (&p.host, p.port));
        let mut fault = tls::overdue(way, &format!("{}:{port}", bracketed(host)), host, bound);
        if let Some(proxy) = proxy
            && way.times.connected.is_some()
        {
            let proxy = format!("{}:{}", bracketed(&proxy.host), proxy.port);
            fault.reason = format!(
                "no connection to {} through proxy {proxy} within {}",
                address.host_and_port(),
                humantime::format_duration(bound)
            );
        }
        if way.times.connected.is_none() {
            self.resolver.forget(host, port);
        }
        fault
    }

    fn proxy(&self, address: &Address) -> Result<Option<&Proxy>, Fault> {
        let found = self.proxies.for_address(address);
        found.map_err(|why| Fault::new(Class::ProxyHop, why))
    }

    async fn tcp(
        &self,
        host: &str,
        port: u16,
        journey: &mut Journey<'_>,
    ) -> Result<(TcpStream, SocketAddr), Fault> {
        journey.flight.phase(Phase::Resolving);
        let found = self.resolver.lookup(host, port).await;
        let addresses = found.map_err(|e| Fault::resolve(host, &e))?;
        journey.way.times.resolved = Some(journey.start.elapsed());
        journey.flight.phase(Phase::Connecting);
        match race(addresses).await {
            Ok((stream, peer)) => {
                journey.way.times.connected = Some(journey.start.elapsed());
                journey.way.peer = Some(peer);
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
