//! The table `[check]`: who may say what.

use super::*;
use crate::config::rules::Profile::{self, Dev, Prod, Test};
use crate::error::Level::{Error, Note, Warning};

const RULE: &str = "pseudo-version";

#[test]
fn the_stronger_file_counts_and_its_profile_before_all() {
    let level = |system: &str, user: &str, project: &str, profile: Profile| {
        let machine = Machine::new().system(system).user(user).project(project);
        machine.load().checks.level(profile, RULE)
    };
    for (system, user, project, profile, expected) in [
        ("", "", "", Test, Some(Error)),
        ("", "", "", Dev, None),
        ("", "", "[check]\npseudo-version = \"off\"", Test, None),
        (
            "",
            "",
            "[check]\npseudo-version = \"warn\"\n[check.prod]\npseudo-version = \"error\"",
            Prod,
            Some(Error),
        ),
        (
            "",
            "",
            "[check]\npseudo-version = \"warn\"\n[check.prod]\npseudo-version = \"error\"",
            Dev,
            Some(Warning),
        ),
        ("[check]\npseudo-version = \"note\"", "", "", Prod, Some(Note)),
        (
            "[check]\npseudo-version = \"note\"",
            "[check.prod]\npseudo-version = \"off\"",
            "",
            Prod,
            None,
        ),
        (
            "[check.prod]\npseudo-version = \"note\"",
            "[check]\npseudo-version = \"off\"",
            "",
            Prod,
            None,
        ),
        // A project's file can't go below what the others say, but above.
        (
            "[check]\npseudo-version = \"warn\"",
            "",
            "[check]\npseudo-version = \"off\"",
            Dev,
            Some(Warning),
        ),
        (
            "[check]\npseudo-version = \"warn\"",
            "",
            "[check]\npseudo-version = \"error\"",
            Dev,
            Some(Error),
        ),
        // Where a policy is enforced, not below the profiles either.
        (
            "",
            "policy.profile = \"prod\"",
            "[check]\npseudo-version = \"off\"",
            Prod,
            Some(Error),
        ),
        (
            "",
            "policy.profile = \"prod\"",
            "[check]\npseudo-version = \"warn\"",
            Dev,
            Some(Warning),
        ),
        (
            "",
            "policy.profile = \"prod\"\n[check]\npseudo-version = \"off\"",
            "",
            Prod,
            None,
        ),
    ] {
        assert_eq!(
            level(system, user, project, profile),
            expected,
            "{system} / {user} / {project}"
        );
    }
}

#[test]
fn limits_and_replacements_follow_the_same_rule() {
    let checks = |user: &str, project: &str| Machine::new().user(user).project(project).load().checks;
    for (user, project, limit) in [
        ("", "", 150),
        ("", "check.max-indirect = 500", 500),
        ("check.max-indirect = 100", "check.max-indirect = 500", 100),
        ("check.max-indirect = 100", "check.max-indirect = 50", 50),
        ("policy.profile = \"dev\"", "check.max-indirect = 500", 150),
    ] {
        assert_eq!(checks(user, project).max_indirect(), limit, "{user} / {project}");
    }
    let tools = "check.allow-replace = [\"./tools/*\", \"git.corp.example/forks\"]";
    let may = |user: &str, project: &str, target: &str| checks(user, project).may_replace_by(target);
    for (target, fine) in [
        ("./tools/gen", true),
        ("./tools", false),
        ("./tools/gen/deeper", true),
        ("./tools/../../elsewhere", false),
        ("git.corp.example/forks/yaml", true),
        ("git.corp.example/other", false),
    ] {
        assert_eq!(may("", tools, target), fine, "{target}");
    }
    assert!(!may("policy.profile = \"test\"", tools, "./tools/gen"));
    assert!(!may("check.allow-replace = []", tools, "./tools/gen"));
    assert!(may(tools, "check.allow-replace = []", "./tools/gen"));
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (project, expected) in [
        (
            "[check]\npsuedo-version = \"off\"",
            "config-unknown-key P:2:1: unknown key `check.psuedo-version`, did you mean `check.pseudo-version`?",
        ),
        (
            "[check.prod]\npseudo-version = \"eror\"",
            "config-bad-value P:2:18: `check.prod.pseudo-version` knows no such level, did you mean `error`?",
        ),
        (
            "[check.stage]\npseudo-version = \"off\"",
            "config-unknown-key P:1:8: unknown key `check.stage`",
        ),
        (
            "check = 1",
            "config-bad-value P:1:9: `check` is a table of settings, not a value",
        ),
        (
            "check.prod = 1",
            "config-bad-value P:1:14: `check.prod` is a table of settings, not a value",
        ),
        (
            "check.max-indirect = \"many\"",
            "config-bad-value P:1:22: `check.max-indirect` is not a whole number",
        ),
        (
            "check.allow-replace = [1]",
            "config-bad-value P:1:23: `check.allow-replace` is not a list of directories and modules",
        ),
        (
            "chekc.max-indirect = 1",
            "config-unknown-key P:1:1: unknown key `chekc`, did you mean `check`?",
        ),
    ] {
        let found = Machine::new().project(project).findings();
        let expected = expected.replace("P:", "home/project/gosteady.toml:");
        assert_eq!(found, [expected], "{project}");
    }
    let laxer = Machine::new()
        .user("[check]\npseudo-version = \"warn\"")
        .project("[check]\npseudo-version = \"off\"");
    let found = laxer.findings();
    let expected = "config-not-allowed-in-project home/project/gosteady.toml:2:1: \
                    a project's file can't make `check.dev.pseudo-version` laxer than warn here";
    assert_eq!(found, [expected]);
    assert_eq!(
        warning(&laxer.load().findings),
        None,
        "the rule is in effect: nothing to warn of"
    );
}
