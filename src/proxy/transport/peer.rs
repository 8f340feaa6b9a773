//! What a server shows of itself before anything is asked of it: its certificate, and who signed it.
//!
//! For diagnosis alone: the handshake accepts every certificate, and no byte of a request follows it.

use super::address::Address;
use super::connect::{Connector, Journey};
use super::fault::Fault;
use super::{roots, x509};
use crate::activity::Activity;
use crate::world::World;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientConfig, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// A server's certificate.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// Who signed it: the organization and the common name.
    pub issuer: String,
    /// From when on it is valid.
    pub begins: SystemTime,
    /// Until when it is valid.
    pub ends: SystemTime,
    /// Whether a root that Mozilla's programme trusts stands behind it. A private server's need not.
    pub public: bool,
    /// Why this machine does not accept it.
    pub refused: Option<String>,
}

/// The certificate of an https server, through the proxy where one stands before it. `None` where no handshake came
/// about within the bound: a request tells why. Blocks.
pub fn certificate(world: &Arc<World>, address: &Address, bound: Duration) -> Option<Certificate> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.ok()?;
    let connector = Connector::new(Arc::clone(world));
    let flight = Arc::new(Activity::default()).begin(address.to_string(), address.origin());
    let journey = Journey::new(flight.pulse());
    let name = server_name(&address.host)?;
    let witness = Arc::new(Witness::new());
    let config = ClientConfig::builder_with_provider(Arc::clone(&witness.provider))
        .with_safe_default_protocol_versions()
        .ok()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&witness) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let tls = tokio_rustls::TlsConnector::from(Arc::new(config));
    let work = async {
        let reached = connector.reach(address, &journey).await.ok()?;
        tls.connect(name.clone(), reached.stream).await.ok()
    };
    let done = runtime.block_on(async { tokio::time::timeout(bound, work).await });
    runtime.shutdown_background();
    done.ok()??;
    let chain = std::mem::take(&mut *witness.chain.lock().unwrap_or_else(PoisonError::into_inner));
    read(&chain, &name, world)
}

/// The host and port of the proxy that stands before an address; an error where go would refuse to use it.
pub fn proxy_before(world: &Arc<World>, address: &Address) -> Result<Option<(String, u16)>, String> {
    let connector = Connector::new(Arc::clone(world));
    let proxy = connector.proxy(address).map_err(|fault| fault.reason)?;
    Ok(proxy.map(|proxy| (proxy.host.clone(), proxy.port)))
}

/// What the system's resolver tells of a host, or its words; blocks for as long as it likes.
pub fn resolve(host: &str, port: u16) -> Result<Vec<IpAddr>, (super::Class, String)> {
    let found = std::net::ToSocketAddrs::to_socket_addrs(&(host, port));
    let mut addresses: Vec<IpAddr> = found
        .map_err(|e| Fault::resolve(host, &e))
        .map_err(|fault| (fault.class, fault.reason))?
        .map(|address| address.ip())
        .collect();
    addresses.sort();
    addresses.dedup();
    Ok(addresses)
}

fn server_name(host: &str) -> Option<ServerName<'static>> {
    let bare = host.split('%').next().unwrap_or(host).trim_end_matches('.');
    ServerName::try_from(bare.to_owned()).ok()
}

fn read(chain: &[CertificateDer<'_>], name: &ServerName<'_>, world: &World) -> Option<Certificate> {
    let (own, others) = chain.split_first()?;
    let mut told = x509::read(own)?;
    told.issuer.dedup();
    if told.issuer.is_empty() {
        told.issuer.push("an issuer without a name".to_owned());
    }
    let verify = |roots: RootCertStore, now: UnixTime| {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let verifier = verifier.map_err(|e| e.to_string())?;
        verifier
            .verify_server_cert(own, others, name, &[], now)
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    // Whether the issuer is a public one does not depend on the date.
    let then = told
        .begins
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let public = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    Some(Certificate {
        issuer: crate::config::printable(&told.issuer.join(", "), 120),
        begins: told.begins,
        ends: told.ends,
        public: verify(public, UnixTime::since_unix_epoch(then)).is_ok(),
        refused: verify(roots::load(world), UnixTime::now()).err(),
    })
}

/// Accepts every certificate and keeps what it saw.
#[derive(Debug)]
struct Witness {
    provider: Arc<CryptoProvider>,
    chain: Mutex<Vec<CertificateDer<'static>>>,
}

impl Witness {
    fn new() -> Witness {
        Witness {
            provider: Arc::new(aws_lc_rs::default_provider()),
            chain: Mutex::default(),
        }
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let all = std::iter::once(own).chain(others);
        let mut chain = self.chain.lock().unwrap_or_else(PoisonError::into_inner);
        *chain = all.map(|c| c.clone().into_owned()).collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
