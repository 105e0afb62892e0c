//! Killed at any instant: every sent prompt is in the server's list once and in order, and what the screen has shown
//! is restored.
//!
//! One sandbox survives all kills; each time a new program opens it. `SANDBAR_KILL_SEED` and `SANDBAR_KILLS`
//! override CI's values.

use std::time::{Duration, Instant};

use pretty_assertions::assert_eq;
use rustix::process::{Pid, Signal, kill_process};
use sandbar::domain::chat::{PartKind, Role};
use sandbar::session::context::RecordStore;

use crate::support::fault_proxy::Seeded;
use crate::support::home::Home;
use crate::support::http::runtime;
use crate::support::inside::Sandboxes;
use crate::support::screen::Screen;

/// In CI; hundreds by hand.
const KILLS: u64 = 30;
/// For expected states, on a busy machine.
const LIMIT: Duration = Duration::from_mins(6);
/// Prompts that the demo model answers without a request.
const WORDS: [&str; 2] = ["table", "think"];

fn start(home: &Home) -> Screen {
    home.terminal(&["--demo"]).size(140, 40).start()
}

fn kill(screen: &Screen) {
    let pid = Pid::from_raw(screen.pid().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    screen.wait_exit();
}

fn shows(text: &str) -> impl Fn(&vt100::Screen) -> bool {
    move |screen| screen.contents().contains(text)
}

/// Everything typed so far, each prompt with a unique number.
#[derive(Default)]
struct Typed {
    count: u64,
    /// Those that the screen showed as sent.
    sent: Vec<String>,
}

impl Typed {
    /// Types a prompt and sends it; `false` if the time is over before the screen shows it as sent.
    fn prompt(&mut self, screen: &mut Screen, seeded: &mut Seeded, until: Instant) -> bool {
        // An earlier draft must not become part of this prompt.
        screen.send("\x05\x15");
        if !screen.reaches(until, shows("type a message")) {
            return false;
        }
        self.count += 1;
        let word = WORDS[usize::try_from(seeded.below(2)).unwrap()];
        let prompt = format!("{word} no{}.", self.count);
        screen.send(&prompt);
        if !screen.reaches(until, shows(&prompt)) {
            return false;
        }
        // Many kills happen between this and its echo.
        screen.send("\r");
        if !screen.reaches(until, has_sent(&prompt)) {
            return false;
        }
        self.sent.push(prompt);
        true
    }
}

/// Whether a prompt is in the queue or the conversation, and not only on the screen. The composer, which has another
/// mark, shows it before its Enter is read.
fn has_sent(prompt: &str) -> impl Fn(&vt100::Screen) -> bool {
    let (queued, echo) = (format!(": {prompt}"), format!("▌ {prompt}"));
    move |screen| {
        let rows: Vec<String> = screen.rows(0, screen.size().1).collect();
        rows.iter().any(|row| row.contains(&queued))
            || rows
                .windows(2)
                .any(|rows| rows[0].contains(&echo) && !rows[1].contains("saving …"))
    }
}

/// Runs until an instant that the seed decides, from the start of the program or from its first prompt on.
fn live_and_die(home: &Home, typed: &mut Typed, seeded: &mut Seeded) {
    let mut screen = start(home);
    if seeded.below(2) == 0 {
        screen.wait_for("› type a message");
        typed.prompt(&mut screen, seeded, Instant::now() + LIMIT);
    }
    let until = Instant::now() + Duration::from_millis(seeded.below(1500));
    // At most one more: all turns must end before the test can.
    if seeded.below(2) == 0 && screen.reaches(until, shows("› type a message")) {
        typed.prompt(&mut screen, seeded, until);
    }
    // Only the instant is awaited.
    screen.reaches(until, |_| false);
    kill(&screen);
}

/// Role and text of each message that the server holds, once it is idle and no prompt waits.
fn held(
    home: &Home,
    (screen, records): (&mut Screen, &RecordStore),
    last: &str,
) -> Vec<(String, String)> {
    let (url, key) = home.account();
    let sandboxes = Sandboxes::new(url, key);
    let runtime = runtime();
    let began = Instant::now();
    let mut told = String::new();
    while began.elapsed() < LIMIT {
        let held = runtime.block_on(async {
            let key = records.store.sessions().await.unwrap()[0].key.clone();
            let session = records.store.session(&key).await.unwrap().unwrap();
            let queue = records.store.queue(&key).await.unwrap();
            told = format!("{queue:?}");
            let inside = sandboxes.inside(records, &session).await?;
            let conversation = session.summary.opencode_session.clone()?;
            let messages = inside.messages(conversation.as_str()).await?;
            let is_sent = queue.claimed.is_empty() && queue.waiting.is_empty();
            told = format!("{told}, the server has {messages:?}");
            let is_whole = messages.iter().any(|(_, text)| text == last)
                && messages.last().is_some_and(|(role, _)| role == "assistant");
            (is_sent && is_whole).then_some(messages)
        });
        if let Some(held) = held {
            return held;
        }
        // Asked without a pause, the server would have no time for the turns.
        screen.reaches(Instant::now() + Duration::from_millis(500), |_| false);
    }
    panic!("{last:?} was not answered: {told}");
}

/// The same for the messages in the store.
fn stored(records: &RecordStore) -> Vec<(String, String)> {
    let transcript = runtime().block_on(async {
        let key = records.store.sessions().await.unwrap()[0].key.clone();
        records.store.transcript(&key, usize::MAX).await.unwrap()
    });
    let messages = transcript.messages.into_iter().map(|message| {
        let role = match message.message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        let texts = message.parts.iter().filter_map(|part| match &part.kind {
            PartKind::Text { text, .. } => Some(text.as_str()),
            _ => None,
        });
        (role.to_owned(), texts.collect())
    });
    messages.collect()
}

#[test]
fn a_prompt_in_the_composer_or_unsaved_is_not_taken_for_a_sent_one() {
    let is_sent = |rows: &str| {
        let mut terminal = vt100::Parser::new(5, 40, 0);
        terminal.process(rows.as_bytes());
        has_sent("think no4.")(terminal.screen())
    };

    assert!(!is_sent("────\r\n› think no4.\r\n enter send"));
    assert!(!is_sent("▌ think no4.\r\n  saving …\r\n────\r\n›"));
    assert!(is_sent("▌ think no4.\r\n  sending …\r\n────\r\n›"));
    assert!(is_sent("────\r\n›\r\n  queued 1: think no4."));
}

#[test]
fn a_program_that_is_killed_at_any_instant_loses_nothing_that_was_sent_and_doubles_nothing() {
    let number = |name| std::env::var(name).ok()?.parse().ok();
    let seed = number("SANDBAR_KILL_SEED").unwrap_or(1);
    let kills = number("SANDBAR_KILLS").unwrap_or(KILLS);
    let mut seeded = Seeded(seed);
    let mut typed = Typed::default();
    let home = Home::with_sandboxes();
    let first = start(&home);
    first.wait_for("idle");
    kill(&first);
    let sandboxes = home.sandboxes();

    let records = RecordStore::open(&home.state());
    for _ in 0..kills {
        live_and_die(&home, &mut typed, &mut seeded);
    }

    let mut last = start(&home);
    last.wait_for("› type a message");
    let until = Instant::now() + LIMIT;
    assert!(typed.prompt(&mut last, &mut seeded, until));
    let held = held(&home, (&mut last, &records), typed.sent.last().unwrap());
    let prompts = held.iter().filter(|(role, _)| role == "user");
    let prompts: Vec<&String> = prompts.map(|(_, text)| text).collect();
    // Prompts killed with their Enter are undetermined; they are there once or not at all.
    let known = prompts.iter().filter(|prompt| typed.sent.contains(prompt));
    let known: Vec<String> = known.map(|prompt| (*prompt).clone()).collect();
    assert_eq!(known, typed.sent, "seed {seed}");
    let mut once = prompts.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), prompts.len(), "seed {seed}: {prompts:?}");
    assert_eq!(home.sandboxes(), sandboxes, "seed {seed}");

    last.wait_for("idle");
    let began = Instant::now();
    while stored(&records) != held && began.elapsed() < LIMIT {
        last.reaches(Instant::now() + Duration::from_millis(100), |_| false);
    }
    assert_eq!(stored(&records), held, "seed {seed}");
    last.send("half a thought");
    home.wait_for_draft("half a thought");
    kill(&last);
    start(&home).wait_for("half a thought");
}
