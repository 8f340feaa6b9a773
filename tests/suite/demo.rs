//! The demo does what it says, and leaves nothing behind but its trace.

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
    let trace = stdout
        .lines()
        .find_map(|l| l.trim().strip_prefix("gosteady trace show "))
        .unwrap_or_else(|| panic!("no trace is named:\n{stdout}"));
    assert!(std::path::Path::new(trace).is_file(), "{trace}");
    assert!(
        tree::files(&sandbox.path("tmp")).is_empty(),
        "the temporary directory is not clean"
    );
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
