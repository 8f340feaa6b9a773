//! The demo does what it says, and leaves nothing behind but its trace.

use std::path::Path;

use crate::support::{Sandbox, real_go, tree};

#[test]
fn every_module_arrives_although_the_first_mirror_is_silent() {
    let test = "every_module_arrives_although_the_first_mirror_is_silent";
    let Some(real) = real_go(test) else { return };
    let sandbox = Sandbox::new(&real);
    let ended = sandbox.gosteady(&["demo", "--modules", "4"]);
    let stdout = ended.expect(0).out();
    assert!(
        stdout.contains("  plain go       still waiting after 3.0 s, 0 of 4 modules"),
        "{stdout}"
    );
    assert!(stdout.contains("  gosteady       4 modules in "), "{stdout}");
    let told = stdout.lines().find_map(|l| l.trim().split_once(" trace show "));
    let Some((program, run)) = told else {
        panic!("no trace is named:\n{stdout}")
    };
    assert_eq!(program, env!("CARGO_BIN_EXE_gosteady"), "it is not on PATH");
    sandbox.gosteady(&["trace", "show", run]).expect(0);
    assert!(
        tree::files(&sandbox.path("tmp")).is_empty(),
        "the temporary directory is not clean"
    );
}

#[test]
fn an_installed_shim_is_not_taken_for_plain_go() {
    let test = "an_installed_shim_is_not_taken_for_plain_go";
    let Some(real) = real_go(test) else { return };
    let mut sandbox = Sandbox::new(&real);
    // As install.sh leaves it: the shims are links to another program than the one that runs the demo.
    let bin = sandbox.path("installed/bin");
    std::fs::create_dir_all(&bin).unwrap();
    for name in ["gosteady", "gosteady-launch"] {
        std::fs::copy(env!("CARGO_BIN_EXE_gosteady"), bin.join(name)).unwrap();
    }
    let shims = sandbox.path("installed/shims");
    std::fs::create_dir(&shims).unwrap();
    std::os::unix::fs::symlink(bin.join("gosteady-launch"), shims.join("go")).unwrap();
    std::os::unix::fs::symlink(bin.join("gosteady"), shims.join("gosteady")).unwrap();
    sandbox.set(
        "PATH",
        std::env::join_paths([shims.as_path(), &real, Path::new("/usr/bin")]).unwrap(),
    );
    let ended = sandbox.run(&mut sandbox.command(bin.join("gosteady"), &["demo", "--modules", "1"]));
    let stdout = ended.expect(0).out();
    assert!(!stdout.contains(&shims.display().to_string()), "{stdout}");
    assert!(stdout.contains("0 of 1 modules; we ended it"), "{stdout}");
    assert!(stdout.contains("\n  gosteady trace show "), "{stdout}");
}

#[test]
fn without_a_go_the_demo_says_how_to_get_one() {
    let Some(mut sandbox) = Sandbox::fake("without_a_go_the_demo_says_how_to_get_one") else {
        return;
    };
    let shims = sandbox.path("shims");
    sandbox.set("PATH", shims);
    let ended = sandbox.gosteady(&["demo"]);
    assert!(
        ended.expect(127).err().contains("https://go.dev/dl/"),
        "{}",
        ended.err()
    );
    assert_eq!(ended.out(), "");
}
