//! The stage of a boot that sees to it that OpenCode is installed.
//!
//! One that fits is used as it is; else npm installs the pinned one in the sandbox, and its lines are shown
//! as they come.

use std::collections::VecDeque;

use super::boot::BootCx;
use super::boot_sandbox::SHORT;
use super::place::Place;
use super::sandbox::{Sandbox, script_process};
use super::words;
use crate::domain::failure::Failure;
use crate::domain::sandbox::{EngineKind, Phase, Stage};
use crate::domain::version::opencode_fits;
use crate::e2b::process::ProcessEvent;

const FIND: &str = include_str!("../../assets/sandbox/find-opencode.sh");
const INSTALL: &str = include_str!("../../assets/sandbox/install-opencode.sh");

/// Finds an OpenCode that fits, or installs the pinned one; returns its absolute path.
pub(super) async fn find_or_install(
    cx: &BootCx,
    sandbox: &Sandbox,
    place: &mut Place,
) -> Result<String, Phase> {
    let version = cx.world.settings.opencode_version.clone();
    let what = "OpenCode could not be looked for";
    let (path, version) = if let Some(found) = find(sandbox, what, &version).await? {
        found
    } else {
        install(cx, sandbox, &version).await?;
        find(sandbox, what, &version).await?.ok_or_else(|| {
            Failure::new("OpenCode was installed but cannot be run")
                .because(format!("version {version} does not start in this sandbox"))
                .hint("press r to try again, or use another template")
        })?
    };
    place.sandbox.opencode_version = Some(version);
    Ok(path)
}

async fn find(
    sandbox: &Sandbox,
    what: &str,
    version: &str,
) -> Result<Option<(String, String)>, Failure> {
    let found = sandbox.script(what, FIND, &[version], SHORT).await?;
    let fits = found.lines().filter_map(|line| line.rsplit_once(' '));
    let mut fits = fits.filter(|(_, version)| opencode_fits(version));
    Ok(fits
        .next()
        .map(|(path, version)| (path.to_owned(), version.to_owned())))
}

/// Variables that name certificates of this machine.
const CERTIFICATES: [&str; 3] = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// What npm has printed, as far as a failure tells it.
#[derive(Default)]
struct Printed {
    errors: Vec<String>,
    last: VecDeque<String>,
}

impl Printed {
    const LINES: usize = 12;

    fn push(&mut self, line: String) {
        // Of npm 10 and later, and of those before. What is indented is a trace of npm's own calls.
        let error = line.strip_prefix("npm error ");
        let error = error.or_else(|| line.strip_prefix("npm ERR! "));
        let is_told = error.is_some_and(|error| !error.starts_with([' ', '}']));
        if is_told && self.errors.len() < Self::LINES {
            self.errors.push(line.clone());
        }
        if self.last.len() == Self::LINES {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// What npm calls errors, the cause first (observed with npm 11); without any the last lines.
    fn why(self) -> Vec<String> {
        if self.errors.is_empty() {
            self.last.into()
        } else {
            self.errors
        }
    }
}

/// Installs OpenCode in the sandbox and shows npm's lines as they come.
async fn install(cx: &BootCx, sandbox: &Sandbox, version: &str) -> Result<(), Failure> {
    let mut process = script_process(INSTALL, &[version]);
    if sandbox.engine.kind == EngineKind::Local {
        // A sandbox with its own network has a way out of its own, which it was told; and each has
        // the certificates, where its processes can read them.
        let own = sandbox.engine.own_network;
        let fits = |(name, _): &&(String, String)| {
            let is_way_out = own && name.to_ascii_lowercase().ends_with("_proxy");
            !is_way_out && !CERTIFICATES.contains(&name.as_str())
        };
        let install = cx.world.settings.install_env.iter().filter(fits);
        process.env.extend(install.cloned());
    }
    process.deadline = Some(cx.world.settings.install_limit);
    let failed = |error| words::e2b(&error);
    let mut stream = sandbox.envd.start(&process).await.map_err(failed)?;
    let mut lines = crate::net::lines::LineSplitter::new(4096, 0);
    let mut printed = Printed::default();
    while let Some(event) = stream.next().await.map_err(failed)? {
        match event {
            ProcessEvent::Stdout(bytes) | ProcessEvent::Stderr(bytes) => {
                let mut fresh = Vec::new();
                lines.push(&bytes, |line| fresh.push(line.text));
                for line in fresh {
                    cx.output(Stage::Install, line.clone()).await;
                    printed.push(line);
                }
            }
            ProcessEvent::Ended(exit) if exit.success() => return Ok(()),
            ProcessEvent::Ended(exit) => {
                return Err(
                    Failure::new("OpenCode could not be installed in the sandbox")
                        .because(exit.status)
                        .hint("press r to try again, or use the template opencode, which has it")
                        .stderr(printed.why())
                        .retryable(),
                );
            }
        }
    }
    Err(Failure::new("the installation ended without a result").retryable())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let mut printed = Printed::default();
        for line in lines {
            printed.push(line.to_owned());
        }
        printed.why()
    }

    #[test]
    fn the_cause_is_told_and_not_what_follows_it() {
        let fetches = ["npm http fetch GET attempt 1 failed"; 20];
        let cause = ["npm error code ENOTFOUND", "npm error syscall getaddrinfo"];
        let trace = ["npm error     at emitErrorEvent (node:_http_client:101:11)"; 20];
        let advice = "npm error If you are behind a proxy, see 'npm help config'";

        let told = why(fetches
            .into_iter()
            .chain(cause)
            .chain(trace)
            .chain([advice]));

        assert_eq!(told, [cause[0], cause[1], advice]);
    }

    #[test]
    fn without_errors_of_npm_the_last_lines_are_told() {
        let lines: Vec<String> = (1..=20).map(|number| format!("line {number}")).collect();

        let told = why(lines.iter().map(String::as_str));

        assert_eq!(told.len(), Printed::LINES);
        assert_eq!(told.last().unwrap(), "line 20");
    }
}
