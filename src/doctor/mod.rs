//! Finding what is wrong on a machine without a build: checks, findings with stable ids, and a report in the order in
//! which people reason.

mod caches;
pub mod check;
pub mod conformance;
mod credentials;
mod dependencies;
mod findings;
mod go;
mod list;
pub mod mirrors;
mod module;
mod network;
pub mod report;
mod settings;
pub mod snapshot;
pub mod subject;
mod surroundings;

use check::{Check, Layer};
use subject::Subject;

/// Every check of these surroundings; `online` also those of the network, and of a module (`PATH[@VERSION]`).
/// `servers`: the upstreams are put to the conformance test, too.
pub fn checks(subject: &Subject, online: bool, asked: Option<&str>, servers: bool) -> Vec<Check> {
    use Layer::{Caches, Configuration, Credentials, Module, Toolchain};
    let mut checks = vec![
        Check::new("the real go", Toolchain, go::real),
        Check::new("PATH", Toolchain, go::first_on_path),
        Check::new("the login shell", Toolchain, go::login_shell),
        Check::new("GOROOT and go env -w", Toolchain, go::env),
        Check::new("go.mod and go.work", Module, module::context),
        Check::new("gosteady's settings", Configuration, settings::ours),
        Check::new("GO* variables", Configuration, settings::variables),
        Check::new("GOFLAGS", Configuration, settings::goflags),
        Check::new("verification", Configuration, settings::verification),
        Check::new("GOPROXY", Configuration, list::goproxy),
        Check::new("private names", Configuration, list::private_names),
        Check::new("HTTP proxies", Configuration, surroundings::proxies),
        Check::new("the caches", Caches, caches::look),
        Check::new("credentials", Credentials, credentials::look),
    ];
    if online {
        checks.extend(network::checks(subject));
        checks.extend(asked.map(dependencies::check));
        if servers {
            checks.extend(conformance::checks(subject, asked));
        }
    }
    checks
}
