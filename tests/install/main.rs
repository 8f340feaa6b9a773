//! `install.sh` in a private home, with a stand-in for the program, under the shells that run it.

mod sandbox;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use sandbox::{Sandbox, failure, success, text};

#[test]
fn a_fresh_install_has_the_program_its_shims_and_the_real_go() {
    Sandbox::each(|s| {
        let told = s.install(&[]);
        let prefix = s.prefix();
        assert_eq!(
            fs::read_link(prefix.join("shims/go")).unwrap(),
            Path::new("../bin/gosteady")
        );
        for (shim, called) in [
            ("go", "called go version\n"),
            ("gofmt", "called gofmt version\n"),
            ("gosteady", "called gosteady version\n"),
        ] {
            assert_eq!(
                success(Command::new(prefix.join("shims").join(shim)).arg("version")),
                called
            );
        }
        assert_eq!(
            fs::read_to_string(prefix.join("real-go")).unwrap(),
            format!("{}\n", s.path("gobin/go").display())
        );
        assert!(told.contains("env.sh") && told.contains("env.fish"), "{told}");
        assert!(
            !s.home().join(".bashrc").exists(),
            "a start-up file was changed unasked"
        );
    });
}

#[test]
fn a_second_install_changes_nothing_and_its_own_shim_is_not_the_real_go() {
    Sandbox::each(|s| {
        s.install(&["--modify-profile"]);
        let once = s.tree(&s.home());
        let shims = s.prefix().join("shims");
        let path = s.search_path(&[&shims, &s.path("gobin")]);
        success(s.command(&["--modify-profile"]).env("PATH", path));
        assert_eq!(s.tree(&s.home()), once);
    });
}

#[test]
fn shims_of_another_install_and_of_version_managers_are_not_the_real_go() {
    Sandbox::each(|s| {
        let (linked, launched) = (s.path("linked"), s.path("launched"));
        s.install(&["--prefix", linked.to_str().unwrap()]);
        s.install(&["--launcher", "--prefix", launched.to_str().unwrap()]);
        s.program(&s.path(".asdf/shims/go"), "echo manager");
        let path = s.search_path(&[
            &linked.join("shims"),
            &launched.join("shims"),
            &s.path(".asdf/shims"),
            &s.path("gobin"),
        ]);
        let told = success(s.command(&[]).env("PATH", path));
        assert!(told.contains(".asdf/shims/go"), "{told}");
        let recorded = fs::read_to_string(s.prefix().join("real-go")).unwrap();
        assert_eq!(recorded.trim_end(), s.path("gobin/go").to_str().unwrap());
    });
}

#[test]
fn a_dry_run_changes_nothing() {
    Sandbox::each(|s| {
        fs::write(s.home().join(".bashrc"), "alias a=b\n").unwrap();
        let before = s.tree(&s.home());
        let told = s.install(&["--dry-run", "--modify-profile", "--demo"]);
        assert!(told.contains("would copy") && told.contains(".bashrc"), "{told}");
        assert_eq!(s.tree(&s.home()), before);

        s.install(&["--modify-profile"]);
        let installed = s.tree(&s.home());
        assert!(s.install(&["--uninstall", "--dry-run"]).contains("would remove"));
        assert_eq!(s.tree(&s.home()), installed);
    });
}

// It named the whole program where an install links to the fast path.
#[test]
fn a_dry_run_names_the_file_that_the_shims_link_to() {
    Sandbox::each(|s| {
        fs::copy(s.path("program"), s.path("gosteady-launch")).unwrap();
        let told = s.install(&["--dry-run"]);
        s.install(&[]);
        let target = fs::read_link(s.prefix().join("shims/go")).unwrap();
        assert_eq!(target.to_str(), Some("../bin/gosteady-launch"));
        assert!(
            told.contains(&format!("shims/go to {}\n", target.display())),
            "{told}"
        );
    });
}

#[test]
fn uninstall_leaves_nothing_whichever_kind_of_shim_it_was() {
    Sandbox::each(|s| {
        let prefix = s.path("pre fix");
        let dir = prefix.to_str().unwrap();
        let kinds: &[&[&str]] = &[&["", "--launcher"], &["--launcher", ""], &["--launcher"], &[""]];
        for kind in kinds {
            for option in *kind {
                let mut args = vec!["--prefix", dir, "--modify-profile"];
                args.extend(Some(*option).filter(|o| !o.is_empty()));
                s.install(&args);
            }
            s.install(&["--uninstall", "--prefix", dir]);
            assert!(!prefix.exists(), "{kind:?}: {:?}", s.tree(&prefix));
            assert!(s.tree(&s.home()).is_empty(), "{kind:?}: {:?}", s.tree(&s.home()));
        }
        assert!(
            s.install(&["--uninstall", "--prefix", dir])
                .contains("Nothing was installed")
        );
    });
}

#[test]
fn files_of_others_are_left_alone() {
    Sandbox::each(|s| {
        let prefix = s.path("shared");
        let dir = prefix.to_str().unwrap();
        s.install(&["--prefix", dir]);
        s.program(&prefix.join("libexec/go"), "echo mine");
        fs::write(prefix.join("bin/other"), "mine").unwrap();
        s.install(&["--uninstall", "--prefix", dir]);
        assert!(prefix.join("libexec/go").exists() && prefix.join("bin/other").exists());

        s.program(&prefix.join("shims/go"), "echo mine");
        let told = failure(&mut s.command(&["--prefix", dir]));
        assert!(told.contains("not from gosteady"), "{told}");
        assert!(!prefix.join("bin/gosteady").exists());
    });
}

#[test]
fn start_up_files_keep_every_byte_of_their_own() {
    let cases: &[&[u8]] = &[
        b"",
        b"\n",
        b"a=1",
        b"a=1\n",
        b"a=1\n\n",
        b"\xff\\n 'x' \t \r\n# end",
    ];
    Sandbox::each(|s| {
        let rc = s.home().join(".bashrc");
        for before in cases {
            fs::write(&rc, before).unwrap();
            fs::set_permissions(&rc, fs::Permissions::from_mode(0o640)).unwrap();
            s.install(&["--modify-profile"]);
            s.install(&["--modify-profile"]);
            let after = fs::read(&rc).unwrap();
            assert!(after.starts_with(before));
            let line = String::from_utf8_lossy(&after)
                .matches("# gosteady install.sh")
                .count();
            assert_eq!(line, 1);
            s.install(&["--uninstall"]);
            assert_eq!(fs::read(&rc).unwrap(), *before);
            assert_eq!(rc.metadata().unwrap().mode() & 0o777, 0o640);
        }
        // Lines that came after ours stay too, and so does the missing line break at the end.
        for before in [&b"a=1"[..], b"a=1\n"] {
            fs::write(&rc, before).unwrap();
            s.install(&["--modify-profile"]);
            let mut edited = fs::read(&rc).unwrap();
            edited.extend(b"b=2");
            fs::write(&rc, edited).unwrap();
            s.install(&["--uninstall"]);
            assert_eq!(fs::read(&rc).unwrap(), b"a=1\nb=2");
        }
    });
}

#[test]
fn a_start_up_file_that_is_a_link_stays_one() {
    Sandbox::each(|s| {
        fs::create_dir(s.home().join("dotfiles")).unwrap();
        fs::write(s.home().join("dotfiles/rc"), "a=1\n").unwrap();
        symlink("dotfiles/rc", s.home().join(".bashrc")).unwrap();
        s.install(&["--modify-profile"]);
        let rc = fs::read_to_string(s.home().join("dotfiles/rc")).unwrap();
        assert!(rc.contains("env.sh"), "{rc}");
        s.install(&["--uninstall"]);
        assert_eq!(
            fs::read_link(s.home().join(".bashrc")).unwrap(),
            Path::new("dotfiles/rc")
        );
        assert_eq!(fs::read(s.home().join("dotfiles/rc")).unwrap(), b"a=1\n");
    });
}

#[test]
fn a_start_up_file_that_is_none_is_left_alone() {
    Sandbox::each(|s| {
        let rc = s.home().join(".bashrc");
        let refused = |said: &str| {
            let ended = s.command(&["--modify-profile"]).output().unwrap();
            let told = String::from_utf8_lossy(&ended.stderr);
            assert!(!ended.status.success() && told.contains(said), "{told}");
        };
        symlink(".bashrc", &rc).unwrap();
        // The shell is told by SHELL; a loop is no file that exists, but it is what bash would read.
        refused("leads nowhere");
        assert_eq!(fs::read_link(&rc).unwrap(), Path::new(".bashrc"));
        fs::remove_file(&rc).unwrap();
        symlink(s.path("not/there/rc"), &rc).unwrap();
        refused("leads nowhere");
        assert!(!s.path("not").exists());
        fs::remove_file(&rc).unwrap();
        nix::unistd::mkfifo(&rc, nix::sys::stat::Mode::S_IRWXU).unwrap();
        refused("not a readable file");
    });
}

#[test]
fn each_shell_has_its_own_file() {
    Sandbox::each(|s| {
        let cases = [
            ("/bin/bash", ".bashrc"),
            ("/usr/bin/zsh", "zdot/.zshrc"),
            ("/usr/bin/fish", "xdg/fish/conf.d/gosteady.fish"),
            ("/bin/dash", ".profile"),
        ];
        for (shell, file) in cases {
            let mut command = s.command(&["--modify-profile"]);
            command.env("SHELL", shell).env("ZDOTDIR", s.home().join("zdot"));
            success(command.env("XDG_CONFIG_HOME", s.home().join("xdg")));
            assert!(s.home().join(file).is_file(), "{shell}: {file}");
            let mut command = s.command(&["--uninstall"]);
            command.env("ZDOTDIR", s.home().join("zdot"));
            success(command.env("XDG_CONFIG_HOME", s.home().join("xdg")));
            assert!(!s.home().join(file).exists(), "{shell}: {file}");
        }
    });
}

#[test]
fn an_image_without_shell_has_a_start_up_file_too() {
    Sandbox::each(|s| {
        let mut command = s.command(&["--modify-profile"]);
        let told = success(command.env_remove("SHELL"));
        // bash sets SHELL by itself.
        let written = [".profile", ".bashrc"].map(|file| s.home().join(file).is_file());
        assert!(written[0] != written[1], "{told}");
    });
}

#[test]
fn the_line_puts_the_shims_first_once() {
    Sandbox::each(|s| {
        s.install(&["--modify-profile"]);
        let shims = s.prefix().join("shims");
        let script = ". \"$HOME/.bashrc\"; . \"$HOME/.bashrc\"; printf %s \"$PATH\"";
        for shell in ["dash", "bash", "zsh"] {
            for path in [s.search_path(&[]), s.search_path(&[&s.path("gobin"), &shims])] {
                let mut command = Command::new(shell);
                command.args(["-uc", script]).env_clear();
                let Ok(output) = command.env("HOME", s.home()).env("PATH", &path).output() else {
                    continue;
                };
                let rest = path.replace(&format!("{}:", shims.display()), "");
                assert_eq!(
                    text(&output),
                    format!("{}:{rest}", shims.display()),
                    "{shell}, {path}"
                );
            }
        }
    });
}

#[test]
fn where_the_shims_are_the_command_is_too() {
    Sandbox::each(|s| {
        // A directory in which no link can be made: ln is not there.
        let tools = s.path("without-ln");
        fs::create_dir(&tools).unwrap();
        s.program(&tools.join("ln"), "exit 1");
        for (first, kind) in [(None, "link"), (Some(&tools), "script")] {
            let mut command = s.command(&[]);
            if let Some(dir) = first {
                command.env("PATH", s.search_path(&[dir, &s.path("gobin")]));
            }
            success(&mut command);
            let shims = s.prefix().join("shims");
            assert_eq!(shims.join("gosteady").is_symlink(), kind == "link");
            let mut command = Command::new("sh");
            command.args(["-c", "gosteady trace list"]).env_clear();
            let path = s.search_path(&[&shims]);
            assert!(
                success(command.env("PATH", path)).ends_with("trace list\n"),
                "{kind}"
            );
            s.install(&["--uninstall"]);
            assert!(!s.prefix().exists(), "{kind}: {:?}", s.tree(&s.prefix()));
        }
    });
}

#[test]
fn the_launcher_runs_the_program_or_else_the_real_go() {
    Sandbox::each(|s| {
        s.install(&["--launcher"]);
        let shims = s.prefix().join("shims");
        let run = |name: &str, path: String, bypass: &str| {
            let mut command = Command::new(shims.join(name));
            command.args(["build", "a b"]).env_clear().env("PATH", path);
            success(command.env("GOSTEADY_BYPASS", bypass))
        };
        let usual = || s.search_path(&[&shims, &s.path("gobin")]);
        assert_eq!(run("go", usual(), ""), "called go build a b\n");
        assert_eq!(run("gofmt", usual(), "0"), "called gofmt build a b\n");
        assert_eq!(run("go", usual(), "1"), "real go\n");

        fs::remove_file(s.prefix().join("libexec/go")).unwrap();
        fs::set_permissions(
            s.prefix().join("libexec/gofmt"),
            fs::Permissions::from_mode(0o644),
        )
        .unwrap();
        assert!(run("go", usual(), "").starts_with("real go\n"));
        assert!(run("gofmt", usual(), "").starts_with("real gofmt\n"));
        // The go that counts stands after us, not before; none on PATH means the recorded one.
        s.program(&s.path("before/go"), "echo before");
        let path = s.search_path(&[&s.path("before"), &shims, &s.path("gobin")]);
        assert!(run("go", path, "").starts_with("real go\n"));
        assert!(run("go", "/nowhere".to_owned(), "1").starts_with("real go\n"));
        assert!(run("gofmt", String::new(), "1").starts_with("real gofmt\n"));
    });
}

#[test]
fn without_a_home_root_has_a_place_and_others_must_name_one() {
    Sandbox::each(|s| {
        let root = s.home().metadata().unwrap().uid() == 0;
        let mut command = s.command(&["--dry-run"]);
        command.env_remove("HOME");
        if root {
            assert!(success(&mut command).contains("/usr/local/share/gosteady/bin/gosteady"));
        } else {
            assert!(failure(&mut command).contains("--prefix DIR"));
        }
        let prefix = s.path("elsewhere");
        let mut command = s.command(&["--prefix", prefix.to_str().unwrap()]);
        success(command.env_remove("HOME"));
        assert!(prefix.join("shims/go").exists());
    });
}

#[test]
fn a_relative_prefix_is_taken_from_here() {
    Sandbox::each(|s| {
        s.install(&["--prefix", "here/"]);
        let line = fs::read_to_string(s.path("here/env.sh")).unwrap();
        assert!(line.contains("/here/shims'"), "{line}");
    });
}

#[test]
fn a_program_that_does_not_run_replaces_nothing() {
    Sandbox::each(|s| {
        s.install(&[]);
        let before = s.tree(&s.home());
        s.program(&s.path("program"), "exit 1");
        let told = failure(&mut s.command(&[]));
        assert!(told.contains("does not run"), "{told}");
        assert_eq!(s.tree(&s.home()), before);
    });
}

#[test]
fn mistakes_are_told_in_two_parts() {
    Sandbox::each(|s| {
        for (args, what) in [
            (&["--bogus"][..], "'--bogus' is not an option; see"),
            (&["--prefix"], "--prefix needs a directory; write"),
            (&["--prefix", ""], "--prefix is empty; name"),
            (&["--prefix", "/"], "the root directory is no place"),
            (&["--prefix", "/a:b"], "a colon, which PATH cannot hold; choose"),
        ] {
            let told = failure(&mut s.command(args));
            assert!(told.starts_with("install.sh: ") && told.contains(what), "{told}");
        }
        let told = failure(s.command(&[]).env("GOSTEADY_BINARY", "/nowhere"));
        assert!(told.contains("is not a program; name"), "{told}");
        assert!(s.tree(&s.home()).is_empty());
    });
}

#[test]
fn the_demo_is_run_by_the_installed_program() {
    Sandbox::each(|s| assert!(s.install(&["--demo"]).ends_with("called gosteady demo\n")));
}
