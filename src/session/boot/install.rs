//! The boot stage that makes sure that OpenCode is installed.
//!
//! A compatible installation is used as it is; otherwise npm installs the pinned version in the sandbox, and its
//! output is shown line by line.

use std::time::Instant;

use super::cx::BootCx;
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::sandbox::{EngineKind, Phase, Stage};
use crate::domain::version::opencode_fits;
use crate::e2b::process::{ExitStatus, ProcessEvent, ProcessRef, ProcessStream};
use crate::net::npm::{NpmOutput, Received};
use crate::net::url::without_userinfo;
use crate::session::failures;
use crate::session::recorder::record::SessionRecord;
use crate::session::sandbox::SessionSandbox;
use crate::session::sandbox::script::SHORT;
use crate::session::sandbox::server_process;

const FIND: &str = include_str!("../../../assets/sandbox/find-opencode.sh");
const INSTALL: &str = include_str!("../../../assets/sandbox/install-opencode.sh");

/// Finds a compatible OpenCode or installs the pinned version; returns its absolute path.
pub(in crate::session) async fn find_or_install(
    cx: &BootCx,
    sandbox: &SessionSandbox,
    place: &mut SessionRecord,
) -> Result<String, Phase> {
    let version = cx.context.settings.opencode_version.clone();
    let what = "the search for OpenCode failed";
    let (path, version) = if let Some(found) = find(sandbox, what, &version).await? {
        found
    } else {
        install(cx, sandbox, &version).await?;
        find(sandbox, what, &version).await?.ok_or_else(|| {
            Failure::new("OpenCode was installed but cannot be run")
                .detail(format!("version {version} does not start in this sandbox"))
                .advise([Advice::TryAgain, Advice::UseTemplate(None)])
        })?
    };
    place.sandbox.opencode_version = Some(version);
    Ok(path)
}

async fn find(
    sandbox: &SessionSandbox,
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

/// Prefix of the script's lines that report the bytes received.
const RECEIVED: &str = "sandbar-received ";
/// Where this machine has npm.
const PATH: &str = "PATH";
/// Variables that name certificates of this machine.
const CERTIFICATES: [&str; 3] = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Installs OpenCode in the sandbox and shows npm's output.
async fn install(cx: &BootCx, sandbox: &SessionSandbox, version: &str) -> Result<(), Failure> {
    let limit = cx.context.settings.install_limit;
    let (mut process, deadline) = server_process::limited(INSTALL, &[version], limit);
    if sandbox.engine.kind == EngineKind::Local {
        // A sandbox with its own network has its own proxy settings; every sandbox has the certificates at a path
        // that its processes can read.
        let own = sandbox.engine.own_network;
        let fits = |(name, _): &&(String, String)| {
            let is_way_out = own && name.to_ascii_lowercase().ends_with("_proxy");
            !is_way_out && name != PATH && !CERTIFICATES.contains(&name.as_str())
        };
        let install = cx.context.settings.install_env.iter().filter(fits);
        process.env.extend(install.cloned());
    }
    process.deadline = Some(deadline);
    let failed = |error| failures::e2b(&error);
    let began = Instant::now();
    let mut stream = sandbox.envd.start(&process).await.map_err(failed)?;
    let pid = stream.pid();
    let followed = follow(cx, sandbox, &mut stream).await;
    let (exit, output) = match followed {
        Ok(ended) => ended,
        Err(failure) => {
            // Otherwise it would go on with nobody following it.
            let _ended = server_process::end(&sandbox.envd, &[pid]).await;
            return Err(failure);
        }
    };
    if exit.success() {
        return Ok(());
    }
    let why = if !exit.exited && began.elapsed() >= limit {
        format!(
            "it did not end within {} s (timeouts.install)",
            limit.as_secs()
        )
    } else {
        exit.status
    };
    Err(
        Failure::new("OpenCode could not be installed in the sandbox")
            .detail(why)
            .advise([
                Advice::TryAgain,
                Advice::UseTemplate(Some("opencode".to_owned())),
            ])
            .stderr(output.why())
            .retryable(),
    )
}

/// How often a broken stream is reconnected.
const TRIES: u32 = 5;

/// Shows npm's output until it exits. A broken stream does not abort the installation.
async fn follow(
    cx: &BootCx,
    sandbox: &SessionSandbox,
    stream: &mut ProcessStream,
) -> Result<(ExitStatus, NpmOutput), Failure> {
    let mut lines = crate::net::lines::LineSplitter::new(4096, 0);
    let mut output = NpmOutput::default();
    let (mut received, mut last) = (Received::default(), Instant::now());
    let mut left = TRIES;
    loop {
        match stream.next().await {
            Ok(Some(ProcessEvent::Stdout(bytes) | ProcessEvent::Stderr(bytes))) => {
                let mut fresh = Vec::new();
                lines.push(&bytes, |line| fresh.push(without_userinfo(&line.text)));
                for line in fresh {
                    if let Some(bytes) = line.strip_prefix(RECEIVED) {
                        let bytes = bytes.trim().parse().unwrap_or(0);
                        let progress = received.look(bytes, last.elapsed());
                        last = Instant::now();
                        cx.output(Stage::Install, progress).await;
                        continue;
                    }
                    cx.output(Stage::Install, line.clone()).await;
                    output.push(line);
                }
            }
            Ok(Some(ProcessEvent::Ended(exit))) => return Ok((exit, output)),
            Ok(None) => {
                return Err(Failure::new("the installation ended without a result").retryable());
            }
            Err(error) if left > 0 && error.is_retryable() => {
                left -= 1;
                tokio::time::sleep(cx.context.timing.look_again).await;
                let again = ProcessRef::Pid(stream.pid());
                if let Ok(again) = sandbox.envd.connect(&again).await {
                    *stream = again;
                }
            }
            Err(error) => return Err(failures::e2b(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::{Command, Output, Stdio};

    use pretty_assertions::assert_eq;

    use super::*;

    /// A fake npm that installs programs which print their version.
    const MAKES_PACKAGES: &str = r#"
mkdir -p "$3/.npm/_cacache"
for name in opencode-linux-x64/bin/opencode opencode-linux-x64-baseline/bin/opencode \
  opencode-linux-arm64/bin/opencode @vscode/ripgrep-linux-x64/bin/rg @vscode/ripgrep-linux-arm64/bin/rg; do
  mkdir -p "$3/node_modules/${name%/*}"
  printf '#!/bin/sh\necho 9.9.9\n' > "$3/node_modules/$name"
  chmod 755 "$3/node_modules/$name"
done
echo "added 2 packages""#;

    /// Runs the script with the test's npm.
    fn install_with(home: &Path, npm: &str) -> Output {
        let bin = home.join("bin");
        fs::create_dir_all(&bin).unwrap();
        let path = format!("{}:/usr/bin:/bin", bin.display());
        // The shell writes the file: a file that this process has open for writing cannot be executed.
        let script = format!(
            "printf '%s' \"$NPM\" > {0}; chmod 755 {0}; {INSTALL}",
            bin.join("npm").display()
        );
        Command::new("/bin/sh")
            .args(["-c", &script, "sandbar", "9.9.9"])
            .env_clear()
            .envs([("HOME", home.display().to_string()), ("PATH", path)])
            .env("NPM", format!("#!/bin/sh\n{npm}\n"))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    #[test]
    fn an_install_in_a_sandbox_succeeds_and_leaves_only_the_programs() {
        let home = tempfile::tempdir().unwrap();

        let output = install_with(home.path(), MAKES_PACKAGES);

        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.code(), complaint.as_str()),
            (Some(0), ""),
            "{said}"
        );
        let opencode = home.path().join(".sandbar/opencode");
        for program in ["opencode", "rg"] {
            let run = Command::new(opencode.join("9.9.9").join(program))
                .output()
                .unwrap();
            assert_eq!(run.stdout, b"9.9.9\n", "{program}");
        }
        let left: Vec<_> = fs::read_dir(opencode)
            .unwrap()
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        assert_eq!(left, ["9.9.9"]);
        assert!(!home.path().join(".sandbar/opencode/9.9.9/.npm").exists());
    }

    #[test]
    fn a_failed_install_in_a_sandbox_reports_the_errors_of_npm_and_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();

        let output = install_with(
            home.path(),
            "echo 'npm error 404 no such package' >&2; exit 7",
        );

        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(7), "{said}");
        assert!(said.contains("npm error 404 no such package"), "{said}");
        let left = fs::read_dir(home.path().join(".sandbar/opencode"))
            .unwrap()
            .count();
        assert_eq!(left, 0);
    }
}
