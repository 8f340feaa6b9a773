//! The stacks of go's goroutines, which it printed because it was asked to.

use crate::goroutines::{self, Group};
use crate::trace::event::Finding;

/// Groups that go into the trace.
const GROUPS: usize = 12;
/// Frames of each.
const FRAMES: usize = 10;

/// What a dump says: for the trace, and the one thing for the user.
#[derive(Debug, PartialEq, Eq)]
pub struct Stacks {
    /// The groups, the most telling first.
    pub found: Vec<Finding>,
    /// The most telling one in short.
    pub short: String,
}

/// Takes a text apart; `None` where it is no dump.
pub fn stacks(text: &[u8]) -> Option<Stacks> {
    let mut dump = goroutines::read(text).ok()?;
    if dump.goroutines == 0 {
        return None;
    }
    let all = format!("{} goroutines in {} groups", dump.goroutines, dump.groups.len());
    dump.groups.retain(|g| !g.of_runtime());
    dump.groups
        .sort_by_key(|g| (rank(&g.state), std::cmp::Reverse(g.minutes)));
    let groups = dump.groups.iter().take(GROUPS).map(line);
    Some(Stacks {
        found: [all].into_iter().chain(groups).map(finding).collect(),
        short: dump.groups.first().map(short).unwrap_or_default(),
    })
}

// Most of go's goroutines wait for one another; the one that waits for the outside tells why.
fn rank(state: &str) -> u8 {
    match state {
        "IO wait" => 0,
        "syscall" => 1,
        "select" => 2,
        _ => 3,
    }
}

// What it waits in, and the function of go's own that wanted it.
fn short(group: &Group) -> String {
    let inner = group.blocked_in().map_or("", |f| f.function.as_str());
    let own = group
        .frames
        .iter()
        .find(|f| f.function.starts_with("cmd/go/") && f.function != inner);
    let by = own.map_or(String::new(), |f| format!(" for {}", f.function));
    format!("{} in {inner}{by}", group.heading())
}

fn line(group: &Group) -> String {
    let frames: Vec<String> = group
        .telling()
        .iter()
        .take(FRAMES)
        .map(|f| match f.place.as_str() {
            "" => f.function.clone(),
            place => format!("{} ({place})", f.function),
        })
        .collect();
    format!("{}: {}", group.heading(), frames.join(" < "))
}

fn finding(text: String) -> Finding {
    Finding {
        about: "goroutines".into(),
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dump_is_one() {
        assert_eq!(stacks(b"go: downloading m v1.0.0\n"), None);
        let dump = b"SIGQUIT: quit\n\n\
            goroutine 1 [chan receive, 5 minutes]:\nmain.main()\n\t/a.go:1 +0x1\n\n\
            goroutine 2 [IO wait, 4 minutes]:\nnet.read(0x1)\n\t/usr/lib/go/src/net/fd.go:5 +0x1\n\
            cmd/go/internal/web.get(0x1)\n\t/usr/lib/go/src/cmd/go/internal/web/http.go:7 +0x1\n";
        let stacks = stacks(dump).unwrap();
        let texts: Vec<&str> = stacks.found.iter().map(|f| f.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "2 goroutines in 2 groups",
                "1 × IO wait, 4 min: net.read (net/fd.go:5) < cmd/go/internal/web.get (cmd/go/internal/web/http.go:7)",
                "1 × chan receive, 5 min: main.main (/a.go:1)",
            ]
        );
        assert_eq!(
            stacks.short,
            "1 × IO wait, 4 min in net.read for cmd/go/internal/web.get"
        );
    }
}
