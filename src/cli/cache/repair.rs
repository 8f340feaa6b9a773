//! `gosteady cache repair`.

use super::{Done, Ground, Which, verify};
use crate::config;
use crate::outcome::Code;
use crate::repair::cache::finding::{self, Damage};
use crate::repair::cache::mend::{self, Job, mend, plan};
use crate::repair::cache::swap;
use crate::ui;
use crate::ui::words::{count, plain};
use crate::world::World;

/// Replace what is damaged, and only that; the old is set aside
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What `gosteady cache verify` finds is fetched anew beside the cache, by go
through your own GOPROXY, looked at, and put in the place of the old under
go's locks. What can't be fetched stays as it is. The old entries are renamed
into cache/gosteady/aside in GOMODCACHE, and the directory is named.

Examples:
  gosteady cache repair --dry-run        what would be replaced
  gosteady cache repair                  what this project's go.sum names
  gosteady cache repair --all            everything in GOMODCACHE

Exit status: 0 nothing is damaged any more, 1 something still is,
2 wrong command line, 70 it could not be tried. More: docs/cache.md")]
pub struct Args {
    #[command(flatten)]
    which: Which,
    /// Only tell what would be replaced.
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &Args, world: &World) -> Done {
    let ground = Ground::of(world)?;
    let scope = ground.scope(world, &args.which)?;
    let found = verify::look(&ground.cache, &scope);
    let (jobs, others) = (plan(&found), beyond(&found));
    for damage in &others {
        let finding = &damage.finding;
        ui::note(&plain(&format!(
            "[{}] {}; {}",
            finding.id, finding.what, finding.fix
        )));
    }
    if args.dry_run {
        let paths = |job: &Job| {
            let places = job
                .parts
                .iter()
                .map(|part| swap::place(&ground.cache, &job.module, *part));
            places
                .filter(|p| p.symlink_metadata().is_ok())
                .map(|p| format!("  {}\n", p.display()))
                .collect::<String>()
        };
        for job in &jobs {
            ui::out(&format!(
                "{} ({})\n{}",
                job.module,
                job.because.join(", "),
                paths(job)
            ));
        }
        ui::out(&format!(
            "{} to be replaced\n",
            count(jobs.len() as u64, "module version")
        ));
        return Ok(code(jobs.is_empty() && others.is_empty()));
    }
    if jobs.is_empty() {
        ui::out(&format!(
            "nothing to repair among {}\n",
            count(scope.modules.len() as u64, "module version")
        ));
        return Ok(code(others.is_empty()));
    }
    let settings = config::load(world).settings;
    let on = mend::Ground {
        world,
        env: &ground.env,
        cache: &ground.cache,
        scope: &scope,
        patience: settings.proxy.patience,
        tell: &ui::note,
    };
    let report = mend(jobs, &on).map_err(|error| (Code::Internal, error))?;
    let mut left = 0;
    for mended in &report.mended {
        let (module, because) = (&mended.job.module, mended.job.because.join(", "));
        match &mended.result {
            Ok(()) => ui::out(&format!("{module}: replaced ({because})\n")),
            Err(why) => {
                left += 1;
                ui::out(&format!("{module}: left as it was ({because}): {}\n", plain(why)));
            }
        }
    }
    if report.aside.is_dir() {
        let aside = report.aside.display();
        ui::out(&format!(
            "the old entries are in {aside}\nchmod -R u+w {aside} && rm -r {aside} gives their room back\n"
        ));
    }
    Ok(code(left == 0 && others.is_empty()))
}

/// What no replacement mends.
fn beyond(found: &[Damage]) -> Vec<&Damage> {
    let faulty = |damage: &&Damage| finding::faulty(std::slice::from_ref(*damage));
    found
        .iter()
        .filter(|damage| damage.parts.is_empty())
        .filter(faulty)
        .collect()
}

fn code(sound: bool) -> Code {
    if sound { Code::Ok } else { Code::Findings }
}
