//! `sandbar local`: the E2B-compatible server for sandboxes on this machine.

use std::net::Ipv4Addr;

use secrecy::ExposeSecret;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::args::{GlobalOptions, JsonArgs, ServeArgs};
use super::report::{self, CommandError};
use super::{runtime, setup};
use crate::config::own_log::Redactor;
use crate::config::{Config, Env};
use crate::domain::failure::Failure;
use crate::domain::sandbox::EngineKind;
use crate::engine;
use crate::local::{self, HelperCommand, IsolationRequest, Level, Network, ResourceLimits, daemon};
use crate::session::context::RecordStore;
use crate::session::sandbox::unattached;
use crate::store::StoreError;

/// The maximum number of running sandboxes.
const MAX_SANDBOXES: usize = 200;

pub(super) fn serve(
    options: &GlobalOptions,
    args: &ServeArgs,
    env: &Env,
) -> Result<(), CommandError> {
    private_umask();
    let config = setup::config(options, env)?;
    let mut server = server_options(&config, env)?;
    // The daemon's own, beside its files: two programs cannot rotate one log.
    let path = if args.daemon {
        setup::local_dir(&config).join("sandbar.log")
    } else {
        config.paths.log_file()
    };
    let log = setup::own_log(&config, &path, &Redactor::default());
    log.warning.iter().for_each(report::progress);
    runtime()?.block_on(async {
        if args.daemon {
            server.state_dir = setup::local_dir(&config);
            return daemon::serve(server, config.local.server_idle.value)
                .await
                .map_err(|error| failed(&error));
        }
        server.state_dir = config.paths.state_dir.join("serve");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await;
        let listener = listener.map_err(|error| {
            Failure::new(format!("cannot listen on port {}", args.port))
                .detail(error.to_string())
                .hint("choose another one with --port, or 0 for any free one")
        })?;
        let key = server.api_key.clone();
        let shutdown = CancellationToken::new();
        let running = local::start(vec![listener], server, shutdown.clone());
        let running = running.await.map_err(|error| failed(&error))?;
        let url = running.url();
        for (name, value) in [
            ("E2B_API_URL", url.as_str()),
            ("E2B_SANDBOX_URL", &url),
            ("E2B_API_KEY", key.expose_secret()),
        ] {
            report::line(format!("export {name}={value}"))?;
        }
        report::progress("serving sandboxes on this machine; press ctrl-c to stop");
        report::progress(running.isolation().line());
        report::progress(running.limits().line());
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        shutdown.cancel();
        running.closed().await;
        Ok(())
    })
}

/// Makes new files writable only for their owner, whatever the umask of the calling shell.
fn private_umask() {
    use rustix::fs::Mode;
    let given = rustix::process::umask(Mode::WGRP | Mode::WOTH);
    rustix::process::umask(given | Mode::WGRP | Mode::WOTH);
}

fn failed(error: &std::io::Error) -> CommandError {
    Failure::new("the server for local sandboxes could not be started")
        .detail(error.to_string())
        .into()
}

fn server_options(config: &Config, env: &Env) -> Result<local::ServerOptions, CommandError> {
    let install = env
        .iter()
        .filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)));
    let install = install.filter(|(name, _)| setup::is_for_install(name));
    let key = match setup::secret(env, "E2B_API_KEY") {
        Some(key) => key,
        None => local::new_key().map_err(|error| failed(&error))?,
    };
    Ok(local::ServerOptions {
        state_dir: setup::local_dir(config),
        own_dirs: vec![config.paths.state_dir.clone()],
        cache_dir: config.paths.cache_dir.clone(),
        api_key: key,
        is_key_private: false,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        helper: HelperCommand {
            program: setup::program()?,
            arguments: ["internal", "init"].map(str::to_owned).into(),
        },
        max_sandboxes: MAX_SANDBOXES,
        path: env
            .text("PATH")
            .unwrap_or("/usr/local/bin:/usr/bin:/bin")
            .to_owned(),
        user: env.text("USER").unwrap_or("user").to_owned(),
        install_env: install
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        opencode_version: config.opencode_version.value.clone(),
        // Without isolation this is the processes' own /tmp too, so files are found where they were put; an isolated
        // sandbox has its own file system.
        extra_file_roots: vec!["/tmp".into()],
        isolation: isolation(config),
        limits: limits(config),
        domain: String::new(),
    })
}

/// A sandbox's limits, as configured.
pub(super) fn limits(config: &Config) -> ResourceLimits {
    ResourceLimits {
        memory: config.local.memory.value,
        processes: config.local.processes.value,
        file_size: config.local.file_size.value,
    }
}

/// The isolation levels, as configured.
pub(super) fn isolation(config: &Config) -> local::IsolationRequest {
    let level = |name| Level::named(name).unwrap_or_default();
    let network = match config.local.network.value {
        "pasta" => Network::Pasta,
        "shared" => Network::Shared,
        _ => Network::Own,
    };
    IsolationRequest {
        most: level(config.local.isolation.value),
        least: level(config.local.require_isolation.value),
        network,
    }
}

pub(super) fn status(
    options: &GlobalOptions,
    args: &JsonArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let config = setup::config(options, env)?;
    let found = runtime()?.block_on(daemon::find(&setup::local_dir(&config)));
    if args.json {
        return report::json(&match &found {
            Some(daemon) => json!({
                "running": true, "url": daemon.url, "pid": daemon.pid, "version": daemon.version,
                "isolation": daemon.isolation, "sandboxes": daemon.running, "limits": daemon.limits,
            }),
            None => json!({ "running": false }),
        });
    }
    match found {
        Some(daemon) => report::line(format!(
            "running at {} (process {}, version {})\n{}\n{}{}",
            daemon.url,
            daemon.pid,
            daemon.version,
            daemon.isolation.line(),
            daemon.limits.line(),
            engine::skew(&daemon.version, daemon.running)
                .map_or_else(String::new, |told| format!("\n{told}"))
        )),
        None => report::line("not running; it starts with the first local session"),
    }
}

/// Stores that the sandboxes of all local sessions are paused, if there are any.
async fn sessions_are_paused(config: &Config) -> Result<(), StoreError> {
    let directory = &config.paths.state_dir;
    if !directory.exists() {
        return Ok(());
    }
    let store = RecordStore::open(directory).store;
    unattached::store_stopped(&store, EngineKind::Local).await
}

pub(super) fn stop(options: &GlobalOptions, env: &Env) -> Result<(), CommandError> {
    let config = setup::config(options, env)?;
    let stopped = runtime()?.block_on(async {
        let stopped = daemon::stop(&setup::local_dir(&config)).await;
        // Even if it was not running: it may have been killed.
        if stopped.is_ok()
            && let Err(error) = sessions_are_paused(&config).await
        {
            report::progress(format!(
                "the sessions could not be recorded as paused: {error}"
            ));
        }
        stopped
    });
    match stopped {
        Ok(true) => report::line("stopped; its sandboxes are paused with their files"),
        Ok(false) => report::line("it was not running"),
        Err(error) => Err(Failure::new("the local server did not stop")
            .detail(error.to_string())
            .into()),
    }
}
