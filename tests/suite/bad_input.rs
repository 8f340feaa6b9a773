//! Broken surroundings: whatever of ours cannot work, go runs all the same.

use crate::support::{Sandbox, fakego, real_go};
use gosteady::drill::{Fault, Server, Store};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

pub fn stage(test: &str) -> Option<(Server, Sandbox)> {
    let real = real_go(test)?;
    let store = Store::synthetic(5, 20);
    let server = Server::start(store.clone(), Fault::Good).expect("a server");
    let mut sandbox = Sandbox::with(&real, &store);
    sandbox.set("GOPROXY", server.url());
    Some((server, sandbox))
}

pub fn ours(stderr: &str) -> Vec<&str> {
    stderr.lines().filter(|l| l.starts_with("gosteady: ")).collect()
}

#[test]
fn a_typo_in_the_configuration_is_one_warning() {
    for (text, place) in [
        ("[proxy]\nhedge-aftr = \"2s\"\n", "config.toml:2:1"),
        ("[proxy]\nhedge-after = \"soon\"\n", "config.toml:2:"),
        ("[proxy\n", "config.toml:1:"),
    ] {
        let Some((_server, sandbox)) = stage("a_typo_in_the_configuration_is_one_warning") else {
            return;
        };
        let dir = sandbox.path("home/.config/gosteady");
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("config.toml"), text).unwrap();
        let ended = sandbox.go(&["mod", "download"]);
        let stderr = ended.expect(0).err();
        let lines = ours(&stderr);
        assert!(lines.len() == 1 && lines[0].contains(place), "{text:?}: {stderr}");
        assert_eq!(sandbox.zips(), 20);
    }
}

#[test]
fn a_real_go_that_is_not_there_is_named() {
    let Some((_server, mut sandbox)) = stage("a_real_go_that_is_not_there_is_named") else {
        return;
    };
    sandbox.set("GOSTEADY_REAL_GO", "/nowhere/go");
    let ended = sandbox.go(&["version"]);
    let stderr = ended.expect(0).err();
    let lines = ours(&stderr);
    assert!(
        lines.len() == 1 && lines[0].contains("GOSTEADY_REAL_GO=/nowhere/go"),
        "{stderr}"
    );
}

#[test]
fn a_project_that_asks_for_too_much_changes_nothing() {
    let test = "a_project_that_asks_for_too_much_changes_nothing";
    let Some((_server, sandbox)) = stage(test) else {
        return;
    };
    let text = "[proxy]\npublic = [\"evil.example\"]\nfailover = \"always\"\n";
    std::fs::write(sandbox.project().join("gosteady.toml"), text).unwrap();
    sandbox.go(&["mod", "download"]).expect(0);
    assert_eq!(sandbox.zips(), 20);
}

#[test]
fn go_itself_judges_a_broken_list() {
    let Some((_server, mut sandbox)) = stage("go_itself_judges_a_broken_list") else {
        return;
    };
    for list in [
        "|",
        " , ",
        "bareword",
        "ftp://127.0.0.1/x",
        "http://[::1",
        "off",
        "file:x",
    ] {
        sandbox.set("GOPROXY", list);
        let plain = sandbox.plain(&["mod", "download"]);
        let guarded = sandbox.go(&["mod", "download"]);
        assert_eq!(
            (plain.status, plain.out(), plain.err()),
            (guarded.status, guarded.out(), guarded.err()),
            "{list:?}"
        );
    }
}

#[test]
fn a_state_directory_that_cannot_be() {
    let Some((_server, mut sandbox)) = stage("a_state_directory_that_cannot_be") else {
        return;
    };
    // Below a file: not even root can make it.
    let below = sandbox.project().join("go.mod/state");
    sandbox.set("XDG_STATE_HOME", below);
    let ended = sandbox.go(&["mod", "download"]);
    assert!(ours(&ended.expect(0).err()).len() <= 1, "{}", ended.err());
    assert_eq!(sandbox.zips(), 20);
}

#[test]
fn no_home() {
    let Some((_server, mut sandbox)) = stage("no_home") else {
        return;
    };
    for name in ["HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
        sandbox.unset(name);
    }
    let ended = sandbox.go(&["mod", "download"]);
    assert!(ours(&ended.expect(0).err()).len() <= 1, "{}", ended.err());
    assert_eq!(sandbox.zips(), 20);
}

#[test]
fn a_home_that_is_not_there() {
    let Some((_server, mut sandbox)) = stage("a_home_that_is_not_there") else {
        return;
    };
    let home = sandbox.path("nobody");
    sandbox.set("HOME", &home);
    // What go keeps of itself lies in XDG_CONFIG_HOME, which is there.
    sandbox.unset("XDG_STATE_HOME");
    // The second one has nothing to fetch: it would leave a memo, the third a line.
    for _ in 0..3 {
        let ended = sandbox.go(&["mod", "download"]);
        assert!(ours(&ended.expect(0).err()).len() <= 1, "{}", ended.err());
    }
    assert_eq!((sandbox.zips(), home.exists()), (20, false));
}

#[test]
fn few_descriptors() {
    let Some((_server, mut sandbox)) = stage("few_descriptors") else {
        return;
    };
    let shim = sandbox.path("shims/go");
    sandbox.set("PROGRAM", shim);
    for (limit, guarded) in [(64, true), (48, false)] {
        let script = format!("ulimit -n {limit} && exec \"$PROGRAM\" mod download");
        let ended = sandbox.run(&mut sandbox.command("/bin/sh", &["-c", &script]));
        let noted = ended.expect(0).err().contains("`ulimit -n` is 48");
        assert_eq!((sandbox.zips(), noted), (20, !guarded), "{}", ended.err());
        crate::support::tree::remove(&sandbox.modcache());
    }
}

#[test]
fn no_loopback() {
    let Some((_server, mut sandbox)) = stage("no_loopback") else {
        return;
    };
    let unshare = |sandbox: &Sandbox, program: &OsStr, args: &[&str]| {
        let mut command = sandbox.command("unshare", &["-Urn"]);
        command.arg(program).args(args);
        sandbox.run(&mut command)
    };
    if unshare(&sandbox, OsStr::new("true"), &[]).status != Some(0) {
        skipped!("no_loopback: network namespaces are forbidden here");
        return;
    }
    let (shim, real) = (
        sandbox.path("shims/go"),
        real_go("no_loopback").unwrap().join("go"),
    );
    // Cold: plain go cannot reach the server either, and the message is its own.
    sandbox.hurry();
    let plain = unshare(&sandbox, real.as_os_str(), &["mod", "download"]);
    let guarded = unshare(&sandbox, shim.as_os_str(), &["mod", "download"]);
    assert_eq!(plain.status, guarded.status, "{}", guarded.err());
    assert!(ours(&guarded.err()).len() <= 1, "{}", guarded.err());
    assert!(guarded.err().contains("unreachable"), "{}", guarded.err());
    // Warm: nothing is missing.
    sandbox.plain(&["mod", "download"]).expect(0);
    let ended = unshare(&sandbox, shim.as_os_str(), &["mod", "download"]);
    assert!(ours(&ended.expect(0).err()).len() <= 1, "{}", ended.err());
}

fn expected_env(sandbox: &Sandbox) -> Vec<Vec<u8>> {
    let line =
        |(k, v): (&std::ffi::OsString, &std::ffi::OsString)| [k.as_bytes(), b"=", v.as_bytes()].concat();
    let mut all: Vec<_> = sandbox.env().iter().map(line).collect();
    all.sort();
    all
}

/// Without the depth count, which a script behind the shim is given so that it cannot call us for ever.
fn without(env: Vec<Vec<u8>>, names: &[&str]) -> Vec<Vec<u8>> {
    let named = |line: &[u8]| names.iter().any(|n| line.starts_with(format!("{n}=").as_bytes()));
    env.into_iter().filter(|line| !named(line)).collect()
}

#[test]
fn a_bypass_changes_nothing() {
    let Some(mut sandbox) = Sandbox::fake("a_bypass_changes_nothing") else {
        return;
    };
    sandbox.set("GOSTEADY_BYPASS", "1");
    sandbox.set("GOPROXY", "https://user:secret@proxy.example/x,direct");
    sandbox.set("ODD", OsStr::from_bytes(b"\xff\n=\x01"));
    let odd = OsStr::from_bytes(b"\xfe \"'\n$x");
    let mut command = sandbox.command(sandbox.path("shims/go"), &["mod", "download", ""]);
    command.arg(odd);
    sandbox.run(&mut command).expect(0);
    let out = sandbox.path("out");
    let args: Vec<&[u8]> = vec![b"mod", b"download", b"", odd.as_bytes()];
    assert_eq!(fakego::argv(&out), args);
    let env = without(fakego::env(&out), &["GOSTEADY_DEPTH"]);
    assert_eq!(env, expected_env(&sandbox));
}

#[test]
fn an_end_is_passed_on_as_it_was() {
    let Some(mut sandbox) = Sandbox::fake("an_end_is_passed_on_as_it_was") else {
        return;
    };
    sandbox.set("GOPROXY", "http://127.0.0.1:9");
    for verb in [&["version"][..], &["mod", "download"], &["build"]] {
        for exit in [0, 1, 2, 3, 77, 255] {
            sandbox.set("FAKEGO_EXIT", exit.to_string());
            let ended = sandbox.go(verb);
            assert_eq!(
                (ended.status, ended.signal),
                (Some(exit), None),
                "{verb:?}: {}",
                ended.err()
            );
        }
        for (name, number) in [
            ("TERM", libc::SIGTERM),
            ("KILL", libc::SIGKILL),
            ("SEGV", libc::SIGSEGV),
        ] {
            sandbox.set("FAKEGO_SIGNAL", name);
            let ended = sandbox.go(verb);
            assert_eq!(
                (ended.status, ended.signal),
                (None, Some(number)),
                "{verb:?}: {}",
                ended.err()
            );
        }
        sandbox.unset("FAKEGO_SIGNAL");
    }
}

/// A guarded child gets the loopback list and two variables more; what it asks there is answered.
#[test]
fn a_guarded_child_finds_the_loopback() {
    let Some(mut sandbox) = Sandbox::fake("a_guarded_child_finds_the_loopback") else {
        return;
    };
    let store = Store::synthetic(6, 2);
    let server = Server::start(store.clone(), Fault::Good).unwrap();
    store.write_project(&sandbox.project()).unwrap();
    sandbox.set("GOPROXY", format!("{},off", server.url()));
    sandbox.set("FAKEGO_FETCH", "example.com/m00/@v/list");
    sandbox.go(&["mod", "download"]).expect(0);
    let out = sandbox.path("out");
    let fetched = std::fs::read_to_string(out.join("fetch")).unwrap();
    assert_eq!(fetched, "HTTP/1.1 200 OK\n");
    let more = ["GOPROXY", "GOSTEADY_USER_GOPROXY", "GOSTEADY_DEPTH"];
    let env = fakego::env(&out);
    for name in more {
        assert!(
            without(env.clone(), &[name]).len() + 1 == env.len(),
            "{name} is not there once"
        );
    }
    let list = env.iter().find_map(|l| l.strip_prefix(b"GOPROXY=")).unwrap();
    let list = String::from_utf8_lossy(list);
    assert!(
        list.starts_with("http://127.0.0.1:") && list.ends_with(",off"),
        "{list}"
    );
    assert!(!list.contains(&server.url()), "{list}");
    assert_eq!(without(env, &more), without(expected_env(&sandbox), &more));
}

#[test]
fn shims_alone_are_no_go() {
    let Some(mut sandbox) = Sandbox::fake("shims_alone_are_no_go") else {
        return;
    };
    let second = sandbox.path("more-shims");
    std::fs::create_dir(&second).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_gosteady"), second.join("go")).unwrap();
    let path = std::env::join_paths([sandbox.path("shims"), second]).unwrap();
    sandbox.set("PATH", path);
    for verb in ["version", "build"] {
        let ended = sandbox.go(&[verb]);
        let stderr = ended.expect(127).err();
        assert!(ours(&stderr).len() == 1 && stderr.contains("PATH"), "{stderr}");
        assert_eq!(ended.out(), "");
    }
}

#[test]
fn a_script_without_an_interpreter_is_run_by_sh() {
    use std::os::unix::fs::PermissionsExt;
    let Some((_server, mut sandbox)) = stage("a_script_without_an_interpreter_is_run_by_sh") else {
        return;
    };
    let script = sandbox.path("bare/go");
    std::fs::create_dir(sandbox.path("bare")).unwrap();
    let real = sandbox.real().join("go");
    std::fs::write(&script, format!("exec {} \"$@\"\n", real.display())).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = [sandbox.path("shims"), sandbox.path("bare"), "/bin".into()];
    sandbox.set("PATH", std::env::join_paths(path).unwrap());
    let ended = sandbox.go(&["version"]);
    assert_eq!(
        (ended.expect(0).out(), ended.err().as_str()),
        (sandbox.plain(&["version"]).out(), "")
    );
    sandbox.go(&["mod", "download"]).expect(0);
    assert_eq!(sandbox.zips(), 20);
    // One that leads back to us is stopped as well.
    std::fs::write(&script, "exec go \"$@\"\n").unwrap();
    assert!(sandbox.go(&["version"]).expect(127).err().contains("20 shims"));
}

#[test]
fn a_working_directory_that_is_gone_is_named() {
    let Some(sandbox) = Sandbox::fake("a_working_directory_that_is_gone_is_named") else {
        return;
    };
    for args in ["check", "cache key"] {
        let line = format!("mkdir gone && cd gone && rmdir ../gone && exec \"$0\" {args}");
        let mut command = sandbox.command("/bin/sh", &["-c", &line, env!("CARGO_BIN_EXE_gosteady")]);
        let stderr = sandbox.run(&mut command).expect(2).err();
        assert!(
            stderr.contains("the working directory is gone"),
            "{args}: {stderr}"
        );
    }
}
