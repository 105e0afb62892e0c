//! How a sandbox's helper process is started.

use std::path::PathBuf;

/// How to start a helper.
#[derive(Debug, Clone)]
pub struct HelperCommand {
    /// Our own program.
    pub program: PathBuf,
    /// The hidden subcommand that leads to [`init_main`](crate::local::init_main).
    pub arguments: Vec<String>,
}
