//! One run of npm for a template: its settings, its time limit, and what it prints.
//!
//! In: a directory of its own and what to install. Out: lines of progress, and how it ended. npm ends with
//! its run, and so does what it has started; its settings, which may hold secrets, are in no line.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio_util::sync::CancellationToken;

use crate::local::helper::client::HelperError;
use crate::local::helper::protocol::{HelperErrorKind, ProcessExit};
use crate::local::interface::options::HelperCommand;
use crate::local::limits::ProcessLimits;
use crate::local::process::contained::ContainedProgram;
use crate::local::process::streams::Program;
use crate::local::sync::lock;
use crate::net::lines::LineSplitter;
use crate::net::npm::{NpmOutput, Received};
use crate::net::url::without_userinfo;

/// npm was ended, since the server ends.
pub(in crate::local) const CUT: &str = "the install was stopped, because the server ended";

/// Of a longer line the rest is left out.
const LONGEST_LINE: usize = 4096;
/// Between two lines of progress.
const STEP: Duration = Duration::from_secs(2);

/// The settings that npm runs with: those of the caller who asks for the template, or the server's own.
#[derive(Clone)]
pub(in crate::local) struct InstallSettings {
    /// Settings, proxies, certificates, and where npm is. May hold secrets.
    pub(in crate::local) env: Vec<(String, String)>,
    /// npm is ended after this time.
    pub(in crate::local) limit: Duration,
}

impl InstallSettings {
    /// Tells terms from others when they themselves are gone.
    pub(in crate::local) fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let secs = self.limit.as_secs().to_string();
        let env = self.env.iter().flat_map(|(name, value)| [name, value]);
        for text in env.chain([&secs]) {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        }
        hash.finalize().into()
    }
}

/// What npm is to do.
pub(in crate::local) struct Npm<'a> {
    pub(in crate::local) terms: &'a InstallSettings,
    /// Where npm is, if the terms do not say.
    pub(in crate::local) path: &'a str,
    pub(in crate::local) packages: &'a [String],
    pub(in crate::local) helper: &'a HelperCommand,
    pub(in crate::local) limits: ProcessLimits,
    /// What the helper has to say.
    pub(in crate::local) log: &'a Path,
    /// Ends npm when the server ends.
    pub(in crate::local) closing: &'a CancellationToken,
}

impl Npm<'_> {
    /// Installs into `prefix`.
    pub(in crate::local) async fn install(
        &self,
        prefix: &Path,
        say: impl Fn(String) + Sync,
    ) -> Result<(), String> {
        let say = |line: String| say(without_userinfo(&line));
        say(format!("npm install {}", self.packages.join(" ")));
        let npm =
            ContainedProgram::start(self.helper, self.program(prefix), self.limits, self.log).await;
        let mut npm = npm.map_err(|refused| not_started(&refused))?;
        let output = Mutex::new(NpmOutput::default());
        let take = |line: String| {
            lock(&output).push(without_userinfo(&line));
            say(line);
        };
        let [out, err] = std::mem::take(&mut npm.output);
        // At the limit as at the server's end the helper ends npm with all that it has started.
        let cut = self.closing.child_token();
        let ended = async {
            let exit = npm.end(&cut).await;
            let is_late = cut.is_cancelled() && !self.closing.is_cancelled();
            (exit, is_late)
        };
        let running = async {
            let (ended, (), ()) = tokio::join!(ended, lines(out, take), lines(err, take));
            ended
        };
        let limit = async {
            tokio::time::sleep(self.terms.limit).await;
            cut.cancel();
            std::future::pending::<()>().await;
        };
        let ended = tokio::select! {
            ended = running => Some(ended),
            () = limit => None,
            () = tell_progress(prefix.join(".npm/_cacache"), &say) => None,
        };
        let how = match ended {
            Some((Some(ProcessExit::Code(0)), _)) => return Ok(()),
            Some((Some(exit), _)) => format!("npm install failed ({exit})"),
            Some((None, true)) => {
                let secs = self.terms.limit.as_secs();
                format!("npm install did not end within {secs} s")
            }
            Some((None, false)) | None => return Err(CUT.to_owned()),
        };
        let why = output.into_inner().unwrap_or_default().why();
        Err(format!("{how}: {}", why.join(" | ")))
    }

    fn program(&self, prefix: &Path) -> Program {
        let options = "npm install --no-save --no-audit --no-fund --ignore-scripts --prefix";
        let mut argv: Vec<String> = options.split(' ').map(str::to_owned).collect();
        let home = prefix.display().to_string();
        argv.push(home.clone());
        argv.extend(self.packages.iter().cloned());
        let ours = [
            ("HOME", home.clone()),
            // What is received is counted there.
            ("npm_config_cache", format!("{home}/.npm")),
            // Its own log has the registry's password.
            ("npm_config_logs_max", "0".to_owned()),
        ];
        // npm takes its settings in either case. Ours are alone.
        let is_ours = |name: &str| ours.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        let theirs = self.terms.env.iter().filter(|(name, _)| !is_ours(name));
        let mut env = vec![("PATH".to_owned(), self.path.to_owned())];
        if theirs.clone().any(|(name, _)| name == "PATH") {
            env.clear();
        }
        env.extend(theirs.cloned());
        env.extend(ours.map(|(name, value)| (name.to_owned(), value)));
        Program {
            argv,
            env,
            cwd: prefix.to_owned(),
        }
    }
}

fn not_started(refused: &HelperError) -> String {
    match refused.reason {
        HelperErrorKind::NoProgram => {
            "npm was not found: install Node.js with npm to get the template \
            'opencode', or use the template 'base'"
                .to_owned()
        }
        _ => format!("start npm: {}", refused.message),
    }
}

async fn lines(pipe: Option<impl AsyncRead + Unpin>, mut take: impl FnMut(String)) {
    let Some(pipe) = pipe else { return };
    let mut lines = LineSplitter::new(LONGEST_LINE, 0);
    let mut reader = BufReader::new(pipe);
    while let Ok(bytes @ [_, ..]) = reader.fill_buf().await {
        lines.push(bytes, |line| take(line.text));
        let length = bytes.len();
        reader.consume(length);
    }
    if let Some(line) = lines.finish() {
        take(line.text);
    }
}

/// Says again and again how much npm has received; never ends.
async fn tell_progress(cache: PathBuf, say: impl Fn(String)) {
    let (mut received, mut last) = (Received::default(), Instant::now());
    loop {
        tokio::time::sleep(STEP).await;
        let cache = cache.clone();
        let counting = tokio::task::spawn_blocking(move || bytes_below(&cache)).await;
        let after = last.elapsed();
        last = Instant::now();
        say(received.look(counting.unwrap_or(0), after));
    }
}

fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let sizes = entries.flatten().filter_map(|entry| {
        let metadata = entry.metadata().ok()?;
        let is_folder = metadata.is_dir();
        Some(if is_folder {
            bytes_below(&entry.path())
        } else {
            metadata.len()
        })
    });
    sizes.sum()
}
