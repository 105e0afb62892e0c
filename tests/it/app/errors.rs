//! Each failure to use the sandbox API has its own message.

use crate::support::home::Home;
use crate::support::http::{Call, ClosedPort, Server};

/// A home that uses the sandbox API at this address, with a model's key, so that the demo model is not used.
fn home(url: &str, key: &str) -> Home {
    Home::new()
        .set("E2B_API_URL", url)
        .set("E2B_API_KEY", key)
        .set("ANTHROPIC_API_KEY", "not-used")
}

/// The final error of a run, without what varies between runs.
fn complaint(url: &str, key: &str) -> String {
    let home = home(url, key);
    let ran = home.run(&["run", "--engine", "e2b", "--empty", "a prompt"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.stdout, "");
    let said = ran
        .stderr
        .lines()
        .skip_while(|line| !line.starts_with("sandbar: "));
    let said: Vec<&str> = said.collect();
    let authority = url.trim_start_matches("http://");
    said.join("\n").replace(authority, "[address]")
}

#[test]
fn each_way_not_to_reach_the_sandbox_api_has_its_own_words() {
    let local = LocalServer::start();
    let html = Server::page(
        200,
        "text/html",
        "<!doctype html><html><body>Please log in</body></html>",
    );
    let json = Server::page(200, "application/json", "{\"hello\":\"world\"}");
    let broken = Server::page(
        500,
        "application/json",
        "{\"code\":500,\"message\":\"out of order\"}",
    );
    let full = Server::page(
        429,
        "application/json",
        "{\"code\":429,\"message\":\"20 sandboxes run\"}",
    );
    let closed = ClosedPort::new();

    let complaints = [
        ("wrong key", complaint(&local.url, "e2b_wrong")),
        ("unreachable", complaint(&closed.url(), "e2b_key")),
        ("web page", complaint(&html.url(), "e2b_key")),
        ("another program", complaint(&json.url(), "e2b_key")),
        ("its own failure", complaint(&broken.url(), "e2b_key")),
        ("too many", complaint(&full.url(), "e2b_key")),
    ];

    let mut summaries: Vec<&str> = complaints
        .iter()
        .map(|(_, said)| said.lines().next().unwrap())
        .collect();
    summaries.sort_unstable();
    summaries.dedup();
    assert_eq!(summaries.len(), complaints.len(), "two are alike");
    let text = complaints.map(|(what, said)| format!("# {what}\n{said}"));
    insta::assert_snapshot!(text.join("\n\n"));
}

#[test]
fn a_port_that_nobody_listens_on_is_told_from_a_sandbox_that_is_not_there() {
    let local = LocalServer::start();
    let made = Call {
        method: "POST",
        api_key: Some(local.key.clone()),
        body: Some(serde_json::json!({ "templateID": "base" })),
        ..Call::get(format!("{}/v2/sandboxes", local.url))
    };
    let (status, body) = made.send(std::time::Duration::from_secs(30)).unwrap();
    assert_eq!(status, 201, "{body}");
    let made: serde_json::Value = serde_json::from_str(&body).unwrap();
    let id = made["sandboxID"].as_str().unwrap();
    let port = local.url.rsplit_once(':').unwrap().1;

    let home = Home::new();
    let said = |id: &str| {
        let url = format!("http://4096-{id}.localhost:{port}");
        let screen = home.terminal(&["attach", &url]).size(100, 30).start();
        screen.complaint().replace(id, "[id]")
    };

    let text = format!(
        "# closed port\n{}\n\n# no such sandbox\n{}",
        said(id),
        said("iaaaaaaaaaaaaaaaaaaaa")
    );
    insta::assert_snapshot!(text);
}

#[test]
fn without_an_account_the_way_out_is_named() {
    let ran = Home::new().run(&["run", "--engine", "e2b", "--empty", "a prompt"]);

    assert_eq!(ran.code, Some(3), "{ran:?}");
    insta::assert_snapshot!(ran.stderr);
}

#[test]
fn the_demo_model_on_e2b_is_refused_plainly() {
    let closed = ClosedPort::new();
    let home = home(&closed.url(), "e2b_key");

    let ran = home.run(&["run", "--engine", "e2b", "--demo", "--empty", "a prompt"]);

    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.stderr
            .contains("sandbar: the demo model runs in local sandboxes only"),
        "{ran:?}"
    );
}

/// `sandbar local serve`, as a user of the official SDKs would run it.
struct LocalServer {
    url: String,
    key: String,
    _screen: crate::support::screen::Screen,
    _home: Home,
}

impl LocalServer {
    fn start() -> Self {
        let home = Home::new();
        let screen = home.terminal(&["local", "serve"]).size(160, 10).start();
        screen.wait_for("export E2B_API_KEY=");
        screen.wait_for("serving sandboxes");
        let contents = screen.contents();
        let value = |name: &str| {
            let line = contents.lines().find_map(|line| {
                line.strip_prefix("export ")?
                    .strip_prefix(name)?
                    .strip_prefix('=')
            });
            line.unwrap().trim().to_owned()
        };
        Self {
            url: value("E2B_API_URL"),
            key: value("E2B_API_KEY"),
            _screen: screen,
            _home: home,
        }
    }
}
