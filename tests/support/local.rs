//! Our E2B-compatible server, in the test's process.

use std::path::{Path, PathBuf};

use sandbar::domain::version::OPENCODE_VERSION;
use sandbar::local::{self, HelperCommand, IsolationRequest};

/// The key of its only account.
pub(crate) const KEY: &str = "e2b_0123456789abcdef";

/// A small server with its files below `folder` and its templates' programs in `cache`.
pub(crate) fn options(folder: &Path, cache: PathBuf) -> local::ServerOptions {
    local::ServerOptions {
        state_dir: folder.join("serve"),
        own_dirs: Vec::new(),
        cache_dir: cache,
        api_key: KEY.to_owned().into(),
        is_key_private: false,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        helper: HelperCommand {
            program: env!("CARGO_BIN_EXE_sandbar").into(),
            arguments: ["internal", "init"].map(str::to_owned).into(),
        },
        max_sandboxes: 5,
        path: std::env::var("PATH").unwrap(),
        user: "someone".to_owned(),
        install_env: Vec::new(),
        opencode_version: OPENCODE_VERSION.to_owned(),
        extra_file_roots: Vec::new(),
        isolation: IsolationRequest::default(),
        limits: local::ResourceLimits::default(),
        domain: String::new(),
    }
}
