//! Installs what the tests drive: the real `opencode` in the version that sandbar pins, and ripgrep, which
//! it needs on its `PATH` and does not bring along; and E2B's official SDK.
//!
//! All are npm packages, fetched once with the ordinary npm client into a cache beside
//! Cargo's target directory, and found there by all later runs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use sandbar::domain::version::OPENCODE_VERSION;

const RIPGREP_VERSION: &str = "1.18.0";
/// The version of which the traffic was recorded that `src/local` cites.
const SDK_VERSION: &str = "2.51.0";

/// Returns the `opencode` program of the pinned version, installing it first if it is not there.
pub(crate) fn opencode() -> PathBuf {
    install(&opencode_package(), OPENCODE_VERSION).join("bin/opencode")
}

/// Returns the folder that holds `rg`, installing it first if it is not there.
pub(crate) fn ripgrep_folder() -> PathBuf {
    install(&ripgrep_package(), RIPGREP_VERSION).join("bin")
}

/// Returns the folder of E2B's official JavaScript SDK, installing it first if it is not there.
pub(crate) fn javascript_sdk() -> PathBuf {
    install("e2b", SDK_VERSION)
}

/// Returns the names and folders of all packages: what the template `opencode` consists of.
pub(crate) fn packages() -> [(String, PathBuf); 2] {
    let (opencode, ripgrep) = (opencode_package(), ripgrep_package());
    let folders = [
        install(&opencode, OPENCODE_VERSION),
        install(&ripgrep, RIPGREP_VERSION),
    ];
    let [first, second] = folders;
    [(opencode, first), (ripgrep, second)]
}

fn opencode_package() -> String {
    let baseline = if needs_baseline() { "-baseline" } else { "" };
    format!("opencode-{}{baseline}", platform())
}

fn ripgrep_package() -> String {
    format!("@vscode/ripgrep-{}", platform())
}

/// This machine as npm packages name it.
fn platform() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let machine = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{system}-{machine}")
}

#[cfg(target_arch = "x86_64")]
fn needs_baseline() -> bool {
    !std::is_x86_feature_detected!("avx2")
}

#[cfg(not(target_arch = "x86_64"))]
fn needs_baseline() -> bool {
    false
}

/// Returns the folder of a package in the cache. Several test processes may ask at once: a lock lets one of
/// them install, and a rename makes the result appear whole or not at all.
fn install(package: &str, version: &str) -> PathBuf {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap()
        .join("sandbar-test-cache");
    let home = cache.join(format!("{}-{version}", package.replace('/', "+")));
    let installed = home.join("node_modules").join(package);
    if installed.exists() {
        return installed;
    }
    fs::create_dir_all(&cache).unwrap();
    let lock = File::create(cache.join("lock")).unwrap();
    lock.lock().unwrap();
    if !installed.exists() {
        let fresh = tempfile::tempdir_in(&cache).unwrap();
        npm_install(fresh.path(), &format!("{package}@{version}"));
        fs::rename(fresh.path(), &home).unwrap();
    }
    installed
}

fn npm_install(folder: &Path, package: &str) {
    let output = Command::new("npm")
        .args([
            "install",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--prefix",
        ])
        .arg(folder)
        .arg(package)
        .output();
    match output {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!(
            "the tests need {package} from npm, and `npm install` failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => panic!(
            "the tests need {package} from npm, and npm could not be started ({error}); install \
             Node.js with npm (Debian, Ubuntu: `apt-get install npm`; macOS: `brew install node`)"
        ),
    }
}
