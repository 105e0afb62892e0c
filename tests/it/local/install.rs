//! The install of the template `opencode`: with the test's npm, found in the server's search path.

use std::fs;
use std::path::Path;

use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::local::http_api::{ApiHarness, KEY, until};
use crate::support::process::alive;
use crate::support::{folder, write_program};

/// A server with an npm that runs this script; `is_key_private`: only the user has the key.
async fn harness(bin: &Path, npm: &str, is_key_private: bool) -> ApiHarness {
    write_npm(bin, npm);
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    ApiHarness::with(|options| {
        options.path = path;
        options.is_key_private = is_key_private;
        options.install_env = vec![("npm_config_registry".to_owned(), "https://own/".to_owned())];
    })
    .await
}

fn write_npm(bin: &Path, script: &str) {
    write_program(&bin.join("npm"), &format!("#!/bin/sh\n{script}\n"));
}

/// The steps of an install, as they arrive.
struct Steps {
    answer: reqwest::Response,
    buffer: Vec<u8>,
    all: Vec<Value>,
}

impl Steps {
    async fn of(harness: &ApiHarness, terms: Value) -> Self {
        let url = format!(
            "{}/sandbar/templates/opencode/install",
            harness.server.url()
        );
        let request = harness.client.post(url).header("x-api-key", KEY);
        let answer = request.json(&terms).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        Self {
            answer,
            buffer: Vec::new(),
            all: Vec::new(),
        }
    }

    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.buffer.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                let step: Value = serde_json::from_slice(&line).unwrap();
                self.all.push(step.clone());
                return Some(step);
            }
            self.buffer.extend(self.answer.chunk().await.unwrap()?);
        }
    }

    /// All remaining steps, as text.
    async fn rest(mut self) -> String {
        while self.next().await.is_some() {}
        let lines = self.all.iter().map(Value::to_string);
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Waits for a line with this prefix; returns the rest of it.
    async fn line(&mut self, start: &str) -> String {
        loop {
            let step = self.next().await.unwrap();
            let line = step["line"]
                .as_str()
                .and_then(|line| line.strip_prefix(start));
            if let Some(rest) = line {
                return rest.to_owned();
            }
        }
    }
}

fn terms(registry: &str, limit_secs: u64) -> Value {
    json!({ "env": { "npm_config_registry": registry }, "limit_secs": limit_secs })
}

/// Whether a file below the folder contains this text.
fn has_text(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().flatten().any(|entry| {
        let path = entry.path();
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => has_text(&path, text),
            kind if kind.is_file() => {
                let bytes = fs::read(path).unwrap();
                bytes
                    .windows(text.len())
                    .any(|part| part == text.as_bytes())
            }
            _ => false,
        }
    })
}

#[tokio::test]
async fn npm_at_its_limit_ends_with_its_descendants_and_its_output_is_reported() {
    let bin = folder();
    let npm = "mkdir -p \"$npm_config_cache/_cacache\"
        head -c 2500000 /dev/zero >\"$npm_config_cache/_cacache/part\"
        echo 'npm http fetch GET 200 https://bob:hunter2@registry/a'
        echo 'npm error code EWAIT at https://bob:hunter2@registry/' >&2
        setsid sleep 1000 & echo \"child $!\"
        sleep 1000";
    let harness = harness(bin.path(), npm, true).await;

    let mut steps = Steps::of(&harness, terms("https://bob:hunter2@registry/", 5)).await;
    let child: u32 = steps.line("child ").await.parse().unwrap();
    assert!(alive(child));
    let told = steps.line("npm has received ").await;
    let text = steps.rest().await;

    assert!(told.starts_with("2.5 MB, "), "{told}");
    assert!(
        text.contains(
            "npm install did not end within 5 s: npm error code EWAIT at https://registry/"
        ),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
    until(|| async { !alive(child) }).await;
    assert!(!has_text(harness.dir.path(), "hunter2"));
}

#[tokio::test]
async fn an_install_uses_the_settings_of_its_caller_which_are_stored_nowhere() {
    let (bin, other) = (folder(), folder());
    let npm = "echo \"npm error from $npm_config_registry by $npm_config_cache of $HOME\"; exit 1";
    let harness = harness(bin.path(), npm, true).await;
    let mine = "npm error from https://mine/ by ";

    let first = Steps::of(&harness, terms("https://mine/?token=hunter2", 60)).await;
    let first = first.rest().await;
    let second = Steps::of(&harness, terms("https://mine/", 60))
        .await
        .rest()
        .await;

    assert!(first.contains("(exit status 1): npm error from https://mine/?token=hunter2 by "));
    assert!(
        second.contains(mine) && !second.contains("hunter2"),
        "{second}"
    );
    assert!(!has_text(harness.dir.path(), "hunter2"));
    // Not the npm that the server would find; its cache and home are ours.
    write_npm(
        other.path(),
        "echo \"npm error the other $HOME $npm_config_cache\"; exit 1",
    );
    let path = format!("{}:/usr/bin:/bin", other.path().display());
    let env = json!({ "PATH": path, "HOME": "/root", "NPM_CONFIG_CACHE": "/root" });
    let steps = Steps::of(&harness, json!({ "env": env, "limit_secs": 60 })).await;
    let told = steps.rest().await;
    let place = harness.dir.path().join("cache/install.partial");
    let place = place.display();
    let wanted = format!("npm error the other {place} {place}/.npm");
    assert!(told.contains(&wanted), "{told}");
}

#[tokio::test]
async fn a_caller_with_a_shared_key_does_not_decide_how_npm_is_run() {
    let bin = folder();
    let npm = "echo \"npm error from $npm_config_registry\"; exit 1";
    let harness = harness(bin.path(), npm, false).await;

    let told = Steps::of(&harness, terms("https://mine/", 60))
        .await
        .rest()
        .await;

    assert!(told.contains("npm error from https://own/"), "{told}");
    assert!(!told.contains("mine"), "{told}");
}

#[tokio::test]
async fn an_install_by_the_settings_of_another_that_fails_is_tried_again_with_ones_own() {
    let bin = folder();
    let go = bin.path().join("go");
    let npm = format!(
        "[ \"$npm_config_registry\" != https://bad/ ] && exit
        until [ -e '{}' ]; do sleep 0.1; done
        echo npm error bad registry
        exit 1",
        go.display()
    );
    let harness = harness(bin.path(), &npm, true).await;

    let mut bad = Steps::of(&harness, terms("https://bad/", 60)).await;
    bad.line("npm install ").await;
    let mut good = Steps::of(&harness, terms("https://good/", 60)).await;
    good.line("npm install ").await;
    fs::write(go, "").unwrap();

    let (bad, good) = tokio::join!(bad.rest(), good.rest());
    assert!(bad.ends_with(r#"npm error bad registry"}"#), "{bad}");
    assert!(good.ends_with(r#"{"done":true}"#), "{good}");
}
