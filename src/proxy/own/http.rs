//! One GET from our own loopback, and the same from a directory.

use super::file_root;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long a silence lasts before the progress line is drawn again.
const TICK: Duration = Duration::from_millis(200);
/// How long the loopback may take to accept.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest head, and the most that is kept of an error's body.
const HEAD: usize = 64 << 10;

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    /// The file, all of it.
    Whole,
    /// Another status, with the beginning of its body.
    Status(u16, String),
}

/// Why nothing whole came.
#[derive(Debug)]
pub enum Broken {
    /// The connection, or the answer.
    Peer(String),
    /// The writer.
    Local(io::Error),
}

fn peer(error: impl std::fmt::Display) -> Broken {
    Broken::Peer(error.to_string())
}

/// Gets `base/path`, where the base is `http://127.0.0.1:PORT/…`. The proxy behind it bounds every wait; `tick` is called
/// now and then meanwhile.
pub fn get(
    base: &str,
    path: &str,
    most: u64,
    into: &mut dyn Write,
    tick: &mut dyn FnMut(),
) -> Result<Reply, Broken> {
    let rest = base
        .strip_prefix("http://127.0.0.1:")
        .ok_or_else(|| peer("not a loopback"))?;
    let (port, prefix) = rest.split_once('/').ok_or_else(|| peer("not a loopback"))?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().map_err(peer)?));
    let mut stream = TcpStream::connect_timeout(&address, CONNECT).map_err(peer)?;
    stream.set_read_timeout(Some(TICK)).map_err(peer)?;
    // HTTP/1.0: no chunks, and the end of the body is the end of the connection.
    let request = format!("GET /{prefix}/{path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(peer)?;

    let mut head = Vec::new();
    let mut piece = vec![0; 64 << 10];
    let end = loop {
        let n = next(&mut stream, &mut piece, tick)?;
        head.extend_from_slice(&piece[..n]);
        if let Some(at) = head.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        if n == 0 || head.len() > HEAD {
            return Err(peer("the answer ended within its head"));
        }
    };
    let body = head.split_off(end + 4);
    let (status, length) =
        understand(&String::from_utf8_lossy(&head)).ok_or_else(|| peer("the answer is garbled"))?;
    if status != 200 {
        let mut said = body;
        while said.len() < HEAD {
            match next(&mut stream, &mut piece, tick)? {
                0 => break,
                n => said.extend_from_slice(&piece[..n]),
            }
        }
        return Ok(Reply::Status(status, String::from_utf8_lossy(&said).into_owned()));
    }
    let mut taken = body.len() as u64;
    into.write_all(&body).map_err(Broken::Local)?;
    while taken <= most {
        match next(&mut stream, &mut piece, tick)? {
            0 => break,
            n => {
                taken += n as u64;
                into.write_all(&piece[..n]).map_err(Broken::Local)?;
            }
        }
    }
    match length {
        _ if taken > most => Err(peer(format!("more than {} MiB came", most >> 20))),
        Some(length) if length != taken => Err(peer(format!("{taken} of {length} bytes came"))),
        _ => into.flush().map_err(Broken::Local).map(|()| Reply::Whole),
    }
}

/// The next bytes; 0 at the end.
fn next(stream: &mut TcpStream, piece: &mut [u8], tick: &mut dyn FnMut()) -> Result<usize, Broken> {
    loop {
        match stream.read(piece) {
            Ok(n) => return Ok(n),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => tick(),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(peer(e)),
        }
    }
}

/// Status and length of an answer.
fn understand(head: &str) -> Option<(u16, Option<u64>)> {
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    Some((status, length))
}

/// Reads `path` below a `file://` base; a file that is not there is a 404, as it is to go.
pub fn read(base: &str, path: &str, most: u64, into: &mut dyn Write) -> Result<Reply, Broken> {
    let root = file_root(base).ok_or_else(|| peer("names no directory"))?;
    let file = match File::open(root.join(path)) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Reply::Status(404, String::new())),
        Err(e) => return Err(peer(e)),
    };
    let mut file = file.take(most + 1);
    let mut piece = vec![0; 64 << 10];
    let mut taken = 0;
    loop {
        match file.read(&mut piece).map_err(peer)? {
            0 => break,
            n => {
                taken += n as u64;
                into.write_all(&piece[..n]).map_err(Broken::Local)?;
            }
        }
    }
    match taken > most {
        true => Err(peer(format!("more than {} MiB", most >> 20))),
        false => into.flush().map_err(Broken::Local).map(|()| Reply::Whole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;

    fn served(answer: &'static [u8]) -> Result<(Reply, Vec<u8>), String> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let base = format!("http://127.0.0.1:{}/t/0", listener.local_addr().unwrap().port());
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            while lines.next().is_some_and(|l| !l.unwrap().is_empty()) {}
            stream.write_all(answer).unwrap();
            first
        });
        let mut into = Vec::new();
        let reply = get(&base, "m/@v/list", 100, &mut into, &mut || {});
        assert_eq!(thread.join().unwrap(), "GET /t/0/m/@v/list HTTP/1.0");
        match reply {
            Ok(reply) => Ok((reply, into)),
            Err(Broken::Peer(why)) => Err(why),
            Err(Broken::Local(e)) => panic!("{e}"),
        }
    }

    #[test]
    fn answers() {
        let ok = |body: &[u8]| Ok((Reply::Whole, body.to_vec()));
        assert_eq!(
            served(b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi"),
            ok(b"hi")
        );
        assert_eq!(served(b"HTTP/1.1 200 OK\r\n\r\nhi there"), ok(b"hi there"));
        let gone = Reply::Status(404, "no\n".into());
        assert_eq!(
            served(b"HTTP/1.1 404 Not Found\r\nX: y\r\n\r\nno\n"),
            Ok((gone, Vec::new()))
        );
        for (answer, why) in [
            (&b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhi"[..], "2 of 5 bytes came"),
            (b"HTTP/1.0 200", "the answer ended within its head"),
            (b"nonsense\r\n\r\n", "the answer is garbled"),
            (b"HTTP/1.0 200 OK\r\n\r\n0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789x", "more than 0 MiB came"),
        ] {
            assert_eq!(served(answer), Err(why.to_owned()));
        }
    }

    #[test]
    fn directories() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("list"), "v1\n").unwrap();
        let base = format!("file://{}", dir.path().display());
        let mut into = Vec::new();
        assert_eq!(read(&base, "list", 10, &mut into).unwrap(), Reply::Whole);
        assert_eq!(into, b"v1\n");
        assert_eq!(
            read(&base, "none", 10, &mut into).unwrap(),
            Reply::Status(404, String::new())
        );
        assert!(read(&base, "list", 2, &mut into).is_err());
        assert!(read("file:relative", "list", 2, &mut into).is_err());
    }
}
