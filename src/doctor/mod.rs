//! Finding what is wrong on a machine without a build: checks, findings with stable ids, and a report in the order in
//! which people reason.

mod caches;
pub mod check;
pub mod conformance;
mod credentials;
mod dependencies;
mod desktop;
mod findings;
mod git;
mod go;
mod list;
pub mod mirrors;
mod module;
mod network;
mod pins;
mod program;
pub mod report;
mod settings;
mod shells;
pub mod snapshot;
pub mod subject;
mod surroundings;

use check::{Check, Layer};
use std::time::Duration;
use subject::Subject;

/// Every check of these surroundings; `online` also those of the network, and of a module (`PATH[@VERSION]`).
/// `servers`: the upstreams are put to the conformance test, too.
pub fn checks(subject: &Subject, online: bool, asked: Option<&str>, servers: bool) -> Vec<Check> {
    use Layer::{Configuration, Credentials, Module, Toolchain};
    // Nothing of the network is worth waiting for when only this machine is looked at.
    let patience = Duration::from_millis(if online { 3000 } else { 300 });
    let mut checks = vec![
        Check::new("the real go", Toolchain, go::real),
        Check::new("PATH", Toolchain, go::first_on_path),
        Check::new("shims", Toolchain, go::shims),
        Check::new("shells and cron", Toolchain, move |subject| {
            shells::look(subject, patience)
        }),
        Check::new("pins", Toolchain, pins::look),
        Check::new("GOROOT and go env -w", Toolchain, go::env),
        Check::new("go.mod and go.work", Module, module::context),
        Check::new("gosteady's settings", Configuration, settings::ours),
        Check::new("GO* variables", Configuration, settings::variables),
        Check::new("GOFLAGS", Configuration, settings::goflags),
        Check::new("verification", Configuration, settings::verification),
        Check::new("GOPROXY", Configuration, list::goproxy),
        Check::new("private names", Configuration, list::private_names),
        Check::new("HTTP proxies", Configuration, surroundings::proxies),
        Check::new("the desktop's proxy", Configuration, desktop::look),
        Check::new("GOVCS", Configuration, git::govcs),
        Check::new("credentials", Credentials, credentials::look),
    ];
    checks.extend(caches::checks(subject));
    if online {
        let helpers = Check::new("GOAUTH", Credentials, credentials::helpers);
        checks.push(helpers.within(credentials::HELPERS + check::LOOK));
        checks.extend(git::checks(subject));
        checks.extend(network::checks(subject));
        checks.extend(asked.map(dependencies::check));
        if servers {
            checks.extend(conformance::checks(subject, asked));
        }
    }
    checks
}
