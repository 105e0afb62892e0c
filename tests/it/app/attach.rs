//! `sandbar attach`: the chat of a real server in a real terminal.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::fault_proxy::FaultProxy;
use crate::support::home::Home;
use crate::support::http::{ClosedPort, Server};
use crate::support::opencode::{OpenCode, Site};
use crate::support::screen::{Launch, Screen};
use crate::support::set_up;

/// A server with the scripted model, and a conversation on it.
struct AttachSite {
    home: Home,
    site: Arc<Site>,
    conversation: String,
}

impl AttachSite {
    fn new() -> Self {
        Self::on(Site::shared())
    }

    fn on(site: Arc<Site>) -> Self {
        let home = Home::new().set("OPENCODE_SERVER_PASSWORD", site.server.password());
        Self {
            home,
            conversation: site.server.conversation(),
            site,
        }
    }

    fn server(&self) -> &OpenCode {
        &self.site.server
    }

    fn attach(&self) -> Screen {
        let arguments = [
            "attach",
            self.server().url(),
            "--session",
            &self.conversation,
        ];
        self.home.terminal(&arguments).size(100, 30).start()
    }

    /// Sends a prompt as another client; the server responds at once, not when the turn is done.
    fn prompt_by_another_client(&self, text: &str) {
        let path = format!("/session/{}/prompt_async", self.conversation);
        let part = json!({ "type": "text", "text": text });
        self.server().post(&path, json!({ "parts": [part] }));
    }

    /// Waits until the server lists a request of the conversation as waiting.
    fn wait_until_listed(&self, path: &str) {
        let until = Instant::now() + Duration::from_mins(1);
        while !self.server().get(path).1.contains(&self.conversation) {
            assert!(Instant::now() < until, "waited in vain for a {path}");
        }
    }

    /// Waits until the server has stored this text of an answer, whose turn may go on.
    fn wait_until_answered(&self, text: &str) {
        let path = format!("/session/{}/message", self.conversation);
        let until = Instant::now() + Duration::from_mins(1);
        while !self.server().get(&path).1.contains(text) {
            assert!(Instant::now() < until, "waited in vain for {text:?}");
        }
    }
}

/// Every mode that was set is reset, and the program's screen is gone.
fn assert_given_back(screen: &Screen) {
    let modes = [1049, 2004, 25, 7].map(|mode| screen.mode(mode));
    assert_eq!(
        modes,
        [Some(false), Some(false), Some(true), Some(true)],
        "alternate screen, bracketed paste, cursor, autowrap"
    );
    let raw = String::from_utf8_lossy(&screen.raw()).into_owned();
    let count = |what: &str| raw.matches(what).count();
    assert_eq!(
        (count("\x1b[>1u"), count("\x1b[<1u")),
        (1, 1),
        "the keyboard protocol is pushed once and popped once"
    );
}

#[test]
fn a_flood_of_keys_is_a_paste_that_waits_for_enter() {
    let attached = AttachSite::new();
    let mut screen = attached.attach();
    screen.wait_for("idle");

    // As a terminal without bracketed paste sends it.
    screen.send(&"0123456789abcde\r".repeat(8192));

    // On a busy machine it arrives with long pauses: what follows one counts as another paste, and a line that a
    // pause splits belongs to both.
    screen.wait_until("all lines in pastes", |screen| {
        lines_pasted(&screen.contents()) >= 8192
    });
    let path = format!("/session/{}/message", attached.conversation);
    assert_eq!(attached.server().get(&path), (200, "[]".to_owned()));
}

/// The total number of lines of the pastes in the composer.
fn lines_pasted(contents: &str) -> usize {
    let pastes = contents.split("[paste ").skip(1);
    let sizes = pastes.filter_map(|paste| paste.split_once(": ")?.1.split_once(" lines]"));
    sizes
        .filter_map(|(lines, _)| lines.parse::<usize>().ok())
        .sum()
}

/// OpenCode's own client on the same conversation, in a home of its own.
fn official_client(attached: &AttachSite, url: &str) -> Screen {
    let home = attached.home.work();
    Launch::new(set_up::opencode())
        .args(&["attach", url, "--session", &attached.conversation])
        .directory(&home)
        .env("HOME", &home)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("LANG", "C.UTF-8")
        .env("OPENCODE_SERVER_PASSWORD", attached.server().password())
        .env("OPENCODE_DISABLE_MODELS_FETCH", "1")
        .env("OPENCODE_DISABLE_AUTOUPDATE", "1")
        .size(100, 120)
        .start()
}

#[test]
fn an_answer_that_was_cut_off_is_whole_after_the_connection_is_back() {
    let attached = AttachSite::new();
    let proxy = || FaultProxy::start(attached.server().url(), VecDeque::new());
    let (before_ours, before_theirs) = (proxy(), proxy());
    let proxies = [&before_ours, &before_theirs];
    let url = before_ours.url();
    let arguments = ["attach", &url, "--session", &attached.conversation];
    let mut screen = attached.home.terminal(&arguments).size(100, 30).start();
    let theirs = official_client(&attached, &before_theirs.url());
    screen.wait_for("idle");
    theirs.wait_for("ctrl+p commands");
    screen.send("long please\r");
    screen.wait_for("Section 2");
    theirs.wait_for("Section 2");

    for proxy in proxies {
        proxy.refuse(true);
        proxy.cut();
    }
    let taken = before_theirs.taken();
    screen.wait_for("reconnecting");
    attached.wait_until_answered("section 40");
    screen.send("table please\r");
    screen.wait_for("queued 1: table please");
    for proxy in proxies {
        proxy.refuse(false);
    }

    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");
    // Nothing sent meanwhile is missing.
    screen.send("\x1b[5~");
    screen.wait_for("section 40");

    // OpenCode's own client shows what arrives after it has reconnected, and never what it has missed (observed on
    // 1.18.33).
    before_theirs.wait_for_more(taken, Duration::from_mins(1));
    attached.prompt_by_another_client("table please");
    theirs.wait_for("The figures are rounded.");
    let contents = theirs.contents();
    assert!(contents.contains("Section 2"), "{contents}");
    assert!(!contents.contains("section 40"), "{contents}");
}

#[test]
fn a_prompt_is_answered_and_the_terminal_given_back() {
    let attached = AttachSite::new();
    let mut screen = attached.attach();
    screen.wait_for("idle");
    assert_eq!(screen.mode(1049), Some(true));
    assert_eq!(screen.mode(2004), Some(true));

    screen.send("table please");
    screen.wait_for("table please");
    screen.send("\r");
    screen.wait_for("Baikal");
    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");
    screen.send("\x04");

    assert_eq!(screen.wait_exit().exit_code(), 0);
    assert_given_back(&screen);

    // The conversation is there for the next client.
    let screen = attached.attach();
    screen.wait_for("table please");
    screen.wait_for("The figures are rounded.");
}

#[test]
fn a_turn_that_another_client_began_is_shown_while_it_runs() {
    let attached = AttachSite::new();
    let screen = attached.attach();
    screen.wait_for("idle");

    attached.prompt_by_another_client("long please");
    screen.wait_for("working");
    screen.wait_for("Section 2");
    let path = format!("/session/{}/abort", attached.conversation);
    attached.server().post(&path, json!({}));

    screen.wait_for("idle");
    assert!(!screen.contents().contains("Section 40"));
}

#[test]
fn a_running_turn_is_shown_by_a_client_that_attaches_later() {
    let attached = AttachSite::new();
    attached.prompt_by_another_client("permission please");
    attached.wait_until_answered("I would like");
    let mut screen = attached.attach();

    screen.wait_for("permission please");
    screen.wait_for("I would like to read");
    // Letters are text, whatever they mean to a panel elsewhere, and a draft is not an answer.
    screen.wait_for("! needs you");
    screen.send("add a docstring");
    screen.wait_for("add a docstring");
    screen.wait_for("to answer");
    screen.send("\x03");
    screen.answer("/etc/", "1");

    screen.wait_for("Thank you. I have read the file");
    screen.wait_for("idle");
}

#[test]
fn a_request_of_a_stopped_turn_does_not_come_back_with_a_later_turn() {
    let attached = AttachSite::new();
    attached.prompt_by_another_client("permission please");
    attached.wait_until_listed("/permission");
    let abort = format!("/session/{}/abort", attached.conversation);
    attached.server().post(&abort, json!({}));
    attached.prompt_by_another_client("question please");
    attached.wait_until_listed("/question");
    attached.wait_until_listed("/permission");

    let screen = attached.attach();
    screen.wait_for("Which colour do you want?");

    let raw = String::from_utf8_lossy(&screen.raw()).into_owned();
    assert!(!raw.contains("outside the project"), "it is over");
    attached.server().post(&abort, json!({}));
}

#[test]
fn nothing_is_written_while_nothing_happens() {
    let attached = AttachSite::on(Arc::new(Site::new()));
    attached.prompt_by_another_client("table please");
    let screen = attached.attach();
    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");

    // Each heartbeat reaches every client of the server. The first one from here shows that the last frame was sent
    // long ago, the third that the second was handled.
    let mut beats = 0;
    let mut before = Vec::new();
    let server = attached.server();
    let events = server.call("/global/event", Some(server.password()));
    events.follow(Duration::from_mins(2), |piece| {
        beats += piece.matches("server.heartbeat").count();
        if beats >= 1 && before.is_empty() {
            before = screen.raw();
        }
        beats < 3
    });

    let after = screen.raw();
    let written = String::from_utf8_lossy(&after[before.len()..]);
    assert_eq!(written, "");
    assert!(!before.is_empty());
}

#[test]
fn control_characters_of_a_model_do_not_reach_the_terminal() {
    let attached = AttachSite::new();
    attached.prompt_by_another_client("unicode please");
    let screen = attached.attach();

    screen.wait_for("None of the control characters may reach");
    screen.wait_for("砂州に座って潮を待つ。");

    let raw = String::from_utf8_lossy(&screen.raw()).into_owned();
    // Our own output has other colours and another title.
    for theirs in ["\x1b[31m", "]0;title", "title\x07", "\x08\x08]", "\u{202e}"] {
        assert!(!raw.contains(theirs), "{theirs:?} has reached the terminal");
    }
    assert!(raw.contains("red"), "what they stood around is shown");
}

#[test]
fn a_terminated_program_gives_the_terminal_back() {
    let attached = AttachSite::new();
    let screen = attached.attach();
    screen.wait_for("idle");

    let pid = Pid::from_raw(screen.pid().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();

    screen.wait_exit();
    assert_given_back(&screen);
}

#[test]
fn any_size_is_drawn_and_a_change_of_it_followed() {
    let attached = AttachSite::new();
    attached.prompt_by_another_client("table please");
    let mut screen = attached.attach();
    screen.wait_for("The figures are rounded.");

    for (columns, rows) in [(10, 4), (1, 1), (22, 8), (200, 50), (40, 12)] {
        screen.resize(columns, rows);
    }
    screen.wait_for("The figures are rounded.");
    screen.resize(10, 4);
    screen.send("hey");
    screen.wait_for("hey");
    screen.resize(80, 24);

    screen.wait_for("The figures are rounded.");
    screen.wait_for("hey");
    // While the turn runs, ctrl-c on an empty composer stops it.
    screen.wait_for("idle");
    // Text in the composer: the first ctrl-c clears it, the next two quit.
    screen.send("\x03");
    screen.wait_for("type a message");
    screen.send("\x03");
    screen.wait_for("again to quit");
    screen.send("\x03");
    assert_eq!(screen.wait_exit().exit_code(), 0);
    assert_given_back(&screen);
}

/// The screen's error when a server cannot be used, without the parts that vary between runs.
fn complaint(home: &Home, url: &str) -> String {
    let screen = home.terminal(&["attach", url]).size(100, 30).start();
    // A field for the password may be in front of it.
    screen.complaint().replace(url, "[url]")
}

#[test]
fn each_way_not_to_reach_a_server_has_its_own_words() {
    let model = ClosedPort::new();
    let server = OpenCode::start(&model.url());
    let html = Server::page(
        200,
        "text/html",
        "<!doctype html><html><body>Welcome</body></html>",
    );
    let json = Server::page(200, "application/json", "{\"hello\":\"attached\"}");
    let closed = ClosedPort::new();
    let home = Home::new();
    let wrong = Home::new().set("OPENCODE_SERVER_PASSWORD", "wrong");

    let complaints = [
        ("no password", complaint(&home, server.url())),
        ("wrong password", complaint(&wrong, server.url())),
        ("closed port", complaint(&home, &closed.url())),
        ("web page", complaint(&home, &html.url())),
        ("another program", complaint(&home, &json.url())),
    ];

    let text = complaints.map(|(what, said)| format!("# {what}\n{said}"));
    insta::assert_snapshot!(text.join("\n\n"));
}

#[test]
fn a_password_in_the_address_is_used_and_shown_nowhere() {
    let attached = AttachSite::new();
    let (server, home) = (attached.server(), Home::new());
    let (_, host) = server.url().split_once("://").unwrap();
    let address = |password: &str| format!("http://opencode:{password}@{host}");
    let attach = |url: &str| {
        let arguments = ["attach", url, "--session", &attached.conversation];
        home.terminal(&arguments).size(100, 30).start()
    };

    let screen = attach(&address(server.password()));
    screen.wait_for("type a message");
    screen.wait_for(server.url());
    let shown = String::from_utf8_lossy(&screen.raw()).into_owned();
    assert!(!shown.contains(server.password()), "{shown}");

    let screen = attach(&address("swordfish"));
    screen.wait_for("OpenCode does not accept the password of user opencode");
    let shown = String::from_utf8_lossy(&screen.raw()).into_owned();
    assert!(!shown.contains("swordfish"), "{shown}");
}

#[test]
fn the_password_of_a_server_is_asked_for_until_it_is_right() {
    let attached = AttachSite::new();
    let (server, home) = (attached.server(), Home::new());
    let arguments = ["attach", server.url(), "--session", &attached.conversation];
    let mut screen = home.terminal(&arguments).size(100, 30).start();
    screen.wait_for("the OpenCode server requires a password");
    screen.wait_for("it is not shown");

    // Later, after a draft.
    screen.send("\x1b");
    screen.wait_until("the field is closed", |screen| {
        !screen.contents().contains("it is not shown")
    });
    screen.wait_for("to enter the password");
    screen.send("keep this draft");
    screen.wait_for("keep this draft");
    screen.send("\x18r");
    screen.wait_for("it is not shown");
    screen.send("swordfish");
    screen.wait_for("•••••••••");
    screen.send("\r");
    screen.wait_for("does not accept the password of user opencode");
    screen.wait_for("it is not shown");
    screen.send(server.password());
    screen.wait_for("•");
    screen.send("\r");

    screen.wait_for("idle");
    screen.wait_for("keep this draft");
    let raw = String::from_utf8_lossy(&screen.raw()).into_owned();
    for secret in ["swordfish", server.password()] {
        assert!(!raw.contains(secret), "{secret} is on the screen");
    }
    for file in std::fs::read_dir(home.state()).into_iter().flatten() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("swordfish"), "{text}");
    }
}

#[test]
fn an_attached_conversation_keeps_its_draft_with_its_file_and_its_stash() {
    let attached = AttachSite::new();
    let image = attached.home.work().join("shot.png");
    std::fs::write(&image, b"\x89PNG\r\n\x1a\n image").unwrap();
    let mut screen = attached.attach();
    screen.wait_for("type a message");
    screen.wait_for("idle");
    screen.send("for later");
    screen.send("\x13");
    screen.wait_for("1 stashed");
    screen.send("half a thought ");
    screen.wait_for("› half a thought");
    let path = image.to_str().unwrap();
    screen.send(&format!("\x1b[200~{path}\x1b[201~"));
    screen.wait_for("[shot.png · image/png");
    screen.send("\x18q");
    screen.wait_exit();

    let mut screen = attached.attach();
    screen.wait_for("› half a thought [shot.png · image/png");
    screen.send("\x03");
    screen.wait_for("› type a message");
    screen.send("\x13");
    screen.wait_for("› for later");
}

/// A named conversation in this directory of the server's work tree.
fn begin(site: &Site, folder: &str, title: &str) -> String {
    let directory = site.server.work_tree().join(folder);
    std::fs::create_dir_all(&directory).unwrap();
    let path = format!("/session?directory={}", directory.display());
    let made = site.server.post(&path, json!({ "title": title }));
    made["id"].as_str().unwrap().to_owned()
}

#[test]
fn the_conversations_of_a_server_are_listed_switched_begun_and_renamed() {
    let site = Arc::new(Site::new());
    let attached = AttachSite {
        home: Home::new().set("OPENCODE_SERVER_PASSWORD", site.server.password()),
        conversation: begin(&site, "", "first things"),
        site: Arc::clone(&site),
    };
    begin(&site, "docs", "second things");
    let asking = AttachSite {
        home: Home::new(),
        conversation: begin(&site, "", "third things"),
        site: Arc::clone(&site),
    };
    asking.prompt_by_another_client("permission please");
    asking.wait_until_listed("/permission");
    let mut screen = attached.attach();
    screen.wait_for("idle");
    screen.wait_for("first things");

    // The list has all of them, also of other directories, and what they do.
    screen.send("\x18l");
    screen.wait_for("Conversations on this server");
    screen.wait_for("needs you");
    screen.wait_for("docs");
    screen.send("second");
    screen.wait_for("1 of 4");
    screen.send("\r");
    screen.wait_until("the other one", |screen| {
        let row = screen.rows(0, 100).next().unwrap_or_default();
        row.contains("second things") && row.contains("idle")
    });

    screen.send("\x181");
    screen.wait_until("the first one again", |screen| {
        screen
            .rows(0, 100)
            .next()
            .unwrap_or_default()
            .contains("first things")
    });

    screen.send("\x18n");
    screen.wait_until("a new one", |screen| {
        let row = screen.rows(0, 100).next().unwrap_or_default();
        row.contains("idle") && !row.contains("things")
    });
    screen.send("\x18l");
    screen.wait_for("session 3");

    screen.send("second");
    screen.wait_for("1 of 5");
    screen.send("\x12");
    screen.wait_for("Rename the conversation");
    screen.send(" of all");
    screen.wait_for("second things of all");
    screen.send("\r");
    screen.wait_for("renamed");
    let (_, listed) = site.server.get("/session?scope=project");
    assert!(listed.contains("second things of all"), "{listed}");

    // What needs a sandbox says that there is none.
    screen.send("\x18s");
    screen.wait_for("attached to a server: no sandbox for a shell");
}
