//! Models, and the state of the server, with the real one.

use std::fs;
use std::path::Path;
use std::process::Command;

use sandbar::demo::Pace;
use serde_json::json;

use crate::support::home::Home;
use crate::support::http::Server;
use crate::support::opencode::OpenCode;
use crate::support::screen::Screen;

const MODELS: &str = "\x18m";
const STATUS: &str = "\x18i";
const QUIT: &str = "\x18q";
const LOG_IN: &str = "\x18K";

fn start(home: &Home) -> Screen {
    let screen = home.terminal(&["--demo"]).size(120, 36).start();
    screen.wait_for("idle");
    screen
}

#[test]
fn a_favourite_model_and_the_state_of_the_server_are_seen() {
    let home = Home::with_sandboxes();
    let config = r#"{"mcp":{"broken":{"type":"local","command":["/nowhere/mcp"]}}}"#;
    std::fs::write(home.work().join("opencode.json"), config).unwrap();
    let plugins = home.work().join(".opencode/plugin");
    fs::create_dir_all(&plugins).unwrap();
    let plugin = "export const Broken = async () => { throw new Error('broken on purpose') }\n";
    fs::write(plugins.join("broken.js"), plugin).unwrap();
    let mut git = Command::new("git");
    let git = git.args(["init", "--quiet"]).current_dir(home.work());
    assert!(git.status().unwrap().success());
    let mut screen = start(&home);

    // A server that does not start is told without asking.
    screen.wait_for("1 MCP server failed");
    screen.send(STATUS);
    screen.wait_for("MCP servers");
    screen.wait_for("broken");
    screen.wait_for("× broken");
    screen.wait_for("× broken.js");
    screen.wait_for("failed: broken on purpose");
    screen.wait_for("Context");
    screen.send("q");
    screen.wait_until("the status is closed", |screen| {
        !screen.contents().contains("× broken")
    });

    screen.send(MODELS);
    screen.wait_for("Choose a model");
    assert!(!screen.contents().contains("Favourites"));
    screen.send("\x06");
    screen.wait_for("Favourites");
    screen.send("\x1b");
    screen.wait_until("the list is closed", |screen| {
        !screen.contents().contains("Favourites")
    });
    screen.send(QUIT);
    assert!(screen.wait_exit().success());

    let mut screen = start(&home);
    screen.wait_for("1 MCP server failed");
    screen.send(MODELS);
    screen.wait_for("Favourites");
}

/// A plugin with two ways to log in to the provider `acme`: one that ends by itself once a file appears, which stands
/// for the page in the browser; and one with a code.
const LOGINS: &str = r#"
import { existsSync } from "node:fs"
import { join } from "node:path"

export const Logins = async ({ directory }) => ({
  auth: {
    provider: "acme",
    methods: [
      {
        type: "oauth",
        label: "Acme Pro",
        prompts: [{ type: "text", key: "host", message: "Which host?", placeholder: "acme.example" }],
        authorize: async (inputs) => ({
          url: `https://${inputs.host}/device`,
          instructions: "Enter the code ABCD-1234",
          method: "auto",
          callback: async () => {
            while (!existsSync(join(directory, "logged-in"))) await new Promise((done) => setTimeout(done, 20))
            return { type: "success", key: "sk-of-the-browser" }
          },
        }),
      },
      {
        type: "oauth",
        label: "Acme with a code",
        authorize: async () => ({
          url: "https://acme.example/code",
          instructions: "Log in, and copy the code",
          method: "code",
          callback: async (code) =>
            code === "the-code" ? { type: "success", key: "sk-of-the-code" } : { type: "failed" },
        }),
      },
    ],
  },
})
"#;

/// A server with that plugin. The model is the scripted one, of which `acme` has no part.
fn with_logins(model: &Server) -> OpenCode {
    let options = json!({ "baseURL": format!("{}/v1", model.url()), "apiKey": "none" });
    let provider = |name: &str, options| json!({ "name": name, "npm": "@ai-sdk/openai-compatible", "options": options, "models": { "model": { "name": "A model" } } });
    let base = json!({ "baseURL": format!("{}/v1", model.url()) });
    let config = json!({
        "model": "test/model",
        "small_model": "test/model",
        "enabled_providers": ["test", "acme"],
        "share": "disabled",
        "provider": { "test": provider("Test", options), "acme": provider("Acme AI", base) },
    });
    let server = OpenCode::start_with(&config.to_string());
    let plugins = server.work_tree().join(".opencode/plugin");
    fs::create_dir_all(&plugins).unwrap();
    fs::write(plugins.join("logins.js"), LOGINS).unwrap();
    server
}

/// What the server stored of the logins.
fn credentials(server: &OpenCode) -> String {
    let file = Path::new(".local/share/opencode/auth.json");
    fs::read_to_string(server.home().join(file)).unwrap_or_default()
}

#[test]
fn a_provider_is_logged_in_to_in_the_browser_and_with_a_code() {
    let model = Server::model(Pace::Lively);
    let server = with_logins(&model);
    let conversation = server.conversation();
    let home = Home::new().set("OPENCODE_SERVER_PASSWORD", server.password());
    let arguments = ["attach", server.url(), "--session", &conversation];
    let mut screen = home.terminal(&arguments).size(100, 30).start();
    screen.wait_for("idle");

    // In the browser, cancelled and begun again.
    for is_cancelled in [true, false] {
        screen.send(LOG_IN);
        screen.wait_for("choose a provider");
        screen.send("acme\r");
        screen.wait_for("Acme with a code");
        screen.send("\r");
        screen.wait_for("Which host?");
        screen.send("e.org\r");
        screen.wait_for("https://e.org/device");
        screen.wait_for("Enter the code ABCD-1234");
        screen.wait_for("waiting for your login in the browser");
        if is_cancelled {
            screen.send("\x1b");
            screen.wait_for("the login was cancelled");
        }
    }
    assert!(!credentials(&server).contains("sk-of-the-browser"));
    fs::write(server.work_tree().join("logged-in"), "").unwrap();
    screen.wait_for("logged in to acme");
    assert!(credentials(&server).contains("sk-of-the-browser"));

    // With a code: a wrong one, and then the right one.
    screen.send(QUIT);
    assert!(screen.wait_exit().success());
    let mut screen = home.terminal(&arguments).size(100, 30).start();
    screen.wait_for("idle");
    screen.send(LOG_IN);
    screen.wait_for("choose a provider");
    screen.send("acme\r");
    screen.wait_for("Acme with a code");
    screen.send("code\r");
    screen.wait_for("https://acme.example/code");
    screen.send("another-one\r");
    screen.wait_for("did not accept the login");
    screen.send("\r");
    screen.wait_for("https://acme.example/code");
    screen.send("the-code");
    screen.wait_for("••••••••");
    screen.send("\r");
    screen.wait_for("logged in to acme");
    assert!(credentials(&server).contains("sk-of-the-code"));
    let shown = String::from_utf8_lossy(&screen.raw()).into_owned();
    assert!(!shown.contains("the-code") && !shown.contains("another-one"));
    let log = fs::read_to_string(home.state().join("sandbar.log")).unwrap();
    assert!(!log.contains("the-code") && !log.contains("another-one"));
}
