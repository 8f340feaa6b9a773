//! The cause in go's own words: its error output, read line by line.
//!
//! What our proxy answered comes back with its tag. What go and git met themselves (direct mode, a certificate, a full
//! disk) is known by the words that people search for.

use super::Cause;

/// Words of go, git and ssh, and what they mean; the first that a line holds counts. Those of go are net's, x509's and
/// modfetch's; git prints its own and libcurl's.
const WORDS: &[(&str, Cause)] = &[
    ("SECURITY ERROR", Cause::ChecksumMismatch),
    ("checksum mismatch", Cause::ChecksumMismatch),
    ("signed by unknown authority", Cause::TlsIntercepted),
    ("SSL certificate problem: unable to get", Cause::TlsIntercepted),
    ("SSL certificate problem: self", Cause::TlsIntercepted),
    ("SSL certificate problem", Cause::TlsCertificate),
    ("x509: ", Cause::TlsCertificate),
    ("server gave HTTP response to HTTPS client", Cause::TlsHandshake),
    ("TLS handshake timeout", Cause::TlsHandshake),
    ("remote error: tls", Cause::TlsHandshake),
    ("no space left on device", Cause::DiskFull),
    ("disk quota exceeded", Cause::DiskFull),
    ("too many open files", Cause::OutOfResources),
    ("cannot allocate memory", Cause::OutOfResources),
    ("not a valid zip file", Cause::InvalidBody),
    ("zip: checksum error", Cause::InvalidBody),
    ("invalid character", Cause::InvalidBody),
    ("unexpected end of JSON input", Cause::InvalidBody),
    ("could not read Username", Cause::GitAuthFailed),
    ("could not read Password", Cause::GitAuthFailed),
    ("Authentication failed for", Cause::GitAuthFailed),
    ("HTTP Basic: Access denied", Cause::GitAuthFailed),
    ("Permission denied (publickey", Cause::GitAuthFailed),
    ("Repository not found", Cause::GitAuthFailed),
    ("Host key verification failed", Cause::SshHostKey),
    ("Temporary failure in name resolution", Cause::DnsNoAnswer),
    ("server misbehaving", Cause::DnsNoAnswer),
    ("no such host", Cause::DnsNoSuchHost),
    // net.OpError: whatever else happened on the way to a name server.
    ("dial tcp: lookup ", Cause::DnsNoAnswer),
    ("Could not resolve host", Cause::DnsNoSuchHost),
    ("proxyconnect", Cause::HttpProxyFailed),
    ("onnection refused", Cause::ConnectRefused),
    ("etwork is unreachable", Cause::NetworkUnreachable),
    ("o route to host", Cause::NetworkUnreachable),
    ("onnection timed out", Cause::ConnectNoAnswer),
    ("i/o timeout", Cause::ConnectNoAnswer),
    ("stopped after 10 redirects", Cause::BadRedirect),
    ("redirected from secure URL", Cause::BadRedirect),
    ("onnection reset by peer", Cause::ConnectionReset),
    ("early EOF", Cause::TruncatedBody),
    ("unexpected EOF", Cause::TruncatedBody),
];

/// go's whole word where `git ls-remote` failed over https and over ssh (cmd/go/internal/vcs: repoRootForImportPath);
/// it keeps git's own to itself.
const GUESS: (&str, Cause) = ("no secure protocol found", Cause::GitAuthFailed);

/// What was heard so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heard {
    /// How many lines.
    pub lines: u64,
    tagged: Option<Cause>,
    worded: Option<Cause>,
    guessed: Option<Cause>,
}

impl Heard {
    /// Takes a line, without its newline.
    pub fn hear(&mut self, line: &str) {
        self.lines += 1;
        if let Some(cause) = tag(line) {
            self.tagged = telling(self.tagged, cause);
        } else if is_about_a_download(line)
            && let Some(cause) = words(line)
        {
            self.worded = telling(self.worded, cause);
        } else if line.contains(GUESS.0) && is_about_a_download(line) {
            self.guessed = Some(GUESS.1);
        }
    }

    /// Why the command failed, given what its requests met and of whom. What it said nothing of is not the reason, unless
    /// it said nothing at all.
    pub fn verdict(&self, met: Option<(Cause, String)>) -> Option<(Cause, String)> {
        match (self.cause(), met) {
            (Some(cause), Some((same, whom))) if cause == same => Some((cause, whom)),
            (Some(cause), _) => Some((cause, String::new())),
            (None, met) => met.filter(|_| self.lines == 0),
        }
    }

    /// The most telling cause that was named. A tag counts for more than words: it is why they were said.
    pub fn cause(&self) -> Option<Cause> {
        self.tagged.or(self.worded).or(self.guessed)
    }

    /// Whether the cause is only the likeliest for words that fit many: what was seen meanwhile knows better.
    pub fn is_guess(&self) -> bool {
        self.guessed.is_some() && self.tagged.or(self.worded).is_none()
    }
}

fn telling(known: Option<Cause>, cause: Cause) -> Option<Cause> {
    let known = known.filter(|known| known.rank() <= cause.rank());
    Some(known.unwrap_or(cause))
}

/// The tag at the end of a line of ours that go passes on.
fn tag(line: &str) -> Option<Cause> {
    let passed_on = line.starts_with('\t') && line.contains("gosteady: ");
    let (_, id) = line.strip_suffix(']')?.rsplit_once('[')?;
    Cause::by_id(id).filter(|_| passed_on)
}

// A compiler's or a linker's message may quote anything.
fn is_about_a_download(line: &str) -> bool {
    let begins = ["go: ", "\t", "fatal: ", "SECURITY ERROR"];
    let holds = [": reading http", ": Get \"http"];
    begins.iter().any(|b| line.starts_with(b)) || holds.iter().any(|h| line.contains(h))
}

fn words(line: &str) -> Option<Cause> {
    let known = WORDS.iter().find(|(words, _)| line.contains(words));
    known.map(|(_, cause)| *cause).or_else(|| status(line))
}

/// The status in `reading https://…: 403 Forbidden` (cmd/go/internal/web/api.go: HTTPError).
fn status(line: &str) -> Option<Cause> {
    let (_, rest) = line.split_once("reading http")?;
    let (_, status) = rest.rsplit_once(": ")?;
    let status: u16 = status.split(' ').next()?.parse().ok()?;
    Cause::of_status(status)
}

impl Cause {
    /// What an error status means by itself; `None` for any other.
    pub fn of_status(status: u16) -> Option<Cause> {
        Some(match status {
            401 => Cause::AuthRequired,
            403 => Cause::AccessDenied,
            404 | 410 => Cause::NotFound,
            // Only a proxy of the user's answers so (RFC 9110, 15.5.8).
            407 => Cause::HttpProxyFailed,
            429 => Cause::RateLimited,
            400..=499 => Cause::UnexpectedStatus,
            500..=599 => Cause::ServerError,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_go_says() {
        for (text, cause) in [
            ("go: downloading m v1.0.0", None),
            (
                "go: m@v1: reading http://h/m/@v/v1.info: 403 Forbidden",
                Some(Cause::AccessDenied),
            ),
            (
                "main.go:5:2: m@v1: reading https://h/x: 451 Unavailable For Legal Reasons",
                Some(Cause::UnexpectedStatus),
            ),
            ("go: m@v1: reading https://h/x: 410 Gone", Some(Cause::NotFound)),
            (
                "./main.go:7: cannot use \"403 Forbidden\" (untyped string constant)",
                None,
            ),
            ("./main.go:7: undefined: connection refused", None),
            (
                "go: m@v1: Get \"https://h/x\": redirected from secure URL https://h/ to insecure URL http://h/x",
                Some(Cause::BadRedirect),
            ),
            (
                "go: m@v1: refusing to pass credentials to insecure URL: http://u:xxxxx@h/m/@v/v1.mod",
                None,
            ),
            ("# get https://h/x: 404 Not Found (0.050s)", None),
            (
                "go: m@v1: reading http://h/x: 502 Bad Gateway\n\tserver response: gosteady: http://h refused the \
                 connection (4 attempts) [connect-refused]",
                Some(Cause::ConnectRefused),
            ),
            (
                "go: m@v1: reading http://h/x: 504 Gateway Timeout\n\tserver response:\n\tgosteady: http://h did not \
                 answer in 8s [proxy-stalled]\n\tgosteady: http://i was not asked [gatekeeper]",
                Some(Cause::ProxyStalled),
            ),
            ("gosteady: [proxy-stalled] our own note", None),
            (
                "go: m: Get \"https://h/x\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
                Some(Cause::TlsIntercepted),
            ),
            (
                "go: m: Get \"https://h/x\": tls: failed to verify certificate: x509: certificate has expired",
                Some(Cause::TlsCertificate),
            ),
            (
                "go: m: git ls-remote -q o: exit status 128:\n\tfatal: could not read Username for 'https://h': terminal prompts disabled",
                Some(Cause::GitAuthFailed),
            ),
            (
                "go: m: git fetch: exit status 128:\n\tHost key verification failed.\n\tfatal: Could not read from remote repository.",
                Some(Cause::SshHostKey),
            ),
            (
                "go: m: git fetch:\n\tssh: connect to host h port 22: Connection timed out",
                Some(Cause::ConnectNoAnswer),
            ),
            (
                "go: m@v1: unrecognized import path \"m\": https fetch: Get \"https://m/?go-get=1\": dial tcp: lookup m on \
                 127.0.0.1:53: read udp 127.0.0.1:4->127.0.0.1:53: i/o timeout",
                Some(Cause::DnsNoAnswer),
            ),
            (
                "go: m: Get \"https://m/\": dial tcp: lookup m on 127.0.0.1:53: no such host",
                Some(Cause::DnsNoSuchHost),
            ),
            (
                "go: m@v1: no secure protocol found for repository",
                Some(Cause::GitAuthFailed),
            ),
            (
                "go: writing stat cache: open /x: no space left on device",
                Some(Cause::DiskFull),
            ),
            (
                "verifying m@v1: checksum mismatch\n\nSECURITY ERROR\nThis download",
                Some(Cause::ChecksumMismatch),
            ),
        ] {
            let mut heard = Heard::default();
            text.lines().for_each(|line| heard.hear(line));
            assert_eq!(heard.cause(), cause, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_heard(line in ".{0,200}") {
            let mut heard = Heard::default();
            heard.hear(&line);
            heard.hear(&format!("\treading http{line}"));
            prop_assert_eq!(heard.lines, 2);
        }
    }
}
