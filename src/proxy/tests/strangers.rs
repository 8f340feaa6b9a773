//! Processes that have no business at the loopback port.

use super::{INFO, Rules, good, start_with};
use std::io::{Read, Write};
use std::net::TcpStream;

/// Whoever connects without knowing the path takes neither much memory nor a place for long.
#[test]
fn strangers_hold_nothing() {
    let a = good();
    let proxy = start_with(&a.url(), Rules::default());
    let authority = proxy.bases[0].split('/').nth(2).unwrap();
    let mut endless = TcpStream::connect(authority).unwrap();
    let wrote = (0..100_000).take_while(|_| endless.write_all(&[b'x'; 1024]).is_ok());
    assert!(wrote.count() < 100_000, "a head without an end is read for ever");
    // More than may be there at once: the first ones have to go, the last ones are let in for it.
    let mut idle: Vec<TcpStream> = (0..400)
        .map_while(|_| TcpStream::connect(authority).ok())
        .collect();
    assert_eq!(proxy.get(0, INFO).status, 200);
    for stream in &mut idle[..100] {
        assert_eq!(stream.read(&mut [0]).unwrap_or_default(), 0);
    }
    // Who has named the path may stay.
    let mut known = TcpStream::connect(authority).unwrap();
    let ask = format!(
        "GET {}/{INFO} HTTP/1.1\r\nHost: x\r\n\r\n",
        proxy.bases[0].split_at(7 + authority.len()).1
    );
    known.write_all(ask.as_bytes()).unwrap();
    assert!(known.read(&mut [0; 4096]).unwrap() > 0);
    let mut idle: Vec<TcpStream> = (0..400)
        .map_while(|_| TcpStream::connect(authority).ok())
        .collect();
    assert_eq!(idle[0].read(&mut [0]).unwrap_or_default(), 0);
    known.write_all(ask.as_bytes()).unwrap();
    assert!(known.read(&mut [0; 4096]).unwrap() > 0);
}
