//! Upstreams that misbehave on purpose, on threads of their own.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What an upstream does with one request.
pub enum Act {
    /// Answers with status, extra header lines (`A: b\r\n`) and body.
    Answer(u16, &'static str, Vec<u8>),
    /// The same, with a length of its own, which may be wrong.
    Stated(u16, String, usize, Vec<u8>),
    /// The same, and then silence instead of an end.
    Stalled(u16, String, usize, Vec<u8>),
    /// These bytes, whatever they are.
    Raw(&'static str),
    /// Says that more is to come than comes.
    Cut(Vec<u8>),
    /// Writes what it likes.
    Written(Box<dyn FnOnce(&mut TcpStream) + Send>),
    /// Says nothing, until the client goes away.
    Silence,
    /// Closes the connection at once.
    Close,
}

/// A server; it ends with the test.
pub struct Upstream {
    pub port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    heads: Arc<Mutex<Vec<String>>>,
    gone: Arc<Mutex<u32>>,
}

/// The value of a header in a head.
pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let value = |line: &'a str| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then_some(value.trim())
    };
    head.lines().find_map(value)
}

impl Upstream {
    /// Answers each request by its path and how many requests came before it.
    pub fn start(act: impl Fn(&str, usize) -> Act + Send + Sync + 'static) -> Upstream {
        Upstream::reading(move |head, before| act(head.split(' ').nth(1).unwrap_or_default(), before))
    }

    /// Answers each request by its whole head and how many requests came before it.
    pub fn reading(act: impl Fn(&str, usize) -> Act + Send + Sync + 'static) -> Upstream {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let gone = Arc::new(Mutex::new(0));
        let heads = Arc::new(Mutex::new(Vec::new()));
        let read = Arc::clone(&heads);
        let (log, left, act) = (Arc::clone(&asked), Arc::clone(&gone), Arc::new(act));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, left, act) = (Arc::clone(&log), Arc::clone(&left), Arc::clone(&act));
                let read = Arc::clone(&read);
                std::thread::spawn(move || serve(stream, &log, &read, &left, &*act));
            }
        });
        Upstream {
            port,
            asked,
            heads,
            gone,
        }
    }

    /// The same answer to everything.
    pub fn always(status: u16, body: &'static str) -> Upstream {
        Upstream::start(move |_, _| Act::Answer(status, "Content-Type: text/plain\r\n", body.into()))
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// As `proxy.public` wants it.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The paths asked for so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// The value of a header in each request so far.
    pub fn headers(&self, name: &str) -> Vec<Option<String>> {
        let heads = self.heads.lock().unwrap();
        heads.iter().map(|h| header(h, name).map(str::to_owned)).collect()
    }

    /// How many clients went away while we were silent.
    pub fn gone(&self) -> u32 {
        *self.gone.lock().unwrap()
    }
}

fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<String>>,
    read: &Mutex<Vec<String>>,
    gone: &Mutex<u32>,
    act: &dyn Fn(&str, usize) -> Act,
) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let before = {
        let mut log = log.lock().unwrap();
        log.push(path);
        read.lock().unwrap().push(head.clone());
        log.len() - 1
    };
    let length = |n: usize| format!("Connection: close\r\nContent-Length: {n}\r\n\r\n");
    match act(&head, before) {
        Act::Answer(status, headers, body) => {
            let head = format!("HTTP/1.1 {status} X\r\n{headers}{}", length(body.len()));
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&body);
        }
        Act::Stated(status, headers, stated, body) => {
            let head = format!("HTTP/1.1 {status} X\r\n{headers}{}", length(stated));
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&body);
        }
        Act::Stalled(status, headers, stated, body) => {
            let head = format!("HTTP/1.1 {status} X\r\n{headers}{}", length(stated));
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&body);
            let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
            let _ = stream.read(&mut byte);
        }
        Act::Raw(text) => {
            let _ = stream.write_all(text.as_bytes());
        }
        Act::Cut(body) => {
            let head = format!("HTTP/1.1 200 OK\r\n{}", length(body.len() + 100));
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&body);
        }
        Act::Written(write) => write(&mut stream),
        Act::Silence => {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(600)));
            let _ = stream.read(&mut byte);
            *gone.lock().unwrap() += 1;
        }
        Act::Close => {}
    }
}

/// An answer as a client sees it.
#[derive(Debug)]
pub struct Seen {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One GET below a base (`http://127.0.0.1:PORT/…`), without following redirects.
pub fn get(base: &str, path: &str) -> Seen {
    let (authority, prefix) = base
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap_or((base, ""));
    let mut stream = TcpStream::connect(authority).unwrap();
    // No bound of a test is as long; an upstream's silence is longer.
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let request = format!("GET /{prefix}/{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let at = all.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&all[..at]).into_owned();
    Seen {
        status: head[9..12].parse().unwrap(),
        body: all[at + 4..].to_vec(),
        head,
    }
}
