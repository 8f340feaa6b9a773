//! `gosteady cache size`.

use super::{Done, Ground};
use crate::outcome::Code;
use crate::repair::cache::size::{Room, Sizes, Weight, below, measure};
use crate::ui::table::{Cell, aligned};
use crate::ui::words::{bytes, count};
use crate::ui::{self, Stream, Style};
use crate::world::World;
use std::path::{Path, PathBuf};

/// Show what takes the room
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Room on the disk, as du counts it: the module cache by its parts, GOCACHE and
gosteady's own state, the heaviest modules, and modules in several versions.
An older version may be what another project needs; nothing is removed.

Examples:
  gosteady cache size
  gosteady cache size --top 50
  gosteady cache size --json

Exit status: 0. More: docs/cache.md")]
pub struct Args {
    /// How many modules to show.
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// Print one JSON object, with every module.
    #[arg(long)]
    json: bool,
}

/// A directory beside the module cache.
struct Place {
    name: &'static str,
    path: PathBuf,
    room: Room,
}

pub(super) fn run(args: &Args, world: &World) -> Done {
    let ground = Ground::of(world)?;
    let sizes = measure(&ground.cache);
    let places = [
        ("GOCACHE", ground.env.gocache(world)),
        ("gosteady's state", world.state_dir()),
    ];
    let places: Vec<Place> = places
        .into_iter()
        .filter_map(|(name, path)| {
            let path = path?;
            let room = below(&path);
            Some(Place { name, path, room })
        })
        .collect();
    let root = ground.cache.root();
    if args.json {
        ui::out(&ui::json(&json(root, &sizes, &places)));
    } else {
        ui::out(&text(
            root,
            &sizes,
            &places,
            args.top,
            Style::of(world, Stream::Out),
        ));
    }
    Ok(Code::Ok)
}

fn total(sizes: &Sizes) -> Room {
    let mut all = Room::default();
    sizes.parts.iter().for_each(|(_, room)| all += *room);
    all
}

fn json(root: &Path, sizes: &Sizes, places: &[Place]) -> serde_json::Value {
    let parts = sizes
        .parts
        .iter()
        .map(|(name, room)| serde_json::json!({"part": name, "room": room}));
    let modules = sizes.modules.iter().map(|weight| {
        serde_json::json!({
            "module": weight.path,
            "versions": weight.versions,
            "room": weight.room,
            "older": weight.older,
        })
    });
    let places = places
        .iter()
        .map(|p| serde_json::json!({"name": p.name, "path": p.path.to_string_lossy(), "room": p.room}));
    serde_json::json!({
        "schema": 1,
        "modcache": root.to_string_lossy(),
        "room": total(sizes),
        "parts": parts.collect::<Vec<_>>(),
        "others": places.collect::<Vec<_>>(),
        "modules": modules.collect::<Vec<_>>(),
    })
}

fn text(root: &Path, sizes: &Sizes, places: &[Place], top: usize, style: Style) -> String {
    let heading = |text: &str| Cell::styled(text, |t| style.bold(t));
    let row = |name: String, room: &Room| {
        vec![
            name.into(),
            bytes(room.disk).into(),
            room.files.to_string().into(),
        ]
    };
    let mut rows = vec![["WHAT", "SIZE", "FILES"].map(heading).to_vec()];
    rows.push(row(format!("GOMODCACHE {}", root.display()), &total(sizes)));
    let parts = sizes.parts.iter().filter(|(_, room)| room.disk > 0);
    rows.extend(parts.map(|(name, room)| row(format!("  {name}"), room)));
    rows.extend(
        places
            .iter()
            .map(|p| row(format!("{} {}", p.name, p.path.display()), &p.room)),
    );
    let mut out = aligned(&rows, &[false, true, true]);
    let module = |weight: &Weight, room: &Room| {
        let versions = weight.versions.len() as u64;
        vec![
            Cell::from(weight.path.clone()),
            bytes(room.disk).into(),
            count(versions, "version").into(),
        ]
    };
    let columns = [false, true, false];
    if !sizes.modules.is_empty() && top > 0 {
        let mut rows = vec![["HEAVIEST MODULE", "SIZE", ""].map(heading).to_vec()];
        rows.extend(sizes.modules.iter().take(top).map(|w| module(w, &w.room)));
        out.push_str(&format!("\n{}", aligned(&rows, &columns)));
    }
    let mut several: Vec<&Weight> = sizes.modules.iter().filter(|w| w.versions.len() > 1).collect();
    several.sort_by_key(|w| std::cmp::Reverse(w.older.disk));
    if !several.is_empty() && top > 0 {
        let all: u64 = several.iter().map(|w| w.older.disk).sum();
        let mut rows = vec![["OLDER VERSIONS OF", "SIZE", ""].map(heading).to_vec()];
        rows.extend(several.iter().take(top).map(|w| module(w, &w.older)));
        out.push_str(&format!("\n{}", aligned(&rows, &columns)));
        out.push_str(&format!(
            "older versions of {} take {}\n",
            count(several.len() as u64, "module"),
            bytes(all)
        ));
    }
    out
}
