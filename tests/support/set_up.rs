//! Installs what the tests drive: the real `opencode` in the version that sandbar pins, with ripgrep, which it needs
//! on its `PATH` and does not bundle; and E2B's official SDKs.
//!
//! All are packages of npm or `PyPI`, fetched once with the ordinary clients `npm` and `pip`, as the user has configured
//! them, into a cache beside Cargo's target directory that all later runs use.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use sandbar::domain::version::OPENCODE_VERSION;

use super::optional::Optional;

const RIPGREP_VERSION: &str = "1.18.0";
/// The version whose traffic was recorded.
const CLI_VERSION: &str = "2.19.0";

/// Returns the `opencode` program of the pinned version, installing it first if it is not there.
pub(crate) fn opencode() -> PathBuf {
    install(&opencode_package(), OPENCODE_VERSION).join("bin/opencode")
}

/// Returns the folder that holds `rg`, installing it first if it is not there.
pub(crate) fn ripgrep_folder() -> PathBuf {
    install(&ripgrep_package(), RIPGREP_VERSION).join("bin")
}

/// Returns the folder of E2B's official JavaScript SDK, installing it first if it is not there.
pub(crate) fn javascript_sdk(version: &str) -> PathBuf {
    install("e2b", version)
}

/// Returns the script of E2B's official command line client, installing it first if it is not there.
pub(crate) fn e2b_cli() -> PathBuf {
    install("@e2b/cli", CLI_VERSION).join("dist/index.js")
}

/// Returns a Python that has E2B's official SDK, installing it first if it is not there.
pub(crate) fn python_with_sdk(version: &str) -> PathBuf {
    let name = format!("python-e2b-{version}");
    let package = format!("e2b=={version}");
    // A virtual environment works only with the Python that created it, which an upgrade may have removed.
    let works = |home: &Path| {
        let python = Command::new(home.join("bin/python"))
            .args(["-c", "import e2b"])
            .output();
        python.is_ok_and(|output| output.status.success())
    };
    let home = once(&name, works, |folder| python_install(folder, &package));
    home.join("bin/python")
}

/// Returns the names and folders of all packages: the content of the template `opencode`.
pub(crate) fn packages() -> [(String, PathBuf); 2] {
    let (opencode, ripgrep) = (opencode_package(), ripgrep_package());
    let folders = [
        install(&opencode, OPENCODE_VERSION),
        install(&ripgrep, RIPGREP_VERSION),
    ];
    let [first, second] = folders;
    [(opencode, first), (ripgrep, second)]
}

/// Returns the library that gives a program its own wall clock, if this machine has it.
pub(crate) fn faketime() -> Option<PathBuf> {
    const LIBRARY: &str = "faketime/libfaketimeMT.so.1";
    let machine = std::env::consts::ARCH;
    let folders = [
        format!("/usr/lib/{machine}-linux-gnu"),
        "/usr/lib64".to_owned(),
        "/usr/lib".to_owned(),
    ];
    let mut libraries = folders.iter().map(|folder| Path::new(folder).join(LIBRARY));
    let found = libraries.find(|library| library.exists());
    let lacks = found.is_none().then_some("there is no libfaketimeMT.so.1");
    Optional::FakeClock.is_there(lacks).then_some(found?)
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

/// Returns the folder of an npm package in the cache.
fn install(package: &str, version: &str) -> PathBuf {
    let name = format!("{}-{version}", package.replace('/', "+"));
    let home = once(&name, Path::exists, |folder| {
        npm_install(folder, &format!("{package}@{version}"));
    });
    home.join("node_modules").join(package)
}

/// Returns a folder of the cache, filled on the first call and again if it no longer works. Several test processes
/// may ask at once: a lock lets one of them fill it, and a rename makes the result appear atomically.
fn once(name: &str, works: impl Fn(&Path) -> bool, fill: impl FnOnce(&Path)) -> PathBuf {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap()
        .join("sandbar-test-cache");
    let home = cache.join(name);
    if works(&home) {
        return home;
    }
    fs::create_dir_all(&cache).unwrap();
    let lock = File::create(cache.join("lock")).unwrap();
    lock.lock().unwrap();
    if !works(&home) {
        if home.exists() {
            fs::remove_dir_all(&home).unwrap();
        }
        let fresh = tempfile::tempdir_in(&cache).unwrap();
        fill(fresh.path());
        fs::rename(fresh.path(), &home).unwrap();
    }
    home
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

/// Creates a virtual environment in a folder, with a package in it. It can be moved as long as only its interpreter
/// is used.
fn python_install(folder: &Path, package: &str) {
    const WANTED: &str = "install Python with venv (Debian, Ubuntu: `apt-get install python3-venv`; \
         macOS: `brew install python`)";
    let made = Command::new("python3")
        .args(["-m", "venv"])
        .arg(folder)
        .output();
    match made {
        Ok(made) if made.status.success() => {}
        Ok(made) => panic!(
            "the tests need {package} for Python, and `python3 -m venv` failed; {WANTED}:\n{}{}",
            String::from_utf8_lossy(&made.stdout),
            String::from_utf8_lossy(&made.stderr)
        ),
        Err(error) => panic!(
            "the tests need {package} for Python, and python3 could not be started ({error}); {WANTED}"
        ),
    }
    let pip = ["-m", "pip", "install", "--quiet", "--no-input"];
    let installed = Command::new(folder.join("bin/python"))
        .args(pip)
        .args(["--disable-pip-version-check", package])
        .output()
        .unwrap();
    assert!(
        installed.status.success(),
        "the tests need {package} from Python's package index, and `pip install` failed:\n{}",
        String::from_utf8_lossy(&installed.stderr)
    );
}
