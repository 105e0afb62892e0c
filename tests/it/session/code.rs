//! A work tree's code in a sandbox with the real server, and the work fetched back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use pretty_assertions::assert_eq;

use crate::support::home::Home;

/// A repository whose name is a directory of every home, with a submodule, while the user's environment points git
/// elsewhere.
const MAKE: &str = r"
set -e
for name in sub .config; do
  git init -q -b main $name
  echo $name >$name/file
  git -C $name add .
  git -C $name commit -q -m $name
done
cd .config
git -c protocol.file.allow=always submodule --quiet add ../sub vendor/sub
git commit -q -m sub
";

/// What an agent may do: it works, and re-initialises the repository.
const WORK: &str =
    "cd ~/config; echo work >vendor/sub/new; echo work >>file; mkdir deep; echo work >deep/new
    git config --global diff.noprefix true; rm -rf .git; git init -q; git add -A
    git -c user.name=n -c user.email=n@example.invalid commit -q -m anew";

#[test]
fn work_in_a_repository_with_submodules_is_fetched_from_a_sandbox() {
    let home = Home::with_sandboxes();
    let names = [
        "AUTHOR_NAME",
        "AUTHOR_EMAIL",
        "COMMITTER_NAME",
        "COMMITTER_EMAIL",
    ];
    let who = names.map(|name| (format!("GIT_{name}"), "n"));
    let mut make = Command::new("sh");
    make.args(["-c", MAKE]).envs(who).current_dir(home.work());
    assert!(make.status().unwrap().success());
    let root = home.work().join(".config");
    let in_root = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        command
            .current_dir(&root)
            .stdin(std::process::Stdio::null());
        command
            .env("GIT_DIR", "/nowhere")
            .env("GIT_WORK_TREE", "/nowhere");
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        (String::from_utf8(output.stdout).unwrap(), said)
    };

    let (_, said) = in_root(&["run", "--demo", "--auto", "--name", "one", "table please"]);

    let note = "code: submodules and nested repositories, copied as plain files without history: vendor/sub\n";
    assert!(said.contains(note), "{said}");
    let sandbox = home.sandboxes().remove(0);
    home.in_sandbox(&sandbox, WORK);
    let (applied, _) = in_root(&["apply", "one"]);
    assert_eq!(
        applied,
        "+1 -0  deep/new\n+1 -0  file\n+1 -0  vendor/sub/new\n"
    );
    let file = fs::read_to_string(root.join("file")).unwrap();
    assert_eq!(file, ".config\nwork\n");
    let (again, said) = in_root(&["apply", "one"]);
    assert_eq!(again, "");
    assert!(
        said.contains("the work of session one is already in "),
        "{said}"
    );
}

/// A repository with a remote, and an uncommitted change.
const MAKE_WITH_REMOTE: &str = r"
set -e
git init -q --bare remote.git
git init -q -b main project
cd project
git remote add upstream ../remote.git
git config user.name Ada
git config user.email ada@example.invalid
printf 'one\n' >file
git add .
git commit -q -m first
git push -q upstream main
printf 'two\n' >>file
";

/// Commits of the agent, and work that it has not committed.
const COMMITS: &str =
    "cd ~/project; git config user.name agent; git config user.email a@example.invalid
    echo three >>file; git commit -qam 'Add three'; echo four >>file; echo new >new";

/// A session with commits and uncommitted work, of a repository with a remote.
struct Project {
    home: Home,
    root: PathBuf,
    sandbox: String,
}

impl Project {
    fn new() -> Self {
        let home = Home::with_sandboxes();
        let mut make = Command::new("sh");
        make.args(["-c", MAKE_WITH_REMOTE]).current_dir(home.work());
        assert!(make.status().unwrap().success());
        let root = home.work().join("project");
        let mut project = Self {
            home,
            root,
            sandbox: String::new(),
        };
        let (code, _, said) = project.sandbar(&RUN);
        assert_eq!(code, Some(0), "{said}");
        project.sandbox = project.home.sandboxes().remove(0);
        project.home.in_sandbox(&project.sandbox, COMMITS);
        project
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        let output = git.args(arguments).current_dir(&self.root).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command in the repository: its exit code, its output and its standard error.
    fn sandbar(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        ended(self.home.command(arguments).current_dir(&self.root))
    }

    fn is_pushed(&self) -> bool {
        let pushed = self.git(&["ls-remote", "upstream", "refs/heads/sandbar/one"]);
        pushed.starts_with(self.git(&["rev-parse", "sandbar/one"]).trim())
    }

    /// The branch's version of the file.
    fn file(&self) -> String {
        self.git(&["show", "sandbar/one:file"])
    }
}

const RUN: [&str; 6] = ["run", "--demo", "--auto", "--name", "one", "table please"];

fn ended(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), out, said)
}

#[test]
fn work_is_fetched_as_a_branch_and_the_work_tree_is_as_it_was() {
    let project = Project::new();
    let status = ["status", "--porcelain=v2", "--branch"];
    let before = project.git(&status);

    let (code, out, said) = project.sandbar(&["fetch", "one", "-m", "Add four"]);

    assert_eq!((code, out.as_str()), (Some(0), "sandbar/one\n"), "{said}");
    let told = "fetched 1 commit and uncommitted work into branch sandbar/one: 2 files changed, 4 insertions(+)";
    assert!(said.contains(told), "{said}");
    assert_eq!(project.git(&status), before);
    assert_eq!(
        project.git(&["log", "--format=%an: %s", "sandbar/one"]),
        "Ada: Add four\nagent: Add three\nAda: first\n"
    );
    assert_eq!(project.file(), "one\ntwo\nthree\nfour\n");
}

#[test]
fn a_branch_is_pushed_and_a_pull_request_opened_with_the_users_programs() {
    let project = Project::new();

    let (code, _, said) = project.sandbar(&["push", "one"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(project.is_pushed(), "{said}");

    // More work: the last commit is another one, and takes the place of the pushed one.
    let work = "cd ~/project; echo five >>file";
    project.home.in_sandbox(&project.sandbox, work);
    let bin = project.home.work().join("bin");
    fs::create_dir(&bin).unwrap();
    let gh = bin.join("gh");
    fs::write(&gh, "#!/bin/sh\necho \"$@\"\n").unwrap();
    fs::set_permissions(&gh, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut pr = project.home.command(&["pr", "one", "--", "--draft"]);
    pr.env("PATH", format!("{}:{path}", bin.display()));
    let (code, out, said) = ended(pr.current_dir(&project.root));

    assert_eq!(code, Some(0), "{said}");
    let called = "pr create --head sandbar/one --draft";
    assert_eq!(out.lines().last(), Some(called));
    assert!(project.is_pushed(), "{said}");
    assert_eq!(project.file(), "one\ntwo\nthree\nfour\nfive\n");
}

#[test]
fn the_snapshot_of_a_gone_sandbox_is_fetched_too_but_not_into_another_repository() {
    let project = Project::new();
    let (code, _, said) = project.sandbar(&["kill", "--yes", "one"]);
    assert_eq!(code, Some(0), "{said}");

    let (code, _, said) = project.sandbar(&["fetch", "one"]);

    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("this is its last snapshot"), "{said}");
    assert_eq!(project.file(), "one\ntwo\n");

    let other = project.home.work().join("other");
    fs::create_dir(&other).unwrap();
    let mut init = Command::new("git");
    let (code, ..) = ended(init.args(["init", "-q"]).current_dir(&other));
    assert_eq!(code, Some(0));
    let mut fetch = project.home.command(&["fetch", "one"]);
    let (code, _, said) = ended(fetch.current_dir(&other));
    assert_eq!(code, Some(1));
    assert!(said.contains("is unrelated to session one"), "{said}");
    assert!(said.contains("`sandbar fetch --force one`"), "{said}");
}
