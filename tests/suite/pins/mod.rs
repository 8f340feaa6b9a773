//! Pins: which Go runs, what it is told, and what happens when it is not there.

mod chosen;
mod real;
mod told;

use crate::support::{Sandbox, fakego, goroots, real_go};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// A sandbox over the go on PATH, with another real Go in `~/sdk`; its version and that of the go on PATH.
struct Two {
    sandbox: Sandbox,
    here: String,
    other: String,
}

fn two(test: &str) -> Option<Two> {
    let real = real_go(test)?;
    let sandbox = Sandbox::new(&real);
    let version = sandbox.plain(&["env", "GOVERSION"]).expect(0).out();
    let here = version.trim().trim_start_matches("go").to_string();
    let Some((other, root)) = goroots().into_iter().find(|(version, _)| *version != here) else {
        skipped!("{test}: there is only one Go; tests/get-go.sh gets more");
        return None;
    };
    install(&sandbox, &other, &root);
    Some(Two { sandbox, here, other })
}

fn install(sandbox: &Sandbox, version: &str, root: &Path) {
    let sdk = sandbox.path("home/sdk");
    std::fs::create_dir_all(&sdk).unwrap();
    symlink(root, sdk.join(format!("go{version}"))).unwrap();
}

fn write(sandbox: &Sandbox, name: &str, text: &str) {
    let path = sandbox.project().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A sandbox whose go is a fake with this version, and fakes of others in `~/sdk`, with gofmt.
fn fakes(test: &str, here: &str, others: &[&str]) -> Option<Sandbox> {
    let mut sandbox = Sandbox::fake(test)?;
    let root = sandbox.path("root");
    fake(&root, here, test)?;
    for version in others {
        fake(&sandbox.path(&format!("home/sdk/go{version}")), version, test)?;
    }
    let path = [
        sandbox.path("shims"),
        root.join("bin"),
        "/usr/bin".into(),
        "/bin".into(),
    ];
    sandbox.set("PATH", std::env::join_paths(path).unwrap());
    sandbox.unset("GOTOOLCHAIN");
    Some(sandbox)
}

fn fake(root: &Path, version: &str, test: &str) -> Option<()> {
    fakego::install(&root.join("bin"), test).then_some(())?;
    std::fs::copy(root.join("bin/go"), root.join("bin/gofmt")).unwrap();
    std::fs::write(root.join("VERSION"), format!("go{version}\n")).unwrap();
    std::fs::write(root.join("go.env"), "GOPROXY=off\nGOTOOLCHAIN=auto\n").unwrap();
    Some(())
}

/// The program that the fake ran as, and the variables of interest that it was given.
fn ran(sandbox: &Sandbox) -> (PathBuf, Vec<String>) {
    let out = sandbox.path("out");
    let argv = std::fs::read(out.join("argv")).expect("the fake ran");
    let program = argv.split(|b| *b == 0).nth(1).unwrap();
    let env = fakego::env(&out);
    let told = env
        .into_iter()
        .map(|v| String::from_utf8_lossy(&v).into_owned())
        .filter(|v| {
            ["GOTOOLCHAIN=", "GOROOT=", "GOSTEADY_USER_"]
                .iter()
                .any(|name| v.starts_with(name))
        })
        .collect();
    std::fs::remove_file(out.join("argv")).unwrap();
    (PathBuf::from(String::from_utf8_lossy(program).into_owned()), told)
}
