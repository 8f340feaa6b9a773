//! `gosteady goroutines`: what the goroutines of any Go program wait for.

mod modules;
mod source;

use crate::goroutines::{Change, Dump, Frame, Group, Modules, compare, read};
use crate::outcome::{Code, Outcome};
use crate::ui::{
    self,
    words::{count, plain},
};
use crate::world::World;
use source::{Fault, open};

/// Take a dump of goroutines apart: groups, longest waits, growth between two.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  kill -QUIT PID                          a Go program prints stacks and ends
  gosteady goroutines crash.log           groups, most goroutines first
  gosteady goroutines http://localhost:6060
                                          a program that serves net/http/pprof
  gosteady goroutines --modules ./server crash.log
                                          with the modules of the program
  gosteady goroutines before.txt after.txt
                                          what grew from one to the other
  curl -s URL | gosteady goroutines -

Exit status: 0 done, 1 there is no stack in the input, 2 it can't be read,
69 the program does not answer.")]
pub struct Args {
    /// A file, - for stdin, or the http address of a program that serves pprof.
    pub first: String,
    /// A later dump of the same program: show what changed.
    pub second: Option<String>,
    /// A go.mod or the program itself: name the module and the version that a function belongs to.
    #[arg(long, value_name = "FILE")]
    pub modules: Option<String>,
    /// Show the longest waits first.
    #[arg(long)]
    pub waits: bool,
    /// Show whole stacks, and the goroutines of the runtime itself.
    #[arg(long)]
    pub all: bool,
    /// Show at most this many groups; 0 shows all.
    #[arg(short, long, default_value_t = 20)]
    pub number: usize,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Frames of a stack that are shown without `--all`.
const FRAMES: usize = 8;

/// Runs the command.
pub fn run(args: &Args, world: &World) -> Outcome {
    let modules = match args.modules.as_deref().map(|name| modules::read(name, world)) {
        Some(Err(fault)) => {
            ui::note(&fault.text);
            return Outcome::Ours(fault.code);
        }
        Some(Ok(modules)) => modules,
        None => Modules::default(),
    };
    let dumps: Result<Vec<Dump>, Fault> = [Some(&args.first), args.second.as_ref()]
        .into_iter()
        .flatten()
        .map(|name| {
            let mut dump = dump(name, world)?;
            modules.note(&mut dump);
            Ok(dump)
        })
        .collect();
    let dumps = match dumps {
        Ok(dumps) => dumps,
        Err(fault) => {
            ui::note(&fault.text);
            return Outcome::Ours(fault.code);
        }
    };
    let text = match (&dumps[..], args.json) {
        ([before, after], false) => growth(before, after, args),
        ([before, after], true) => json_growth(before, after),
        ([dump], false) => overview(dump, args),
        (dumps, _) => json_dump(&dumps[0]),
    };
    ui::out(&text);
    Outcome::Ours(Code::Ok)
}

fn dump(name: &str, world: &World) -> Result<Dump, Fault> {
    let from = open(name, world)?;
    let dump = read(from).map_err(|e| Fault {
        text: format!("{name}: {e}"),
        code: Code::Usage,
    })?;
    if dump.goroutines == 0 {
        let hint = "a dump comes from SIGQUIT, a panic, or /debug/pprof/goroutine?debug=2";
        return Err(Fault {
            text: format!("{name}: there is no goroutine in it; {hint}"),
            code: Code::Findings,
        });
    }
    Ok(dump)
}

fn overview(dump: &Dump, args: &Args) -> String {
    let mut groups: Vec<&Group> = dump.groups.iter().collect();
    if args.waits {
        groups.sort_by_key(|g| std::cmp::Reverse(g.minutes));
    }
    let whole = groups.len();
    groups.retain(|g| args.all || !g.of_runtime());
    let (runtime, shown) = (whole - groups.len(), groups.len());
    if args.number > 0 {
        groups.truncate(args.number);
    }
    let mut out = format!("{} goroutines in {whole} groups\n", dump.goroutines);
    for group in &groups {
        out.push_str(&format!("\n{}\n", plain(&group.heading())));
        out.push_str(&stack(group, args.all));
    }
    let rest = [
        (shown - groups.len(), "groups more (--number 0 shows all)"),
        (runtime, "groups of the runtime itself (--all shows them)"),
        (
            dump.ungrouped as usize,
            "goroutines in no group, there being too many",
        ),
    ];
    for (n, what) in rest.into_iter().filter(|(n, _)| *n > 0) {
        out.push_str(&format!("\n{n} {what}\n"));
    }
    if dump.damaged > 0 {
        out.push_str(&format!(
            "\ndamaged within stacks: {}\n",
            count(dump.damaged, "line")
        ));
    }
    if dump.cut {
        out.push_str("\nThe dump ends within a stack.\n");
    }
    out
}

fn stack(group: &Group, all: bool) -> String {
    let frames = if all { &group.frames[..] } else { group.telling() };
    let most = if all { frames.len() } else { FRAMES };
    let mut out = String::new();
    for frame in frames.iter().take(most) {
        let Frame {
            function,
            place,
            module,
        } = frame;
        let module = match module.as_str() {
            // The cache's path tells it already.
            module if module.is_empty() || place.starts_with(module) => String::new(),
            module => format!(" ({})", plain(module)),
        };
        out.push_str(&format!(
            "    {}\n        {}{module}\n",
            plain(function),
            plain(place)
        ));
    }
    if frames.len() > most {
        out.push_str(&format!("    … {} frames more\n", frames.len() - most));
    }
    if !group.created_by.is_empty() {
        out.push_str(&format!("    created by {}\n", plain(&group.created_by)));
    }
    out
}

fn growth(before: &Dump, after: &Dump, args: &Args) -> String {
    let mut out = format!(
        "{} goroutines before, {} after\n",
        before.goroutines, after.goroutines
    );
    let mut changes: Vec<Change<'_>> = compare(before, after);
    changes.retain(|c| args.all || !c.group.of_runtime());
    let all = changes.len();
    if args.number > 0 {
        changes.truncate(args.number);
    }
    for change in &changes {
        let by = change.after as i128 - change.before as i128;
        let (was, is) = (change.before, change.after);
        out.push_str(&format!(
            "\n{by:+} ({was} -> {is}), now {}\n",
            plain(&change.group.heading())
        ));
        out.push_str(&stack(change.group, args.all));
    }
    match all - changes.len() {
        _ if all == 0 => out.push_str("\nNothing grew or shrank.\n"),
        0 => {}
        more => out.push_str(&format!("\n{more} groups more (--number 0 shows all)\n")),
    }
    out
}

fn json_group(group: &Group) -> serde_json::Value {
    let frames = group.frames.iter();
    let frames: Vec<_> = frames
        .map(|f| serde_json::json!({"function": f.function, "place": f.place, "module": f.module}))
        .collect();
    serde_json::json!({
        "count": group.count,
        "state": group.state,
        "minutes": group.minutes,
        "first": group.first,
        "runtime": group.of_runtime(),
        "frames": frames,
        "created_by": group.created_by,
    })
}

fn json_dump(dump: &Dump) -> String {
    let value = serde_json::json!({
        "goroutines": dump.goroutines,
        "groups": dump.groups.iter().map(json_group).collect::<Vec<_>>(),
        "ungrouped": dump.ungrouped,
        "damaged": dump.damaged,
        "cut": dump.cut,
    });
    ui::json(&value)
}

fn json_growth(before: &Dump, after: &Dump) -> String {
    let changes: Vec<_> = compare(before, after)
        .iter()
        .map(|c| serde_json::json!({"before": c.before, "after": c.after, "group": json_group(c.group)}))
        .collect();
    let value = serde_json::json!({
        "before": before.goroutines,
        "after": after.goroutines,
        "changes": changes,
    });
    ui::json(&value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = "goroutine 1 [select, 3 minutes]:\nmain.main()\n\t/a.go:1 +0x1\n\n\
        goroutine 2 [GC sweep wait]:\nruntime.gopark(...)\n\t/usr/lib/go/src/runtime/proc.go:1\n\
        created by runtime.gcenable in goroutine 1\n\t/usr/lib/go/src/runtime/mgc.go:2 +0x1\n";

    fn args(all: bool) -> Args {
        Args {
            first: String::new(),
            second: None,
            waits: false,
            all,
            modules: None,
            number: 20,
            json: false,
        }
    }

    #[test]
    fn an_overview() {
        let dump = read(DUMP.as_bytes()).unwrap();
        assert_eq!(
            overview(&dump, &args(false)),
            "2 goroutines in 2 groups\n\n1 × select, 3 min\n    main.main\n        /a.go:1\n\n\
             1 groups of the runtime itself (--all shows them)\n"
        );
        let all = overview(&dump, &args(true));
        assert!(all.contains("runtime.gopark\n        runtime/proc.go:1\n    created by runtime.gcenable"));
    }

    #[test]
    fn growth_and_no_growth() {
        let one = read(DUMP.as_bytes()).unwrap();
        let two = read(
            DUMP.replace(
                "goroutine 2 [GC",
                "goroutine 5 [select]:\nmain.main()\n\t/a.go:1\n\ngoroutine 2 [GC",
            )
            .as_bytes(),
        )
        .unwrap();
        assert_eq!(
            growth(&one, &two, &args(false)),
            "2 goroutines before, 3 after\n\n+1 (1 -> 2), now 2 × select, up to 3 min\n    main.main\n        /a.go:1\n"
        );
        assert!(growth(&one, &one, &args(false)).ends_with("Nothing grew or shrank.\n"));
    }

    #[test]
    fn nothing_in_a_dump_steers_the_terminal() {
        let text = DUMP.replace("main.main", "main.\u{9b}31m\u{202e}x");
        let dump = read(text.as_bytes()).unwrap();
        for shown in [overview(&dump, &args(true)), json_dump(&dump)] {
            assert!(
                shown.contains("31m") && !shown.contains(['\u{9b}', '\u{202e}']),
                "{shown}"
            );
        }
    }

    #[test]
    fn json_is_json() {
        let dump = read(DUMP.as_bytes()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&json_dump(&dump)).unwrap();
        assert_eq!(value["groups"][0]["frames"][0]["place"], "/a.go:1");
        let value: serde_json::Value = serde_json::from_str(&json_growth(&dump, &dump)).unwrap();
        assert_eq!(value["changes"], serde_json::json!([]));
    }
}
