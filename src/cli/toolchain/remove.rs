//! `gosteady toolchain remove`.

use super::{failed, not_a_version, settings_of_go};
use crate::outcome::{Code, Outcome};
use crate::toolchain::install::{Removed, Toolchain, remove};
use crate::ui;
use crate::world::World;

/// Removes what is named, one after the other; the first failure ends it.
pub fn run(versions: &[String], world: &World) -> Outcome {
    let mut toolchains = Vec::new();
    for text in versions {
        match Toolchain::parse(text) {
            Some(toolchain) => toolchains.push(toolchain),
            None => return not_a_version(text, "1.26.6"),
        }
    }
    let env = settings_of_go(world);
    for toolchain in &toolchains {
        let name = toolchain.name();
        match remove(toolchain, &env, &ui::note) {
            Err(failure) => return failed(&failure),
            Ok(Removed::From(root)) => ui::note(&format!("{name} removed from {}", root.display())),
            Ok(Removed::Absent(there)) => {
                let others = match there.is_empty() {
                    true => "no toolchain is".to_owned(),
                    false => format!("these are: {}", there.join(", ")),
                };
                ui::note(&format!("{name} is not in the module cache; {others}"));
                return Outcome::Ours(Code::NotFound);
            }
        }
    }
    Outcome::Ours(Code::Ok)
}
