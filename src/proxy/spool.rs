//! Where bodies wait until they are whole: small ones in memory, the rest in an unlinked file.

use bytes::{Bytes, BytesMut};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const IN_MEMORY: u64 = 256 << 10;
const WITHOUT_A_FILE: u64 = 64 << 20;
const PIECE: usize = 64 << 10;
/// A piece of at least this size is kept as it came; smaller ones are gathered, for each holds on to the buffer of its
/// connection.
const KEPT: usize = 4 << 10;

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

    /// An empty body.
    pub fn body(&self) -> Filling<'_> {
        Filling {
            memory: Pieces::default(),
            file: None,
            len: 0,
            spool: self,
        }
    }
}

/// A body in memory: pieces with their offsets, and small ones that are still being gathered.
#[derive(Debug, Default)]
struct Pieces {
    whole: Vec<(u64, Bytes)>,
    len: u64,
    gathered: BytesMut,
}

impl Pieces {
    fn push(&mut self, piece: &Bytes) {
        if piece.len() < KEPT {
            self.gathered.extend_from_slice(piece);
        } else {
            self.gather();
            self.keep(piece.clone());
        }
    }

    fn gather(&mut self) {
        if !self.gathered.is_empty() {
            let gathered = self.gathered.split().freeze();
            self.keep(gathered);
        }
    }

    fn keep(&mut self, piece: Bytes) {
        self.whole.push((self.len, piece.clone()));
        self.len += piece.len() as u64;
    }

    fn end(mut self) -> Vec<(u64, Bytes)> {
        self.gather();
        self.whole
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
    memory: Pieces,
    file: Option<File>,
    len: u64,
    spool: &'a Spool,
}

impl Filling<'_> {
    /// Adds a piece. An error means that there is no room; what was taken before is still there, the piece is not.
    pub fn push(&mut self, piece: &Bytes) -> io::Result<()> {
        let len = self.len + piece.len() as u64;
        if self.file.is_none() && len > IN_MEMORY {
            match unlinked(&self.spool.dirs) {
                Some(file) => {
                    self.memory.gather();
                    for (at, piece) in &self.memory.whole {
                        file.write_all_at(piece, *at)?;
                    }
                    self.file = Some(file);
                    self.memory = Pieces::default();
                }
                None if len > WITHOUT_A_FILE => return Err(io::ErrorKind::StorageFull.into()),
                None => {}
            }
        }
        match &self.file {
            Some(file) => file.write_all_at(piece, self.len)?,
            None => self.memory.push(piece),
        }
        self.len = len;
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
            None => Content::Memory(self.memory.end().into()),
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
    /// Pieces with their offsets.
    Memory(Arc<[(u64, Bytes)]>),
    File(Arc<File>),
}

impl Spooled {
    /// Bytes taken.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// The first bytes.
    pub fn head(&self) -> io::Result<Bytes> {
        self.read(0, KEPT)
    }

    /// At most that many of the last bytes.
    pub fn tail(&self, most: usize) -> io::Result<Bytes> {
        self.read(self.len.saturating_sub(most as u64), most)
    }

    /// The whole, where it is at most 16 MiB.
    pub fn metadata(&self) -> io::Result<Option<Bytes>> {
        if self.len > 16 << 20 {
            return Ok(None);
        }
        self.read(0, self.len as usize).map(Some)
    }

    /// The next piece from an offset; empty at the end.
    pub fn piece(&self, at: u64) -> io::Result<Bytes> {
        match &self.content {
            Content::Memory(pieces) => Ok(from(pieces, at)),
            Content::File(_) => self.read(at, PIECE),
        }
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
            Content::Memory(pieces) => {
                let first = from(pieces, at);
                if first.len() >= n {
                    return Ok(first.slice(..n));
                }
                let mut all = BytesMut::with_capacity(n);
                while all.len() < n {
                    let piece = from(pieces, at + all.len() as u64);
                    all.extend_from_slice(&piece[..piece.len().min(n - all.len())]);
                }
                Ok(all.freeze())
            }
        }
    }
}

/// What is left of the piece in which this offset lies; empty at the end.
fn from(pieces: &[(u64, Bytes)], at: u64) -> Bytes {
    let next = pieces.partition_point(|(start, _)| *start <= at);
    let piece = next.checked_sub(1).and_then(|n| pieces.get(n));
    piece.map_or_else(Bytes::new, |(start, bytes)| {
        bytes.slice(bytes.len().min((at - start) as usize)..)
    })
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
            Content::Memory(pieces) => {
                let piece = from(pieces, self.at);
                let n = most.min(piece.len());
                buffer[..n].copy_from_slice(&piece[..n]);
                n
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
            let mut body = spool.body();
            let piece = Bytes::from(vec![7u8; 100_000]);
            for _ in 0..4 {
                body.push(&piece).unwrap();
            }
            let body = body.end();
            assert_eq!(body.len(), 400_000);
            assert!(matches!(body.content, Content::File(_)), "{wanted:?}");
            assert_eq!(body.piece(399_990).unwrap().len(), 10);
            assert_eq!(body.tail(70_000).unwrap().len(), 70_000);
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
    fn pieces_in_memory_read_as_one() {
        let spool = Spool { dirs: Vec::new() };
        let mut body = spool.body();
        let all: Vec<u8> = (0..40_000u32).map(|n| (n % 251) as u8).collect();
        let mut at = 0;
        for size in [1, 10, 5_000, 3, 4_096, 20_000, 7, 10_883] {
            body.push(&Bytes::copy_from_slice(&all[at..at + size])).unwrap();
            at += size;
        }
        let body = body.end();
        assert_eq!(body.len(), 40_000);
        assert_eq!(body.metadata().unwrap().unwrap(), all);
        assert_eq!(body.head().unwrap(), all[..KEPT]);
        assert_eq!(body.tail(30_000).unwrap(), all[10_000..]);
        let mut streamed = Vec::new();
        while streamed.len() < 40_000 {
            streamed.extend_from_slice(&body.piece(streamed.len() as u64).unwrap());
        }
        assert_eq!(streamed, all);
        assert!(body.piece(40_000).unwrap().is_empty());
        let mut read = Vec::new();
        io::Read::read_to_end(&mut body.reader(), &mut read).unwrap();
        assert_eq!(read, all);
        let empty = spool.body().end();
        assert!(empty.head().unwrap().is_empty() && empty.piece(0).unwrap().is_empty());
    }

    #[test]
    fn without_any_directory_memory_serves_up_to_its_bound() {
        let spool = Spool { dirs: Vec::new() };
        let mut body = spool.body();
        let piece = Bytes::from(vec![1u8; 16 << 20]);
        for _ in 0..4 {
            body.push(&piece).unwrap();
        }
        assert!(body.push(&piece).is_err());
        assert_eq!(body.end().len(), 64 << 20);
    }
}
