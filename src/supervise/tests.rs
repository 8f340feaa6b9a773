//! Real children, through /bin/sh.

use super::relay::Ours;
use super::*;
use crate::trace::Event;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

/// What a job printed and how it ended.
struct Ran {
    end: End,
    out: String,
    err: String,
    events: Vec<Event>,
}

const BOUNDS: Bounds = Bounds {
    report_after: Duration::from_secs(20),
    kill_after: Duration::from_secs(60),
    patience: Duration::from_secs(600),
    deadline: None,
};

fn sh(script: &str) -> Job {
    Job {
        progress: crate::ui::live::Mode::Silent,
        program: "/bin/sh".into(),
        argv: ["go", "-c", script].map(OsString::from).to_vec(),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        stdin_null: true,
        stdout: Stdout::Rewrite,
        stderr: Stderr::Rewrite,
        script: false,
        rewrites: vec![(
            b"http://127.0.0.1:1/k".to_vec(),
            b"https://proxy.example".to_vec(),
        )],
        bounds: BOUNDS,
        dumps: false,
        helpers: Vec::new(),
        dirs: Vec::new(),
    }
}

fn reader(pipe: OwnedFd) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        std::fs::File::from(pipe).read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    })
}

fn supervise(job: &Job) -> Ran {
    let (out, out_w) = fds::pipe().unwrap();
    let (err, err_w) = fds::pipe().unwrap();
    let (out, err) = (reader(out), reader(err));
    let recorder = Recorder::memory();
    let ours = Ours {
        out: out_w.as_fd(),
        err: err_w.as_fd(),
    };
    let end = watch::run(job, &Activity::default(), &recorder, ours).unwrap();
    drop((out_w, err_w));
    Ran {
        end,
        out: out.join().unwrap(),
        err: err.join().unwrap(),
        events: recorder.records().into_iter().map(|r| r.event).collect(),
    }
}

#[test]
fn statuses_and_signals_are_told_apart() {
    let table = [
        ("exit 0", Some(0), None),
        ("exit 7", Some(7), None),
        ("kill -TERM $$", None, Some(15)),
        ("kill -KILL $$", None, Some(9)),
    ];
    for (script, status, signal) in table {
        let ran = supervise(&sh(script));
        assert_eq!((ran.end.status, ran.end.signal), (status, signal), "{script}");
        assert_eq!(ran.end.ended_by_us, None);
        assert!(matches!(&ran.events[0], Event::Child { program, .. } if program == "/bin/sh"));
        let last = ran.events.last();
        assert!(
            matches!(last, Some(Event::ChildEnd { status: s, signal: g, .. }) if (*s, *g) == (status, signal))
        );
    }
}

#[test]
fn arguments_and_environment_arrive_as_they_are() {
    let mut job = sh("printf '%s|' \"$0\" \"$@\"; tr '\\0' '|' </proc/self/environ");
    job.argv.extend(["a b", "", "\n"].map(OsString::from));
    job.env = [("Z", "1"), ("A", "2"), ("Z", "3"), ("PATH", "/usr/bin:/bin")]
        .map(|(k, v)| (k.into(), v.into()))
        .to_vec();
    job.program = "/bin/sh".into();
    let out = supervise(&job).out;
    assert!(out.starts_with("a b||\n|"), "{out:?}");
    // The shell has an environment of its own making; what exec was given shows in a program that is none.
    job.program = "/usr/bin/env".into();
    job.argv = vec!["env".into()];
    assert_eq!(supervise(&job).out, "Z=1\nA=2\nZ=3\nPATH=/usr/bin:/bin\n");
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    let job = Job {
        program: "/nonexistent/go".into(),
        ..sh("")
    };
    let (read, write) = fds::pipe().unwrap();
    let ours = Ours {
        out: write.as_fd(),
        err: write.as_fd(),
    };
    let error = watch::run(&job, &Activity::default(), &Recorder::off(), ours).unwrap_err();
    assert_eq!(error.0.kind(), std::io::ErrorKind::NotFound);
    drop(read);
}

#[test]
fn both_streams_are_rewritten_also_when_an_address_is_cut() {
    let ran = supervise(&sh(
        "printf 'x http://127.0.'; printf '0.1:1/k/m y'; printf 'go: reading http://127' >&2; printf '.0.0.1:1/k: 404\\n' >&2",
    ));
    assert_eq!(ran.out, "x https://proxy.example/m y");
    assert_eq!(ran.err, "go: reading https://proxy.example: 404\n");
    let line = "go: reading https://proxy.example: 404".to_string();
    assert!(ran.events.contains(&Event::Stderr { line }));
}

#[test]
fn much_output_arrives_whole() {
    let ran = supervise(&sh(
        "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done",
    ));
    let want: String = (0..20000).map(|i| format!("line {i}\n")).collect();
    assert!(ran.out == want, "{} bytes for {}", ran.out.len(), want.len());
}

#[test]
fn stdout_can_be_inherited_or_thrown_away() {
    let script = "echo http://127.0.0.1:1/k; echo http://127.0.0.1:1/k >&2";
    let table = [
        (Stdout::Inherit, "http://127.0.0.1:1/k\n"),
        (Stdout::Rewrite, "https://proxy.example\n"),
        (Stdout::Discard, ""),
    ];
    for (stdout, want) in table {
        let ran = supervise(&Job { stdout, ..sh(script) });
        assert_eq!(
            (ran.out.as_str(), ran.err.as_str()),
            (want, "https://proxy.example\n")
        );
    }
}

#[test]
fn held_output_comes_back_and_progress_passes() {
    let job = Job {
        stderr: Stderr::Hold,
        ..sh("echo 'go: downloading m v1' >&2; echo 'go: http://127.0.0.1:1/k: 503' >&2; echo out; exit 1")
    };
    let ran = supervise(&job);
    assert_eq!(
        (ran.err.as_str(), ran.out.as_str()),
        ("go: downloading m v1\n", "out\n")
    );
    assert_eq!(ran.end.held, b"go: https://proxy.example: 503\n");
}

#[test]
fn one_file_for_both_streams_keeps_their_order() {
    let script = "for i in 1 2 3 4 5 6 7 8 9; do echo o$i; echo e$i >&2; done";
    let want: String = (1..10).map(|i| format!("o{i}\ne{i}\n")).collect();
    for stdout in [Stdout::Inherit, Stdout::Rewrite] {
        let (read, write) = fds::pipe().unwrap();
        let read = reader(read);
        let ours = Ours {
            out: write.as_fd(),
            err: write.as_fd(),
        };
        let job = Job { stdout, ..sh(script) };
        watch::run(&job, &Activity::default(), &Recorder::off(), ours).unwrap();
        drop(write);
        assert_eq!(read.join().unwrap(), want);
    }
}

#[test]
fn a_reader_that_is_gone_reaches_the_child() {
    let (read, write) = fds::pipe().unwrap();
    let (err, err_w) = fds::pipe().unwrap();
    drop(read);
    let ours = Ours {
        out: write.as_fd(),
        err: err_w.as_fd(),
    };
    let job = Job {
        argv: ["yes"].map(OsString::from).to_vec(),
        program: "/usr/bin/yes".into(),
        ..sh("")
    };
    let end = watch::run(&job, &Activity::default(), &Recorder::off(), ours).unwrap();
    // Also where SIGPIPE is ignored, as here, and the child reports the error instead.
    assert_eq!((end.status, end.signal), (None, Some(libc::SIGPIPE)), "{end:?}");
    drop((err, err_w));
}

#[test]
fn a_reader_that_is_gone_is_told_also_when_the_child_ended_first() {
    let (gone, unread) = fds::pipe().unwrap();
    let (kept, read) = fds::pipe().unwrap();
    drop(gone);
    let both = [(unread.as_fd(), read.as_fd()), (read.as_fd(), unread.as_fd())];
    for ((out, err), script) in both.into_iter().zip(["echo said", "echo said >&2; exit 3"]) {
        let ours = Ours { out, err };
        let end = watch::run(&sh(script), &Activity::default(), &Recorder::off(), ours).unwrap();
        assert_eq!((end.status, end.signal), (None, Some(libc::SIGPIPE)), "{script}");
        // Nothing was said on the stream that nobody reads.
        let end = watch::run(&sh("exit 3"), &Activity::default(), &Recorder::off(), ours).unwrap();
        assert_eq!((end.status, end.signal), (Some(3), None), "{script}");
    }
    drop(kept);
}

#[test]
fn an_orphan_that_keeps_the_pipe_does_not_keep_us() {
    let ran = supervise(&sh("sleep 1000 & echo $!"));
    assert_eq!(ran.end.status, Some(0));
    let pid: i32 = ran.out.trim().parse().unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).unwrap();
}

#[test]
fn who_asks_us_to_end_after_the_child_is_heard() {
    // Should it come late, it must not end the tests.
    survive(nix::sys::signal::Signal::SIGTERM);
    // The orphan keeps the pipe, and goes on talking until the child is gone for good.
    let orphan = "while kill -0 $$ 2>/dev/null; do echo .; sleep 0.02; done; kill -TERM $PPID; sleep 1";
    let ran = supervise(&sh(&format!("({orphan}) & exit 0")));
    assert_eq!(
        (ran.end.status, ran.end.dismissed),
        (Some(0), Some(libc::SIGTERM))
    );
}

/// Has a signal do nothing where nobody listens.
fn survive(signal: nix::sys::signal::Signal) {
    extern "C" fn nothing(_: libc::c_int) {}
    // SAFETY: a handler that does nothing.
    unsafe { nix::sys::signal::signal(signal, nix::sys::signal::SigHandler::Handler(nothing)) }.unwrap();
}

#[test]
fn silence_is_reported_with_what_is_waited_for() {
    let job = Job {
        bounds: Bounds {
            report_after: Duration::from_millis(200),
            deadline: Some(Duration::from_secs(1)),
            ..BOUNDS
        },
        ..sh("sleep 1000; true")
    };
    let ran = supervise(&job);
    let waited = |e: &Event| matches!(e, Event::Waiting { what, .. } if what == "sleep");
    assert!(ran.events.iter().any(waited), "{:?}", ran.events);
}

#[test]
fn the_deadline_ends_the_child_and_what_it_started() {
    let job = Job {
        bounds: Bounds {
            deadline: Some(Duration::from_millis(300)),
            ..BOUNDS
        },
        ..sh("sleep 1000; true")
    };
    let ran = supervise(&job);
    assert_eq!(ran.end.signal, Some(15));
    let why = "hang.deadline of 300ms has passed while waiting for sleep [user-program]";
    assert_eq!(ran.end.ended_by_us.as_deref(), Some(why));
    let ended: Vec<(&str, &str)> = ran
        .events
        .iter()
        .filter_map(|e| match e {
            Event::Ending { target, signal, .. } => Some((target.as_str(), signal.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(ended, [("sh", "TERM"), ("sleep", "TERM")]);
}
