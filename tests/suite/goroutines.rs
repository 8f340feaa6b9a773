//! Dumps of real programs, by the Go that is at hand, or all of them.

use crate::support::{Sandbox, full, real_go};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;

const PROGRAM: &str = r#"package main

import (
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"sync"
)

type worker struct{ mu sync.Mutex }

func (w *worker) wait(ready *sync.WaitGroup) { ready.Done(); w.mu.Lock() }

func main() {
	w, ready := &worker{}, &sync.WaitGroup{}
	w.mu.Lock()
	ready.Add(5)
	for i := 0; i < 5; i++ {
		go w.wait(ready)
	}
	ready.Wait()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	http.Serve(l, nil)
}
"#;

/// The Go on PATH, and in full those that gosteady keeps in the home of whoever runs the tests: each has to compile its
/// standard library first.
fn gos(test: &str) -> Vec<PathBuf> {
    if !full() {
        return real_go(test).into_iter().collect();
    }
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let kept = std::fs::read_dir(home.join(".cache/gosteady/go"))
        .into_iter()
        .flatten();
    let mut all: Vec<PathBuf> = kept.flatten().map(|entry| entry.path().join("bin")).collect();
    all.sort();
    all.retain(|dir| dir.join("go").is_file());
    all.extend(real_go(test));
    all
}

fn groups(sandbox: &Sandbox, from: &str) -> String {
    sandbox.gosteady(&["goroutines", from]).expect(0).out()
}

fn check(real: &Path) {
    let sandbox = Sandbox::new(real);
    let dir = sandbox.project();
    std::fs::write(dir.join("go.mod"), "module example.com/dump\n\ngo 1.21\n").unwrap();
    std::fs::write(dir.join("main.go"), PROGRAM).unwrap();
    sandbox.plain(&["build", "-o", "dump", "."]).expect(0);
    let mut program = sandbox.command(dir.join("dump"), &[]);
    let mut child = program
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = String::new();
    let out = child.stdout.take().unwrap();
    BufReader::new(out).read_line(&mut address).unwrap();
    let served = groups(&sandbox, &format!("http://{}", address.trim()));
    let pid = nix::unistd::Pid::from_raw(child.id() as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGQUIT).unwrap();
    let mut dump = String::new();
    child.stderr.take().unwrap().read_to_string(&mut dump).unwrap();
    child.wait().unwrap();
    let file = sandbox.path("dump.txt");
    std::fs::write(&file, dump).unwrap();
    let printed = groups(&sandbox, file.to_str().unwrap());
    for text in [served, printed] {
        let (heading, stack) = text.split_once("\n\n").unwrap().1.split_once('\n').unwrap();
        // Whoever has not got to the lock yet is runnable or running, in a group of its own.
        assert!(
            heading.contains(" × sync.Mutex.Lock"),
            "{}: {text}",
            real.display()
        );
        assert!(
            stack.contains("main.(*worker).wait"),
            "{}: {text}",
            real.display()
        );
        assert!(
            !text.contains("damaged") && !text.contains("ends within"),
            "{text}"
        );
    }
}

#[test]
fn dumps_of_a_real_program() {
    for real in gos("dumps_of_a_real_program") {
        check(&real);
    }
}
