//! The targets without libFuzzer, for any toolchain: mutations of real files, one target after the other.
//!
//! ```text
//! cargo run --no-default-features --bin mutate -- SECONDS SEED DIR...
//! ```
//!
//! Files below the directories are taken by their names; what makes a target panic is written to `artifacts/TARGET`.

use gosteady_fuzz::{TARGETS, Target};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Files taken for one target, and the most bytes of one.
const FILES: usize = 4000;
const LARGEST: u64 = 64 << 10;

/// Pieces that mean something in one of the files.
const PIECES: &[&str] = &[
    "require",
    "replace",
    "retract",
    "exclude",
    "toolchain",
    "=>",
    "(",
    ")",
    "[",
    "]",
    ",",
    "\"",
    "`",
    "'",
    "//",
    "/*",
    "\\",
    "\n",
    "\r\n",
    "\t",
    " ",
    "\0",
    "\u{feff}",
    "\u{202e}",
    "é",
    "v0.0.0-20240101000000-abcdefabcdef",
    "v1.2.3",
    "v2.0.0+incompatible",
    "v99999999999999999999.0.0",
    "../..",
    "./x",
    "h1:",
    "/go.mod",
    "# ",
    "## explicit",
    "=",
    "{",
    "}",
    "<<<<<<< ",
    "=======",
    ">>>>>>> ",
    "indirect",
    "\u{2014} ",
    "goroutine 1 [running]:",
    "created by ",
    "0x",
    "-1",
    "18446744073709551616",
    "\\ud800",
    "[check]",
    "check.prod",
    "off",
    "null",
    "1e999",
];

/// xorshift64*: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.roll() % n.max(1) as u64) as usize
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [seconds, seed, dirs @ ..] = args.as_slice() else {
        panic!("SECONDS SEED DIR...");
    };
    let seconds: u64 = seconds.parse().expect("a number of seconds");
    let seed: u64 = seed.parse().expect("a seed");
    println!("seed {seed}");
    std::panic::set_hook(Box::new(|_| {}));
    let mut found = 0;
    for (name, target, names) in TARGETS {
        let seeds = seeds(dirs, names);
        let share = Duration::from_secs(seconds) / TARGETS.len() as u32;
        found += one(name, *target, &seeds, share, seed);
    }
    assert!(found == 0, "{found} inputs made a target panic: see artifacts/");
}

fn seeds(dirs: &[String], names: &[&str]) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    let mut queue: Vec<PathBuf> = dirs.iter().map(PathBuf::from).collect();
    while let Some(dir) = queue.pop() {
        let Ok(entries) = std::fs::read_dir(&dir) else {
            continue;
        };
        for entry in entries.flatten() {
            let (path, meta) = (entry.path(), entry.metadata());
            let Ok(meta) = meta else { continue };
            let text = entry.file_name().to_string_lossy().into_owned();
            if meta.is_dir() {
                queue.push(path);
            } else if meta.len() <= LARGEST
                && names.iter().any(|name| text.ends_with(name))
                && seeds.len() < FILES
            {
                seeds.extend(std::fs::read(path));
            }
        }
    }
    seeds
}

fn one(name: &str, target: Target, seeds: &[Vec<u8>], share: Duration, seed: u64) -> u64 {
    let mut dice = Dice(seed | 1);
    let (began, mut runs, mut bytes, mut panics) = (Instant::now(), 0u64, 0usize, 0u64);
    let mut slowest = Duration::ZERO;
    let mut run = |input: &[u8], runs: &mut u64| {
        let start = Instant::now();
        let panicked = catch_unwind(AssertUnwindSafe(|| target(input))).is_err();
        slowest = slowest.max(start.elapsed());
        (*runs, bytes) = (*runs + 1, bytes + input.len());
        if panicked {
            let dir = Path::new("artifacts").join(name);
            std::fs::create_dir_all(&dir).expect("a directory");
            std::fs::write(dir.join(format!("panic-{seed}-{runs}")), input).expect("a file");
            panics += 1;
        }
    };
    for input in seeds {
        run(input, &mut runs);
    }
    while began.elapsed() < share {
        let input = mutated(seeds, &mut dice);
        run(&input, &mut runs);
    }
    println!(
        "{name}: {} files, {runs} runs, {} MiB, {panics} panics, slowest {slowest:?}, {:.0?}",
        seeds.len(),
        bytes >> 20,
        began.elapsed()
    );
    panics
}

/// One to eight changes of one of the files.
fn mutated(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut text = seeds.get(dice.below(seeds.len())).cloned().unwrap_or_default();
    for _ in 0..=dice.below(8) {
        let at = dice.below(text.len() + 1);
        let end = (at + dice.below(40)).min(text.len());
        match dice.below(8) {
            0 if at < text.len() => text[at] ^= 1 << dice.below(8),
            1 => drop(text.drain(at..end)),
            2 => {
                let piece = text[at..end].to_vec();
                let to = dice.below(text.len() + 1);
                text.splice(to..to, piece);
            }
            3 => text.truncate(at),
            4 => {
                let other = &seeds[dice.below(seeds.len()).min(seeds.len().saturating_sub(1))..];
                if let Some(other) = other.first() {
                    let from = dice.below(other.len() + 1);
                    let piece = &other[from..(from + 80).min(other.len())];
                    text.splice(at..at, piece.iter().copied());
                }
            }
            5 => {
                // Two lines change places.
                let mut lines: Vec<Vec<u8>> = text
                    .split_inclusive(|b| *b == b'\n')
                    .map(<[u8]>::to_vec)
                    .collect();
                let (a, b) = (dice.below(lines.len()), dice.below(lines.len()));
                if !lines.is_empty() {
                    lines.swap(a, b);
                }
                text = lines.concat();
            }
            _ => {
                let piece = PIECES[dice.below(PIECES.len())].as_bytes();
                text.splice(at..at, piece.iter().copied());
            }
        }
    }
    text
}
