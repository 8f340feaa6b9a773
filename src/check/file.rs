//! A file that is looked at, and what stands in its place where it can't be read.

use super::Sheet;
use super::subject::is_absent;
use crate::bounded;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file that is looked at.
#[derive(Debug, Clone)]
pub struct File {
    pub path: PathBuf,
    pub text: Arc<str>,
}

/// Something is there that can't be read, and that is on the sheet.
#[derive(Debug)]
pub struct Told;

impl File {
    /// What is not text is read as well as possible; nothing is waited for.
    pub fn read(path: PathBuf) -> io::Result<File> {
        let bytes = bounded::read_file(&path)?;
        let text = String::from_utf8_lossy(&bytes).into();
        Ok(File { path, text })
    }

    pub fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

impl Sheet<'_> {
    /// A file, `None` where it is not there. What can't be read is told.
    pub fn read(&mut self, path: PathBuf) -> Result<Option<File>, Told> {
        match File::read(path.clone()) {
            Ok(file) => Ok(Some(file)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => {
                self.unreadable(path, &error);
                Err(Told)
            }
        }
    }

    /// Tells, once, that a file can't be read: it may hold anything.
    pub fn unreadable(&mut self, path: PathBuf, error: &io::Error) {
        let known = |p: &super::Problem| {
            p.finding.id == "unreadable" && p.mark.as_ref().is_some_and(|mark| mark.path == path)
        };
        if self.problems.iter().any(known) {
            return;
        }
        let fix = match error.kind() {
            ErrorKind::PermissionDenied => "make it, and the directories above it, readable for yourself",
            _ => "put a file in its place, or remove it",
        };
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let what = format!("{name} can't be read: {}", bounded::reason(error));
        let file = File {
            path,
            text: Arc::default(),
        };
        self.add("unreadable", Some((&file, 0..0)), what, fix.into());
    }
}
