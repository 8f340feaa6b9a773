//! What one test of the installer works in.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SHELLS: &[&str] = &["dash", "bash", "sh"];

/// A home, a directory with a stand-in go, and a stand-in for gosteady that says how it was called.
pub struct Sandbox {
    shell: &'static str,
    pub root: tempfile::TempDir,
}

impl Sandbox {
    /// One for each shell that is there.
    pub fn each(test: impl Fn(&Sandbox)) {
        for shell in SHELLS {
            if Command::new(shell).args(["-c", ":"]).status().is_err() {
                continue;
            }
            let root = tempfile::Builder::new()
                .prefix("install's \"test\" ")
                .tempdir()
                .unwrap();
            let sandbox = Sandbox { shell, root };
            fs::create_dir(sandbox.home()).unwrap();
            sandbox.program(&sandbox.path("program"), "echo \"called ${0##*/} $*\"");
            sandbox.program(&sandbox.path("gobin/go"), "echo real go");
            sandbox.program(&sandbox.path("gobin/gofmt"), "echo real gofmt");
            test(&sandbox);
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    pub fn prefix(&self) -> PathBuf {
        self.path("home/.local/share/gosteady")
    }

    pub fn program(&self, path: &Path, body: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// PATH with directories before the system's.
    pub fn search_path(&self, first: &[&Path]) -> String {
        let mut path: Vec<String> = first.iter().map(|p| p.to_str().unwrap().to_owned()).collect();
        path.push("/usr/bin:/bin".to_owned());
        path.join(":")
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.shell);
        command
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/install.sh"))
            .args(args)
            .env_clear()
            .env("HOME", self.home())
            .env("SHELL", "/bin/bash")
            .env("PATH", self.search_path(&[&self.path("gobin")]))
            .env("GOSTEADY_BINARY", self.path("program"))
            .current_dir(self.root.path());
        command
    }

    pub fn install(&self, args: &[&str]) -> String {
        success(&mut self.command(args))
    }

    /// Everything below a directory: path, mode, link target or contents.
    pub fn tree(&self, below: &Path) -> Vec<String> {
        let mut entries = Vec::new();
        let mut open = vec![below.to_path_buf()];
        while let Some(dir) = open.pop() {
            for entry in fs::read_dir(&dir).unwrap() {
                let path = entry.unwrap().path();
                let meta = path.symlink_metadata().unwrap();
                let content = if meta.is_symlink() {
                    fs::read_link(&path).unwrap().display().to_string()
                } else if meta.is_dir() {
                    open.push(path.clone());
                    String::new()
                } else {
                    String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()
                };
                let name = path.strip_prefix(below).unwrap().display().to_string();
                entries.push(format!("{name} {:o} {content}", meta.mode()));
            }
        }
        entries.sort();
        entries
    }
}

pub fn text(output: &Output) -> String {
    let both = [output.stdout.clone(), output.stderr.clone()].concat();
    String::from_utf8_lossy(&both).into_owned()
}

pub fn success(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", text(&output));
    text(&output)
}

pub fn failure(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success(), "{command:?}\n{}", text(&output));
    text(&output)
}
