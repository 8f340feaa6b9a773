//! An extracted tree beside the files of its zip, and the hash of a tree by itself.

use crate::gomod::h1;
use aws_lc_rs::digest::{Context, SHA256};
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// As many names are kept of each kind of difference.
const MOST: usize = 20;
/// A zip of a toolchain holds go.mod files under this name (x/mod/zip can't hold them), and go copies them.
const TOOLCHAIN: &str = "golang.org/toolchain";

/// File names, the first few of them, and how many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// All of them.
    pub count: usize,
    /// The first [`MOST`].
    pub first: Vec<String>,
}

impl Names {
    fn add(&mut self, name: &[u8]) {
        self.count += 1;
        if self.first.len() < MOST {
            self.first.push(String::from_utf8_lossy(name).into_owned());
        }
    }
}

/// How a tree differs from its zip.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// Files with other content.
    pub changed: Names,
    /// Files that are not there.
    pub missing: Names,
    /// Files that the zip does not hold.
    pub extra: Names,
}

/// Compares while a zip is read: give [`Compare::piece`] each piece. Holds the names and one file at a time.
pub struct Compare<'a> {
    root: &'a Path,
    prefix: String,
    names: HashSet<Vec<u8>>,
    open: Option<(Vec<u8>, Beside)>,
    buffer: Vec<u8>,
    found: Differences,
}

/// The extracted file that belongs to the one being read.
enum Beside {
    Same(File),
    Changed,
    Missing,
}

impl<'a> Compare<'a> {
    /// Of the tree at `root` with the zip whose names begin with `PATH@VERSION/`.
    pub fn new(root: &'a Path, versioned: &str) -> Compare<'a> {
        Compare {
            root,
            prefix: format!("{versioned}/"),
            names: HashSet::new(),
            open: None,
            buffer: Vec::new(),
            found: Differences::default(),
        }
    }

    /// Takes a piece of a file of the zip; an empty one is its end.
    pub fn piece(&mut self, name: &[u8], piece: &[u8]) {
        let Some(name) = name.strip_prefix(self.prefix.as_bytes()) else {
            return;
        };
        if name.is_empty() || name.ends_with(b"/") {
            return;
        }
        let mut beside = match self.open.take() {
            Some((open, beside)) if open == name => beside,
            _ => open_beside(self.root, name),
        };
        if let Beside::Same(file) = &mut beside
            && !continues(file, piece, &mut self.buffer)
        {
            beside = Beside::Changed;
        }
        if !piece.is_empty() {
            self.open = Some((name.to_vec(), beside));
            return;
        }
        match beside {
            Beside::Same(_) => {}
            Beside::Changed => self.found.changed.add(name),
            Beside::Missing => self.found.missing.add(name),
        }
        self.names.insert(name.to_vec());
    }

    /// Looks for what the zip does not hold. Fails where a directory of the tree can't be read.
    pub fn finish(mut self) -> io::Result<Differences> {
        let toolchain = self.prefix.starts_with(TOOLCHAIN);
        for path in files(self.root)? {
            let name = path.strip_prefix(self.root).unwrap_or(&path);
            let name = name.as_os_str().as_bytes();
            let original = || Some([name.strip_suffix(b"go.mod")?, b"_go.mod"].concat());
            let copy = toolchain && original().is_some_and(|name| self.names.contains(&name));
            if !copy && !self.names.contains(name) {
                self.found.extra.add(name);
            }
        }
        Ok(self.found)
    }
}

/// Opens a file without following a link or waiting for a pipe.
fn plain_file(path: &Path) -> io::Result<Option<File>> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Err(e) if e.raw_os_error() == Some(libc::ELOOP) => return Ok(None),
        file => file?,
    };
    Ok(file.metadata()?.is_file().then_some(file))
}

fn open_beside(root: &Path, name: &[u8]) -> Beside {
    let path = root.join(std::ffi::OsStr::from_bytes(name));
    match plain_file(&path) {
        Ok(Some(file)) => Beside::Same(file),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Beside::Missing,
        // A link, a directory, or what go could not read either.
        _ => Beside::Changed,
    }
}

/// Whether a file goes on with these bytes; without any, whether it ends.
fn continues(file: &mut File, piece: &[u8], buffer: &mut Vec<u8>) -> bool {
    buffer.resize(piece.len().max(1), 0);
    match piece.len() {
        0 => file.read(&mut buffer[..1]).is_ok_and(|n| n == 0),
        len => file.read_exact(&mut buffer[..len]).is_ok() && buffer[..len] == *piece,
    }
}

/// Every file, link and special file below a directory.
fn files(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut dirs = vec![root.to_path_buf()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir)? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => dirs.push(entry.path()),
                false => found.push(entry.path()),
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The `h1:` hash of a tree (dirhash: HashDir). A file that is none makes it fail.
pub fn hash(root: &Path, versioned: &str) -> io::Result<String> {
    let mut all = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    let toolchain = versioned.starts_with(TOOLCHAIN);
    for path in files(root)? {
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy();
        let copied = || path.with_file_name("_go.mod").exists();
        if toolchain && path.file_name().is_some_and(|n| n == "go.mod") && copied() {
            continue;
        }
        let file = plain_file(&path)?;
        let mut file =
            file.ok_or_else(|| io::Error::other(format!("{} is no plain file", path.display())))?;
        let mut hash = Context::new(&SHA256);
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                n => hash.update(&buffer[..n]),
            }
        }
        all.push((hash.finish(), format!("{versioned}/{name}").into_bytes()));
    }
    Ok(h1::of_files(all))
}
