//! The tree in tiles: 256 neighbouring hashes a piece, each proved by the tile above it, up to the signed root.
//!
//! Source: golang.org/x/mod/sumdb/tlog/tile.go. Tiles of height 8, the only ones that go asks for.

use super::Fault;
use super::client::Ops;
use super::record::Tree;
use super::tlog::{Hash, Node, of_pair, root, subtrees};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

const HEIGHT: u32 = 8;
const WIDTH: u64 = 1 << HEIGHT;
const HASH: usize = 32;

/// A tile's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    /// Its level: its hashes are nodes of level 8 × this.
    pub level: u32,
    /// Its number from the left.
    pub number: u64,
    /// How many hashes it has, 1 to 256; fewer only at the right edge.
    pub width: u64,
}

impl Tile {
    /// The tile that has a node's hash, or those below the node from which it is made. The tree must have the node.
    fn of(node: Node, size: u64) -> Tile {
        let level = node.level / HEIGHT;
        let number = node.number >> (HEIGHT - node.level % HEIGHT);
        Tile::at(level, number, size)
    }

    fn at(level: u32, number: u64, size: u64) -> Tile {
        let row = size.checked_shr(level * HEIGHT).unwrap_or(0);
        Tile {
            level,
            number,
            width: WIDTH.min(row.saturating_sub(number << HEIGHT)),
        }
    }

    /// The same place with all 256 hashes.
    fn full(self) -> Tile {
        Tile { width: WIDTH, ..self }
    }

    fn parent(self, size: u64) -> Tile {
        Tile::at(self.level + 1, self.number >> HEIGHT, size)
    }

    /// Its path below the log, e.g. `tile/8/0/x001/234.p/5`.
    pub fn path(self) -> String {
        let mut number = format!("{:03}", self.number % 1000);
        let mut rest = self.number / 1000;
        while rest > 0 {
            number = format!("x{:03}/{number}", rest % 1000);
            rest /= 1000;
        }
        let partial = if self.width < WIDTH {
            format!(".p/{}", self.width)
        } else {
            String::new()
        };
        format!("tile/{HEIGHT}/{}/{number}{partial}", self.level)
    }
}

/// The hash of a node inside a tile's hashes.
fn inside(hashes: &[Hash], node: Node) -> Option<Hash> {
    let depth = node.level % HEIGHT;
    let start = usize::try_from((node.number << depth) % WIDTH).ok()?;
    Some(join(hashes.get(start..start + (1 << depth))?))
}

/// The hash over a power of two of neighbours.
fn join(hashes: &[Hash]) -> Hash {
    match hashes {
        [only] => *only,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            of_pair(join(left), join(right))
        }
    }
}

/// Reads hashes of a tree that are proved to belong to its root. Every tile is held against its parent, and those of
/// the right edge together against the root, before any of its hashes is given out or remembered.
pub struct Reader<'a, O> {
    ops: &'a mut O,
    tree: Tree,
    proved: HashMap<Tile, Vec<Hash>>,
}

impl<'a, O: Ops> Reader<'a, O> {
    /// A reader for a tree; proves the tiles of its right edge.
    pub fn new(ops: &'a mut O, tree: Tree) -> Result<Reader<'a, O>, Fault> {
        let mut reader = Reader {
            ops,
            tree,
            proved: HashMap::new(),
        };
        // What was remembered may be damaged; the log is asked then.
        if !reader.prove_edge(true)? && !reader.prove_edge(false)? {
            return Err(Fault::Forged(format!(
                "the tiles do not lead to the signed root of the tree of {} records",
                tree.size
            )));
        }
        Ok(reader)
    }

    fn prove_edge(&mut self, remembered: bool) -> Result<bool, Fault> {
        let nodes = subtrees(self.tree.size);
        let mut read: HashMap<Tile, (Vec<Hash>, bool)> = HashMap::new();
        let mut hashes = Vec::with_capacity(nodes.len());
        for node in nodes {
            let tile = Tile::of(node, self.tree.size);
            if let Entry::Vacant(slot) = read.entry(tile) {
                let kept = self.remembered(tile).filter(|_| remembered);
                let fresh = kept.is_none();
                let content = match kept {
                    Some(content) => content,
                    None => self.asked(tile)?,
                };
                slot.insert((content, fresh));
            }
            hashes.extend(read.get(&tile).and_then(|(content, _)| inside(content, node)));
        }
        if root(&hashes) != self.tree.root {
            return Ok(false);
        }
        for (tile, (content, fresh)) in read {
            if fresh {
                self.remember(tile, &content);
            }
            self.proved.insert(tile, content);
        }
        Ok(true)
    }

    /// The hash of a node; the tree must have it.
    pub fn hash(&mut self, node: Node) -> Result<Hash, Fault> {
        let outside = || Fault::Forged(format!("the tree of {} records has no such node", self.tree.size));
        let end = (node.number + 1).checked_shl(node.level).ok_or_else(outside)?;
        if end > self.tree.size {
            return Err(outside());
        }
        let tile = Tile::of(node, self.tree.size);
        // The way up to a tile that is proved already; the edge is, and every way ends there.
        let mut way = vec![tile];
        while let Some(&last) = way.last()
            && !self.proved.contains_key(&last)
        {
            way.push(last.parent(self.tree.size));
        }
        while let Some(tile) = way.pop() {
            if !self.proved.contains_key(&tile) {
                self.prove(tile)?;
            }
        }
        let content = self.proved.get(&tile).and_then(|content| inside(content, node));
        content.ok_or_else(|| Fault::Forged(format!("{} is too short", tile.path())))
    }

    /// Proves a full tile by its parent.
    fn prove(&mut self, tile: Tile) -> Result<(), Fault> {
        let parent = self.proved.get(&tile.parent(self.tree.size));
        let at = usize::try_from(tile.number % WIDTH).unwrap_or_default();
        let wanted = parent.and_then(|hashes| hashes.get(at)).copied();
        let content = match self.remembered(tile).filter(|c| Some(join(c)) == wanted) {
            Some(content) => content,
            None => {
                let content = self.asked(tile)?;
                if Some(join(&content)) != wanted {
                    return Err(Fault::Forged(format!(
                        "{} is not a part of the signed tree",
                        tile.path()
                    )));
                }
                self.remember(tile, &content);
                content
            }
        };
        self.proved.insert(tile, content);
        Ok(())
    }

    fn remembered(&mut self, tile: Tile) -> Option<Vec<Hash>> {
        let mut read = |place: Tile| split(&self.ops.cached(&place.path())?, place, tile.width);
        read(tile).or_else(|| read(tile.full()).filter(|_| tile.width < WIDTH))
    }

    /// Asks the log; where it has no partial tile any more, for the full one.
    fn asked(&mut self, tile: Tile) -> Result<Vec<Hash>, Fault> {
        let short = |tile: Tile| Fault::Forged(format!("{} has the wrong length", tile.path()));
        match self.ops.remote(&tile.path()) {
            Ok(bytes) => split(&bytes, tile, tile.width).ok_or_else(|| short(tile)),
            Err(Fault::Absent(_)) if tile.width < WIDTH => {
                let bytes = self.ops.remote(&tile.full().path())?;
                split(&bytes, tile.full(), tile.width).ok_or_else(|| short(tile.full()))
            }
            Err(fault) => Err(fault),
        }
    }

    fn remember(&mut self, tile: Tile, content: &[Hash]) {
        let bytes: Vec<u8> = content.iter().flat_map(|hash| hash.0).collect();
        self.ops.cache(&tile.path(), &bytes);
    }
}

/// The first hashes of a tile's bytes, which must be as many as its width says.
fn split(bytes: &[u8], tile: Tile, most: u64) -> Option<Vec<Hash>> {
    let whole = bytes.len() as u64 == tile.width * HASH as u64;
    let (hashes, _) = bytes.as_chunks::<HASH>();
    let most = usize::try_from(most).ok()?;
    whole.then(|| hashes.iter().take(most).map(|h| Hash(*h)).collect())
}
