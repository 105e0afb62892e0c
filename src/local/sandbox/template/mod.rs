//! Templates: what a new sandbox finds in its home's `.local/bin`.
//!
//! `base` has nothing of ours. `opencode` has OpenCode and ripgrep, installed once into the cache
//! by the user's own npm from the platform packages alone (the wrapper package would bring a
//! second binary and need node). The install goes into a fresh directory that is renamed when
//! complete, under a file lock: a cut or a second server leaves no half-made template.
//!
//! It knows no sandbox. [`npm`] is one run of the installer.

pub(in crate::local) mod npm;

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use rustix::fs::FlockOperation;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::local::error::ApiError;
use crate::local::interface::options::HelperCommand;
use crate::local::interface::options::ServerOptions;
use crate::local::isolation::Isolation;
use crate::local::limits::{DescriptorLimits, ProcessLimits};
use crate::local::sync::lock;
use crate::os::private_file::lock_file;
use npm::{CUT, InstallSettings, Npm};

/// All that there are.
pub(in crate::local) const NAMES: [&str; 2] = ["base", "opencode"];
/// E2B's templates for which programs ask by themselves, and what they get instead: the sandbox
/// without what its server or its desktop would be.
pub(in crate::local) const STAND_INS: [(&str, &str); 2] =
    [("code-interpreter-v1", "base"), ("desktop", "base")];

/// What an install may take where its caller does not say.
const INSTALL_LIMIT: Duration = Duration::from_mins(10);
/// Lines of npm's output kept for those who watch an install.
const KEPT: usize = 200;

/// Between two tries for the lock of the cache.
const STEP: Duration = Duration::from_millis(200);

/// One step of an install as a watcher sees it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::local) enum InstallProgress {
    Line(String),
    Error(String),
    Done(bool),
}

/// Programs that a template puts into a home.
#[derive(Debug, Clone, Default)]
pub(in crate::local) struct TemplateLinks(pub(in crate::local) Vec<(&'static str, PathBuf)>);

impl TemplateLinks {
    /// The same programs where the sandboxes can start them. Touches the disk.
    pub(in crate::local) fn within_reach(
        self,
        isolation: &Isolation,
        state_dir: &Path,
    ) -> io::Result<Self> {
        let programs = self.0.into_iter();
        let reached = programs
            .map(|(name, program)| Ok((name, isolation.within_reach(&program, state_dir)?)))
            .collect::<io::Result<_>>()?;
        Ok(Self(reached))
    }

    pub(in crate::local) fn link_into(&self, home: &Path) -> io::Result<()> {
        let bin = home.join(".local/bin");
        std::fs::create_dir_all(&bin)?;
        for (name, target) in &self.0 {
            std::os::unix::fs::symlink(target, bin.join(name))?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct InstallLog {
    lines: VecDeque<String>,
    /// Lines dropped at the front.
    dropped: usize,
    result: Option<Result<(), String>>,
}

/// One running or finished install, shared by all who wait for it.
struct Install {
    /// Of its terms: they themselves are for the run alone.
    terms: [u8; 32],
    log: Mutex<InstallLog>,
    changed: watch::Sender<u64>,
}

/// A watcher of an install.
pub(in crate::local) struct InstallWatcher {
    /// The install goes by somebody else's terms: with the caller's own it may end otherwise.
    pub(in crate::local) is_foreign: bool,
    install: Option<Arc<Install>>,
    changes: Option<watch::Receiver<u64>>,
    seen: usize,
}

impl InstallWatcher {
    /// The next step; `None` after the last. Cancel-safe.
    pub(in crate::local) async fn next(&mut self) -> Option<InstallProgress> {
        let (Some(install), Some(changes)) = (&self.install, &mut self.changes) else {
            return None;
        };
        loop {
            changes.mark_unchanged();
            {
                let log = lock(&install.log);
                self.seen = self.seen.max(log.dropped);
                if let Some(line) = log.lines.get(self.seen - log.dropped) {
                    self.seen += 1;
                    return Some(InstallProgress::Line(line.clone()));
                }
                if let Some(result) = log.result.clone() {
                    drop(log);
                    self.install = None;
                    return Some(
                        result
                            .map_or_else(InstallProgress::Error, |()| InstallProgress::Done(true)),
                    );
                }
            }
            changes.changed().await.ok()?;
        }
    }
}

pub(in crate::local) struct Templates {
    cache: PathBuf,
    path: String,
    /// For those who bring none.
    own: InstallSettings,
    version: String,
    /// npm's name of OpenCode for this machine; to find it out touches the disk.
    opencode: String,
    install: Mutex<Option<Arc<Install>>>,
    helper: HelperCommand,
    descriptors: DescriptorLimits,
    /// Ends with the server.
    closing: CancellationToken,
    jobs: TaskTracker,
}

impl Templates {
    pub(in crate::local) fn new(options: &ServerOptions, descriptors: DescriptorLimits) -> Self {
        Self {
            cache: options.cache_dir.clone(),
            path: options.path.clone(),
            own: InstallSettings {
                env: options.install_env.clone(),
                limit: INSTALL_LIMIT,
            },
            version: options.opencode_version.clone(),
            opencode: opencode_package(),
            install: Mutex::default(),
            helper: options.helper.clone(),
            descriptors,
            closing: CancellationToken::new(),
            jobs: TaskTracker::new(),
        }
    }

    /// Cuts off an install that is under way, with all that npm has started.
    pub(in crate::local) async fn close(&self) {
        self.closing.cancel();
        self.jobs.close();
        self.jobs.wait().await;
    }

    /// Makes sure that a template is there; waits for its install.
    pub(in crate::local) async fn prepare(
        &self,
        template: &str,
    ) -> Result<TemplateLinks, ApiError> {
        let mut progress = self.install(template, None)?;
        while let Some(step) = progress.next().await {
            if let InstallProgress::Error(message) = step {
                return Err(ApiError::internal(message));
            }
        }
        Ok(self.links(template))
    }

    /// The programs of a template that has been prepared.
    pub(in crate::local) fn links(&self, template: &str) -> TemplateLinks {
        if template == "base" {
            return TemplateLinks::default();
        }
        let modules = self.home().join("node_modules");
        TemplateLinks(vec![
            (
                "opencode",
                modules.join(&self.opencode).join("bin/opencode"),
            ),
            ("rg", modules.join(ripgrep_package()).join("bin/rg")),
        ])
    }

    /// Watches the install of a template, which is started unless it is done or under way: by the caller's
    /// terms, or else the server's own.
    pub(in crate::local) fn install(
        &self,
        template: &str,
        terms: Option<InstallSettings>,
    ) -> Result<InstallWatcher, ApiError> {
        let terms = terms.unwrap_or_else(|| self.own.clone());
        match template {
            "base" => {
                return Ok(InstallWatcher {
                    is_foreign: false,
                    install: Some(finished(&terms)),
                    changes: Some(watch::channel(0).1),
                    seen: 0,
                });
            }
            "opencode" => {}
            other => {
                let message = format!(
                    "template '{other}' not found; the local server has 'base' and 'opencode'"
                );
                return Err(ApiError::new(StatusCode::NOT_FOUND, message));
            }
        }
        let mut current = lock(&self.install);
        let failed = current
            .as_ref()
            .is_some_and(|install| matches!(lock(&install.log).result, Some(Err(_))));
        let lost = current.is_some()
            && !failed
            && current.as_ref().is_some_and(|install| {
                lock(&install.log).result.is_some() && !self.home().exists()
            });
        if failed || lost {
            *current = None;
        }
        let install = current.get_or_insert_with(|| self.begin(terms.clone()));
        // What was installed before is no news.
        let seen = match &*lock(&install.log) {
            log if log.result.is_some() => log.dropped + log.lines.len(),
            _ => 0,
        };
        Ok(InstallWatcher {
            is_foreign: install.terms != terms.digest(),
            install: Some(Arc::clone(install)),
            changes: Some(install.changed.subscribe()),
            seen,
        })
    }

    fn home(&self) -> PathBuf {
        self.cache.join(format!("opencode-{}", self.version))
    }

    fn begin(&self, terms: InstallSettings) -> Arc<Install> {
        if self.home().exists() {
            return finished(&terms);
        }
        let install = Arc::new(Install {
            terms: terms.digest(),
            log: Mutex::default(),
            changed: watch::channel(0).0,
        });
        let job = InstallJob {
            helper: self.helper.clone(),
            descriptors: self.descriptors,
            closing: self.closing.clone(),
            target: self.home(),
            cache: self.cache.clone(),
            path: self.path.clone(),
            terms,
            packages: [
                format!("{}@{}", self.opencode, self.version),
                ripgrep_package().to_owned(),
            ],
            install: Arc::clone(&install),
        };
        // Ends with npm; everybody who waits sees its result.
        self.jobs.spawn(async move {
            let result = job.run().await;
            job.install.finish(result);
        });
        install
    }
}

fn finished(terms: &InstallSettings) -> Arc<Install> {
    let log = InstallLog {
        result: Some(Ok(())),
        ..InstallLog::default()
    };
    Arc::new(Install {
        terms: terms.digest(),
        log: Mutex::new(log),
        changed: watch::channel(0).0,
    })
}

impl Install {
    fn line(&self, line: String) {
        {
            let mut log = lock(&self.log);
            if log.lines.len() == KEPT {
                log.lines.pop_front();
                log.dropped += 1;
            }
            log.lines.push_back(line);
        }
        self.changed.send_modify(|count| *count += 1);
    }

    fn finish(&self, result: Result<(), String>) {
        lock(&self.log).result = Some(result);
        self.changed.send_modify(|count| *count += 1);
    }
}

struct InstallJob {
    helper: HelperCommand,
    descriptors: DescriptorLimits,
    closing: CancellationToken,
    target: PathBuf,
    cache: PathBuf,
    path: String,
    terms: InstallSettings,
    packages: [String; 2],
    install: Arc<Install>,
}

impl InstallJob {
    async fn run(&self) -> Result<(), String> {
        let failed = |error: io::Error| format!("install the template 'opencode': {error}");
        std::fs::create_dir_all(&self.cache).map_err(failed)?;
        self.install
            .line("waiting for the template cache".to_owned());
        let lock = self.cache.join("install.lock");
        let _lock = loop {
            match lock_file(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(file) => break file,
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                    return Err(failed(error));
                }
                // A thread that waits in the kernel could not be told of the server's end.
                Err(_) => tokio::select! {
                    () = tokio::time::sleep(STEP) => {}
                    () = self.closing.cancelled() => return Err(CUT.to_owned()),
                },
            }
        };
        if self.target.exists() {
            return Ok(());
        }
        let fresh = self.target.with_file_name("install.partial");
        let _ = std::fs::remove_dir_all(&fresh);
        std::fs::create_dir_all(&fresh).map_err(failed)?;
        let npm = Npm {
            terms: &self.terms,
            path: &self.path,
            packages: &self.packages,
            helper: &self.helper,
            limits: ProcessLimits::default().with_open_files(self.descriptors),
            log: &self.cache.join("install.log"),
            closing: &self.closing,
        };
        npm.install(&fresh, |line| self.install.line(line)).await?;
        let _ = std::fs::remove_dir_all(fresh.join(".npm"));
        std::fs::rename(&fresh, &self.target).map_err(failed)
    }
}

/// The npm package with OpenCode's binary for this machine (names as published for 1.18).
fn opencode_package() -> String {
    let is_arm = cfg!(target_arch = "aarch64");
    let arch = if is_arm { "arm64" } else { "x64" };
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let plain = !is_arm && !info.is_empty() && !has_avx2(&info);
    let baseline = if plain { "-baseline" } else { "" };
    let musl = if is_musl() { "-musl" } else { "" };
    format!("opencode-linux-{arch}{baseline}{musl}")
}

fn ripgrep_package() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "@vscode/ripgrep-linux-arm64"
    } else {
        "@vscode/ripgrep-linux-x64"
    }
}

fn has_avx2(cpuinfo: &str) -> bool {
    cpuinfo
        .lines()
        .filter(|line| line.starts_with("flags"))
        .any(|line| line.split_whitespace().any(|flag| flag == "avx2"))
}

/// The machine's C library, not ours: a static build of ours runs anywhere.
fn is_musl() -> bool {
    ["/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1"]
        .iter()
        .any(|loader| Path::new(loader).exists())
        && !Path::new("/lib64/ld-linux-x86-64.so.2").exists()
        && !Path::new("/lib/ld-linux-aarch64.so.1").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn avx2_is_a_whole_word_among_the_flags() {
        assert!(has_avx2("model name : x\nflags\t\t: fpu avx avx2 bmi1\n"));
        assert!(!has_avx2("model name : avx2\nflags\t\t: fpu avx avx2x\n"));
    }
}
