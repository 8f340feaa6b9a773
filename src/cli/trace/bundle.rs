//! `gosteady trace bundle`: one zip to attach to a bug report.

use super::export::{self, Format};
use super::find::{Found, RECORDS};
use super::{Failed, hide, output};
use crate::trace::story::Story;
use crate::trace::whole::Whole;
use crate::ui;
use crate::ui::table::{Cell, aligned};
use crate::ui::words::{bytes, count};
use crate::world::World;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A file of the bundle.
struct Part {
    name: &'static str,
    what: &'static str,
    text: String,
}

pub(super) fn run(
    found: &Found,
    to: Option<&Path>,
    dry_run: bool,
    hide: &hide::Args,
    world: &World,
) -> Result<(), Failed> {
    if to == Some(Path::new("-")) {
        return Err(Failed::usage(
            "a bundle does not go to stdout",
            "name a file with -o",
        ));
    }
    let (whole, secrets) = hide::read(found, hide, world)?;
    let to = to.map_or_else(|| default_name(&whole), Path::to_path_buf);
    let to = world.cwd.as_ref().map_or_else(|| to.clone(), |cwd| cwd.join(&to));
    let parts = parts(&whole, hide.reveal);
    ui::out(&listing(&parts, &whole, hide.reveal));
    let ours = self::parts(&Whole::default(), hide.reveal);
    for (part, ours) in parts.iter().zip(&ours) {
        hide::search(part.name, &part.text, &ours.text, &secrets)?;
    }
    let zip = pack(&parts)?;
    if dry_run {
        ui::note("nothing was written");
        return Ok(());
    }
    if to.exists() && !is_bundle(&to) {
        return Err(Failed::usage(
            format!("{} exists and is no zip", to.display()),
            "give another name with -o",
        ));
    }
    // Readable for its owner alone until somebody shares it.
    output::whole(&to, &zip, 0o600)?;
    ui::out(&format!("\n{}, {}\n", to.display(), bytes(zip.len() as u64)));
    Ok(())
}

fn default_name(whole: &Whole) -> PathBuf {
    let run = Story::of(&whole.records).run;
    let safe = |text: &str| -> String {
        let keep = |c: char| c.is_ascii_alphanumeric() || c == '-';
        text.replace(' ', "-")
            .chars()
            .filter(|c| keep(*c))
            .take(40)
            .collect()
    };
    format!("gosteady-{}-{}.zip", safe(&run.verb), safe(&run.id)).into()
}

/// Only another zip is replaced.
fn is_bundle(path: &Path) -> bool {
    use std::io::Read;
    let mut head = [0; 4];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    path.is_file() && read.is_ok() && head == *b"PK\x03\x04"
}

fn parts(whole: &Whole, reveal: bool) -> Vec<Part> {
    let mut parts = vec![
        Part {
            name: "report.html",
            what: "the report, to be opened in a browser",
            text: export::render(whole, Format::Html),
        },
        Part {
            name: "report.md",
            what: "the same in short, to be pasted into an issue",
            text: export::render(whole, Format::Markdown),
        },
        Part {
            name: RECORDS,
            what: "the records; `gosteady trace show` reads the zip itself",
            text: whole.lines.iter().map(|line| format!("{line}\n")).collect(),
        },
        Part {
            name: "hidden.txt",
            what: "what is hidden, and as what",
            text: hidden(whole, reveal),
        },
    ];
    let mut readme = "A trace of gosteady, made to be attached to a bug report.\n\n".to_string();
    for part in &parts {
        readme.push_str(&format!("{:<12} {}\n", part.name, part.what));
    }
    parts.insert(
        0,
        Part {
            name: "README.txt",
            what: "what is what",
            text: readme,
        },
    );
    parts
}

fn hidden(whole: &Whole, reveal: bool) -> String {
    let mut out =
        "Secrets stand as … (userinfo, tokens, headers, values of queries, whatever is known to be a\n\
        secret on the machine this comes from). Arguments and variables are told by an allow-list.\n\n"
            .to_string();
    if reveal {
        out.push_str("Names are shown: --reveal was given.\n");
        return out;
    }
    out.push_str(
        "Private names are hashed with a salt; the same name has the same hash in this bundle. Two bundles\n\
         can be compared only if the same --salt was given for both.\n\n",
    );
    for (pseudonym, (kind, times)) in &whole.hidden {
        let times = if *times == 1 {
            "once".to_string()
        } else {
            format!("{times} times")
        };
        out.push_str(&format!("{pseudonym}  {}, {times}\n", kind.as_str()));
    }
    if whole.hidden.is_empty() {
        out.push_str("No name was hidden.\n");
    }
    out
}

fn listing(parts: &[Part], whole: &Whole, reveal: bool) -> String {
    let row = |part: &Part| -> Vec<Cell> {
        vec![
            format!("  {}", part.name).into(),
            bytes(part.text.len() as u64).into(),
            part.what.into(),
        ]
    };
    let rows: Vec<Vec<Cell>> = parts.iter().map(row).collect();
    let names = match reveal {
        true => "names are shown (--reveal): for your own eyes, not for a public place".to_string(),
        false => format!("{} hashed", count(whole.hidden.len() as u64, "private name")),
    };
    let mut out = format!("The bundle holds:\n{}", aligned(&rows, &[false, true, false]));
    out.push_str(&format!("Hidden: secrets; {names}.\n"));
    for remark in &whole.remarks {
        out.push_str(&format!("Note: {remark}.\n"));
    }
    out
}

fn pack(parts: &[Part]) -> Result<Vec<u8>, Failed> {
    let failed = |e: &dyn std::fmt::Display| Failed::internal(format!("the zip could not be made: {e}"));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .unix_permissions(0o644);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for part in parts {
        zip.start_file(part.name, options).map_err(|e| failed(&e))?;
        zip.write_all(part.text.as_bytes()).map_err(|e| failed(&e))?;
    }
    Ok(zip.finish().map_err(|e| failed(&e))?.into_inner())
}
