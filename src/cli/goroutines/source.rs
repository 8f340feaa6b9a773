//! Where a dump comes from: a file, stdin, or a program that serves net/http/pprof.

use crate::outcome::Code;
use crate::world::World;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long the program may take to be reached, and between two pieces of its answer.
const BOUND: Duration = Duration::from_secs(10);
/// Lines of the answer's head at most.
const HEAD: usize = 100;

/// Why there is no dump.
#[derive(Debug)]
pub struct Fault {
    /// What happened, and what to do.
    pub text: String,
    /// The exit code.
    pub code: Code,
}

/// Opens what the name stands for.
pub fn open(name: &str, world: &World) -> Result<Box<dyn BufRead>, Fault> {
    let fault = |text: String, code| Fault { text, code };
    if name == "-" {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    if name.starts_with("https://") {
        let text = "https is not spoken here: curl -s URL | gosteady goroutines -";
        return Err(fault(text.into(), Code::Usage));
    }
    let Some(rest) = name.strip_prefix("http://") else {
        let path = match &world.cwd {
            Some(dir) => dir.join(name),
            None => name.into(),
        };
        let file = File::open(&path).map_err(|e| fault(format!("{name}: {e}"), Code::Usage))?;
        return Ok(Box::new(BufReader::new(file)));
    };
    let (host, path) = split(rest).ok_or_else(|| {
        let text = format!("{name}: an address is http://HOST:PORT, without a user name");
        fault(text, Code::Usage)
    })?;
    ask(&host, &path).map_err(|text| fault(format!("http://{host}{path}: {text}"), Code::Unavailable))
}

// Host with port, and the path of the profile where none is named.
fn split(rest: &str) -> Option<(String, String)> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let after_bracket = authority.rsplit(']').next().unwrap_or(authority);
    let host = if after_bracket.contains(':') {
        authority.to_string()
    } else {
        format!("{authority}:80")
    };
    let safe = |text: &str| text.bytes().all(|b| b.is_ascii_graphic());
    if authority.is_empty() || authority.contains('@') || !safe(rest) {
        return None;
    }
    let path = match path {
        "" | "/" => "/debug/pprof/goroutine?debug=2",
        path => path,
    };
    Some((host, path.to_string()))
}

// HTTP/1.0: the answer comes in one piece and ends with the connection (RFC 9112, 9.3 and 7.1).
fn ask(host: &str, path: &str) -> Result<Box<dyn BufRead>, String> {
    let mut last = "the name has no address".to_string();
    for address in host.to_socket_addrs().map_err(|e| e.to_string())? {
        let stream = match TcpStream::connect_timeout(&address, BOUND) {
            Ok(stream) => stream,
            Err(error) => {
                last = error.to_string();
                continue;
            }
        };
        return talk(stream, host, path).map_err(|e| e.to_string());
    }
    Err(last)
}

fn talk(mut stream: TcpStream, host: &str, path: &str) -> std::io::Result<Box<dyn BufRead>> {
    stream.set_read_timeout(Some(BOUND))?;
    stream.set_write_timeout(Some(BOUND))?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: gosteady\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = BufReader::new(stream);
    let mut status = String::new();
    for number in 0..HEAD {
        let mut line = String::new();
        std::io::Read::take(&mut answer, 8 << 10).read_line(&mut line)?;
        if number == 0 {
            status = line;
        } else if line.trim().is_empty() {
            break;
        }
    }
    match status.split_whitespace().nth(1) {
        Some("200") => Ok(Box::new(answer)),
        code => Err(std::io::Error::other(format!(
            "it answered {}",
            code.unwrap_or("something that is no HTTP")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let profile = "/debug/pprof/goroutine?debug=2";
        let table = [
            ("localhost:6060", Some(("localhost:6060", profile))),
            ("localhost:6060/", Some(("localhost:6060", profile))),
            ("h/x?debug=2", Some(("h:80", "/x?debug=2"))),
            ("[::1]:6060", Some(("[::1]:6060", profile))),
            ("[::1]", Some(("[::1]:80", profile))),
            ("u:p@h", None),
            ("h/a b", None),
            ("h/a\r\nX: y", None),
            ("", None),
        ];
        for (rest, want) in table {
            let want = want.map(|(host, path)| (host.to_string(), path.to_string()));
            assert_eq!(split(rest), want, "{rest}");
        }
    }
}
