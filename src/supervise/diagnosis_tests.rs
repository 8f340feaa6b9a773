//! The table of rules: what was seen, and what it must be called.

use super::*;
use crate::activity::Activity;
use crate::supervise::evidence::calls::Reads;
use crate::supervise::evidence::files::FileWait;
use crate::supervise::evidence::places::{Place, Room};
use crate::supervise::tree::Process;
use std::sync::Arc;
use std::time::Duration;

fn seen(pid: i32, parent: i32, argv: &[&str]) -> Sighting {
    let name = argv[0].rsplit('/').next().unwrap();
    Sighting {
        process: Process {
            id: Identity {
                pid,
                started: pid as u64,
            },
            parent,
            group: 10,
            terminal: false,
            name: name[..name.len().min(15)].to_string(),
            state: 'S',
            cpu: 0,
        },
        argv: argv.iter().map(|s| s.to_string()).collect(),
        age: Some(Duration::from_secs(30)),
        wait_channel: Ok("do_wait".into()),
        sockets: Ok(Vec::new()),
        files: Vec::new(),
        file_wait: None,
        reads: None,
        display: false,
    }
}

fn with_socket(mut s: Sighting, peer: &str, state: State, udp: bool) -> Sighting {
    let socket = Socket {
        udp,
        local: "10.0.2.15:4000".parse().unwrap(),
        peer: peer.parse().unwrap(),
        state,
        unsent: 0,
        unread: 0,
        inode: 1,
    };
    s.sockets.as_mut().unwrap().push(socket);
    s
}

fn reading(mut s: Sighting, echo: bool) -> Sighting {
    s.process.terminal = true;
    s.reads = Some(Reads {
        terminal: "/dev/tty".into(),
        echo: Some(echo),
    });
    s
}

fn go() -> Sighting {
    seen(10, 1, &["go", "mod", "download"])
}

fn ls_remote() -> Sighting {
    let argv = [
        "git",
        "ls-remote",
        "-q",
        "--end-of-options",
        "https://u:p@git.corp/x",
    ];
    seen(11, 10, &argv)
}

fn remote() -> Sighting {
    seen(
        12,
        11,
        &[
            "/usr/lib/git-core/git-remote-https",
            "origin",
            "https://u:p@git.corp/x",
        ],
    )
}

fn found(processes: Vec<Sighting>) -> Diagnosis {
    let evidence = Evidence {
        processes,
        ..Evidence::default()
    };
    diagnose(&evidence, "go", &["/opt/auth".to_string()])
}

#[test]
fn what_go_waits_for_by_its_processes() {
    use Class::*;
    use State::*;
    let fetch = || seen(11, 10, &["git", "-c", "x=y", "fetch", "-f", "origin"]);
    let ssh = || seen(13, 12, &["ssh", "git@git.corp", "git-upload-pack '/x'"]);
    let on_disk = |mut s: Sighting| {
        s.file_wait = Some(FileWait {
            channel: "do_wait".into(),
            path: None,
        });
        s
    };
    let display = |mut s: Sighting| {
        s.display = true;
        s
    };
    let url = "git ls-remote https://…@git.corp/x";
    type Row = (Vec<Sighting>, Cause, Class, String, Option<i32>);
    #[rustfmt::skip]
    let table: Vec<Row> = vec![
        (vec![go(), ls_remote(), with_socket(remote(), "10.1.2.3:443", Connecting, false)],
         Cause::ConnectNoAnswer, Silent, format!("{url}: connecting to 10.1.2.3:443, no answer"), Some(12)),
        (vec![go(), ls_remote(), with_socket(remote(), "10.1.2.3:443", Established, false)],
         Cause::VcsStalled, Silent, format!("{url}: connected to 10.1.2.3:443, no answer"), Some(12)),
        (vec![go(), ls_remote(), with_socket(with_socket(remote(), "10.1.2.3:443", Connecting, false), "10.0.0.2:53", Established, true)],
         Cause::DnsNoAnswer, Silent, format!("{url}: resolving a name, no answer from the name server 10.0.0.2:53"), Some(12)),
        // UDP that asks no name server says nothing.
        (vec![go(), ls_remote(), with_socket(remote(), "10.1.2.3:443", Established, true)],
         Cause::VcsStalled, Silent, format!("{url}: no connection is open and nothing moves"), Some(12)),
        (vec![go(), fetch(), remote()],
         Cause::VcsStalled, Silent, "git fetch origin (https://…@git.corp/x): no connection is open and nothing moves".into(), Some(12)),
        (vec![go(), ls_remote(), on_disk(remote())],
         Cause::SlowFilesystem, Reported, format!("{url}: the file system (do_wait)"), None),
        // Prompts: somebody may answer.
        (vec![go(), ls_remote(), remote(), reading(ssh(), true)],
         Cause::SshHostKey, Reported, format!("{url}: ssh waits for an answer on /dev/tty"), None),
        (vec![go(), ls_remote(), remote(), reading(ssh(), false)],
         Cause::SshPassphrase, Reported, format!("{url}: ssh waits for an answer on /dev/tty"), None),
        (vec![go(), reading(ls_remote(), true)],
         Cause::GitCredentialPrompt, Reported, format!("{url}: git waits for an answer on /dev/tty"), None),
        // Nobody can.
        (vec![go(), ls_remote(), remote(), seen(13, 12, &["/usr/bin/ssh-askpass", "Password:"])],
         Cause::SshPassphrase, Endless, format!("{url}: ssh-askpass asks, and there is neither a terminal nor a display"), Some(13)),
        (vec![go(), ls_remote(), remote(), display(seen(13, 12, &["/usr/bin/ssh-askpass", "Password:"]))],
         Cause::SshPassphrase, Reported, format!("{url}: ssh-askpass waits for an answer"), None),
        (vec![go(), ls_remote(), remote(), seen(13, 12, &["/opt/my-askpass.sh", "Password:"])],
         Cause::CredentialHelper, Silent, format!("{url}: the credential helper my-askpass.sh does not answer"), Some(13)),
        (vec![go(), ls_remote(), seen(12, 11, &["git", "credential-store", "get"]), seen(13, 12, &["/usr/bin/git-credential-store", "get"])],
         Cause::CredentialHelper, Silent, format!("{url}: the credential helper credential-store does not answer"), Some(13)),
        (vec![go(), ls_remote(), seen(12, 11, &["/bin/sh", "-c", "sleep 9 get", "sleep 9 get"]), seen(13, 12, &["sleep", "9"])],
         Cause::CredentialHelper, Silent, format!("{url}: the credential helper sleep does not answer"), Some(13)),
        (vec![go(), seen(11, 10, &["git", "status", "--porcelain"])],
         Cause::BuildvcsGitStatus, Reported, "git status".into(), None),
        (vec![go(), seen(11, 10, &["/bin/sh", "/opt/auth", "https://h"]), seen(12, 11, &["sleep", "9"])],
         Cause::GoauthHelper, Silent, "the GOAUTH command auth".into(), Some(12)),
        // Programs of the user's, and whatever they start.
        (vec![go(), seen(11, 10, &["/tmp/go-build1/b001/x.test"]), seen(12, 11, &["git", "ls-remote", "https://h"])],
         Cause::UserProgram, Reported, "git".into(), None),
        (vec![go(), seen(11, 10, &["/usr/local/go/pkg/tool/linux_amd64/link", "-o", "x"])],
         Cause::Unknown, Reported, "link".into(), None),
        (vec![go(), on_disk(seen(11, 10, &["/usr/local/go/pkg/tool/linux_amd64/link", "-o", "x"]))],
         Cause::SlowFilesystem, Reported, "link: the file system (do_wait)".into(), None),
        // go alone.
        (vec![go()], Cause::Unknown, Reported, "go itself".into(), None),
        (vec![go(), seen(11, 10, &["go", "** telemetry **"])], Cause::Unknown, Reported, "go itself".into(), None),
        (vec![with_socket(go(), "10.1.2.3:443", Established, false)],
         Cause::ProxyStalled, Silent, "go itself: connected to 10.1.2.3:443, no answer".into(), None),
        (vec![with_socket(go(), "10.1.2.3:443", Connecting, false)],
         Cause::ConnectNoAnswer, Silent, "go itself: connecting to 10.1.2.3:443, no answer".into(), None),
        // A connection that is merely open explains nothing.
        (vec![on_disk(with_socket(go(), "10.1.2.3:443", Established, false))],
         Cause::SlowFilesystem, Reported, "go itself: the file system (do_wait)".into(), None),
        // A script that started go.
        (vec![seen(9, 1, &["sh", "go-wrapper"]), seen(10, 9, &["go", "get"]), ls_remote(), with_socket(remote(), "10.1.2.3:443", Connecting, false)],
         Cause::ConnectNoAnswer, Silent, format!("{url}: connecting to 10.1.2.3:443, no answer"), Some(12)),
        (vec![], Cause::Unknown, Reported, "go itself".into(), None),
    ];
    for (processes, cause, class, what, leaf) in table {
        let shown: Vec<String> = processes.iter().map(|s| s.argv.join(" ")).collect();
        let got = found(processes);
        assert_eq!(
            (
                got.cause,
                got.class,
                &got.what,
                got.leaf.as_ref().map(|(id, _)| id.pid)
            ),
            (cause, class, &what, leaf),
            "{shown:?}"
        );
    }
}

#[test]
fn requests_are_the_proxys_to_bound() {
    let table = [
        (Phase::Credentials, "m@v1.0.0 zip", Cause::GoauthHelper),
        (Phase::Resolving, "m@v1.0.0 zip", Cause::DnsNoAnswer),
        (Phase::Connecting, "m@v1.0.0 zip", Cause::ConnectNoAnswer),
        (Phase::Handshaking, "m@v1.0.0 zip", Cause::TlsHandshake),
        (Phase::Waiting, "m@v1.0.0 zip", Cause::ProxyStalled),
        (Phase::Body, "m@v1.2.3-pre.1.2 zip", Cause::ProxyStalled),
        (Phase::Waiting, "m@v1.2.3.4 info", Cause::NoncanonicalVersion),
        (
            Phase::Waiting,
            "sum.golang.org lookup m@v1.0.0",
            Cause::SumdbUnreachable,
        ),
        (
            Phase::Body,
            "sum.golang.org tile 8/0/x001/000",
            Cause::SumdbUnreachable,
        ),
        (
            Phase::Waiting,
            "sum.golang.org supported",
            Cause::SumdbUnreachable,
        ),
        (Phase::Waiting, "tile.example/sumdb latest", Cause::ProxyStalled),
    ];
    for (phase, resource, cause) in table {
        let activity = Arc::new(Activity::default());
        let queued = activity.begin("first@v1.0.0 mod", "https://u");
        let flight = activity.begin(resource, "https://u");
        flight.phase(phase);
        let evidence = Evidence {
            flights: activity.snapshot().flights,
            processes: vec![go(), ls_remote(), remote()],
            ..Evidence::default()
        };
        let got = diagnose(&evidence, "go", &[]);
        let what = format!("{resource} from https://u ({}) and 1 more", phase.as_str());
        assert_eq!(got, Diagnosis::reported(cause, what));
        drop((queued, flight));
    }
}

#[test]
fn a_request_that_is_to_be_made_again_says_why() {
    let activity = Arc::new(Activity::default());
    let flight = activity.begin("m@v1.0.0 mod", "https://u");
    flight.failed(Cause::ConnectRefused, "refused the connection");
    let evidence = Evidence {
        flights: activity.snapshot().flights,
        ..Evidence::default()
    };
    let what = "m@v1.0.0 mod from https://u (refused the connection; to be asked again)".to_string();
    assert_eq!(
        diagnose(&evidence, "go", &[]),
        Diagnosis::reported(Cause::ConnectRefused, what)
    );
    flight.phase(Phase::Waiting);
    assert_eq!(
        activity.snapshot().flights[0].stands(),
        "request sent, no answer yet"
    );
}

#[test]
fn locks_come_first_and_are_waited_for() {
    let wait = |holder| Evidence {
        locks: vec![Wait {
            waiter: 10,
            file: "/c/m/@v/v1.0.0.lock".into(),
            holder,
        }],
        processes: vec![with_socket(go(), "10.1.2.3:443", State::Connecting, false)],
        ..Evidence::default()
    };
    let seen = Holder::Seen {
        pid: 77,
        command: "go build".into(),
        age: Some(Duration::from_secs(90)),
    };
    let lock = "the lock /c/m/@v/v1.0.0.lock, held by";
    for (holder, what) in [
        (seen, format!("{lock} go build (pid 77, started 1m 30s ago)")),
        (
            Holder::Outside,
            format!("{lock} a process outside of this pid namespace"),
        ),
    ] {
        let got = diagnose(&wait(holder), "go", &[]);
        assert_eq!(got, Diagnosis::reported(Cause::CacheLockHeld, what));
    }
}

#[test]
fn a_dead_guard_and_a_full_disk_explain_a_go_that_waits_alone() {
    let mut evidence = Evidence {
        processes: vec![go()],
        ..Evidence::default()
    };
    let place = |room| Place {
        name: "GOMODCACHE",
        path: "/c".into(),
        room,
    };
    let room = |free, inodes| {
        Ok(Room {
            kind: "tmpfs".into(),
            remote: false,
            free,
            inodes,
        })
    };
    for (room, cause) in [
        (room(1 << 30, Some(5)), Cause::Unknown),
        (room(1 << 30, None), Cause::Unknown),
        (room(0, Some(5)), Cause::DiskFull),
        (room(1 << 30, Some(0)), Cause::DiskFull),
    ] {
        evidence.places = vec![place(room)];
        let got = diagnose(&evidence, "go", &[]);
        assert_eq!((got.cause, got.class), (cause, Class::Reported));
    }
    evidence.guard_died = true;
    let got = diagnose(&evidence, "go", &[]);
    assert_eq!(
        (got.cause, got.class, got.leaf),
        (Cause::GuardDied, Class::Endless, None)
    );
    // git runs all the same.
    evidence.processes.push(ls_remote());
    assert_eq!(diagnose(&evidence, "go", &[]).cause, Cause::VcsStalled);
}
