//! What sandbar runs inside its own sandboxes.

use std::ffi::OsString;
use std::net::Ipv4Addr;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::report::CommandError;
use crate::domain::failure::Failure;
use crate::{demo, local};

/// The first process of a local sandbox. It exits with its own code.
pub(super) fn init() -> Result<(), CommandError> {
    let code = local::init_main();
    if code == std::process::ExitCode::SUCCESS {
        return Ok(());
    }
    Err(Failure::new("the sandbox's helper ended with an error").into())
}

/// Executes another program that inherits nothing from the server.
pub(super) fn detach(argv: &[OsString]) -> Result<(), CommandError> {
    let Err(error) = local::detach(argv);
    Err(Failure::new("the sandbox could not be started")
        .detail(error.to_string())
        .into())
}

/// Executes another program, on the terminal of its stdin.
pub(super) fn terminal(argv: &[OsString]) -> Result<(), CommandError> {
    let Err(error) = local::become_leader(argv);
    Err(Failure::new("the program could not be started")
        .detail(error.to_string())
        .into())
}

/// Serves the scripted model until it is killed.
pub(super) fn demo(port: u16) -> Result<(), CommandError> {
    super::runtime()?.block_on(async {
        let failed = |error: std::io::Error| {
            Failure::new(format!("the demo model cannot listen on port {port}"))
                .detail(error.to_string())
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(failed)?;
        demo::serve(listener, CancellationToken::new())
            .await
            .map_err(failed)?;
        Ok(())
    })
}
