//! The hop through the user's proxy: CONNECT (RFC 9110, 9.3.6) and SOCKS5 (RFC 1928, 1929).

use super::Class;
use super::basic::basic;
use super::env_proxy::Proxy;
use super::fault::{Fault, eof_words};
use super::stream::Stream;
use std::io;
use std::net::IpAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The largest head of an answer to CONNECT that is read.
const HEAD_LIMIT: usize = 64 * 1024;

/// Asks an HTTP proxy for a tunnel to `target` (`host:port`, IPv6 in brackets).
pub async fn tunnel(stream: &mut Stream, proxy: &Proxy, target: &str) -> Result<(), Fault> {
    let mut head =
        format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: Go-http-client/1.1\r\n");
    if let Some(value) = authorization(proxy) {
        head.push_str("Proxy-Authorization: ");
        head.push_str(&value);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    let answer = async {
        stream.write_all(head.as_bytes()).await?;
        stream.flush().await?;
        read_head(stream).await
    };
    let answer = answer.await.map_err(|e| failed(proxy, &eof_words(&e)))?;
    let line = String::from_utf8_lossy(
        answer
            .split(|b| *b == b'\r' || *b == b'\n')
            .next()
            .unwrap_or_default(),
    );
    let (version, status) = line.split_once(' ').unwrap_or((&line, ""));
    if !version.starts_with("HTTP/1.") {
        return Err(failed(proxy, "it does not speak HTTP"));
    }
    let why = || format!("it answered {}", status.trim());
    match status.split(' ').next().and_then(|code| code.parse().ok()) {
        Some(200) => Ok(()),
        Some(408 | 425 | 429) => Err(failed(proxy, &why())),
        Some(400..=499) => Err(denied(proxy, &why())),
        _ => Err(failed(proxy, &why())),
    }
}

/// The Proxy-Authorization value for this proxy, where its address carries credentials.
pub fn authorization(proxy: &Proxy) -> Option<String> {
    let (user, password) = proxy.userinfo.as_ref()?.expose();
    Some(
        basic(user, password.as_deref().unwrap_or_default())
            .expose()
            .clone(),
    )
}

/// Asks a SOCKS5 proxy for a connection; names are resolved there.
pub async fn socks5(stream: &mut Stream, proxy: &Proxy, host: &str, port: u16) -> Result<(), Fault> {
    let talked = async {
        let methods: &[u8] = if proxy.userinfo.is_some() {
            &[5, 2, 0, 2]
        } else {
            &[5, 1, 0]
        };
        stream.write_all(methods).await?;
        stream.flush().await?;
        match (read::<2>(stream).await?, &proxy.userinfo) {
            ([5, 0], _) => {}
            ([5, 2], Some(userinfo)) => {
                let (user, password) = userinfo.expose();
                sign_in(stream, user, password.as_deref().unwrap_or_default()).await?;
            }
            ([5, _], _) => return Err(refusal("it accepts none of our ways to sign in")),
            _ => return Err(io::Error::other("it does not speak SOCKS5")),
        }
        let mut ask = vec![5, 1, 0];
        match host.parse::<IpAddr>() {
            Ok(IpAddr::V4(ip)) => ask.extend([&[1][..], &ip.octets()].concat()),
            Ok(IpAddr::V6(ip)) => ask.extend([&[4][..], &ip.octets()].concat()),
            Err(_) => ask.extend(prefixed(host, 3)?),
        }
        ask.extend(port.to_be_bytes());
        stream.write_all(&ask).await?;
        stream.flush().await?;
        let [_, reply, _, kind] = read::<4>(stream).await?;
        match reply {
            0 => {}
            2 => return Err(refusal(reply_words(reply))),
            _ => return Err(io::Error::other(reply_words(reply))),
        }
        let rest = match kind {
            1 => 4,
            4 => 16,
            3 => usize::from(read::<1>(stream).await?[0]),
            _ => return Err(io::Error::other("it answered with an unknown kind of address")),
        };
        let mut bound = vec![0; rest + 2];
        stream.read_exact(&mut bound).await?;
        Ok(())
    };
    talked.await.map_err(|e: io::Error| match e.kind() {
        io::ErrorKind::PermissionDenied => denied(proxy, &e.to_string()),
        _ => failed(proxy, &eof_words(&e)),
    })
}

async fn sign_in(stream: &mut Stream, user: &str, password: &str) -> io::Result<()> {
    let mut ask = prefixed(user, 1)?;
    let password = prefixed(password, 0)?;
    ask.extend(&password[1..]);
    stream.write_all(&ask).await?;
    stream.flush().await?;
    match read::<2>(stream).await? {
        [_, 0] => Ok(()),
        _ => Err(refusal("it rejected the user name and password")),
    }
}

/// A kind, a length of one byte, the text.
fn prefixed(text: &str, kind: u8) -> io::Result<Vec<u8>> {
    let length = u8::try_from(text.len()).map_err(|_| io::Error::other("a name is too long for SOCKS5"))?;
    Ok([&[kind, length], text.as_bytes()].concat())
}

async fn read<const N: usize>(stream: &mut Stream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

// Byte by byte: what follows the blank line belongs to the tunnel.
async fn read_head(stream: &mut Stream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
        if head.len() == HEAD_LIMIT {
            return Err(io::Error::other("its answer is too long"));
        }
        head.push(stream.read_u8().await?);
    }
    Ok(head)
}

fn reply_words(reply: u8) -> &'static str {
    match reply {
        1 => "general SOCKS server failure",
        2 => "connection not allowed by its rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "unknown SOCKS5 failure",
    }
}

fn refusal(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

/// Names the proxy without its credentials.
pub fn failed(proxy: &Proxy, why: &str) -> Fault {
    Fault::new(Class::ProxyHop, named(proxy, why))
}

fn denied(proxy: &Proxy, why: &str) -> Fault {
    Fault::new(Class::ProxyDenied, named(proxy, why))
}

fn named(proxy: &Proxy, why: &str) -> String {
    format!(
        "proxy {}:{}: {why}",
        super::address::bracketed(&proxy.host),
        proxy.port
    )
}
