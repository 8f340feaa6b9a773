//! Real dumps, damaged dumps, huge dumps.

use super::*;
use std::io::{BufReader, Read};

const QUIT: &str = include_str!("testdata/quit-1.21.txt");
const PPROF: &str = include_str!("testdata/pprof-1.27.txt");

fn headings(dump: &Dump) -> Vec<String> {
    let own = dump.groups.iter().filter(|g| !g.of_runtime());
    own.map(|g| {
        let frame = g.blocked_in().cloned().unwrap_or_default();
        format!("{} in {} ({})", g.heading(), frame.function, frame.place)
    })
    .collect()
}

#[test]
fn a_real_program_on_sigquit() {
    let dump = read(QUIT.as_bytes()).unwrap();
    assert_eq!(
        headings(&dump),
        [
            "5 × sync.Mutex.Lock in sync.(*Mutex).lockSlow (sync/mutex.go:171)",
            "3 × chan receive in main.main.func1 (/home/me/dump/main.go:25)",
            "1 × select in main.main (/home/me/dump/main.go:34)",
            "1 × IO wait in net.(*netFD).accept (net/fd_unix.go:172)",
        ]
    );
    assert_eq!((dump.damaged, dump.cut, dump.ungrouped), (0, false, 0));
    let workers = &dump.groups[0];
    let names: Vec<&str> = workers.telling().iter().map(|f| f.function.as_str()).collect();
    let want = [
        "sync.(*Mutex).lockSlow",
        "sync.(*Mutex).Lock",
        "main.(*worker).wait",
        "main.main.func2",
    ];
    assert_eq!(names, want);
    assert_eq!(workers.created_by, "main.main");
}

#[test]
fn a_real_program_by_pprof() {
    let dump = read(PPROF.as_bytes()).unwrap();
    let counts: Vec<u64> = dump.groups.iter().take(2).map(|g| g.count).collect();
    assert_eq!((counts, dump.damaged, dump.cut), (vec![5, 3], 0, false));
    assert!(dump.groups.iter().any(|g| g.state == "running" && g.count == 1));
}

// What `go run` and `go test` say right below the last stack of a panic was told as damage.
#[test]
fn words_of_go_end_a_dump() {
    let stack = "goroutine 1 [running]:\nmain.main()\n\t/home/a.go:1 +0x1\n";
    for below in [
        "exit status 2\n",
        "FAIL\ta.io/b\t0.004s\nFAIL\n",
        "signal: killed\n",
    ] {
        let dump = read(format!("{stack}{below}").as_bytes()).unwrap();
        assert_eq!(
            (dump.goroutines, dump.damaged, dump.cut),
            (1, 0, false),
            "{below}"
        );
    }
}

#[test]
fn waits_and_neighbours() {
    let text = "\
=== program output [not a stack]:
goroutine 5 [chan receive, 2 minutes]:
main.f(0x1)
\t/home/a.go:1 +0x1
created by main.main in goroutine 1
\t/home/a.go:9 +0x2

goroutine 6 [chan receive, 17 minutes]:
main.f(0x2)
\t/home/a.go:1 +0x1
created by main.main in goroutine 1
\t/home/a.go:9 +0x2

goroutine 7 [runnable]:
main.f(0x2)
\t/home/a.go:1 +0x1

rax    0xca
exit status 2
";
    let dump = read(text.as_bytes()).unwrap();
    let headings: Vec<String> = dump.groups.iter().map(Group::heading).collect();
    assert_eq!(headings, ["2 × chan receive, up to 17 min", "1 × runnable"]);
    assert_eq!((dump.goroutines, dump.groups[0].first, dump.damaged), (3, 5, 0));
}

#[test]
fn every_cut_and_every_broken_line_is_survived() {
    let whole = read(QUIT.as_bytes()).unwrap();
    for end in (0..QUIT.len()).step_by(97) {
        let dump = read(&QUIT.as_bytes()[..end]).unwrap();
        assert!(dump.goroutines <= whole.goroutines, "cut at {end}");
    }
    let half = read(&QUIT.as_bytes()[..QUIT.find("created by").unwrap() + 4]).unwrap();
    assert!(half.cut);
    let mut broken = QUIT.as_bytes().to_vec();
    let seed = 0x9e37_79b9_u64;
    let mut random = seed;
    for _ in 0..400 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let at = random as usize % broken.len();
        broken[at] = (random >> 32) as u8;
    }
    let dump = read(&broken[..]).unwrap();
    assert!(dump.goroutines <= whole.goroutines + 400, "seed {seed}");
    assert!(dump.damaged > 0, "seed {seed}");
}

/// The same text again and again, `times` times.
struct Repeated<'a> {
    text: &'a [u8],
    at: usize,
    times: usize,
}

impl Read for Repeated<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.text.len() {
            (self.at, self.times) = (0, self.times - 1);
        }
        if self.times == 0 {
            return Ok(0);
        }
        let n = buffer.len().min(self.text.len() - self.at);
        buffer[..n].copy_from_slice(&self.text[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

#[test]
fn a_huge_dump_is_read_as_it_comes() {
    let times = 300;
    let source = Repeated {
        text: QUIT.as_bytes(),
        at: 0,
        times,
    };
    let dump = read(BufReader::new(source)).unwrap();
    let once = read(QUIT.as_bytes()).unwrap();
    assert_eq!(dump.goroutines, once.goroutines * times as u64);
    assert_eq!(dump.groups.len(), once.groups.len());
    // One line without end is no reason to hold it in memory, or to lose what follows.
    let endless = Repeated {
        text: &[b'x'; 64 << 10],
        at: 0,
        times: 160,
    };
    let dump = read(BufReader::new(endless.chain(format!("\n{QUIT}").as_bytes()))).unwrap();
    assert_eq!(dump.goroutines, once.goroutines);
}

#[test]
fn growth_between_two_dumps() {
    let stack = |n: usize, state: &str, f: &str| {
        format!("goroutine 1 [{state}]:\nmain.{f}()\n\t/a.go:1 +0x1\n\n").repeat(n)
    };
    let before = [
        stack(3, "select", "same"),
        stack(2, "select", "leak"),
        stack(4, "select", "gone"),
    ]
    .concat();
    let after = [
        stack(2, "select", "same"),
        stack(1, "running", "same"),
        stack(7, "select", "leak"),
        stack(1, "select", "new"),
    ]
    .concat();
    let (before, after) = (read(before.as_bytes()).unwrap(), read(after.as_bytes()).unwrap());
    let changes: Vec<(&str, u64, u64)> = compare(&before, &after)
        .iter()
        .map(|c| (c.group.frames[0].function.as_str(), c.before, c.after))
        .collect();
    assert_eq!(
        changes,
        [("main.leak", 2, 7), ("main.new", 0, 1), ("main.gone", 4, 0)]
    );
}
