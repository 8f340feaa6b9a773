//! Mending the cache: fetched and looked at beside it first, then put in the place of what is damaged. A cache that the
//! network can't refill stays as it is.

use super::finding::{Damage, Part};
use super::inspect::inspect;
use super::layout::{Layout, Module};
use super::scope::Scope;
use super::stage::Stage;
use super::swap::{place, swap};
use crate::config::goenv::GoEnv;
use crate::error::{Error, Level};
use crate::world::World;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A module and what of it is to be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Which.
    pub module: Module,
    /// In the order in which they are replaced.
    pub parts: Vec<Part>,
    /// The findings that led there.
    pub because: Vec<&'static str>,
}

/// What there is to do about findings, in the order of the modules.
pub fn plan(found: &[Damage]) -> Vec<Job> {
    let mut jobs: BTreeMap<&Module, Job> = BTreeMap::new();
    for damage in found.iter().filter(|damage| !damage.parts.is_empty()) {
        let Some(module) = &damage.module else { continue };
        let job = jobs.entry(module).or_insert_with(|| Job {
            module: module.clone(),
            parts: Vec::new(),
            because: Vec::new(),
        });
        job.parts.extend(damage.parts);
        job.because.push(damage.finding.id);
    }
    let mut jobs: Vec<Job> = jobs.into_values().collect();
    for job in &mut jobs {
        job.parts.sort();
        job.parts.dedup();
    }
    jobs
}

/// What became of a job.
#[derive(Debug)]
pub struct Mended {
    /// The job.
    pub job: Job,
    /// Why it was not done, and everything left as it was.
    pub result: Result<(), String>,
}

/// What became of all of them.
#[derive(Debug)]
pub struct Report {
    /// Where the old entries are, by their paths below GOMODCACHE. It is there if any was replaced.
    pub aside: PathBuf,
    /// One for each job.
    pub mended: Vec<Mended>,
}

/// What mending stands on.
pub struct Ground<'a> {
    /// The process's surroundings, for the go that fetches.
    pub world: &'a World,
    /// go's settings.
    pub env: &'a GoEnv,
    /// The cache.
    pub cache: &'a Layout,
    /// What go.sum says.
    pub scope: &'a Scope,
    /// How long a lock of another process is waited for.
    pub patience: Duration,
    /// Takes a line for the user.
    pub tell: &'a dyn Fn(&str),
}

/// Does the jobs. Fails where nothing could be tried; then nothing has changed.
pub fn mend(jobs: Vec<Job>, ground: &Ground) -> Result<Report, Error> {
    let stamp = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let aside = ground
        .cache
        .ours()
        .join(format!("aside/{stamp}-{}", std::process::id()));
    let stage = Stage::new(ground.cache)?;
    for job in &jobs {
        stage.seed(ground.cache, &job.module, &job.parts);
    }
    let modules: Vec<Module> = jobs.iter().map(|job| job.module.clone()).collect();
    let said = stage.fetch(ground.world, ground.env, &modules, &ground.scope.lines);
    let said = said.map_err(|e| Error::new(format!("go mod download could not be run: {e}"), ""))?;
    let one = |job: Job| {
        let fetched = came(&stage.layout, &job, ground, &said);
        let wait = (ground.patience, ground.tell);
        let result =
            fetched.and_then(|()| swap(ground.cache, &stage.layout, &job.module, &job.parts, &aside, wait));
        Mended { job, result }
    };
    let mended = jobs.into_iter().map(one).collect();
    Ok(Report { aside, mended })
}

/// Whether everything that a job needs is there and sound.
fn came(stage: &Layout, job: &Job, ground: &Ground, said: &BTreeMap<String, String>) -> Result<(), String> {
    if let Some(error) = said.get(&job.module.to_string()) {
        return Err(error.trim().replace('\n', "; "));
    }
    let missing = |part: &&Part| place(stage, &job.module, **part).symlink_metadata().is_err();
    if let Some(part) = job.parts.iter().find(missing) {
        let place = place(ground.cache, &job.module, *part);
        return Err(format!("{} did not come", place.display()));
    }
    let found = inspect(stage, &job.module, &ground.scope.sums);
    let worst = found
        .into_iter()
        .find(|damage| damage.finding.level == Level::Error);
    worst.map_or(Ok(()), |damage| {
        Err(format!("what came is no better: {}", damage.finding.what))
    })
}
