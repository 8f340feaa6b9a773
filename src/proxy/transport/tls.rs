//! TLS with the user's roots, which are read when the first TLS connection needs them.

use super::fault::Fault;
use super::roots;
use super::stream::Stream;
use super::{Class, Way};
use crate::world::World;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

/// What the two kinds of TLS peers are offered.
#[derive(Debug)]
struct Configs {
    /// An upstream: h2 or http/1.1 by ALPN.
    upstream: Arc<ClientConfig>,
    /// An HTTPS proxy, which is asked with CONNECT over http/1.1.
    proxy: Arc<ClientConfig>,
    /// How many roots there are.
    roots: usize,
}

/// Makes TLS streams.
#[derive(Debug)]
pub struct Tls {
    world: Arc<World>,
    configs: OnceCell<Result<Configs, String>>,
}

impl Tls {
    /// Reads nothing yet.
    pub fn new(world: Arc<World>) -> Tls {
        Tls {
            world,
            configs: OnceCell::new(),
        }
    }

    /// Reads the roots, on a blocking thread, unless that has been done. Meant to run while TCP connects.
    pub async fn prepare(&self) {
        let world = Arc::clone(&self.world);
        let load = || async {
            let loaded = tokio::task::spawn_blocking(move || configure(&world)).await;
            loaded.unwrap_or_else(|e| Err(e.to_string()))
        };
        self.configs.get_or_init(load).await;
    }

    /// The handshake with an upstream; also tells whether it chose h2.
    pub async fn upstream(&self, stream: Stream, host: &str) -> Result<(Stream, bool), Fault> {
        self.prepare().await;
        self.handshake(stream, host, |c| &c.upstream).await
    }

    /// The handshake with an HTTPS proxy.
    pub async fn proxy(&self, stream: Stream, host: &str) -> Result<Stream, Fault> {
        self.prepare().await;
        Ok(self.handshake(stream, host, |c| &c.proxy).await?.0)
    }

    async fn handshake(
        &self,
        stream: Stream,
        host: &str,
        choose: impl Fn(&Configs) -> &Arc<ClientConfig>,
    ) -> Result<(Stream, bool), Fault> {
        let configs = match self.configs.get() {
            Some(Ok(configs)) => configs,
            Some(Err(why)) => return Err(Fault::new(Class::Local, format!("TLS cannot be set up: {why}"))),
            None => return Err(Fault::new(Class::Local, "TLS is not set up")),
        };
        let bare = host.split('%').next().unwrap_or(host).trim_end_matches('.');
        let name = ServerName::try_from(bare.to_string()).map_err(|_| {
            Fault::new(
                Class::Handshake,
                format!("{host} is not a name that TLS could verify"),
            )
        })?;
        let connector = TlsConnector::from(Arc::clone(choose(configs)));
        match connector.connect(name, stream).await {
            Ok(stream) => {
                let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2".as_slice());
                Ok((Box::new(stream), h2))
            }
            Err(error) => {
                let mut fault = Fault::handshake(host, &error);
                if fault.class == Class::UnknownIssuer && configs.roots == 0 {
                    fault
                        .reason
                        .push_str(" (no root certificates were found on this machine)");
                }
                Err(fault)
            }
        }
    }
}

fn configure(world: &World) -> Result<Configs, String> {
    let roots = roots::load(world);
    let count = roots.len();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let proxy = Arc::new(config.clone());
    if speaks_h2(world) {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    }
    Ok(Configs {
        upstream: Arc::new(config),
        proxy,
        roots: count,
    })
}

/// Whether h2 is offered: who has a server or a firewall that breaks it tells go so, and means us, too (net/http:
/// `GODEBUG=http2client=0`; of several settings the last one counts).
fn speaks_h2(world: &World) -> bool {
    let debug = world.text("GODEBUG").unwrap_or_default();
    let mut settings = debug.rsplit(',').filter_map(|setting| setting.split_once('='));
    settings.find(|(name, _)| *name == "http2client") != Some(("http2client", "0"))
}

/// What was being done when the bound for connecting ran out.
pub fn overdue(way: &Way, whom: &str, host: &str, bound: std::time::Duration) -> Fault {
    let bound = humantime::format_duration(bound);
    let reason = match way.times {
        t if t.resolved.is_none() => format!("lookup {host}: no answer within {bound}"),
        t if t.connected.is_none() => format!("connecting to {whom}: no answer within {bound}"),
        _ => format!("TLS handshake with {host} not done within {bound}"),
    };
    Fault::new(Class::ConnectTimeout, reason)
}
