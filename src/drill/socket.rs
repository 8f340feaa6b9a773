//! Sockets in states that std does not offer.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Closes a connection with a TCP reset instead of a FIN (SO_LINGER with a time of zero, tcp(7) and socket(7)).
pub(super) fn reset(stream: TcpStream) {
    let linger = libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    // SAFETY: the descriptor is open for the whole call and the pointer is to a live value of the stated size.
    unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            (&raw const linger).cast(),
            size_of::<libc::linger>() as libc::socklen_t,
        );
    }
}

/// A port that answers no SYN: a listener whose accept queue is full and stays so.
#[derive(Debug)]
pub(super) struct Blackhole {
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl Blackhole {
    /// Fills the queue of a listener that nobody accepts from.
    pub(super) fn of(listener: TcpListener) -> io::Result<Blackhole> {
        let address = listener.local_addr()?;
        // SAFETY: the descriptor is open; a second listen(2) only changes the length of the queue.
        if unsafe { libc::listen(listener.as_raw_fd(), 0) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let mut queue = Vec::new();
        // The length asked for is a hint (1 to 3 in practice): connect until a connection no longer succeeds.
        while queue.len() < 64 {
            match TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
                Ok(stream) => queue.push(stream),
                Err(_) => break,
            }
        }
        Ok(Blackhole {
            _listener: listener,
            _queue: queue,
        })
    }
}

/// A port that refuses connections for as long as this lives: it is the local end of a connection of our own, so
/// nobody else can come to listen on it.
#[derive(Debug)]
pub(super) struct Refusing {
    _listener: TcpListener,
    stream: TcpStream,
}

impl Refusing {
    pub(super) fn open() -> io::Result<Refusing> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let stream = TcpStream::connect(listener.local_addr()?)?;
        Ok(Refusing {
            _listener: listener,
            stream,
        })
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusing_port_refuses() {
        let port = Refusing::open().unwrap();
        let error = TcpStream::connect(port.address().unwrap()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn a_blackhole_answers_no_syn() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let _hole = Blackhole::of(listener).unwrap();
        let error = TcpStream::connect_timeout(&address, Duration::from_millis(100)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
