//! Sockets by process: /proc/PID/fd names them, /proc/PID/net/{tcp,udp}{,6} tells their state (proc_pid_net(5)).

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where a connection stands (linux/include/net/tcp_states.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Connected.
    Established,
    /// The attempt to connect has not been answered.
    Connecting,
    /// The peer has closed its side.
    ClosedByPeer,
    /// Anything else.
    Other,
}

/// A socket that has a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// UDP, not TCP.
    pub udp: bool,
    /// Our end.
    pub local: SocketAddr,
    /// The other end.
    pub peer: SocketAddr,
    /// Where it stands.
    pub state: State,
    /// Bytes that the peer has not acknowledged.
    pub unsent: u64,
    /// Bytes that have come and were not read.
    pub unread: u64,
    /// Its number in the kernel.
    pub inode: u64,
}

impl Socket {
    /// Whether it asks a name server.
    pub fn resolves(&self) -> bool {
        self.peer.port() == 53
    }

    /// The sentence's end after a subject: "connecting to 10.1.2.3:443, no answer".
    pub fn clause(&self) -> String {
        let peer = self.peer;
        match self.state {
            _ if self.resolves() => format!("resolving a name, no answer from the name server {peer}"),
            State::Connecting => format!("connecting to {peer}, no answer"),
            State::Established if self.unread > 0 => {
                format!("connected to {peer}, {} bytes unread", self.unread)
            }
            State::Established if self.unsent > 0 => {
                format!("connected to {peer}, {} bytes not acknowledged", self.unsent)
            }
            State::Established => format!("connected to {peer}, no answer"),
            State::ClosedByPeer => format!("{peer} has closed the connection"),
            State::Other => format!("in connection with {peer}"),
        }
    }
}

/// The sockets with a peer in the text of one of those files.
pub fn parse(text: &str, udp: bool) -> Vec<Socket> {
    text.lines().skip(1).filter_map(|line| row(line, udp)).collect()
}

fn row(line: &str, udp: bool) -> Option<Socket> {
    // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let peer = address(fields.get(2)?)?;
    if peer.port() == 0 {
        return None;
    }
    let hex = |text: &str| u64::from_str_radix(text, 16).ok();
    let (unsent, unread) = fields.get(4)?.split_once(':')?;
    Some(Socket {
        udp,
        local: address(fields.get(1)?)?,
        peer,
        state: match *fields.get(3)? {
            "01" => State::Established,
            "02" => State::Connecting,
            "08" => State::ClosedByPeer,
            _ => State::Other,
        },
        unsent: hex(unsent)?,
        unread: hex(unread)?,
        inode: fields.get(9)?.parse().ok()?,
    })
}

// Each 32-bit word of an address stands in the machine's own byte order.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let words: Vec<[u8; 4]> = (0..host.len() / 8)
        .filter_map(|n| u32::from_str_radix(host.get(8 * n..8 * n + 8)?, 16).ok())
        .map(u32::to_ne_bytes)
        .collect();
    let ip = match *words.as_slice() {
        [word] if host.len() == 8 => IpAddr::V4(Ipv4Addr::from(word)),
        [a, b, c, d] if host.len() == 32 => {
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&[a, b, c, d].concat());
            IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

/// All sockets with a peer in the network namespace of a process.
pub fn table(pid: i32) -> Vec<Socket> {
    let files = [("tcp", false), ("tcp6", false), ("udp", true), ("udp6", true)];
    let read = |(name, udp)| {
        let text = fs::read_to_string(format!("/proc/{pid}/net/{name}")).unwrap_or_default();
        parse(&text, udp)
    };
    files.into_iter().flat_map(read).collect()
}

/// The sockets of a process, by its descriptors. Those whose other end is our own are left out: what goes on there
/// is the requests in flight.
pub fn of(fds: &[(i32, String)], table: &[Socket], ours: &BTreeSet<u64>) -> Vec<Socket> {
    let theirs = inodes(fds);
    let ends_at_us = |s: &Socket| {
        let mirrored = |t: &&Socket| t.local == s.peer && t.peer == s.local;
        table
            .iter()
            .find(mirrored)
            .is_some_and(|t| ours.contains(&t.inode))
    };
    let mine = table.iter().filter(|s| theirs.contains(&s.inode));
    mine.filter(|s| !ends_at_us(s)).cloned().collect()
}

/// The numbers of the sockets among descriptors.
pub fn inodes(fds: &[(i32, String)]) -> BTreeSet<u64> {
    let inode = |path: &str| path.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok();
    fds.iter().filter_map(|(_, path)| inode(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TCP: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:9A73 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1390134 2 0 100 0 0 10 0
   1: 0F02000A:D431 0302010A:01BB 02 00000001:00000000 01:00000064 00000003  1000        0 81 2 0 400 0 0 1 7
   2: 0100007F:C001 0100007F:1F90 01 00000000:0000002A 02:0000012C 00000000  1000        0 82 2 0 20 4 1 10 -1
   3: 0100007F:1F90 0100007F:C001 01 00000005:00000000 02:0000012C 00000000  1000        0 83 2 0 20 4 1 10 -1
garbage
   4: 0100007F
";
    const TCP6: &str = "\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000F02000A:D432 0000000000000000FFFF00000302010A:0016 08 00000000:00000000 00:00000000 00000000  1000        0 84 1 0 20 4 30 10 -1
   1: 00000000000000000000000001000000:D433 00000000000000000000000001000000:0050 01 00000000:00000000 00:00000000 00000000  1000        0 85 1 0 20 4 30 10 -1
";
    const UDP: &str = "\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  310: 0F02000A:A2C3 3500007F:0035 01 00000000:00000000 00:00000000 00000000  1000        0 86 2 0000000000000000 0
";

    #[cfg(target_endian = "little")]
    #[test]
    fn captured_tables() {
        let clauses = |text, udp| -> Vec<(u64, String)> {
            parse(text, udp).iter().map(|s| (s.inode, s.clause())).collect()
        };
        let s = |n: u64, text: &str| (n, text.to_string());
        assert_eq!(
            clauses(TCP, false),
            [
                s(81, "connecting to 10.1.2.3:443, no answer"),
                s(82, "connected to 127.0.0.1:8080, 42 bytes unread"),
                s(83, "connected to 127.0.0.1:49153, 5 bytes not acknowledged"),
            ]
        );
        assert_eq!(
            clauses(TCP6, false),
            [
                s(84, "10.1.2.3:22 has closed the connection"),
                s(85, "connected to [::1]:80, no answer"),
            ]
        );
        let dns = "resolving a name, no answer from the name server 127.0.0.53:53";
        assert_eq!(clauses(UDP, true), [s(86, dns)]);
        assert_eq!(clauses("", false), []);
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn sockets_of_a_process_without_those_that_end_at_us() {
        let all = parse(TCP, false);
        let fds = |inodes: &[u64]| -> Vec<(i32, String)> {
            let mut fds = vec![(0, "/dev/null".to_string())];
            fds.extend(inodes.iter().map(|n| (5, format!("socket:[{n}]"))));
            fds
        };
        let of = |theirs: &[u64], ours: &[u64]| -> Vec<u64> {
            let ours = ours.iter().copied().collect();
            of(&fds(theirs), &all, &ours).iter().map(|s| s.inode).collect()
        };
        assert_eq!(of(&[81, 82, 99], &[]), [81, 82]);
        assert_eq!(of(&[81, 82], &[83]), [81]);
        assert_eq!(of(&[], &[83]), [0; 0]);
    }
}
