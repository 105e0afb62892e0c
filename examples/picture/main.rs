//! Makes the pictures of the README: `cargo run --example picture`.
//!
//! The real program runs in a pseudo terminal of 120x36, on local sandboxes with the demo model, in a
//! small repository made for it. Prompts are typed and requests answered; what a user would see is
//! written to `assets/`, cell by cell: a request, a diff, the changes, the palette, and several
//! sessions.

#[path = "../../tests/support/screen.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "shared with the tests, which use all of it"
)]
mod screen;
mod svg;

use std::cell::RefCell;
use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use screen::{Launch, Screen};

const COLUMNS: u16 = 120;
const ROWS: u16 = 36;

/// Variables of the caller that the program needs here: to find git and npm, and to get through to
/// npm's registry.
const PASSED_ON: [&str; 9] = [
    "HOME",
    "PATH",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
];

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Outcome {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let stage = Stage::set_up()?;
    // OpenCode is fetched before anything is waited for.
    stage.run("first", &["run", "--demo", "--rm", "table"])?;
    stage.play(|name, picture| {
        let file = root.join("assets").join(name).with_extension("svg");
        Ok(std::fs::write(file, svg::draw(picture, "sandbar"))?)
    })
}

/// The program, its files and a repository for it.
struct Stage {
    program: PathBuf,
    folder: tempfile::TempDir,
    cache: PathBuf,
}

impl Stage {
    fn set_up() -> Outcome<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let profile: &[&str] = if cfg!(debug_assertions) {
            &[]
        } else {
            &["--release"]
        };
        done(
            Command::new(cargo)
                .args(["build", "--bin", "sandbar"])
                .args(profile),
        )?;
        // …/target/debug/examples/picture
        let example = std::env::current_exe()?;
        let built = example.ancestors().nth(2).ok_or("no target directory")?;
        let stage = Self {
            program: built.join("sandbar"),
            folder: tempfile::tempdir()?,
            cache: built.join("picture-cache"),
        };
        let repository = stage.repository();
        std::fs::create_dir_all(&repository)?;
        std::fs::write(repository.join("README.md"), "# Tide tables\n")?;
        std::fs::write(repository.join(".gitignore"), "/out\n")?;
        let git = |arguments: &[&str]| {
            let who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
            done(
                Command::new("git")
                    .current_dir(&repository)
                    .args(who)
                    .args(arguments),
            )
        };
        git(&["init", "--quiet", "--initial-branch", "main"])?;
        git(&["add", "."])?;
        git(&["commit", "--quiet", "--message", "Begin"])?;
        Ok(stage)
    }

    fn repository(&self) -> PathBuf {
        self.folder.path().join("tide-tables")
    }

    /// `state` names the folder of sessions and sandboxes.
    fn environment(&self, state: &str) -> Vec<(&'static str, std::ffi::OsString)> {
        let passed = PASSED_ON
            .into_iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?)));
        let own = [
            ("XDG_CONFIG_HOME", self.folder.path().join("config").into()),
            ("XDG_STATE_HOME", self.folder.path().join(state).into()),
            ("XDG_CACHE_HOME", self.cache.clone().into()),
            ("LANG", "C.UTF-8".into()),
        ];
        passed.chain(own).collect()
    }

    fn run(&self, state: &str, arguments: &[&str]) -> Outcome {
        done(
            Command::new(&self.program)
                .args(arguments)
                .env_clear()
                .envs(self.environment(state))
                .current_dir(self.folder.path()),
        )
    }

    /// Has conversations, and passes each picture with its name.
    fn play(&self, mut taken: impl FnMut(&str, &vt100::Screen) -> Outcome) -> Outcome {
        let mut launch = Launch::new(&self.program)
            .size(COLUMNS, ROWS)
            .directory(&self.repository());
        for (name, value) in self.environment("picture") {
            launch = launch.env(name, value);
        }
        let mut screen = launch.start();
        // Typed while the sandbox boots: it waits in the queue until OpenCode answers.
        screen.wait_for("type a message");
        screen.send("Show me around\r");
        // One by one, because each of them may take long on a busy machine.
        for step in ["queued 1", "health", "subscribe"] {
            screen.wait_for(step);
        }
        answer(&mut screen, "How should the script greet you?", "3");
        wait_for_panel(&screen, "the agent wants to go outside the project");
        taken("screen", &picture(&screen)?)?;

        screen.send("1");
        screen.wait_for("idle");
        screen.send("\x1b");
        screen.wait_for("scrolling");
        // Up to the edit, which stands before the summary.
        screen.send("[[[[");
        screen.wait_for("✓ edit sandbar-demo.sh");
        taken("diff", &picture(&screen)?)?;

        screen.send("i\x18d");
        screen.wait_for("▾ sandbar-demo.sh");
        // The file itself is what is on the right.
        screen.send("jjjj");
        screen.wait_until("the cursor below", |screen| {
            !screen.contents().contains("▌▾ sandbar-demo.sh")
        });
        taken("changes", &picture(&screen)?)?;

        screen.send("\x1b");
        screen.wait_for("type a message");
        screen.send("\x10");
        screen.wait_for("Palette");
        screen.send("model");
        screen.wait_for("› model");
        taken("palette", &picture(&screen)?)?;

        screen.send("\x1b");
        screen.wait_until("no palette", |screen| {
            !screen.contents().contains("Palette")
        });
        begin(
            &mut screen,
            "tide-tables-2",
            "Read the stations, with permission",
        );
        wait_for_panel(&screen, "the agent wants to go outside the project");
        begin(
            &mut screen,
            "tide-tables-3",
            "Write a long comparison of the stations",
        );
        // The answer has begun, and goes on for a while.
        screen.wait_for("esc esc to stop");
        screen.wait_for("Section 2");
        screen.send("\x18l");
        screen.wait_for("enter open");
        taken("sessions", &picture(&screen)?)
    }
}

/// Sends the first prompt of another session, which gets this name.
fn begin(screen: &mut Screen, name: &str, prompt: &str) {
    screen.send("\x18n");
    screen.wait_for(name);
    screen.send(&format!("{prompt}\r"));
}

fn answer(screen: &mut Screen, subject: &str, keys: &str) {
    wait_for_panel(screen, subject);
    screen.send(keys);
}

/// Ends the servers of local sandboxes, also after a panic.
impl Drop for Stage {
    fn drop(&mut self) {
        for state in ["first", "picture"] {
            if let Err(error) = self.run(state, &["local", "stop"]) {
                // Nobody is left to hear of a closed standard error.
                let _unread = writeln!(std::io::stderr(), "{error}");
            }
        }
    }
}

/// Waits until the panel about `subject` takes keys: at first it ignores them, since they may have
/// been meant for the composer.
fn wait_for_panel(screen: &Screen, subject: &str) {
    screen.wait_until(&format!("a panel about {subject:?}"), |screen| {
        let rows: Vec<String> = screen.rows(0, screen.size().1).collect();
        let any = |text: &str| rows.iter().any(|row| row.contains(text));
        // The line of keys is the panel's once the panel takes them.
        let keys = rows
            .last()
            .is_some_and(|row| row.contains("enter answer") || row.contains("enter choose"));
        any(subject) && keys
    });
}

/// The screen as it is now.
fn picture(screen: &Screen) -> Outcome<vt100::Screen> {
    let taken = RefCell::new(None);
    screen.wait_until("a whole frame", |screen| {
        *taken.borrow_mut() = Some(screen.clone());
        true
    });
    taken.into_inner().ok_or_else(|| "no picture".into())
}

fn done(command: &mut Command) -> Outcome {
    let status = command.status()?;
    if status.success() {
        return Ok(());
    }
    Err(format!("{}: {status}", command.get_program().display()).into())
}
