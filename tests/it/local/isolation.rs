//! What each isolation level hides, one test for each cell of the table, on every level that this kernel supports.
//! Level none promises nothing, and says so.
//!
//! | | filesystem | full |
//! |---|---|---|
//! | files of the machine's users | hidden | hidden |
//! | changes of the system | refused | refused |
//! | processes outside | seen | hidden |
//! | signals to them | refused | refused |
//! | abstract sockets | refused | hidden (own network) |
//! | sockets with a path | open | hidden |
//! | ports of others | open | hidden (own network) |
//!
//! The network by pasta has its own tests: `local::pasta`.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::process::{Command, Stdio};

use pretty_assertions::assert_eq;
use reqwest::StatusCode;
use sandbar::local::{Enforcement, IsolationRequest, Level, Network, ResourceLimits};
use serde_json::json;

use crate::local::http_api::{ApiHarness, until};
use crate::support::optional::Optional;
use crate::support::process::state;

/// A server at exactly this level; `None` if this machine lacks it.
async fn harness(level: Level) -> Option<ApiHarness> {
    limited(level, ResourceLimits::default()).await
}

/// Whether this machine supports a level.
pub(crate) fn gives(harness: &ApiHarness, level: Level) -> bool {
    let given = harness.server.isolation();
    let lacks = (given.level != level).then(|| given.line());
    let optional = match level {
        Level::None => return lacks.is_none(),
        Level::Filesystem => Optional::IsolationFilesystem,
        Level::Full => Optional::IsolationFull,
    };
    optional.is_there(lacks.as_deref())
}

/// Both levels with isolation, as far as they are supported here.
async fn isolated_worlds() -> Vec<(Level, ApiHarness)> {
    let mut all = Vec::new();
    for level in [Level::Filesystem, Level::Full] {
        all.extend(harness(level).await.map(|harness| (level, harness)));
    }
    all
}

/// The output of a script in a new sandbox, without the last line feed.
async fn says(harness: &ApiHarness, script: &str) -> String {
    let sandbox = harness.base().await;
    let ran = sandbox.run(script).await;
    sandbox.kill().await;
    format!("{}{}", ran.stdout, ran.stderr)
        .trim_end()
        .to_owned()
}

#[tokio::test]
async fn every_level_runs_commands_and_keeps_its_files_through_the_api() {
    for level in Level::ALL {
        let Some(harness) = harness(level).await else {
            continue;
        };
        let sandbox = harness.base().await;

        let ran = sandbox
            .run("cd && pwd && echo made > by-process && mkdir d && echo x > /dev/null")
            .await;

        assert_eq!(ran.stderr, "", "{level:?}");
        let home = ran.stdout.trim_end();
        if level == Level::Full {
            assert_eq!(home, "/home/user");
        }
        let url = format!("/files?path={home}/by-process");
        let read = sandbox.envd("GET", &url).send().await.unwrap();
        assert_eq!(read.text().await.unwrap(), "made\n", "{level:?}");

        let written = sandbox
            .envd("POST", "/files?path=new/by-api")
            .header("content-type", "application/octet-stream")
            .body("api")
            .send()
            .await
            .unwrap();
        let written: serde_json::Value = written.json().await.unwrap();
        assert_eq!(written[0]["path"], format!("{home}/new/by-api"));
        let ran = sandbox
            .run("cd; cat new/by-api; echo more >> new/by-api; touch new/y")
            .await;
        assert_eq!(
            (ran.stdout.as_str(), ran.stderr.as_str()),
            ("api", ""),
            "{level:?}"
        );
    }
}

#[tokio::test]
async fn files_of_the_machines_users_are_hidden_and_the_system_cannot_be_changed() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "secret").unwrap();
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(secret.path(), everybody).unwrap();
    for (level, harness) in isolated_worlds().await {
        let record = harness.dir.path().join("state");
        let script = format!(
            "cat {} 2>/dev/null; ls {} 2>/dev/null; ls /root ${{SUDO_USER:+/home}} 2>/dev/null; \
             cat /etc/shadow 2>/dev/null; (echo x > /usr/x) 2>/dev/null && echo usr; \
             (echo x > /etc/x) 2>/dev/null && echo etc; \
             (echo x > /proc/sys/kernel/core_pattern) 2>/dev/null && echo sysctl; true",
            secret.path().display(),
            record.display(),
        );

        assert_eq!(says(&harness, &script).await, "", "{level:?}");
    }
}

#[tokio::test]
async fn settings_of_the_machine_that_may_hold_credentials_are_hidden_and_shells_are_quiet() {
    for (level, harness) in isolated_worlds().await {
        let names = "npmrc pip.conf gitconfig netrc wgetrc docker environment";
        let script = format!(
            "for name in {names}; do cat /etc/$name 2>/dev/null; ls /etc/$name/ 2>/dev/null; done; \
             ls /etc/ssl/private 2>/dev/null; true"
        );

        assert_eq!(says(&harness, &script).await, "", "{level:?}");
        // As the SDKs start all commands; names, certificates and the time zone are still found.
        let script = "bash -l -c 'echo quiet; date >/dev/null; \
             getent hosts localhost >/dev/null; ls /etc/ssl/certs >/dev/null'";
        assert_eq!(says(&harness, script).await, "quiet", "{level:?}");
        if level == Level::Full {
            let script =
                "ls -d /etc/profile.d /etc/pki/entitlement 2>/dev/null; cat /etc/profile | wc -l";
            assert_eq!(says(&harness, script).await, "1");
        }
    }
}

#[tokio::test]
async fn no_sandbox_runs_as_root_of_the_machine() {
    for level in Level::ALL {
        let Some(harness) = harness(level).await else {
            continue;
        };
        let sandbox = harness.base().await;
        let _running = sandbox.run("echo $$; id -u").await;
        let script = format!("sh -c 'sleep 60; : {}' >/dev/null 2>&1 & echo", sandbox.id);
        let started = sandbox.run(&script).await;
        assert_eq!(started.stdout, "\n");

        let owners: Vec<u32> = of_sandbox(&sandbox.id)
            .into_iter()
            .map(|(_, uid)| uid)
            .collect();

        assert!(!owners.is_empty(), "{level:?}: nothing runs");
        assert!(owners.iter().all(|uid| *uid != 0), "{level:?}: {owners:?}");
    }
}

#[tokio::test]
async fn the_processes_of_a_sandbox_cannot_reach_its_helper() {
    for level in Level::ALL {
        let Some(harness) = harness(level).await else {
            continue;
        };

        let script = "cat /proc/$PPID/comm; ls /proc/$PPID/fd >/dev/null 2>&1 && echo open; true";

        // The helper is the parent of the shell.
        let name = says(&harness, script).await;
        let known = ["sandbar", "san"]
            .iter()
            .any(|start| name.starts_with(start));
        assert!(known && !name.contains("open"), "{level:?}: {name}");
    }
}

/// Host process ids and owners of the processes with a sandbox's id in their environment or script: a root without
/// all its capabilities cannot read the environment of others.
pub(crate) fn of_sandbox(id: &str) -> Vec<(u32, u32)> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let found = entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let read = |file| std::fs::read(entry.path().join(file)).unwrap_or_default();
        let variable = format!("E2B_SANDBOX_ID={id}");
        let has_variable = read("environ")
            .split(|byte| *byte == 0)
            .any(|one| one == variable.as_bytes());
        let is_argument = String::from_utf8_lossy(&read("cmdline")).contains(&format!(": {id}"));
        let owner = std::os::unix::fs::MetadataExt::uid(&entry.metadata().ok()?);
        (has_variable || is_argument).then_some((pid, owner))
    });
    found.collect()
}

#[tokio::test]
async fn processes_outside_get_no_signal_and_at_level_full_are_not_seen() {
    for (level, harness) in isolated_worlds().await {
        let mut outside = Command::new("sleep").arg("60").spawn().unwrap();

        let script = format!(
            "kill -0 {} 2>/dev/null && echo signalled; ls /proc",
            outside.id()
        );
        let seen = says(&harness, &script).await;

        let _ = outside.kill();
        let _ = outside.wait();
        assert!(!seen.contains("signalled"), "{level:?}");
        let pid = outside.id().to_string();
        assert_eq!(
            seen.lines().any(|line| line == pid),
            level < Level::Full,
            "{level:?}"
        );
    }
}

#[tokio::test]
async fn abstract_sockets_and_at_level_full_those_with_a_path_are_shut() {
    let name = format!("sandbar-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let _abstract = UnixListener::bind_addr(&address).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let _path = UnixListener::bind(&path).unwrap();
    for folder in [dir.path(), &path] {
        let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(folder, everybody).unwrap();
    }
    let connect = "const s = require('net').connect(process.argv[1]); \
                   s.on('connect', () => { console.log('open'); process.exit() }); \
                   s.on('error', () => console.log('shut'))";
    for (level, harness) in isolated_worlds().await {
        let to_path = format!("node -e \"{connect}\" '{}'", path.display());
        let path_answer = says(&harness, &to_path).await;
        // Node cannot pass a zero byte: Python can.
        let abstractly = format!(
            "python3 -c \"import socket; socket.socket(socket.AF_UNIX).connect('\\0{name}'); \
             print('open')\" 2>/dev/null || echo shut"
        );

        assert_eq!(says(&harness, &abstractly).await, "shut", "{level:?}");
        // Landlock of a later kernel may block paths; full must already.
        if level == Level::Full {
            assert_eq!(path_answer, "shut");
        }
    }
}

#[tokio::test]
async fn at_level_full_every_sandbox_has_all_ports_and_sees_none_of_others() {
    let Some(harness) = harness(Level::Full).await else {
        return;
    };
    let foreign = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = foreign.local_addr().unwrap().port();
    let connect = format!(
        "node -e \"require('net').connect({port}, '127.0.0.1').on('connect', () => \
         {{ console.log('open'); process.exit() }}).on('error', () => console.log('shut'))\""
    );
    assert_eq!(says(&harness, &connect).await, "shut");

    let (one, two) = (harness.base().await, harness.base().await);
    for sandbox in [&one, &two] {
        let script = format!(
            "node -e \"require('http').createServer((_, r) => r.end('{}')).listen(4096, '127.0.0.1')\" \
             >/dev/null 2>&1 & echo",
            sandbox.id
        );
        sandbox.run(&script).await;
    }
    for sandbox in [&one, &two] {
        let mut answer = sandbox.public(4096, "/").send().await.unwrap();
        // The server inside may still be starting.
        for _ in 0..20 {
            if answer.status() == StatusCode::OK {
                break;
            }
            answer = sandbox.public(4096, "/").send().await.unwrap();
        }
        assert_eq!(answer.text().await.unwrap(), sandbox.id);
    }
    // The server's own proxy port in the sandbox is not reachable from outside.
    let answer = one.public(49984, "/").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn the_proxy_does_not_lead_to_this_machine() {
    let Some(harness) = harness(Level::Full).await else {
        return;
    };
    let foreign = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let port = foreign.local_addr().unwrap().port();
    let ask = |host: &str| {
        format!(
            "node -e \"const s = require('net').connect(process.env.HTTPS_PROXY.split(':')[2], \
             '127.0.0.1'); s.write('CONNECT {host}:{port} HTTP/1.1\\r\\n\\r\\n'); \
             s.on('data', (d) => {{ console.log(d.toString().split(' ')[1]); process.exit() }})\""
        )
    };
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "169.254.169.254",
        "0.0.0.0",
    ] {
        assert_eq!(says(&harness, &ask(host)).await, "403", "{host}");
    }
}

#[tokio::test]
async fn the_shared_network_is_this_machines() {
    let wanted = IsolationRequest {
        network: Network::Shared,
        ..IsolationRequest::default()
    };
    let harness = ApiHarness::at(wanted).await;
    if !gives(&harness, Level::Full) {
        return;
    }

    let script = "readlink /proc/self/ns/net; echo ${HTTPS_PROXY-unset}";

    let own = std::fs::read_link("/proc/self/ns/net").unwrap();
    let wanted = format!("{}\nunset", own.display());
    assert_eq!(says(&harness, script).await, wanted);
}

#[tokio::test]
async fn a_symlink_made_inside_does_not_lead_the_server_outside() {
    for (level, harness) in isolated_worlds().await {
        let sandbox = harness.base().await;
        sandbox.run("cd; ln -s /etc/shadow s; ln -s / r; ln -s /tmp t; echo in > /tmp/f; ln -s /tmp/f f").await;

        for path in ["s", "r/etc/shadow", "r/etc/passwd"] {
            let url = format!("/files?path={path}");
            let read = sandbox.envd("GET", &url).send().await.unwrap();
            assert_eq!(read.status(), StatusCode::FORBIDDEN, "{level:?} {path}");
            let write = sandbox.envd("POST", &url).body("x").send().await.unwrap();
            assert_eq!(write.status(), StatusCode::FORBIDDEN, "{level:?} {path}");
        }
        if level == Level::Full {
            for path in ["f", "t/f", "/tmp/f"] {
                let url = format!("/files?path={path}");
                let read = sandbox.envd("GET", &url).send().await.unwrap();
                assert_eq!(read.text().await.unwrap(), "in\n", "{path}");
            }
            let body = json!({"path": "/home/user/f"});
            let (status, answer) = sandbox.unary("filesystem.Filesystem/Stat", body).await;
            assert_eq!(status, StatusCode::OK, "{answer}");
            assert_eq!(answer["entry"]["symlinkTarget"], "/tmp/f");
            assert_eq!(answer["entry"]["path"], "/home/user/f");
            let (status, answer) = sandbox
                .unary("filesystem.Filesystem/Remove", json!({"path": "s"}))
                .await;
            assert_eq!(status, StatusCode::OK, "{answer}");
            assert_eq!(sandbox.run("cd; ls").await.stdout, "f\nr\nt\n");
        }
    }
}

#[tokio::test]
async fn pause_stops_and_kill_ends_everything_at_each_level() {
    for level in Level::ALL {
        let Some(harness) = harness(level).await else {
            continue;
        };
        let sandbox = harness.base().await;
        // An orphan in its own session that burns CPU time.
        let script = format!(
            "setsid sh -c 'while :; do : {}; done' >/dev/null 2>&1 & echo",
            sandbox.id
        );
        sandbox.run(&script).await;
        // During execve a process briefly has neither arguments nor environment.
        until(|| async { !of_sandbox(&sandbox.id).is_empty() }).await;

        let pause = format!("/sandboxes/{}/pause", sandbox.id);
        let paused = harness.api("POST", &pause).send().await.unwrap();
        assert_eq!(paused.status(), StatusCode::NO_CONTENT, "{level:?}");
        let states: Vec<Option<char>> = of_sandbox(&sandbox.id)
            .iter()
            .map(|(pid, _)| state(*pid))
            .collect();
        assert!(
            states.iter().all(|state| *state == Some('T')),
            "{level:?}: {states:?}"
        );

        let connect = format!("/sandboxes/{}/connect", sandbox.id);
        let body = json!({"timeout": 60});
        let resumed = harness
            .api("POST", &connect)
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(resumed.status(), StatusCode::CREATED, "{level:?}");
        assert_eq!(
            sandbox.run("echo again").await.stdout,
            "again\n",
            "{level:?}"
        );

        sandbox.kill().await;
        assert_eq!(of_sandbox(&sandbox.id), [], "{level:?}");
        assert!(
            !harness
                .dir
                .path()
                .join("state/sandboxes")
                .join(&sandbox.id)
                .exists()
        );
    }
}

#[tokio::test]
async fn less_than_required_is_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_sandbar"))
        .args(["local", "serve", "--port", "0"])
        .env_clear()
        .env("SANDBAR_HOME", dir.path())
        .env("HOME", dir.path())
        .env("PATH", "/usr/bin:/bin")
        .env("SANDBAR_ISOLATION", "none")
        .env("SANDBAR_REQUIRE_ISOLATION", "full")
        .stdin(Stdio::null())
        .output()
        .unwrap();

    let told = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(!ran.status.success());
    let wanted = "isolation 'full' is required and this machine supports 'none'";
    assert!(told.contains(wanted), "{told}");
}

#[tokio::test]
async fn root_without_a_directory_that_others_can_enter_is_refused_with_a_remedy() {
    let is_root = rustix::process::geteuid().is_root();
    if !Optional::Root.is_there((!is_root).then_some("the tests do not run as root")) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let owner_alone = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(dir.path(), owner_alone).unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_sandbar"))
        .args(["local", "serve", "--port", "0"])
        .env_clear()
        .env("SANDBAR_HOME", dir.path())
        .env("HOME", dir.path())
        .env("PATH", "/usr/bin:/bin")
        .env("SANDBAR_ISOLATION", "none")
        .stdin(Stdio::null())
        .output()
        .unwrap();

    let told = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(!ran.status.success());
    let root = dir.path().canonicalize().unwrap();
    let wanted = format!(
        "the server runs as root, sandboxes never do, and no other user can enter '{}'",
        root.display()
    );
    assert!(told.contains(&wanted), "{told}");
    assert!(
        told.contains("set SANDBAR_HOME to a directory that every user may enter"),
        "{told}"
    );
}

#[tokio::test]
async fn a_process_above_the_memory_limit_is_killed_and_the_rest_continues() {
    let limits = ResourceLimits {
        memory: Some(400 << 20),
        ..ResourceLimits::default()
    };
    for level in Level::ALL {
        let Some(harness) = limited(level, limits).await else {
            continue;
        };
        let sandbox = harness.base().await;
        // A quarter in use before shows that the largest is killed. Both would wait for a minute.
        let script = "node -e 'const b = Buffer.alloc(100 << 20, 1); setTimeout(() => b.length, 60000)' & \
             node -e 'const b = Buffer.alloc(600 << 20, 1); setTimeout(() => b.length, 60000)'; \
             echo \"ended by $?\"; kill -0 $! && echo the other lives; kill $!";

        let ran = sandbox.run(script).await;

        assert_eq!(
            ran.stdout, "ended by 137\nthe other lives\n",
            "{level:?} {ran:?}"
        );
        sandbox.kill().await;
    }
}

#[tokio::test]
async fn memory_that_no_process_has_mapped_counts_too() {
    let limits = ResourceLimits {
        memory: Some(400 << 20),
        ..ResourceLimits::default()
    };
    for level in Level::ALL {
        let Some(harness) = limited(level, limits).await else {
            continue;
        };
        let sandbox = harness.base().await;
        // It would wait for a minute; written, never mapped.
        let script = "python3 -c \"
import os, time
fd = os.memfd_create('filled')
for _ in range(600): os.write(fd, bytes(1 << 20))
time.sleep(60)\"; echo \"ended by $?\"";

        let ran = sandbox.run(script).await;

        assert_eq!(ran.stdout, "ended by 137\n", "{level:?} {ran:?}");
        assert_eq!(
            sandbox.run("echo lives").await.stdout,
            "lives\n",
            "{level:?}"
        );
        sandbox.kill().await;
    }
}

#[tokio::test]
async fn at_level_full_files_in_memory_have_their_part_of_the_limit_and_count() {
    let limits = ResourceLimits {
        memory: Some(400 << 20),
        ..ResourceLimits::default()
    };
    let Some(harness) = limited(Level::Full, limits).await else {
        return;
    };
    let sandbox = harness.base().await;
    let fill = "for place in /dev/shm /run /dev; do \
         head -c 300M /dev/zero > $place/f 2>/dev/null; \
         echo $place $(($(stat -c %s $place/f 2>/dev/null || echo 0) >> 20)); done";

    let filled = sandbox.run(fill).await;
    // It would be allowed to on its own: 250 of 400 MiB.
    let script = "node -e 'const b = Buffer.alloc(250 << 20, 1); setTimeout(() => b.length, 60000)'; \
         echo \"ended by $?\"";
    let ran = sandbox.run(script).await;

    assert_eq!(
        filled.stdout, "/dev/shm 200\n/run 50\n/dev 0\n",
        "{filled:?}"
    );
    assert_eq!(ran.stdout, "ended by 137\n", "{ran:?}");
}

#[tokio::test]
async fn a_sandbox_has_only_so_many_processes() {
    let limits = ResourceLimits {
        processes: Some(60),
        ..ResourceLimits::default()
    };
    for level in Level::ALL {
        let Some(harness) = limited(level, limits).await else {
            continue;
        };
        if harness.server.limits().processes == Enforcement::Missing {
            let said = harness.server.limits().line();
            assert!(said.contains("processes not limited here"), "{said}");
            continue;
        }
        let sandbox = harness.base().await;
        // The shell gives up at the first process that it cannot start.
        let script = "i=0; while [ $i -lt 100 ]; do sleep 60 >/dev/null 2>&1 & i=$((i+1)); done; \
             echo all";

        let ran = sandbox.run(script).await;

        assert!(!ran.stdout.contains("all"), "{level:?} {ran:?}");
        assert!(
            ran.stderr.to_lowercase().contains("fork"),
            "{level:?} {ran:?}"
        );
        sandbox.kill().await;
    }
}

#[tokio::test]
async fn sandboxes_have_the_ordinary_limit_of_descriptors_and_may_raise_it() {
    for level in Level::ALL {
        let Some(harness) = harness(level).await else {
            continue;
        };

        let told = says(&harness, "ulimit -Sn; ulimit -Hn").await;

        let [soft, hard] = [0, 1].map(|line| told.lines().nth(line).unwrap().to_owned());
        let own = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        assert_eq!(own.current, own.maximum, "the server's is raised");
        assert!(soft.parse::<u64>().unwrap() <= 1024, "{level:?}: {told}");
        assert_eq!(hard, own.maximum.unwrap().to_string(), "{level:?}");
    }
}

#[tokio::test]
async fn a_file_is_only_so_large() {
    let limits = ResourceLimits {
        file_size: Some(1 << 20),
        ..ResourceLimits::default()
    };
    for level in Level::ALL {
        let Some(harness) = limited(level, limits).await else {
            continue;
        };

        let script = "cd; head -c 3000000 /dev/zero > f 2>/dev/null; wc -c < f";

        assert_eq!(says(&harness, script).await, "1048576", "{level:?}");
    }
}

async fn limited(level: Level, limits: ResourceLimits) -> Option<ApiHarness> {
    let wanted = IsolationRequest {
        most: level,
        ..IsolationRequest::default()
    };
    let harness = ApiHarness::limited(wanted, limits).await;
    gives(&harness, level).then_some(harness)
}

#[tokio::test]
async fn certificates_trusted_on_the_machine_are_trusted_inside() {
    let authority = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(authority.path(), "OUR OWN AUTHORITY").unwrap();
    let file = authority.path().display().to_string();
    for level in Level::ALL {
        let harness = ApiHarness::with(|options| {
            options.isolation.most = level;
            options.install_env = vec![("NODE_EXTRA_CA_CERTS".to_owned(), file.clone())];
        })
        .await;

        let script = "echo $CURL_CA_BUNDLE $GIT_SSL_CAINFO | tr ' ' '\\n' | uniq | wc -l; \
             grep -o 'OUR OWN AUTHORITY' \"$NODE_EXTRA_CA_CERTS\"";

        let given = harness.server.isolation().level;
        assert_eq!(
            says(&harness, script).await,
            "1\nOUR OWN AUTHORITY",
            "{given:?}"
        );
    }
}
