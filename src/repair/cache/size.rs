//! What takes the room.

use super::layout::{Layout, Module};
use crate::gomod::semver;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Room taken on the disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Room {
    /// What the files take in blocks, in bytes, as du(1) counts it.
    pub disk: u64,
    /// What they hold, in bytes.
    pub bytes: u64,
    /// How many they are.
    pub files: u64,
}

impl std::ops::AddAssign for Room {
    fn add_assign(&mut self, other: Room) {
        self.disk += other.disk;
        self.bytes += other.bytes;
        self.files += other.files;
    }
}

/// What is at or below a path; links are not followed. What can't be read counts as nothing.
pub fn below(path: &Path) -> Room {
    let Ok(metadata) = path.symlink_metadata() else {
        return Room::default();
    };
    let mut room = Room {
        disk: metadata.blocks() * 512,
        ..Room::default()
    };
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            room += below(&entry.path());
        }
    } else {
        room.files = 1;
        room.bytes = if metadata.is_file() { metadata.len() } else { 0 };
    }
    room
}

/// A module path and the versions of it that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weight {
    /// The path.
    pub path: String,
    /// Zips and trees of all versions.
    pub room: Room,
    /// Versions with a zip or a tree, the newest first.
    pub versions: Vec<String>,
    /// What all but the newest take.
    pub older: Room,
}

/// A module cache by its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Name and room: zips, trees and so on; together they are all of it.
    pub parts: Vec<(&'static str, Room)>,
    /// Modules, the heaviest first.
    pub modules: Vec<Weight>,
}

/// Measures it.
pub fn measure(layout: &Layout) -> Sizes {
    let downloads = layout.downloads();
    let mut by_path: BTreeMap<String, Vec<(String, Room)>> = BTreeMap::new();
    let (mut zips, mut trees, mut toolchains) = (Room::default(), Room::default(), Room::default());
    for module in layout.modules() {
        let zip = below(&layout.file(&module, "zip"));
        let tree = below(&layout.tree(&module));
        let Module { path, version } = module;
        let mut both = zip;
        both += tree;
        if path == "golang.org/toolchain" {
            toolchains += both;
        } else {
            zips += zip;
            trees += tree;
        }
        if both.files > 0 {
            by_path.entry(path).or_default().push((version, both));
        }
    }
    let sumdb = below(&downloads.join("sumdb"));
    let vcs = below(&layout.root().join("cache/vcs"));
    let ours = below(&layout.ours());
    let all = below(layout.root());
    let mut rest = all;
    for part in [zips, trees, toolchains, sumdb, vcs, ours] {
        rest.disk = rest.disk.saturating_sub(part.disk);
        rest.bytes = rest.bytes.saturating_sub(part.bytes);
        rest.files = rest.files.saturating_sub(part.files);
    }
    Sizes {
        parts: vec![
            ("extracted trees", trees),
            ("zips", zips),
            ("toolchains", toolchains),
            ("repositories (cache/vcs)", vcs),
            ("checksum database", sumdb),
            ("set aside by gosteady", ours),
            (".mod, .info, directories", rest),
        ],
        modules: weights(by_path),
    }
}

fn weights(by_path: BTreeMap<String, Vec<(String, Room)>>) -> Vec<Weight> {
    let weigh = |(path, mut versions): (String, Vec<(String, Room)>)| {
        versions.sort_by(|a, b| semver::compare(&b.0, &a.0));
        let (mut room, mut older) = (Room::default(), Room::default());
        for (n, (_, one)) in versions.iter().enumerate() {
            room += *one;
            if n > 0 {
                older += *one;
            }
        }
        Weight {
            path,
            room,
            versions: versions.into_iter().map(|(version, _)| version).collect(),
            older,
        }
    };
    let mut all: Vec<Weight> = by_path.into_iter().map(weigh).collect();
    all.sort_by(|a, b| b.room.disk.cmp(&a.room.disk).then(a.path.cmp(&b.path)));
    all
}
