//! Whatever faults the connection has: after a quiet time the screen shows what the server holds, every prompt was
//! delivered exactly once, and no answered request is shown as pending.
//!
//! Many schedules of faults run side by side against one real server, each with its own conversation, proxy and
//! model of the screen. `SANDBAR_FAULT_SEED` and `SANDBAR_FAULT_SCHEDULES` override CI's values.

use std::ops::Range;
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use serde_json::Value;
use tokio::time::Instant;

use crate::support::client::{Client, dense, difference};
use crate::support::fault_proxy::{FaultProxy, Seeded};
use crate::support::opencode::Site;

/// In CI; thousands by hand.
const SCHEDULES: u64 = 200;
/// Conversations at a time.
const AT_ONCE: usize = 12;
/// Conversations of one server: it grows slower with each that is cut off (seen on 1.18.33).
const PER_SERVER: usize = 25;
/// For one schedule on a busy machine.
const DEADLINE: Duration = Duration::from_mins(5);
/// Between two comparisons of a conversation, each of which costs the server work.
const LOOKS: Range<Duration> = Duration::from_millis(200)..Duration::from_secs(5);

const WORDS: [&str; 5] = ["table", "think", "todo", "permission", "question"];

/// Whether the screens of a test resync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resync {
    On,
    /// So a wrong screen stays wrong: the wait is short.
    Off,
}

impl Resync {
    fn of(self, client: Client) -> Client {
        match self {
            Self::On => client,
            Self::Off => client.without_resync(),
        }
    }

    fn patience(self) -> Duration {
        match self {
            Self::On => DEADLINE,
            Self::Off => DEADLINE / 30,
        }
    }
}

/// What the server holds.
impl Site {
    /// The prompts that the server has, in its order.
    async fn prompts(&self, conversation: &str) -> Vec<String> {
        let messages = self.ask(&format!("/session/{conversation}/message")).await;
        let messages = messages.as_array().unwrap().iter();
        let prompts = messages.filter(|message| message["info"]["role"] == "user");
        let texts = prompts.flat_map(|prompt| prompt["parts"].as_array().unwrap());
        let texts = texts.filter_map(|part| part["text"].as_str().map(str::to_owned));
        texts.collect()
    }

    async fn is_idle(&self, conversation: &str) -> bool {
        self.ask("/session/status")
            .await
            .get(conversation)
            .is_none()
    }

    async fn ask(&self, path: &str) -> Value {
        let call = self.server.call(path, Some(self.server.password()));
        let (status, body) = tokio::task::spawn_blocking(move || call.send(DEADLINE))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }
}

/// Types prompts, each just before a cut or a suspend; returns them.
async fn type_and_cut(
    client: &mut Client,
    proxy: &FaultProxy,
    seed: u64,
    seeded: &mut Seeded,
) -> Vec<String> {
    let mut sent = Vec::new();
    for number in 0..=seeded.below(2) {
        let word = WORDS[usize::try_from(seeded.below(5)).unwrap()];
        let prompt = format!("{word} {number} {seed}");
        client.type_prompt(&prompt);
        sent.push(prompt);
        let pause = Duration::from_millis(50 + seeded.below(1500));
        client.live(pause).await;
        client.is_cut_off(proxy, seeded);
    }
    sent
}

/// Runs one schedule; `Err` describes the violation.
async fn schedule(
    site: &Site,
    conversation: String,
    seed: u64,
    resync: Resync,
) -> Result<(), String> {
    let mut seeded = Seeded(seed);
    let plan = seeded.plan();
    let told = format!("seed {seed}, {plan:?}");
    let proxy = FaultProxy::start(site.server.url(), plan);
    let password = site.server.password();
    let client = Client::attach(&proxy.url(), &conversation, password, seed);
    let mut client = resync.of(client);
    let sent = type_and_cut(&mut client, &proxy, seed, &mut seeded).await;
    let began = Instant::now();
    let mut pause = LOOKS.start;
    loop {
        client
            .live(pause + Duration::from_millis(seeded.below(300)))
            .await;
        if proxy.left() > 0 && began.elapsed() < DEADLINE {
            // Keep-alive connections meet no fault.
            proxy.cut();
            continue;
        }
        pause = (pause * 3 / 2).min(LOOKS.end);
        let is_idle = site.is_idle(&conversation).await;
        let prompts = if is_idle {
            site.prompts(&conversation).await
        } else {
            Vec::new()
        };
        if is_idle && prompts == sent {
            let mut fresh = Client::attach(site.server.url(), &conversation, password, seed);
            fresh.goes_live_within(DEADLINE).await;
            let (ours, theirs) = (client.screen(), fresh.screen());
            fresh.leave().await;
            if ours == theirs && ours.contains(&sent[sent.len() - 1]) {
                client.leave().await;
                return Ok(());
            }
            if began.elapsed() > resync.patience() {
                let difference = difference(&ours, &theirs);
                return Err(format!(
                    "{told}: the screen is not what the server holds\n{}\n{difference}",
                    client.trail
                ));
            }
        } else if began.elapsed() > DEADLINE {
            let screen = dense(&client.screen());
            return Err(format!(
                "{told}: idle {is_idle}, the server has {prompts:?}, sent were {sent:?}\n{}\n{screen}",
                client.trail
            ));
        }
    }
}

fn seeds() -> Range<u64> {
    let number = |name| std::env::var(name).ok()?.parse().ok();
    let first = number("SANDBAR_FAULT_SEED").unwrap_or(1);
    first..first + number("SANDBAR_FAULT_SCHEDULES").unwrap_or(SCHEDULES)
}

/// The violation of each schedule that has one.
fn broken(seeds: &[u64], resync: Resync) -> Vec<String> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut broken = Vec::new();
    for seeds in seeds.chunks(PER_SERVER) {
        let site = Site::new();
        let seeds: Vec<(u64, String)> = seeds
            .iter()
            .map(|seed| (*seed, site.server.conversation()))
            .collect();
        let ended = stream::iter(seeds)
            .map(|(seed, conversation)| schedule(&site, conversation, seed, resync))
            .buffer_unordered(AT_ONCE)
            .filter_map(async |ended| ended.err());
        broken.extend(runtime.block_on(ended.collect::<Vec<String>>()));
    }
    broken
}

#[test]
fn after_any_faults_and_a_quiet_time_the_screen_is_what_the_server_holds() {
    let seeds: Vec<u64> = seeds().collect();

    let broken = broken(&seeds, Resync::On);

    assert!(
        broken.is_empty(),
        "{} of {} schedules broke it:\n{}",
        broken.len(),
        seeds.len(),
        broken.join("\n\n")
    );
}

#[test]
fn without_the_resync_the_property_fails() {
    let seeds: Vec<u64> = (1..=8).collect();

    let broken = broken(&seeds, Resync::Off);

    let of_the_screen = |told: &&String| told.contains("the screen is not what the server holds");
    assert!(
        broken.iter().any(|told| of_the_screen(&told)),
        "nothing told of the lost events: {broken:?}"
    );
}
