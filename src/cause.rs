//! Why a download fails or hangs: the causes that gosteady tells apart, each with an id that never changes its meaning.
//!
//! One table holds them all. Whoever has evidence maps it to a [`Cause`]; messages, traces and `gosteady explain` read
//! the rest from here. Every cause has a section in `docs/causes.md`, whose anchor is the id.

pub mod heard;

/// The page with a section for each cause.
const PAGE: &str = include_str!("../docs/causes.md");

/// Makes the enum and its lookups from the table below: variant, id, one sentence, the next step.
macro_rules! causes {
    ($($variant:ident $id:literal $what:literal $next:literal;)*) => {
        /// Why something fails or hangs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Cause {
            $(#[doc = $what] $variant,)*
        }

        impl Cause {
            /// All of them, in the order of the page.
            pub const ALL: &[Cause] = &[$(Cause::$variant,)*];

            /// The stable id: lower case with hyphens.
            pub const fn id(self) -> &'static str {
                match self { $(Cause::$variant => $id,)* }
            }

            /// What it is, in one sentence.
            pub const fn what(self) -> &'static str {
                match self { $(Cause::$variant => $what,)* }
            }

            /// What to do next, in one sentence.
            pub const fn next(self) -> &'static str {
                match self { $(Cause::$variant => $next,)* }
            }
        }
    };
}

causes! {
    // The way to the server.
    DnsNoAnswer "dns-no-answer"
        "No name server answers."
        "Run `getent hosts HOST`; if it hangs too, mend /etc/resolv.conf, the VPN or the container's network.";
    DnsNoSuchHost "dns-no-such-host"
        "The name server does not know the host."
        "Check the spelling, in `go env GOPROXY` or in the module path; an internal name may need the VPN.";
    NetworkUnreachable "network-unreachable"
        "This machine has no route to the host."
        "Check that the machine is online: `curl -I https://HOST`.";
    ConnectNoAnswer "connect-no-answer"
        "Nobody answers the attempt to connect, as when a firewall drops it."
        "Let the host through the firewall, set HTTPS_PROXY, or name a mirror in GOPROXY that can be reached.";
    ConnectRefused "connect-refused"
        "The host is there, but nothing accepts connections on that port."
        "Check the port in `go env GOPROXY`, and whether the server runs.";
    HttpProxyFailed "http-proxy-failed"
        "The proxy named by HTTP_PROXY or HTTPS_PROXY refused or failed."
        "Try `curl -I https://HOST`; mend HTTPS_PROXY, or add the host to NO_PROXY.";
    TlsCertificate "tls-certificate"
        "The server's certificate is not valid for it: it has expired, or names another host."
        "Check the clock with `date`; else the server's owner must renew the certificate.";
    TlsIntercepted "tls-intercepted"
        "The certificate comes from an issuer that this machine does not trust, as when a company proxy opens TLS."
        "Install the company's root certificate, or name it in SSL_CERT_FILE.";
    TlsHandshake "tls-handshake"
        "The server does not complete a TLS handshake."
        "Check the scheme and the port in `go env GOPROXY`; an old server may need an update.";
    CaptivePortal "captive-portal"
        "A web page came in place of module data, as from a login or block page of the network."
        "Open https://HOST in a browser: log in there, or read why it is blocked.";
    RedirectHostBlocked "redirect-host-blocked"
        "The mirror redirects to a storage host, and that host answers 403."
        "Let the storage host through the firewall as well, or use a mirror that serves files itself.";
    BadRedirect "bad-redirect"
        "The server redirects in a circle, or to an address that go does not follow."
        "Check the address in `go env GOPROXY`: scheme, host and path.";

    // What the server says.
    ProxyStalled "proxy-stalled"
        "The server took the request and then stayed silent, or stopped in mid-answer."
        "Run it again; if it stays, name another mirror in GOPROXY or raise `patience` for a slow one.";
    ConnectionReset "connection-reset"
        "The connection was closed before the answer came."
        "Run it again; if it stays, look at the proxies and firewalls on the way.";
    TruncatedBody "truncated-body"
        "The answer ended before its end."
        "Run it again; if it stays, look at the size and time limits of proxies on the way.";
    InvalidBody "invalid-body"
        "The server said 200, but what it sent is not what was asked for."
        "Ask the mirror's owner to drop the file from its cache, or use another mirror.";
    ServerError "server-error"
        "The server answered with an error of its own (5xx)."
        "Run it again in some minutes; the mirror's owner finds the reason in its log.";
    RateLimited "rate-limited"
        "The server answers that there are too many requests (429)."
        "Run it again later, lower `proxy.concurrency`, or put a cache of your own before the mirror.";
    AuthRequired "auth-required"
        "The server wants credentials (401)."
        "Put credentials for HOST into ~/.netrc or GOAUTH; in CI, see that the token reaches the step.";
    AccessDenied "access-denied"
        "The server refuses to give this module out (403)."
        "Ask the mirror's owner whether a policy blocks the module, or your account lacks access.";
    NotFound "not-found"
        "The server does not have this module or version (404, 410)."
        "Check path and version; for a private module set GOPRIVATE, for a new tag wait some minutes.";
    UnexpectedStatus "unexpected-status"
        "The server answered with a status that asking again does not change."
        "Read the server's own words in the message; check the path in `go env GOPROXY`.";
    ChecksumMismatch "checksum-mismatch"
        "What the mirror sent does not match go.sum."
        "Compare mirrors before you change go.sum; never switch the verification off.";
    SumdbUnreachable "sumdb-unreachable"
        "The checksum database can't be reached, so new modules can't be verified."
        "Let the host of GOSUMDB through, or use a mirror that carries it; for private modules set GOPRIVATE.";
    Gatekeeper "gatekeeper"
        "A comma in GOPROXY keeps the next server from being asked after an outage."
        "Set GOSTEADY_FAILOVER=always, or write `|` in place of the comma, if every server may know the names.";

    // This machine.
    DiskFull "disk-full"
        "The file system has no room left."
        "Run `df -h` and `df -i` on GOMODCACHE, GOCACHE and TMPDIR; `go clean -cache` frees much.";
    SlowFilesystem "slow-filesystem"
        "The file system of the cache answers slowly or not at all."
        "Put GOMODCACHE and GOCACHE on a local disk: `go env -w GOMODCACHE=DIR`.";
    CacheLockHeld "cache-lock-held"
        "Another process holds a lock in the module cache."
        "Wait for that process, or end it if it hangs; never remove the lock file.";
    OutOfResources "out-of-resources"
        "This machine ran out of file descriptors, memory or ports."
        "Raise `ulimit -n`, or end what uses so many; `proxy.concurrency` lowers our part.";
    GuardDied "guard-died"
        "gosteady's own proxy has ended, and go waits for it."
        "Run it again; GOSTEADY_BYPASS=1 runs plain go. Please report it with the trace.";

    // Programs that go starts.
    GitCredentialPrompt "git-credential-prompt"
        "git waits for a user name or a password, and nobody can type one here."
        "Give git a credential helper, put the login into ~/.netrc, or use ssh through insteadOf.";
    GitAuthFailed "git-auth-failed"
        "The git server did not accept the credentials, or got none."
        "Try `git ls-remote URL` by hand; then ~/.netrc, a credential helper or insteadOf.";
    SshHostKey "ssh-host-key"
        "ssh does not know the server's host key and asks, or refuses."
        "Run `ssh -T git@HOST` once by hand, or add the published key to ~/.ssh/known_hosts.";
    SshPassphrase "ssh-passphrase"
        "ssh waits for the passphrase of a key."
        "Run `ssh-add` first, so that an agent holds the key.";
    GoauthHelper "goauth-helper"
        "A command of GOAUTH does not answer."
        "Run the command of `go env GOAUTH` by hand; it must print its answer and end.";
    CredentialHelper "credential-helper"
        "A credential helper of git does not answer."
        "Run `git credential fill` by hand; see `git config --get-all credential.helper`.";
    VcsStalled "vcs-stalled"
        "git or another version control program waits for its server."
        "Try `git ls-remote URL` by hand; a module proxy in GOPROXY avoids git.";
    BuildvcsGitStatus "buildvcs-git-status"
        "go build asks git for the state of your repository, and git takes long."
        "Build with -buildvcs=false, or make `git status` quick.";
    NoncanonicalVersion "noncanonical-version"
        "A version in go.mod is not of the form vX.Y.Z, so go asks the network what it means."
        "Write the exact version into go.mod: `go list -m MODULE@VERSION` tells it.";
    UserProgram "user-program"
        "A program of yours runs; gosteady does not judge it."
        "Nothing to mend here: look at that program.";
    Unknown "unknown"
        "gosteady can't tell what is waited for."
        "Look at `gosteady trace show`; please report it with the trace.";
}

/// The most telling first: what only one thing can explain, what somebody must mend, then what may pass by itself.
const TELLING: &[Cause] = &[
    Cause::ChecksumMismatch,
    Cause::SumdbUnreachable,
    Cause::TlsIntercepted,
    Cause::TlsCertificate,
    Cause::CaptivePortal,
    Cause::RedirectHostBlocked,
    Cause::AuthRequired,
    Cause::AccessDenied,
    Cause::HttpProxyFailed,
    Cause::DiskFull,
    Cause::OutOfResources,
    Cause::GoauthHelper,
    Cause::SshHostKey,
    Cause::GitAuthFailed,
    Cause::InvalidBody,
    Cause::BadRedirect,
    Cause::TlsHandshake,
    Cause::DnsNoSuchHost,
    Cause::NetworkUnreachable,
    Cause::ConnectRefused,
    Cause::RateLimited,
    Cause::UnexpectedStatus,
    Cause::ServerError,
    Cause::DnsNoAnswer,
    Cause::ConnectNoAnswer,
    Cause::TruncatedBody,
    Cause::ConnectionReset,
    Cause::ProxyStalled,
];

impl Cause {
    /// Its place among several for one failure: the one with the lowest tells most.
    pub fn rank(self) -> usize {
        let place = TELLING.iter().position(|cause| *cause == self);
        place.unwrap_or(TELLING.len())
    }

    /// The cause with this id.
    pub fn by_id(id: &str) -> Option<Cause> {
        Cause::ALL.iter().copied().find(|cause| cause.id() == id)
    }

    /// What to do next at this upstream, whose host stands where the sentence says HOST. An address that can't be read
    /// changes nothing.
    pub fn next_at(self, upstream: &str) -> String {
        let (scheme, rest) = upstream.split_once("://").unwrap_or_default();
        // It may stand in a sentence: `git ls-remote https://h: connecting to …`.
        let scheme = scheme.rsplit(' ').next().unwrap_or_default();
        let host = rest.split(['/', '?', '#', ' ']).next().unwrap_or_default();
        let host = host.trim_end_matches(':');
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        match host {
            "" => self.next().to_owned(),
            host if self.next().contains("getent") => {
                let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
                self.next().replace("HOST", name)
            }
            host => {
                let origin = format!("{scheme}://{host}");
                let next = self.next().replace("https://HOST", &origin);
                next.replace("HOST", host)
            }
        }
    }

    /// The id as a message carries it: `[dns-no-answer]`.
    pub fn tag(self) -> String {
        format!("[{}]", self.id())
    }

    /// The command that tells more: `gosteady explain dns-no-answer`.
    pub fn more(self) -> String {
        format!("gosteady explain {}", self.id())
    }

    /// Its section of `docs/causes.md` as Markdown, without the heading.
    pub fn section(self) -> &'static str {
        let heading = format!("\n## {}\n", self.id());
        let Some(at) = PAGE.find(&heading) else {
            return "";
        };
        let rest = &PAGE[at + heading.len()..];
        rest[..rest.find("\n## ").unwrap_or(rest.len())].trim()
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Text as one line, for comparing what stands in differently wrapped lines.
    fn flat(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ids_are_unique_and_lead_back() {
        let ids: BTreeSet<_> = Cause::ALL.iter().map(|c| c.id()).collect();
        assert_eq!(ids.len(), Cause::ALL.len());
        for cause in Cause::ALL {
            assert_eq!(Cause::by_id(cause.id()), Some(*cause));
            let kebab = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(cause.id().chars().all(kebab) && cause.id().len() <= 24, "{cause}");
        }
        assert_eq!(Cause::by_id("nonsense"), None);
    }

    #[test]
    fn words_are_short_sentences() {
        for cause in Cause::ALL {
            for text in [cause.what(), cause.next()] {
                assert!(text.ends_with('.') && text.len() <= 110, "{cause}: {text}");
            }
        }
    }

    #[test]
    fn the_next_step_names_the_host() {
        for (cause, upstream, part) in [
            (
                Cause::DnsNoAnswer,
                "https://m.example:8443/go",
                "`getent hosts m.example`",
            ),
            (
                Cause::NetworkUnreachable,
                "https://m.example:8443/go",
                "`curl -I https://m.example:8443`",
            ),
            (
                Cause::NetworkUnreachable,
                "http://[::1]/",
                "`curl -I http://[::1]`",
            ),
            (
                Cause::NetworkUnreachable,
                "git ls-remote https://git.example: connecting to [::1]:443",
                "`curl -I https://git.example`",
            ),
            (Cause::NetworkUnreachable, "", "`curl -I https://HOST`"),
        ] {
            let got = cause.next_at(upstream);
            assert!(got.contains(part), "{got}");
        }
    }

    #[test]
    fn every_cause_has_its_section() {
        for cause in Cause::ALL {
            let section = flat(cause.section());
            assert!(
                section.starts_with(cause.what()),
                "docs/causes.md, {cause}: does not begin with: {}",
                cause.what()
            );
            for part in ["**How gosteady knows.**", "**What to do.**"] {
                assert!(section.contains(part), "docs/causes.md, {cause}: {part}");
            }
        }
    }

    #[test]
    fn every_section_is_known_and_in_order() {
        let headings: Vec<_> = PAGE.lines().filter_map(|l| l.strip_prefix("## ")).collect();
        let ids: Vec<_> = Cause::ALL.iter().map(|c| c.id()).collect();
        assert_eq!(headings, ids);
    }
}
