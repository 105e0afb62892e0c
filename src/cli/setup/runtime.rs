//! The async runtime of a command.

use tokio::runtime::{Builder, Runtime};

use crate::cli::report::CommandError;
use crate::cli::setup::descriptors;
use crate::domain::failure::Failure;

/// The main loop and the commands run on the caller's thread; two workers run the sessions.
pub(in crate::cli) fn runtime() -> Result<Runtime, CommandError> {
    descriptors::ensure()?;
    let built = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    built.map_err(|error| {
        Failure::new("the program could not start its threads")
            .detail(error.to_string())
            .into()
    })
}
