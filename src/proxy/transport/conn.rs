//! A connection on loan to one request.

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use tokio::task::AbortHandle;

/// How many streams share one connection; what servers commonly allow at least (RFC 9113, 6.5.2).
const STREAMS: usize = 100;

/// hyper's handles.
pub enum Sender {
    /// One request at a time.
    H1(http1::SendRequest<Full<Bytes>>),
    /// Many streams on one connection.
    H2(http2::SendRequest<Full<Bytes>>),
}

/// What all users of one connection share; the last one closes it.
#[derive(Debug)]
pub struct Link {
    /// Who is at the other end: the upstream, or the user's proxy.
    pub peer: SocketAddr,
    driver: AbortHandle,
    read: Arc<AtomicU64>,
    retired: AtomicBool,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Link {
    /// Whether a request on it failed or was given up.
    pub fn retired(&self) -> bool {
        self.retired.load(Relaxed)
    }

    /// Bytes read so far.
    pub fn read(&self) -> u64 {
        self.read.load(Relaxed)
    }
}

/// A connection on loan. Unless the request was [finished](Conn::finish), dropping it retires the connection: it is
/// not used for another request, though streams that still run on it go on.
pub struct Conn {
    pub sender: Sender,
    pub link: Arc<Link>,
    /// Whether it had served before.
    pub reused: bool,
    /// Set where requests go to an HTTP proxy with absolute targets: its Proxy-Authorization, if any.
    pub absolute: Option<Option<String>>,
    finished: bool,
}

impl Conn {
    /// A new connection, driven by that task.
    pub fn new(sender: Sender, driver: AbortHandle, peer: SocketAddr, read: Arc<AtomicU64>) -> Conn {
        let link = Link {
            peer,
            driver,
            read,
            retired: AtomicBool::new(false),
        };
        Conn {
            sender,
            link: Arc::new(link),
            reused: false,
            absolute: None,
            finished: false,
        }
    }

    /// One more stream on an h2 connection, `None` for http/1.1.
    pub fn share(&self) -> Option<Conn> {
        let Sender::H2(sender) = &self.sender else {
            return None;
        };
        Some(Conn {
            sender: Sender::H2(sender.clone()),
            link: Arc::clone(&self.link),
            reused: true,
            absolute: self.absolute.clone(),
            finished: false,
        })
    }

    /// Whether it can take a request now.
    pub fn usable(&self) -> bool {
        let ready = match &self.sender {
            Sender::H1(sender) => sender.is_ready(),
            Sender::H2(sender) => {
                // The pool's own copy is one of the holders.
                let streams = Arc::strong_count(&self.link).saturating_sub(1);
                sender.is_ready() && streams < STREAMS
            }
        };
        ready && !self.link.retired()
    }

    /// Whether the peer has ended it.
    pub fn closed(&self) -> bool {
        match &self.sender {
            Sender::H1(sender) => sender.is_closed(),
            Sender::H2(sender) => sender.is_closed(),
        }
    }

    /// Waits until it can take a request again; an error where it is closed.
    pub async fn ready(&mut self) -> hyper::Result<()> {
        match &mut self.sender {
            Sender::H1(sender) => sender.ready().await,
            Sender::H2(sender) => sender.ready().await,
        }
    }

    /// Sends a request and waits for the head of its answer.
    pub async fn send(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Response<Incoming>> {
        match &mut self.sender {
            Sender::H1(sender) => sender.send_request(request).await,
            Sender::H2(sender) => sender.send_request(request).await,
        }
    }

    /// Says that the answer was read to its end.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// Whether it speaks HTTP/2.
    pub fn is_h2(&self) -> bool {
        matches!(self.sender, Sender::H2(_))
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        if !self.finished {
            self.link.retired.store(true, Relaxed);
        }
    }
}
