//! The order of versions held against Go's own.

use crate::support::{Sandbox, real_go};
use gosteady::toolchain::version::Version;
use std::cmp::Ordering;

const PROGRAM: &str = r#"package main

import (
	"bufio"
	"fmt"
	"go/version"
	"os"
	"strings"
)

func main() {
	in := bufio.NewScanner(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		x, y, _ := strings.Cut(in.Text(), "|")
		fmt.Fprintln(out, version.Compare(x, y), version.IsValid(x), version.Lang(x))
	}
}
"#;

/// Numbers that look random and are the same for the same seed (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn version(&mut self) -> String {
        let number = |r: &mut Random| match r.below(12) {
            0 => "0".into(),
            1 => "01".into(),
            2 => "18446744073709551617".into(),
            3 => String::new(),
            n => (n * (1 + r.below(4)) / 2).to_string(),
        };
        let mut text = format!("go{}", 1 + self.below(2));
        if self.below(12) > 0 {
            let minor = match self.below(4) {
                0 => number(self),
                _ => (17 + self.below(8)).to_string(),
            };
            text += &format!(".{minor}");
        }
        text += &match self.below(8) {
            0..=2 => format!(".{}", number(self)),
            3 => format!("rc{}", number(self)),
            4 => format!("beta{}", number(self)),
            5 => ["alpha1", "rc", ".1rc1", "RC1", ".x", ".1.1", "x-y", "rc1beta"][self.below(8) as usize]
                .into(),
            _ => String::new(),
        };
        text + ["", "", "", "-bigcorp", "-", "-a-b"][self.below(6) as usize]
    }
}

#[test]
fn the_order_is_that_of_go() {
    let Some(real) = real_go("the_order_is_that_of_go") else {
        return;
    };
    let sandbox = Sandbox::new(&real);
    std::fs::write(sandbox.project().join("go.mod"), "module m\n\ngo 1.22\n").unwrap();
    std::fs::write(sandbox.project().join("main.go"), PROGRAM).unwrap();
    let program = sandbox.path("compare");
    let build = sandbox.plain(&["build", "-o", program.to_str().unwrap()]);
    if build.status != Some(0) && build.err().contains("go/version") {
        skipped!("the_order_is_that_of_go: this Go has no go/version, which came with 1.22");
        return;
    }
    build.expect(0);

    let seed = 20_240_207;
    eprintln!("seed {seed}");
    let mut random = Random(seed);
    let pairs: Vec<(String, String)> = (0..20_000)
        .map(|_| (random.version(), random.version()))
        .collect();
    let input: String = pairs.iter().map(|(x, y)| format!("{x}|{y}\n")).collect();
    let ended = sandbox.run_with(&mut sandbox.command(&program, &[]), input.as_bytes());
    let answers = ended.expect(0).out();
    assert_eq!(answers.lines().count(), pairs.len());
    let mut valid = 0;
    for ((x, y), answer) in pairs.iter().zip(answers.lines()) {
        let fields: Vec<&str> = answer.splitn(3, ' ').collect();
        let (a, b) = (Version::parse(x), Version::parse(y));
        assert_eq!(fields[1] == "true", a.is_some(), "{x}: is it a version?");
        // What is no version is less than any, as in go.
        let order = match a.cmp(&b) {
            Ordering::Less => "-1",
            Ordering::Equal => "0",
            Ordering::Greater => "1",
        };
        assert_eq!(fields[0], order, "{x} and {y}");
        if let Some(a) = a.filter(|a| !a.language().ends_with(".0")) {
            valid += 1;
            assert_eq!(fields[2], format!("go{}", a.language()), "{x}");
        }
    }
    assert!(
        valid > 5_000,
        "most of what is compared should be versions: {valid}"
    );
}
