//! Where bodies wait until they are whole: small ones in memory, the rest in an unlinked file.

use bytes::{Bytes, BytesMut};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const IN_MEMORY: usize = 256 << 10;
const WITHOUT_A_FILE: usize = 64 << 20;
const TAIL: usize = (64 << 10) + 22;
const PIECE: usize = 64 << 10;

/// Directories in which a file may be made, best first.
#[derive(Debug, Clone)]
pub struct Spool {
    dirs: Vec<PathBuf>,
}

impl Spool {
    /// `wanted` (it may not exist yet: its nearest existing parent then), else `temporary`.
    pub fn new(wanted: &Path, temporary: &Path) -> Spool {
        Spool {
            dirs: vec![wanted.to_path_buf(), temporary.to_path_buf()],
        }
    }

    /// An empty body, expected to get `length` bytes where that is known.
    pub fn body(&self, length: Option<u64>) -> Filling<'_> {
        let expected = length.map_or(0, |n| usize::try_from(n).unwrap_or(IN_MEMORY));
        Filling {
            memory: BytesMut::with_capacity(if expected > IN_MEMORY { 0 } else { expected }),
            file: None,
            len: 0,
            spool: self,
        }
    }
}

fn unlinked(dirs: &[PathBuf]) -> Option<File> {
    let existing = |dir: &PathBuf| dir.ancestors().find(|d| d.is_dir()).map(Path::to_path_buf);
    dirs.iter()
        .filter_map(existing)
        .find_map(|dir| tempfile::tempfile_in(dir).ok())
}

/// A body that is still arriving.
#[derive(Debug)]
pub struct Filling<'a> {
    memory: BytesMut,
    file: Option<File>,
    len: u64,
    spool: &'a Spool,
}

impl Filling<'_> {
    /// Adds a piece. An error means that there is no room; what was taken before is still there, the piece is not.
    pub fn push(&mut self, piece: &Bytes) -> io::Result<()> {
        if self.file.is_none() && self.memory.len() + piece.len() > IN_MEMORY {
            match unlinked(&self.spool.dirs) {
                Some(file) => {
                    file.write_all_at(&self.memory, 0)?;
                    self.file = Some(file);
                    self.memory = BytesMut::new();
                }
                None if self.memory.len() + piece.len() > WITHOUT_A_FILE => {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                None => {}
            }
        }
        match &self.file {
            Some(file) => file.write_all_at(piece, self.len)?,
            None => self.memory.extend_from_slice(piece),
        }
        self.len += piece.len() as u64;
        Ok(())
    }

    /// Bytes taken so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// What came.
    pub fn end(self) -> Spooled {
        let content = match self.file {
            Some(file) => Content::File(Arc::new(file)),
            None => Content::Memory(self.memory.freeze()),
        };
        Spooled {
            content,
            len: self.len,
        }
    }
}

/// A body, or as much of it as came. Copies share the content; its file vanishes with the last one.
#[derive(Debug, Clone)]
pub struct Spooled {
    content: Content,
    len: u64,
}

#[derive(Debug, Clone)]
enum Content {
    Memory(Bytes),
    File(Arc<File>),
}

impl Spooled {
    /// Bytes taken.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// The first bytes: all of them where the body is still in memory.
    pub fn head(&self) -> io::Result<Bytes> {
        match &self.content {
            Content::Memory(bytes) => Ok(bytes.clone()),
            Content::File(_) => self.read(0, PIECE),
        }
    }

    /// The last bytes, enough to hold the end record of a zip.
    pub fn tail(&self) -> io::Result<Bytes> {
        self.read(self.len.saturating_sub(TAIL as u64), TAIL)
    }

    /// The whole, where it is at most 16 MiB.
    pub fn metadata(&self) -> io::Result<Option<Bytes>> {
        if self.len > 16 << 20 {
            return Ok(None);
        }
        self.read(0, self.len as usize).map(Some)
    }

    /// The next piece from an offset, all that is left where the body is in memory; empty at the end.
    pub fn piece(&self, at: u64) -> io::Result<Bytes> {
        let most = match &self.content {
            Content::Memory(bytes) => bytes.len(),
            Content::File(_) => PIECE,
        };
        self.read(at, most)
    }

    /// The whole as a file, for a reader on any thread.
    pub fn reader(&self) -> Reader {
        Reader {
            content: self.content.clone(),
            len: self.len,
            at: 0,
        }
    }

    fn read(&self, at: u64, most: usize) -> io::Result<Bytes> {
        let left = usize::try_from(self.len.saturating_sub(at)).unwrap_or(usize::MAX);
        let n = most.min(left);
        match &self.content {
            Content::File(file) => {
                let mut buffer = vec![0; n];
                file.read_exact_at(&mut buffer, at)?;
                Ok(buffer.into())
            }
            Content::Memory(bytes) => {
                let at = (at as usize).min(bytes.len());
                Ok(bytes.slice(at..at + n))
            }
        }
    }
}

/// Reads a body from a position of its own.
#[derive(Debug)]
pub struct Reader {
    content: Content,
    len: u64,
    at: u64,
}

impl io::Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let most = buffer.len().min(left);
        let buffer = &mut buffer[..most];
        let n = match &self.content {
            Content::File(file) => file.read_at(buffer, self.at)?,
            Content::Memory(bytes) => {
                let start = (self.at as usize).min(bytes.len());
                buffer.copy_from_slice(&bytes[start..start + most]);
                most
            }
        };
        self.at += n as u64;
        Ok(n)
    }
}

impl io::Seek for Reader {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let at = match to {
            io::SeekFrom::Start(at) => Some(at),
            io::SeekFrom::End(by) => self.len.checked_add_signed(by),
            io::SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_survive_the_way_from_memory_to_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let not_there = Path::new("/nonexistent-root");
        for wanted in [
            dir.path().to_path_buf(),
            dir.path().join("not/yet"),
            not_there.to_path_buf(),
        ] {
            let spool = Spool::new(&wanted, dir.path());
            let mut body = spool.body(Some(400_000));
            let piece = Bytes::from(vec![7u8; 100_000]);
            for _ in 0..4 {
                body.push(&piece).unwrap();
            }
            let body = body.end();
            assert_eq!(body.len(), 400_000);
            assert!(matches!(body.content, Content::File(_)), "{wanted:?}");
            assert_eq!(body.piece(399_990).unwrap().len(), 10);
            assert_eq!(body.tail().unwrap().len(), TAIL);
            assert_eq!(body.metadata().unwrap().unwrap().len(), 400_000);
            assert!(body.piece(400_000).unwrap().is_empty());
            let mut read = Vec::new();
            let mut reader = body.reader();
            io::Seek::seek(&mut reader, io::SeekFrom::End(-20)).unwrap();
            io::Read::read_to_end(&mut reader, &mut read).unwrap();
            assert_eq!(read, [7; 20]);
        }
        assert_eq!(dir.path().read_dir().unwrap().count(), 0, "nothing is left");
    }

    #[test]
    fn without_any_directory_memory_serves_up_to_its_bound() {
        let spool = Spool { dirs: Vec::new() };
        let mut body = spool.body(None);
        let piece = Bytes::from(vec![1u8; 16 << 20]);
        for _ in 0..4 {
            body.push(&piece).unwrap();
        }
        assert!(body.push(&piece).is_err());
        assert_eq!(body.end().len(), 64 << 20);
    }
}
