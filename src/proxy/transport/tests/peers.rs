//! Servers that do exactly what a test says, on threads of their own.

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// A server; each connection is handed to the script with its number, from 0.
pub struct Peer {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
}

/// One connection of a [`Peer`].
pub struct Line<S> {
    stream: S,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    pub fn new(script: impl Fn(usize, Line<TcpStream>) + Send + Sync + 'static) -> Peer {
        Peer::on(TcpListener::bind("127.0.0.1:0").unwrap(), script)
    }

    pub fn on(
        listener: TcpListener,
        script: impl Fn(usize, Line<TcpStream>) + Send + Sync + 'static,
    ) -> Peer {
        let address = listener.local_addr().unwrap();
        let (connections, heads) = (Arc::new(AtomicUsize::new(0)), Arc::default());
        let peer = Peer {
            address,
            connections: Arc::clone(&connections),
            heads: Arc::clone(&heads),
        };
        let script = Arc::new(script);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let line = Line {
                    stream: stream.unwrap(),
                    heads: Arc::clone(&heads),
                };
                let (script, number) = (Arc::clone(&script), connections.fetch_add(1, SeqCst));
                std::thread::spawn(move || script(number, line));
            }
        });
        peer
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }

    /// The heads of all requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl<S: Read + Write> Line<S> {
    /// Reads up to a blank line; `None` where the client has closed.
    pub fn head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(self.bytes::<1>()?);
        }
        let head = String::from_utf8(head).unwrap();
        self.heads.lock().unwrap().push(head.clone());
        Some(head)
    }

    pub fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.stream.read_exact(&mut bytes).ok().map(|()| bytes)
    }

    pub fn say(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self
            .stream
            .write_all(bytes.as_ref())
            .and_then(|()| self.stream.flush());
    }

    /// Answers every request with 200 and its own path.
    pub fn echo(&mut self) {
        while let Some(head) = self.head() {
            self.say(ok(head.split(' ').nth(1).unwrap()));
        }
    }

    /// Waits until the client has closed.
    pub fn until_closed(&mut self) {
        while self.bytes::<1>().is_some() {}
    }
}

impl Line<TcpStream> {
    /// Closes with a reset rather than an end.
    pub fn reset(self) {
        let linger = libc::linger {
            l_onoff: 1,
            l_linger: 0,
        };
        let fd = std::os::fd::AsRawFd::as_raw_fd(&self.stream);
        // SAFETY: the descriptor is open and the option's value is a `linger` of that size.
        unsafe {
            libc::setsockopt(
                fd,
                libc::SOL_SOCKET,
                libc::SO_LINGER,
                (&raw const linger).cast(),
                size_of::<libc::linger>() as libc::socklen_t,
            )
        };
    }

    /// The server's side of TLS.
    pub fn secure(self, config: &Arc<ServerConfig>) -> Line<StreamOwned<ServerConnection, TcpStream>> {
        let tls = ServerConnection::new(Arc::clone(config)).unwrap();
        Line {
            stream: StreamOwned::new(tls, self.stream),
            heads: self.heads,
        }
    }
}

/// A whole answer with a length.
pub fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// A certificate authority with one certificate, and the file to trust it by.
pub struct Authority {
    pub server: Arc<ServerConfig>,
    pub root: tempfile::NamedTempFile,
}

impl Authority {
    /// Signs for these names and offers these protocols.
    pub fn new(names: &[&str], alpn: &[&str]) -> Authority {
        let root_key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let root_cert = params.self_signed(&root_key).unwrap();
        let issuer = rcgen::Issuer::new(params, root_key);
        let key = rcgen::KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|n| n.to_string()).collect();
        let leaf = rcgen::CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &issuer)
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![leaf.der().clone()],
                PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .unwrap();
        server.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
        let mut root = tempfile::NamedTempFile::new().unwrap();
        root.write_all(root_cert.pem().as_bytes()).unwrap();
        Authority {
            server: Arc::new(server),
            root,
        }
    }

    /// The path of the root certificate.
    pub fn file(&self) -> &str {
        self.root.path().to_str().unwrap()
    }
}
