//! Streams and pipes: closed ones, ones whose reader is gone, and pipes where a file should be.

use super::bad_input::{ours, stage};
use crate::support::{Sandbox, real_go};

#[test]
fn closed_streams() {
    let Some((_server, mut sandbox)) = stage("closed_streams") else {
        return;
    };
    for closed in ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"] {
        for verb in ["mod download", "version"] {
            let mut status = Vec::new();
            for program in ["real", "shim"] {
                std::fs::remove_dir_all(sandbox.modcache()).unwrap();
                std::fs::create_dir(sandbox.modcache()).unwrap();
                let go = match program {
                    "real" => real_go("closed_streams").unwrap().join("go"),
                    _ => sandbox.path("shims/go"),
                };
                sandbox.set("PROGRAM", go);
                let script = format!("exec \"$PROGRAM\" {verb} {closed}");
                let ended = sandbox.run(&mut sandbox.command("/bin/sh", &["-c", &script]));
                status.push((ended.status, ended.signal, ended.timed_out, sandbox.zips()));
            }
            assert_eq!(status[0], status[1], "{verb} {closed}");
        }
    }
}

#[test]
fn a_reader_that_is_gone() {
    let Some((_server, mut sandbox)) = stage("a_reader_that_is_gone") else {
        return;
    };
    // Opened for reading too, or the writer would wait for a reader.
    let unread = "mkfifo unread; exec 3<>unread 4>unread 3<&-; rm unread";
    let real = real_go("a_reader_that_is_gone").unwrap().join("go");
    sandbox.set("GOSTEADY_FORCE_GUARD", "1");
    for (verb, stream) in [
        ("list -m all", ">&4"),
        ("mod download -json", ">&4"),
        ("mod download -json", "2>&4"),
        ("build ./nowhere", "2>&4"),
    ] {
        let ends = [real.clone(), sandbox.path("shims/go")].map(|go| {
            sandbox.set("PROGRAM", go);
            let script = format!("{unread}; exec \"$PROGRAM\" {verb} {stream}");
            let ended = sandbox.run(&mut sandbox.command("/bin/sh", &["-c", &script]));
            (ended.status, ended.signal, ended.timed_out)
        });
        assert_eq!(ends[0], ends[1], "{verb} {stream}");
    }
}

#[test]
fn settings_from_a_pipe_are_left_to_go() {
    let Some((_server, mut sandbox)) = stage("settings_from_a_pipe_are_left_to_go") else {
        return;
    };
    let pipe = sandbox.path("goenv");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    sandbox.set("GOENV", &pipe).unset("GOPROXY");
    for args in [&["env", "GOPROXY"][..], &["mod", "download"]] {
        let to = pipe.clone();
        let writer = std::thread::spawn(move || std::fs::write(to, "GOPROXY=off\n").unwrap());
        let ended = sandbox.go(args);
        let said = ended.out() + &ended.err();
        assert!(said.contains("off"), "{args:?}: {said}");
        assert!(ours(&said).is_empty(), "{said}");
        writer.join().unwrap();
    }
}

#[test]
fn what_cannot_be_printed_is_no_success() {
    let Some(sandbox) = Sandbox::fake("what_cannot_be_printed_is_no_success") else {
        return;
    };
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        return;
    };
    for args in [&["config", "--json"][..], &["--help"], &["completions", "bash"]] {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_gosteady"), args);
        let output = command.stdout(full.try_clone().unwrap()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(70), "{args:?}: {stderr}");
        assert_eq!(ours(&stderr).len(), 1, "{stderr}");
    }
}

#[test]
fn a_pipe_where_a_file_should_be_is_not_waited_for() {
    let test = "a_pipe_where_a_file_should_be_is_not_waited_for";
    let Some((_server, sandbox)) = stage(test) else {
        return;
    };
    let pipe = |name: &str| {
        let path = sandbox.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = std::fs::remove_file(&path);
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    };
    pipe("state/gosteady/real-go");
    let trace = "state/gosteady/traces/20261121T040500Z-mod-download-0123456789abcdef.jsonl";
    pipe(trace);
    for name in [".go-version", "mise.toml", "gosteady.toml"] {
        pipe(&format!("project/{name}"));
    }
    sandbox.go(&["mod", "download"]).expect(0);
    assert_eq!(sandbox.zips(), 20);
    for args in [&["trace", "list"][..], &["trace", "stats"], &["which"]] {
        sandbox.gosteady(args).expect(0);
    }
    // The sandbox reads them all at its end.
    std::fs::remove_file(sandbox.path(trace)).unwrap();
    pipe("project/vendor/modules.txt");
    sandbox.gosteady(&["check"]);
}

#[test]
fn a_trace_is_not_written_over_what_go_prints() {
    let test = "a_trace_is_not_written_over_what_go_prints";
    let Some((_server, mut sandbox)) = stage(test) else {
        return;
    };
    let (real, shim) = (real_go(test).unwrap().join("go"), sandbox.path("shims/go"));
    let (log, errors) = (sandbox.path("log"), sandbox.path("errors"));
    sandbox.set("LOG", &log);
    sandbox.set("ERRORS", &errors);
    let script = "($PROGRAM mod download; $PROGRAM list -m all; echo after) >$LOG 2>$ERRORS";
    let mut plain = String::new();
    for (trace, program) in [
        ("off", real),
        ("/dev/stdout", shim.clone()),
        ("/dev/stderr", shim.clone()),
        (log.to_str().unwrap(), shim.clone()),
        (errors.to_str().unwrap(), shim),
    ] {
        std::fs::remove_dir_all(sandbox.modcache()).unwrap();
        std::fs::create_dir(sandbox.modcache()).unwrap();
        sandbox.set("GOSTEADY_TRACE", trace);
        sandbox.set("PROGRAM", program);
        sandbox
            .run(&mut sandbox.command("/bin/sh", &["-c", script]))
            .expect(0);
        let printed = std::fs::read_to_string(&log).unwrap();
        if trace == "off" {
            assert!(
                printed.lines().count() > 2 && printed.ends_with("after\n"),
                "{printed}"
            );
            plain = printed;
            continue;
        }
        assert_eq!(printed, plain, "{trace}");
        let said = std::fs::read_to_string(&errors).unwrap();
        assert!(said.contains("no trace is written: "), "{trace}: {said}");
    }
}
