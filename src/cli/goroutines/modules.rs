//! The modules of a program, from its go.mod or from its binary.

use super::source::Fault;
use crate::gomod::{buildinfo, directives};
use crate::goroutines::Modules;
use crate::outcome::Code;
use crate::world::World;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// A go.mod at most, in bytes.
const LONGEST: u64 = 16 << 20;

/// Reads what this file tells: a go.mod by its name, else a binary.
pub fn read(name: &str, world: &World) -> Result<Modules, Fault> {
    let path = world
        .cwd
        .as_ref()
        .map_or_else(|| name.into(), |dir| dir.join(name));
    let fault = |text: String| Fault {
        text: format!("{name}: {text}"),
        code: Code::Usage,
    };
    match of(&path).map_err(|e| fault(e.to_string()))? {
        Some(modules) => Ok(modules),
        None => Err(fault(
            "it is neither a go.mod nor a Go program that names its modules".into(),
        )),
    }
}

fn of(path: &Path) -> io::Result<Option<Modules>> {
    let file = File::open(path)?;
    if path.extension().is_none_or(|e| e != "mod") {
        return Ok(buildinfo::modules(file)?.map(Modules::from_iter));
    }
    let mut text = Vec::new();
    file.take(LONGEST).read_to_end(&mut text)?;
    let found = directives(&text);
    let own = found.module.into_iter().map(|path| (path, String::new()));
    let required = found.requires.into_iter().map(|r| (r.path, r.version));
    let mut modules: std::collections::BTreeMap<String, String> = own.chain(required).collect();
    for replace in found.replaced {
        let fits = |version: &&mut String| replace.version.as_ref().is_none_or(|v| v == *version);
        if let Some(version) = modules.get_mut(&replace.path).filter(fits) {
            *version = match replace.at {
                Some(at) => format!("{at} of {}", replace.by),
                None => format!("of {}", replace.by),
            };
        }
    }
    Ok(Some(modules.into_iter().collect()))
}
