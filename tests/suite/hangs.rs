//! Things that hang, with the real go, git and ssh against loopback servers: each is named by its cause, and ended only
//! where that is allowed.

#[cfg(target_os = "linux")]
mod machine;
mod ssh;
pub mod stage;

use stage::{
    Running, Unanswered, bounds, configure_git, direct, locked, mirrored, on_terminal, page, script, silent,
    trace,
};
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::Stdio;

#[test]
fn a_git_server_that_never_answers() {
    let port = silent();
    let Some(sandbox) = direct(
        "a_git_server_that_never_answers",
        &format!("https://127.0.0.1:{port}/"),
    ) else {
        return;
    };
    let ended = sandbox.go(&["mod", "download"]);
    let err = ended.expect(1).err();
    let what = format!("git ls-remote https://git.test/x: connected to 127.0.0.1:{port}, no answer");
    assert!(
        err.contains(&format!(
            "waiting for {what}; it will be ended after 2s [vcs-stalled]\ngosteady:   Try"
        )),
        "{err}"
    );
    // The leaf alone: go itself says which module it was.
    assert!(err.contains("gosteady: ending git-remote-http (pid "), "{err}");
    assert!(err.contains("patience of 2s has passed"), "{err}");
    assert!(err.contains("\ngo: git.test/x.git@v1.0.0: "), "{err}");
    assert!(!err.contains("ending go"), "{err}");
    assert!(err.contains("running it again (2 of 2) [vcs-stalled]"), "{err}");
    assert_eq!(err.matches("running it again").count(), 2, "{err}");
    let trace = trace(&sandbox);
    assert!(trace.contains("TERM to git-remote-http"), "{trace}");
    let evidence = trace.find("socket ").expect("the socket is in the trace");
    assert!(evidence < trace.find("TERM to").unwrap(), "{trace}");
}

#[test]
fn a_port_that_never_answers() {
    let closed = Unanswered::open();
    for scheme in ["https", "ssh"] {
        let instead = format!("{scheme}://127.0.0.1:{}/", closed.port);
        let Some(mut sandbox) = direct("a_port_that_never_answers", &instead) else {
            return;
        };
        sandbox.set("GIT_SSH_COMMAND", "ssh -F /dev/null");
        let err = sandbox.go(&["mod", "download"]).expect(1).err();
        if scheme == "ssh" && !err.contains("gosteady: ") {
            skipped!("a_port_that_never_answers: no ssh");
            return;
        }
        let what = format!("connecting to 127.0.0.1:{}, no answer", closed.port);
        let line = format!(
            "git ls-remote https://git.test/x: {what}; it will be ended after 2s [connect-no-answer]"
        );
        assert!(err.contains(&line), "{err}");
        assert!(
            err.contains("gosteady: ending ") && !err.contains("ending go"),
            "{err}"
        );
        assert!(
            err.contains("gosteady: [connect-no-answer] Let the host"),
            "{err}"
        );
    }
}

#[test]
fn a_credential_helper_that_sleeps() {
    let Some(sandbox) = direct(
        "a_credential_helper_that_sleeps",
        &format!("http://127.0.0.1:{}/", locked()),
    ) else {
        return;
    };
    let helper = script(&sandbox, "helper", "sleep 1000");
    configure_git(
        &sandbox,
        &format!("[credential]\n\thelper = {}\n", helper.display()),
    );
    let err = sandbox.go(&["mod", "download"]).expect(1).err();
    assert!(
        err.contains(
            "the credential helper helper does not answer; it will be ended after 2s [credential-helper]"
        ),
        "{err}"
    );
    assert!(
        err.contains("ending sleep (pid ") && !err.contains("ending go"),
        "{err}"
    );
}

#[test]
fn a_window_that_nobody_can_see_is_ended_soon() {
    let Some(mut sandbox) = direct(
        "a_window_that_nobody_can_see_is_ended_soon",
        &format!("http://127.0.0.1:{}/", locked()),
    ) else {
        return;
    };
    let asker = script(&sandbox, "ssh-askpass", "sleep 1000");
    sandbox.set("GIT_ASKPASS", &asker).set("GOSTEADY_PATIENCE", "10m");
    let mut command = sandbox.command(sandbox.path("shims/go"), &["mod", "download"]);
    // Whoever runs the tests may sit at a terminal.
    // SAFETY: an async-signal-safe system call.
    unsafe {
        command.pre_exec(|| {
            libc::setsid();
            Ok(())
        });
    }
    let (status, said) = Running::start(command.stdin(Stdio::null())).end();
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("neither a terminal nor a display"), "{said}");
    assert!(said.contains("hang.kill-after of 1s has passed"), "{said}");
}

#[test]
fn a_prompt_that_somebody_can_answer_is_never_ended() {
    let Some(mut sandbox) = direct(
        "a_prompt_that_somebody_can_answer_is_never_ended",
        &format!("http://127.0.0.1:{}/", locked()),
    ) else {
        return;
    };
    sandbox.set("GIT_TERMINAL_PROMPT", "1");
    let mut command = sandbox.command(sandbox.path("shims/go"), &["mod", "download"]);
    let mut terminal = std::fs::File::from(on_terminal(&mut command));
    let mut go = Running::start(&mut command);
    go.outlast();
    assert!(
        go.said
            .contains("waits for an answer on /dev/tty [git-credential-prompt]")
    );
    terminal.write_all(b"user\n").unwrap();
    let mut asked = Vec::new();
    let mut byte = [0; 1];
    while !String::from_utf8_lossy(&asked).contains("Password for") {
        terminal.read_exact(&mut byte).unwrap();
        asked.push(byte[0]);
    }
    terminal.write_all(b"secret\n").unwrap();
    let (status, said) = go.end();
    assert_eq!(status, Some(1), "{said}");
    assert!(!said.contains("gosteady: ending"), "{said}");
    assert!(!trace(&sandbox).contains("secret"));
}

#[test]
fn a_goauth_command_that_sleeps() {
    let Some(mut sandbox) = direct("a_goauth_command_that_sleeps", "https://unused/") else {
        return;
    };
    page(&sandbox);
    let helper = script(&sandbox, "auth", "sleep 1000");
    // Nothing may leave this machine.
    sandbox
        .set("HTTPS_PROXY", "http://127.0.0.1:1")
        .set("GOAUTH", &helper);
    let err = sandbox.go(&["mod", "download"]).expect(1).err();
    assert!(
        err.contains("waiting for the GOAUTH command auth; it will be ended after 2s [goauth-helper]"),
        "{err}"
    );
    assert!(
        err.contains("ending sleep (pid ") && !err.contains("ending go"),
        "{err}"
    );
}

#[test]
fn go_itself_is_ended_with_its_stacks() {
    let Some(mut sandbox) = direct("go_itself_is_ended_with_its_stacks", "https://unused/") else {
        return;
    };
    page(&sandbox);
    let port = silent();
    sandbox.set("HTTPS_PROXY", format!("http://127.0.0.1:{port}"));
    let err = sandbox.go(&["mod", "download"]).expect(124).err();
    let what = format!("go itself: connected to 127.0.0.1:{port}, no answer");
    assert!(
        err.contains(&format!(
            "waiting for {what}; it will be ended after 2s [proxy-stalled]"
        )),
        "{err}"
    );
    assert!(
        err.contains(&format!(
            "ending go: patience of 2s has passed while waiting for {what}"
        )),
        "{err}"
    );
    assert!(err.contains("the stacks of go: 1 × IO wait in net."), "{err}");
    assert!(
        !err.contains("goroutine 1 ["),
        "stacks are not for the screen: {err}"
    );
    let trace = trace(&sandbox);
    assert!(
        trace.contains("QUIT to go") && trace.contains("cmd/go/internal/web"),
        "{trace}"
    );
}

#[test]
fn a_lock_that_somebody_holds_is_waited_for() {
    let Some((store, _server, sandbox)) = mirrored("a_lock_that_somebody_holds_is_waited_for") else {
        return;
    };
    let module = &store.modules()[0];
    let dir = sandbox
        .modcache()
        .join("cache/download")
        .join(&module.path)
        .join("@v");
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join(format!("{}.lock", module.version));
    let lock = std::fs::File::create(&path).unwrap();
    lock.lock().unwrap();
    let mut command = sandbox.command(sandbox.path("shims/go"), &["mod", "download"]);
    let mut go = Running::start(&mut command);
    go.outlast();
    if std::fs::read_to_string("/proc/locks").is_ok() {
        let holder = format!("(pid {}, started ", std::process::id());
        let line = go.said.lines().find(|l| l.contains("[cache-lock-held]"));
        assert!(
            line.is_some_and(|l| l.contains(&holder) && l.contains(&path.display().to_string())),
            "{}",
            go.said
        );
    }
    drop(lock);
    let (status, said) = go.end();
    assert_eq!(status, Some(0), "{said}");
    assert!(!said.contains("gosteady: ending"), "{said}");
    assert_eq!(sandbox.zips(), 1);
}

#[test]
fn a_silent_mirror_is_reported_and_left_to_the_proxy() {
    let Some((_, _server, mut sandbox)) = mirrored("a_silent_mirror_is_reported_and_left_to_the_proxy")
    else {
        return;
    };
    sandbox.hurry();
    bounds(&mut sandbox);
    sandbox.set("GOPROXY", format!("http://127.0.0.1:{}", silent()));
    let err = sandbox.go(&["mod", "download"]).expect(1).err();
    assert!(err.contains("[proxy-stalled]\ngosteady:   Run it again"), "{err}");
    assert!(!err.contains("gosteady: ending"), "{err}");
}

#[test]
fn programs_of_the_user_are_not_judged() {
    let Some((_, _server, mut sandbox)) = mirrored("programs_of_the_user_are_not_judged") else {
        return;
    };
    sandbox.set("GOSTEADY_PATIENCE", "1s");
    // A tool that only waits, within a guarded build.
    let slow = script(
        &sandbox,
        "slow",
        "case \"$*\" in *-V=full*) ;; */link*) sleep 3 ;; esac\nexec \"$@\"",
    );
    let slow = format!("-toolexec={}", slow.display());
    let built = sandbox.go(&["build", "-o", "out", &slow, "."]);
    let err = built.expect(0).err();
    assert!(err.contains("waiting for sleep [user-program]"), "{err}");
    assert!(!err.contains("gosteady: ending"), "{err}");
    // A test that only waits.
    std::fs::write(
        sandbox.project().join("slow_test.go"),
        "package main\n\nimport (\n\t\"testing\"\n\t\"time\"\n)\n\nfunc TestSlow(t *testing.T) { time.Sleep(2500 * time.Millisecond) }\n",
    )
    .unwrap();
    let tested = sandbox.go(&["test", "-count=1", "."]);
    assert!(
        !tested.expect(0).err().contains("gosteady: ending"),
        "{}",
        tested.err()
    );
}

#[test]
fn a_test_that_deadlocks_ends_by_go_s_own_timeout() {
    let Some((_, _server, sandbox)) = mirrored("a_test_that_deadlocks_ends_by_go_s_own_timeout") else {
        return;
    };
    std::fs::write(
        sandbox.project().join("stuck_test.go"),
        "package main\n\nimport \"testing\"\n\nfunc TestStuck(t *testing.T) { go func() { select {} }(); <-make(chan int) }\n",
    )
    .unwrap();
    let tested = sandbox.go(&["test", "-timeout=4s", "."]);
    let (out, err) = (tested.expect(1).out(), tested.err());
    assert!(out.contains("panic: test timed out after 4s"), "{out}");
    assert!(!err.contains("gosteady: ending"), "{err}");
}

#[test]
fn a_tool_that_computes_without_a_word_is_no_silence() {
    let Some((_, _server, mut sandbox)) = mirrored("a_tool_that_computes_without_a_word_is_no_silence")
    else {
        return;
    };
    sandbox.set("GOSTEADY_PATIENCE", "1s");
    let busy = "i=0; while [ $i -lt 2000000 ]; do i=$((i+1)); done";
    let text = format!("case \"$*\" in *-V=full*) ;; */link*) {busy} ;; esac\nexec \"$@\"");
    let tool = format!("-toolexec={}", script(&sandbox, "busy", &text).display());
    let err = sandbox.go(&["build", "-o", "out", &tool, "."]).expect(0).err();
    assert!(!err.contains("gosteady: ending"), "{err}");
}
