//! Module caches as values that can be compared.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Every file and link below a directory, by its path relative to it; none where there is no such directory.
pub fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    collect(root, root, &mut found);
    found
}

fn collect(root: &Path, dir: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let kind = entry.file_type().expect("a file type");
        if kind.is_dir() {
            collect(root, &path, found);
            continue;
        }
        let name = path.strip_prefix(root).expect("below the root");
        let content = if kind.is_symlink() {
            let target = std::fs::read_link(&path).expect("a link");
            target.into_os_string().into_encoded_bytes()
        } else {
            std::fs::read(&path).expect("a file")
        };
        found.insert(name.to_string_lossy().into_owned(), content);
    }
}

/// Removes a tree, whatever its modes are: those of what go unpacks forbid it to all but root.
pub fn remove(root: &Path) {
    match std::fs::remove_dir_all(root) {
        Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => {
            open(root);
            std::fs::remove_dir_all(root).unwrap_or_else(|e| panic!("{root:?}: {e}"));
        }
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => panic!("{root:?}: {e}"),
        _ => {}
    }
}

fn open(dir: &Path) {
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
        if entry.file_type().expect("a file type").is_dir() {
            open(&entry.path());
        }
    }
}

/// A module cache without what differs from run to run: locks, clones of repositories, the checksum database.
pub fn module_cache(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = files(root);
    found.retain(|name, _| {
        !name.ends_with(".lock")
            && name != "cache/lock"
            && !name.starts_with("cache/vcs/")
            && !name.starts_with("cache/download/sumdb/")
    });
    found
}

/// Fails the test with the names that differ, not with their content.
#[track_caller]
pub fn assert_same(what: &str, left: &BTreeMap<String, Vec<u8>>, right: &BTreeMap<String, Vec<u8>>) {
    let mut names: Vec<&String> = left.keys().chain(right.keys()).collect();
    names.sort();
    names.dedup();
    names.retain(|name| left.get(*name) != right.get(*name));
    assert!(names.is_empty(), "{what}: these files differ: {names:?}");
}
