//! What went wrong on the way, before it is joined with how far the request had come.

use super::{Class, Failure, Way};
use std::error::Error as _;
use std::io;

/// A failure without its [`Way`].
#[derive(Debug, Clone)]
pub struct Fault {
    pub class: Class,
    pub reason: String,
}

impl Fault {
    pub fn new(class: Class, reason: impl Into<String>) -> Fault {
        Fault {
            class,
            reason: reason.into(),
        }
    }

    pub fn on(self, way: Way) -> Failure {
        Failure {
            class: self.class,
            reason: self.reason,
            way,
        }
    }

    /// A TCP connection that did not come about.
    pub fn connect(whom: &str, error: &io::Error) -> Fault {
        let class = match error.kind() {
            _ if is_local(error) => Class::Local,
            io::ErrorKind::TimedOut => Class::ConnectTimeout,
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => Class::Unreachable,
            _ => Class::Refused,
        };
        Fault::new(class, format!("connecting to {whom}: {}", words(error)))
    }

    /// A name that was not resolved.
    pub fn resolve(host: &str, error: &io::Error) -> Fault {
        let text = words(error);
        let text = text
            .strip_prefix("failed to lookup address information: ")
            .unwrap_or(&text);
        let class = match text {
            _ if is_local(error) => Class::Local,
            text if is_no_such_host(text) => Class::NoSuchHost,
            _ => Class::Resolve,
        };
        Fault::new(class, format!("lookup {host}: {text}"))
    }

    /// A TLS handshake that failed.
    pub fn handshake(host: &str, error: &io::Error) -> Fault {
        if let Some(tls) = inner_tls(error) {
            return Fault::tls(host, tls);
        }
        Fault::new(
            Class::Reset,
            format!("TLS handshake with {host}: {}", eof_words(error)),
        )
    }

    fn tls(host: &str, error: &rustls::Error) -> Fault {
        match error {
            rustls::Error::InvalidCertificate(why) => {
                let class = if is_unknown_issuer(why) {
                    Class::UnknownIssuer
                } else {
                    Class::Certificate
                };
                let why = rustls::Error::InvalidCertificate(why.clone()).to_string();
                Fault::new(
                    class,
                    format!("failed to verify the certificate of {host}: {why}"),
                )
            }
            rustls::Error::NoCertificatesPresented => {
                Fault::new(Class::Certificate, format!("{host} presented no certificate"))
            }
            rustls::Error::InvalidMessage(_) => Fault::new(
                Class::Handshake,
                format!("the answer of {host} does not look like a TLS handshake"),
            ),
            other => Fault::new(Class::Handshake, format!("TLS with {host}: {other}")),
        }
    }

    /// A request that ended before the head of its answer had come.
    pub fn request(host: &str, error: &hyper::Error) -> Fault {
        let io = source::<io::Error>(error);
        if let Some(tls) = io.and_then(inner_tls) {
            return Fault::tls(host, tls);
        }
        if error.is_parse() {
            return Fault::new(Class::Protocol, format!("{host} does not speak HTTP: {error}"));
        }
        if io.is_some_and(is_local) {
            return Fault::new(Class::Local, format!("asking {host}: {}", chain(error)));
        }
        let reason = match io {
            Some(io) => words(io),
            None if error.is_incomplete_message() => "connection closed before the answer".into(),
            None => chain(error),
        };
        Fault::new(Class::Reset, format!("asking {host}: {reason}"))
    }

    /// A body that ended before its end.
    pub fn body(host: &str, error: &hyper::Error, got: u64, stated: Option<u64>) -> Fault {
        Fault::new(Class::Cut, cut(host, &innermost(error), got, stated))
    }

    /// A body that ended in peace, but not at its stated length.
    pub fn short(host: &str, got: u64, stated: u64) -> Fault {
        Fault::new(Class::Cut, cut(host, "unexpected EOF", got, Some(stated)))
    }
}

fn cut(host: &str, why: &str, got: u64, stated: Option<u64>) -> String {
    match stated {
        Some(stated) => format!("cut after {got} of {stated} bytes from {host}: {why}"),
        None => format!("cut after {got} bytes from {host}: {why}"),
    }
}

/// The error in words, without Rust's `(os error N)`.
pub fn words(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(at) => text[..at].to_lowercase(),
        None => text,
    }
}

pub fn eof_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "connection closed".into(),
        _ => words(error),
    }
}

/// No descriptor, no memory, no port: this machine's fault, not the peer's.
pub fn is_local(error: &io::Error) -> bool {
    const OURS: [i32; 5] = [
        libc::EMFILE,
        libc::ENFILE,
        libc::ENOMEM,
        libc::ENOBUFS,
        libc::EADDRNOTAVAIL,
    ];
    error.raw_os_error().is_some_and(|code| OURS.contains(&code))
}

/// Whether no trusted root has signed it: nobody known, an issuer of a known name with another key, or itself.
fn is_unknown_issuer(why: &rustls::CertificateError) -> bool {
    match why {
        rustls::CertificateError::UnknownIssuer | rustls::CertificateError::BadSignature => true,
        // webpki's word for a certificate that signed itself has no variant in rustls.
        other => other.to_string().contains("CaUsedAsEndEntity"),
    }
}

/// Whether these are the resolver's words for a name that does not exist; its codes do not come through std.
fn is_no_such_host(text: &str) -> bool {
    let same = |code| {
        // SAFETY: the text of a known code is static and ends with NUL.
        let known = unsafe { std::ffi::CStr::from_ptr(libc::gai_strerror(code)) };
        known.to_str() == Ok(text)
    };
    // FreeBSD has one code for both.
    #[cfg(not(target_os = "freebsd"))]
    let no_data = same(libc::EAI_NODATA);
    #[cfg(target_os = "freebsd")]
    let no_data = false;
    text == super::resolve::NO_ADDRESS || same(libc::EAI_NONAME) || no_data
}

fn inner_tls(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn source<T: std::error::Error + 'static>(error: &hyper::Error) -> Option<&T> {
    let mut at = error.source();
    while let Some(inner) = at {
        if let Some(found) = inner.downcast_ref() {
            return Some(found);
        }
        at = inner.source();
    }
    None
}

fn innermost(error: &hyper::Error) -> String {
    let mut at: &dyn std::error::Error = error;
    while let Some(inner) = at.source() {
        at = inner;
    }
    at.to_string()
}

// hyper and h2 name only the outermost cause; the innermost is the one to search for.
fn chain(error: &hyper::Error) -> String {
    let mut text = error.to_string();
    let mut at = error.source();
    while let Some(inner) = at {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        at = inner.source();
    }
    text
}
