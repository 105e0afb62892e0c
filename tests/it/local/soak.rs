//! Sandboxes created, used and killed in a row by clients, many of which vanish half-way: nothing is left behind.
//!
//! `SANDBAR_SOAK=1000` runs more of them than CI does; `--nocapture` shows the measurements.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use sandbar::e2b::control::ControlClient;
use sandbar::e2b::envd::EnvdClient;
use sandbar::e2b::error::Result;
use sandbar::e2b::host::Addresses;
use sandbar::e2b::list::ListFilter;
use sandbar::e2b::process::StartProcess;
use sandbar::e2b::wire::NewSandbox;

use crate::e2b::sdk::{self, Server};
use crate::support::fault_proxy::Seeded;
use crate::support::home::Home;
use crate::support::http::{plain_client, runtime};
use crate::support::process::parent;

/// In CI.
const SANDBOXES: usize = 60;
/// Parts of the soak; after each, everything is killed and the server is measured.
const PARTS: usize = 3;
const AT_ONCE: usize = 4;
/// Generous: a busy machine must not fail a test.
const LIMIT: Duration = Duration::from_mins(1);
/// Between two measurements: each takes time that the exiting processes need.
const LOOKS: Duration = Duration::from_millis(50);
/// Descriptors that may be open briefly.
const DESCRIPTOR_SLACK: usize = 8;
/// Memory in kB that the allocator of a debug build may keep.
const MEMORY_SLACK: u64 = 32 * 1024;

/// The resources that a server holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    descriptors: usize,
    /// Resident, in kB.
    memory: u64,
    /// Its descendants.
    processes: usize,
    /// Directories of sandboxes.
    directories: usize,
}

impl Held {
    fn by(server: u32, home: &Home) -> Self {
        let status = fs::read_to_string(format!("/proc/{server}/status")).unwrap();
        let memory = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        let entries = |path: &Path| fs::read_dir(path).map_or(0, Iterator::count);
        Self {
            descriptors: entries(Path::new(&format!("/proc/{server}/fd"))),
            memory: memory.unwrap(),
            processes: descendants(server),
            directories: entries(&home.serve_state().join("sandboxes")),
        }
    }

    /// Measured once no process is exiting any more.
    async fn settled(server: u32, home: &Home, descriptors: usize) -> Self {
        let until = Instant::now() + LIMIT;
        let mut looks = tokio::time::interval(LOOKS);
        loop {
            looks.tick().await;
            let held = Self::by(server, home);
            let is_settled =
                held.processes == 0 && held.directories == 0 && held.descriptors <= descriptors;
            if is_settled || Instant::now() > until {
                return held;
            }
        }
    }
}

/// The number of a process's descendants.
fn descendants(of: u32) -> usize {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_below = |pid: &u32| {
        std::iter::successors(parent(*pid), |pid| parent(*pid)).any(|above| above == of)
    };
    pids.filter(is_below).count()
}

/// A program that uses E2B, with its own connections, which die with it.
struct Client {
    control: ControlClient,
    addresses: Addresses,
    http: reqwest::Client,
}

impl Client {
    fn new(server: &Server) -> Self {
        let [api, sandboxes, key] = ["E2B_API_URL", "E2B_SANDBOX_URL", "E2B_API_KEY"]
            .map(|name| server.variables.iter().find(|(known, _)| known == name))
            .map(|found| found.unwrap().1.as_str());
        let addresses = Addresses::new(None, Some(api), Some(sandboxes)).unwrap();
        let http = plain_client();
        let control = ControlClient::new(http.clone(), addresses.api.clone(), key.into());
        Self {
            control: control.unwrap().with_limit(LIMIT),
            addresses,
            http,
        }
    }

    /// A sandbox's life with some of everything.
    async fn use_one(&self) -> Result<()> {
        let new = NewSandbox {
            template_id: "base".to_owned(),
            timeout: Some(600),
            ..NewSandbox::default()
        };
        let made = self.control.create(&new).await?;
        let envd = EnvdClient::new(self.http.clone(), self.addresses.envd(&made)?)?;
        let quick =
            StartProcess::program("/bin/sh", ["-c", "echo hello; head -c 200000 /dev/zero"]);
        let ran = envd.run(&quick, LIMIT, 1024).await?;
        assert!(ran.exit.success(), "{ran:?}");
        envd.write_file("note.txt", Bytes::from_static(b"kept"))
            .await?;
        // Goes on while nobody reads it, with a child that has left its group.
        let long = "setsid sleep 600 & while :; do echo line; sleep 0.01; done";
        let _stream = envd
            .start(&StartProcess::program("/bin/sh", ["-c", long]))
            .await?;
        self.control.kill(&made.sandbox_id).await.map(drop)
    }

    async fn kill_all(&self) {
        let filter = ListFilter::default();
        loop {
            let listed = self.control.list_all(&filter, 1000).await.unwrap();
            if listed.is_empty() {
                return;
            }
            for sandbox in listed {
                self.control.kill(&sandbox.sandbox_id).await.unwrap();
            }
        }
    }
}

fn wanted() -> usize {
    let number = std::env::var("SANDBAR_SOAK").ok();
    number.map_or(SANDBOXES, |number| number.parse().unwrap())
}

#[test]
#[expect(clippy::print_stderr, reason = "measured by hand")]
fn sandboxes_and_clients_that_vanish_leave_nothing_behind() {
    let _turn = sdk::turn();
    let home = Home::new();
    let server = Server::start(&home);
    let runtime = runtime();
    let mut seeded = Seeded(7);
    let mut measured: Vec<Held> = Vec::new();

    for part in 0..PARTS {
        let count = wanted() / PARTS;
        // A third of the clients vanish within the time that they would need.
        let patience = (0..count).map(|_| match seeded.below(3) {
            0 => Duration::from_millis(seeded.below(150)),
            _ => LIMIT,
        });
        let patience: Vec<Duration> = patience.collect();
        let finished: Vec<bool> = runtime.block_on(
            stream::iter(patience)
                .map(async |patience| {
                    let client = Client::new(&server);
                    match tokio::time::timeout(patience, client.use_one()).await {
                        Ok(used) => used.map(|()| true).unwrap(),
                        Err(_vanished) => false,
                    }
                })
                .buffer_unordered(AT_ONCE)
                .collect(),
        );
        runtime.block_on(Client::new(&server).kill_all());
        let descriptors = measured
            .first()
            .map_or(usize::MAX, |first| first.descriptors + DESCRIPTOR_SLACK);
        let held = runtime.block_on(Held::settled(server.pid(), &home, descriptors));
        let done = finished.iter().filter(|done| **done).count();
        // Shown when it fails, and with `--nocapture`.
        eprintln!("part {part}: {done} of {count} clients finished; {held:?}");
        measured.push(held);
    }

    let (first, last) = (measured[0], measured[PARTS - 1]);
    assert_eq!((last.processes, last.directories), (0, 0), "{measured:?}");
    assert!(
        last.descriptors <= first.descriptors + DESCRIPTOR_SLACK,
        "{measured:?}"
    );
    assert!(last.memory <= first.memory + MEMORY_SLACK, "{measured:?}");
}
