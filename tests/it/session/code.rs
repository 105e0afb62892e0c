//! A work tree's code in a sandbox with the real server, and the work fetched back.

use std::fs;
use std::process::Command;

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
