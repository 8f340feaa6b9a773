//! The stacks of go's goroutines, which it printed because it was asked to.

use crate::goroutines::{self, Group};
use crate::trace::event::Finding;

/// Groups that go into the trace.
const GROUPS: usize = 12;
/// Frames of each.
const FRAMES: usize = 10;

/// What the text says, most telling first; `None` where it is no dump.
pub fn findings(text: &[u8]) -> Option<Vec<Finding>> {
    let mut dump = goroutines::read(text).ok()?;
    if dump.goroutines == 0 {
        return None;
    }
    let all = format!("{} goroutines in {} groups", dump.goroutines, dump.groups.len());
    dump.groups.retain(|g| !g.of_runtime());
    // go's own waits are few; those that last longest tell why it hangs.
    dump.groups.sort_by_key(|g| std::cmp::Reverse(g.minutes));
    let groups = dump.groups.iter().take(GROUPS).map(line);
    Some([all].into_iter().chain(groups).map(finding).collect())
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
        assert_eq!(findings(b"go: downloading m v1.0.0\n"), None);
        let dump = b"SIGQUIT: quit\n\ngoroutine 1 [IO wait, 4 minutes]:\nnet.read(0x1)\n\t/usr/lib/go/src/net/fd.go:5 +0x1\n";
        let texts: Vec<String> = findings(dump).unwrap().into_iter().map(|f| f.text).collect();
        assert_eq!(
            texts,
            [
                "1 goroutines in 1 groups",
                "1 × IO wait, 4 min: net.read (net/fd.go:5)"
            ]
        );
    }
}
