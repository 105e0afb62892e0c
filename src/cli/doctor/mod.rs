//! `sandbar doctor`: what this machine supports, what it lacks, and what to do about it.
//!
//! In: the configuration, the machine, the local server if it runs, the keyring for missing keys, the account if
//! there is a key. Out: one line for each, with the remedy below it if there is one. Nothing is started, and no
//! sandbox is created. Exit code 0 if sandbar can be used, 1 if something fails.

mod check;
mod engines;
mod keys;
mod machine;

use serde_json::json;
use tokio::time::Instant;

use super::args::{GlobalOptions, JsonArgs};
use super::lookup::FORMAT;
use super::report::{self, CommandError};
use super::runtime;
use super::setup;
use super::setup::keyring;
use crate::config::{Config, Env};
use crate::domain::failure::Failure;
use crate::local::daemon;
use crate::store::Store;
use check::{Check, CheckState};

pub(super) fn doctor(
    options: &GlobalOptions,
    args: &JsonArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let checks = match setup::config(options, env) {
        Ok(config) => runtime()?.block_on(all(config, env)),
        Err(CommandError::Usage(failure)) => vec![
            check::configuration_failed(&failure),
            machine::terminal(&machine::TerminalFacts::here(env), false),
        ],
        Err(other) => return Err(other),
    };
    let failed = checks
        .iter()
        .filter(|check| check.state == CheckState::Fails);
    let failed = failed.count();
    if args.json {
        report::json(&json!({ "v": FORMAT, "ok": failed == 0, "checks": checks }))?;
    } else {
        report::line(check::table(env!("CARGO_PKG_VERSION"), &checks))?;
    }
    match failed {
        0 => Ok(()),
        1 => Err(Failure::new("1 check failed").into()),
        many => Err(Failure::new(format!("{many} checks failed")).into()),
    }
}

async fn all(mut config: Config, env: &Env) -> Vec<Check> {
    let names = keyring::all(&config);
    let lookup = keyring::look_up(&mut config, &names).await;
    let config = &config;
    let local_dir = setup::local_dir(config);
    let (server, store, account) = tokio::join!(
        daemon::find(&local_dir),
        store(config),
        engines::account(config, env, Instant::now()),
    );
    let (isolation, limits) = engines::isolation(config, server.as_ref()).await;
    let mut checks = vec![
        check::configuration(config),
        store,
        machine::terminal(&machine::TerminalFacts::here(env), config.no_color.value),
        machine::git(machine::version("git", env).await.as_deref()),
        machine::npm(machine::version("npm", env).await.as_deref(), config),
        machine::bubblewrap(machine::version("bwrap", env).await.as_deref()),
        isolation,
    ];
    checks.extend(limits);
    checks.extend([
        engines::server(server.as_ref()),
        keys::keys(config, &lookup),
        account,
        engines::model(config),
    ]);
    checks
}

/// Opens the store as every command does, but never creates it.
async fn store(config: &Config) -> Check {
    let file = config.paths.database();
    if !file.exists() {
        return check::store_missing(&file);
    }
    let store = Store::open_in_background(&config.paths.state_dir);
    let notices = store.notices().await;
    let sessions = store.sessions().await.map(|sessions| sessions.len());
    check::store(&file, &notices, sessions.map_err(|error| error.to_string()))
}
