//! TCP keep-alive as net/http's DefaultTransport sets it, so that a peer that is gone is noticed in silence, too.

use std::os::fd::AsRawFd;
use tokio::net::TcpStream;

/// Seconds of silence before the first probe, and between probes: net/http's Dialer.KeepAlive.
#[cfg(any(target_os = "linux", target_os = "android"))]
const PERIOD: libc::c_int = 30;
/// How many probes may stay unanswered: net's defaultTCPKeepAliveCount.
#[cfg(any(target_os = "linux", target_os = "android"))]
const PROBES: libc::c_int = 9;

/// Switches it on; a system that refuses only loses that comfort.
pub fn enable(stream: &TcpStream) {
    set(stream, libc::SOL_SOCKET, libc::SO_KEEPALIVE, 1);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    for (option, value) in [
        (libc::TCP_KEEPIDLE, PERIOD),
        (libc::TCP_KEEPINTVL, PERIOD),
        (libc::TCP_KEEPCNT, PROBES),
    ] {
        set(stream, libc::IPPROTO_TCP, option, value);
    }
}

fn set(stream: &TcpStream, level: libc::c_int, option: libc::c_int, value: libc::c_int) {
    // SAFETY: the descriptor is open for the length of the call, and the value is an int of the size given.
    let _ = unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            level,
            option,
            (&raw const value).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
}
