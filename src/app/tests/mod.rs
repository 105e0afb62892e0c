//! Events in, effects and screens out; no terminal, no network.

mod advice;
mod auto;
mod changes;
mod keys;
mod links;
mod models;
mod palette;
mod password;
mod past_prompts;
mod rebound;
mod server;
mod sessions;
mod text_search;
mod time;
mod views;

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cx::{Cx, IdSource};
use super::effect::Effect;
use super::event::{Event, Reply};
use super::input::keymap::Keymap;
use super::view::cx::ViewCx;
use super::view::theme::Theme;
use super::view::viewport::Viewport;
use super::{App, AppOptions, FirstSession, Mode};
use crate::domain::chat::{ChatEvent, Permission, TurnStatus};
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::id::{OpencodeSessionId, PermissionId, SandboxId, SessionKey, TemplateId};
use crate::domain::log::{LogLine, LogStream};
use crate::domain::sandbox::price::{MicroDollars, Prices};
use crate::domain::sandbox::{BootEvent, EngineKind, Phase, SandboxInfo, Stage};
use crate::domain::session::{
    CodeSource, CredentialRef, NewSession, SessionEvent, SessionOrigin, SessionSpec, SessionSummary,
};
use crate::domain::time::{Monotonic, UnixMillis};
use crate::text::TextCache;

/// 2026-01-01 14:00 UTC.
const NOON: u64 = 1_767_276_000_000;

/// Passes events to an app and records its effects.
struct Script {
    app: App,
    ids: IdSource,
    now: Monotonic,
    /// How much further the wall clock is than the monotonic one, because the machine slept.
    slept: Duration,
    effects: Vec<Effect>,
    theme: Theme,
    cache: TextCache,
}

fn options() -> AppOptions {
    AppOptions {
        mode: Mode::Full {
            new: NewSession {
                name: "sandbar".to_owned(),
                template: TemplateId::from("opencode"),
                code: CodeSource::Empty,
                model: None,
                demo: true,
            },
            engine: EngineKind::Local,
            project: None,
            first: FirstSession::LastShown,
        },
        keymap: Keymap::default(),
        mouse: false,
        vim: false,
        utc_offset_minutes: 0,
        prices: Prices {
            vcpu_hour: MicroDollars(50_400),
            gib_hour: MicroDollars(16_200),
        },
        notify_unknown_focus: false,
    }
}

fn attach_spec() -> SessionSpec {
    SessionSpec {
        key: SessionKey::from("attached"),
        origin: SessionOrigin::Attach {
            url: "http://127.0.0.1:4096".to_owned(),
            session: None,
            credential: CredentialRef::None,
        },
    }
}

impl Script {
    /// A started app that has received nothing yet.
    fn started(options: AppOptions) -> Self {
        let mut script = Self {
            app: App::new(options),
            ids: IdSource::seeded(7),
            now: Duration::from_secs(10),
            slept: Duration::ZERO,
            effects: Vec::new(),
            theme: Theme::default(),
            cache: TextCache::new(10_000),
        };
        script.with_cx(App::start);
        script
    }

    /// A full app with these stored rows; the effects so far are dropped.
    fn with_stored(rows: Vec<SessionSummary>) -> Self {
        let mut script = Self::started(options());
        script.event(Event::Reply(Reply::Sessions(rows)));
        script.effects.clear();
        script
    }

    fn attached() -> Self {
        let mut script = Self::started(AppOptions {
            mode: Mode::Attach {
                spec: attach_spec(),
                url: "http://127.0.0.1:4096".to_owned(),
            },
            ..options()
        });
        script.effects.clear();
        script
    }

    fn with_cx(&mut self, what: impl FnOnce(&mut App, &mut Cx<'_>)) {
        let mut cx = Cx::new(
            self.now,
            UnixMillis(NOON).plus(self.now + self.slept),
            &mut self.ids,
            &mut self.effects,
        );
        what(&mut self.app, &mut cx);
    }

    fn event(&mut self, event: Event) -> &mut Self {
        self.with_cx(|app, cx| app.update(event, cx));
        self
    }

    /// Presses keys, written as in the configuration, a third of a second apart.
    fn keys(&mut self, keys: &str) -> &mut Self {
        for key in keys.split(' ') {
            self.now += Duration::from_millis(333);
            self.event(Event::Key(key.parse().unwrap()));
        }
        self
    }

    fn type_text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.now += Duration::from_millis(100);
            self.event(Event::Key(crate::app::input::key::Key::char(c)));
        }
        self
    }

    fn session(&mut self, key: &str, event: SessionEvent) -> &mut Self {
        self.event(Event::Session(SessionKey::from(key), event))
    }

    fn phase(&mut self, key: &str, phase: Phase) -> &mut Self {
        self.session(key, SessionEvent::Phase(phase))
    }

    fn status(&mut self, key: &str, status: TurnStatus) -> &mut Self {
        self.session(key, SessionEvent::Chat(ChatEvent::Status(status)))
    }

    /// Lets time pass and sends the ticks that are due.
    fn wait(&mut self, time: Duration) -> &mut Self {
        let until = self.now + time;
        let mut ticks = 0;
        // What became due while keys were pressed.
        let due = self.app.animation_due(self.now);
        if due.is_some_and(|due| due < self.now) {
            self.event(Event::Tick);
        }
        while let Some(due) = self.app.animation_due(self.now)
            && due <= until
        {
            assert!(due >= self.now, "due {due:?} lies before {:?}", self.now);
            ticks += 1;
            assert!(ticks < 10_000, "the app never comes to rest");
            self.now = due;
            self.event(Event::Tick);
        }
        self.now = until;
        self
    }

    /// The effects since the last call.
    fn asked(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    fn shown(&self) -> &str {
        self.app.open.shown().map_or("", SessionKey::as_str)
    }

    fn draw(&mut self, width: u16, height: u16) -> Buffer {
        let area = Rect::new(0, 0, width, height);
        let mut buf = Buffer::empty(area);
        let mut viewport = Viewport::default();
        let mut vx = ViewCx {
            theme: &self.theme,
            cache: &mut self.cache,
            viewport: &mut viewport,
            now: self.now,
            wall: UnixMillis(NOON + u64::try_from(self.now.as_millis()).unwrap()),
        };
        self.app.view(area, &mut buf, &mut vx);
        self.app.shown(viewport);
        buf
    }

    /// The screen as text, one line per row, without trailing blanks.
    fn screen(&mut self, width: u16, height: u16) -> String {
        let buf = self.draw(width, height);
        let mut screen = String::new();
        for row in buf.content.chunks(usize::from(width)) {
            let mut skip = 0;
            let mut line = String::new();
            for cell in row {
                if skip == 0 {
                    line.push_str(cell.symbol());
                    skip = crate::text::wrap::width(cell.symbol()).max(1);
                }
                skip -= 1;
            }
            screen.push_str(line.trim_end());
            screen.push('\n');
        }
        screen
    }
}

fn sandbox(id: &str) -> SandboxInfo {
    SandboxInfo {
        engine: EngineKind::Local,
        id: Some(SandboxId::from(id)),
        template: Some(TemplateId::from("opencode")),
        opencode_url: Some("http://127.0.0.1:4096".to_owned()),
        opencode_version: Some("1.18.33".to_owned()),
        ends_at: None,
        isolation: Some("none".to_owned()),
        directory: None,
        demo: true,
    }
}

/// A stored row; the first of a list is the newest.
fn row(name: &str, age: u64) -> SessionSummary {
    SessionSummary {
        key: SessionKey::from(name),
        name: name.to_owned(),
        title: String::new(),
        sandbox: sandbox(&format!("sbx-{name}")),
        opencode_session: None,
        phase: Phase::Dormant,
        project: None,
        shown: None,
        auto: false,
        pinned: false,
        archived: false,
        unread: false,
        cost: 0.0,
        changed: None,
        created: UnixMillis(NOON - age),
        updated: UnixMillis(NOON - age),
    }
}

fn permission() -> ChatEvent {
    ChatEvent::PermissionAsked(Permission {
        id: PermissionId::from("per_1"),
        session: OpencodeSessionId::from("ses_1"),
        kind: "bash".to_owned(),
        patterns: vec!["rm -rf dist".to_owned()],
        always: vec!["rm *".to_owned()],
        subject: "rm -rf dist".to_owned(),
        diff: None,
        details: Vec::new(),
        lacks_arguments: false,
        undecodable: false,
        call_id: None,
    })
}

fn started(stage: Stage, at: Monotonic) -> SessionEvent {
    SessionEvent::Boot(BootEvent::Started { stage, at })
}

fn finished(stage: Stage, millis: u64) -> SessionEvent {
    SessionEvent::Boot(BootEvent::Finished {
        stage,
        took: Duration::from_millis(millis),
    })
}

fn log(stream: LogStream, text: &str) -> LogLine {
    LogLine {
        at: UnixMillis(NOON),
        stream,
        offset: 0,
        start: 0,
        text: text.to_owned(),
    }
}

fn exited() -> Failure {
    Failure::new("OpenCode ended with exit code 1")
        .detail("it stopped before it listened on port 4096")
        .advise([Advice::ReadLogs, Advice::NewSession])
        .retryable()
        .stderr(vec![
            "error: ENOSPC: no space left on device".to_owned(),
            "    at open (fs.ts:120)".to_owned(),
        ])
}
