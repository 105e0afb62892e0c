//! The network by pasta, if this machine supports it; and what is reported otherwise. Only this machine itself is
//! reached: by its link-local address, which pasta forwards like any other.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::net::{Ipv6Addr, TcpListener};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pretty_assertions::assert_eq;
use reqwest::StatusCode;
use sandbar::local::{IsolationRequest, Level, Network};
use serde_json::{Value, json};

use crate::local::http_api::ApiHarness;
use crate::local::isolation::of_sandbox;
use crate::support::home::Home;
use crate::support::http::plain_client;
use crate::support::optional::Optional;
use crate::support::process::on_path;
use crate::support::process::parent;

/// Prints whether a host accepts a connection on a port.
const CONNECT: &str = "const [host, port] = process.argv.slice(1); require('net').connect(port, host) \
     .on('connect', () => { console.log('open'); process.exit() }).on('error', () => console.log('shut'))";

/// A server whose sandboxes use pasta; `None` if they cannot.
async fn harness() -> Option<ApiHarness> {
    let harness = ApiHarness::at(IsolationRequest {
        network: Network::Pasta,
        ..IsolationRequest::default()
    })
    .await;
    let given = harness.server.isolation().clone();
    let lacks = (given.network != Network::Pasta).then(|| given.line());
    // Below level full no network is created at all.
    if lacks.is_some() && given.level == Level::Full {
        assert_eq!(given.network, Network::Own);
        assert!(
            given.why.starts_with("network 'pasta' is not available: "),
            "{given:?}"
        );
    }
    Optional::Pasta
        .is_there(lacks.as_deref())
        .then_some(harness)
}

/// The interface on which this machine has a link-local address, and that address.
fn link_local() -> Option<String> {
    let table = std::fs::read_to_string("/proc/net/if_inet6").ok()?;
    let mut rows = table
        .lines()
        .map(|row| row.split_whitespace().collect::<Vec<_>>());
    let row = rows.find(|row| row[3] == "20")?;
    let ip = Ipv6Addr::from(u128::from_str_radix(row[0], 16).ok()?);
    Some(format!("{ip}%{}", row[5]))
}

/// Whether it runs: a zombie has no command line.
fn is_pasta(pid: u32) -> bool {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.starts_with(b"pasta\0")
}

/// The pasta process of a sandbox in which something runs.
fn pasta_of(id: &str) -> Option<u32> {
    let (mut pid, _) = *of_sandbox(id).first()?;
    while !is_pasta(pid) {
        pid = parent(pid).filter(|parent| *parent > 1)?;
    }
    Some(pid)
}

/// Waits until a process is gone or has exited.
fn ends(pid: u32) -> bool {
    let until = Instant::now() + Duration::from_secs(10);
    while Instant::now() < until {
        if !is_pasta(pid) {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

#[tokio::test]
async fn pasta_reaches_all_ports_but_not_the_loopback_of_this_machine() {
    let Some(harness) = harness().await else {
        return;
    };
    let foreign = TcpListener::bind("[::]:0").unwrap();
    let port = foreign.local_addr().unwrap().port();
    let (one, two) = (harness.base().await, harness.base().await);
    let connect = |host: &str| format!("timeout 1 node -e \"{CONNECT}\" '{host}' {port}");

    for near in ["127.0.0.1", "::1"] {
        assert_eq!(one.run(&connect(near)).await.stdout, "shut\n", "{near}");
    }
    if let Some(address) = link_local() {
        // Until duplicate address detection has finished, it cannot answer from its own address.
        let script = format!("until {} | grep open; do :; done", connect(&address));
        assert_eq!(one.run(&script).await.stdout, "open\n", "{address}");
    }
    let told = one
        .run("echo ${HTTPS_PROXY-unset}; grep -m 1 nameserver /etc/resolv.conf")
        .await;
    assert_eq!(told.stdout, "unset\nnameserver 169.254.1.1\n");

    for sandbox in [&one, &two] {
        let script = format!(
            "node -e \"require('http').createServer((_, r) => r.end('{}')).listen(4096, '127.0.0.1', \
             () => console.log('up'))\" & exec 1>&-; wait",
            sandbox.id
        );
        let mut events = crate::local::http_api::Events::open(sandbox.shell(&script)).await;
        events.pid().await;
        assert_eq!(events.output().await, "up\n");
    }
    for sandbox in [&one, &two] {
        let answer = sandbox.public(4096, "/").send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), sandbox.id);
    }

    let pasta = pasta_of(&one.id).unwrap();
    one.kill().await;
    assert!(!is_pasta(pasta), "it outlives its sandbox");
    assert!(pasta_of(&two.id).is_some(), "another's has ended");
}

#[tokio::test]
async fn network_rules_are_not_in_force_by_pasta_and_it_says_so() {
    let Some(harness) = harness().await else {
        return;
    };
    let body = json!({"templateID": "base", "network": {"denyOut": ["10.0.0.0/8"]}});
    let sandbox = harness.create(body).await;

    let path = format!("/sandboxes/{}/network", sandbox.id);
    let change = harness.api("PUT", &path).json(&json!({"denyOut": []}));
    let changed = change.send().await.unwrap();
    let logs = format!("/v2/sandboxes/{}/logs?search=force", sandbox.id);
    let logs = harness.api("GET", &logs).send().await.unwrap();
    let logs: Value = logs.json().await.unwrap();

    assert_eq!(changed.status(), StatusCode::NOT_IMPLEMENTED);
    let message = "not enforced on this server: network.denyOut";
    assert_eq!(logs["logs"][0]["message"], message);
    assert_eq!(
        harness.server.isolation().line(),
        "isolation: full (own network, outbound through pasta, which enforces no network rules and reaches metadata servers and this machine's other addresses)"
    );
}

#[tokio::test]
async fn pasta_ends_with_a_killed_server() {
    if harness().await.is_none() {
        return;
    }
    let home = Home::new().set("SANDBAR_NETWORK", "pasta");
    let mut command = home.command(&["local", "serve", "--port", "0"]);
    let mut server = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(server.stdout.take().unwrap()));
    let mut value = |name: &str| {
        let found = lines.find_map(|line| {
            let line = line.unwrap();
            line.strip_prefix(&format!("export {name}="))
                .map(str::to_owned)
        });
        found.unwrap()
    };
    let (url, key) = (value("E2B_API_URL"), value("E2B_API_KEY"));
    let client = plain_client();
    let create = client
        .post(format!("{url}/sandboxes"))
        .header("x-api-key", key);
    let made = create
        .json(&json!({"templateID": "base"}))
        .send()
        .await
        .unwrap();
    let is_ours = |pid: &u32| parent(*pid) == Some(server.id()) && is_pasta(*pid);
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let pasta: Vec<u32> = pids.filter(is_ours).collect();

    server.kill().unwrap();
    server.wait().unwrap();

    assert_eq!(made.status(), StatusCode::CREATED);
    assert_eq!(pasta.len(), 1);
    assert!(ends(pasta[0]), "it outlives its server");
}

/// `sandbar doctor` on isolation, on a machine that lacks something: `words` are the program that removes it. `None`
/// if this machine lacks level full.
fn doctor(words: &[&str]) -> Option<Value> {
    let home = Home::new().set("SANDBAR_NETWORK", "pasta");
    let doctor = home.command(&["doctor", "--json"]);
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .arg(doctor.get_program())
        .args(doctor.get_args());
    let env = doctor
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    let ran = command
        .env_clear()
        .envs(env)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let checks = told["checks"].as_array().unwrap();
    let found = checks
        .iter()
        .find(|check| check["name"] == "isolation")
        .unwrap();
    let is_full = found["found"].as_str().unwrap().starts_with("full");
    is_full.then(|| found.clone())
}

#[test]
fn without_a_working_pasta_the_proxy_is_used_and_the_reason_is_reported() {
    let lacks = (!on_path("bwrap")).then_some("there is no bwrap");
    if !Optional::IsolationFull.is_there(lacks) {
        return;
    }
    let without = |hidden: [&'static str; 3]| {
        let mut words = vec!["bwrap", "--dev-bind", "/", "/"];
        words.extend(hidden.into_iter().filter(|word| !word.is_empty()));
        doctor(&words)
    };
    let own = "full (own network, outbound through a proxy); network 'pasta' is not available: ";

    let no_device = without(["--tmpfs", "/dev/net", ""]);
    let is_there = std::fs::exists("/usr/bin/pasta").unwrap();
    let no_program = without(if is_there {
        ["--ro-bind", "/dev/null", "/usr/bin/pasta"]
    } else {
        ["", "", ""]
    });

    for (found, why, fix) in [
        (
            no_device,
            "there is no /dev/net/tun",
            "load the kernel's module tun, or give the container the device /dev/net/tun",
        ),
        (
            no_program,
            "it is not installed",
            "install the package passt, then `sandbar local stop`",
        ),
    ] {
        let Some(found) = found else {
            continue;
        };
        assert_eq!(found["state"], "note", "{found}");
        assert_eq!(found["found"], format!("{own}{why}"));
        assert_eq!(found["fix"], fix);
    }
}
