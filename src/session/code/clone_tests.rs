//! Repositories that a sandbox clones.

use std::fs;
use std::path::Path;

use pretty_assertions::assert_eq;

use super::tests::{There, git_in, run, script};
use super::{CLONE, EMPTY, brought};

/// Creates `dir/of` and clones it in a sandbox's home.
fn clone(dir: &Path, make: &str) -> There {
    let home = dir.join("home");
    fs::create_dir(&home).unwrap();
    let who = "export GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=n@x GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=n@x; set -e;";
    run(dir, "sh", &["-c", &format!("{who}{make}")]);
    git_in(
        &home,
        &["config", "--global", "protocol.file.allow", "always"],
    );
    let of = dir.join("of");
    let said = script(&home, CLONE, &["of", "key", of.to_str().unwrap()]);
    let (at, notes) = brought(&said);
    let head = String::new();
    There {
        home,
        at: at.into(),
        head,
        notes,
    }
}

#[test]
fn a_repository_without_commits_is_cloned_as_an_empty_work_tree() {
    let dir = tempfile::tempdir().unwrap();

    let there = clone(dir.path(), "git init -q --bare of");

    assert_eq!(there.notes, ["the repository is empty"]);
    assert_eq!(there.at, there.home.join("of"));
    assert!(!git_in(&there.at, &["remote", "get-url", "origin"]).is_empty());
    assert!(there.diff().is_empty());
    fs::write(there.at.join("new"), "new\n").unwrap();
    assert!(!there.diff().is_empty());
}

#[test]
fn without_a_branch_in_head_another_one_is_checked_out_and_all_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let make = "git init -q -b topic of; cd of; echo a >a; git add a; git commit -qm a
        git branch main; git branch other; git symbolic-ref HEAD refs/heads/gone";

    let there = clone(dir.path(), make);

    let note = "HEAD of the repository names no branch; using main, one of main other topic ";
    assert_eq!(there.notes, [note.trim_end()]);
    assert_eq!(git_in(&there.at, &["branch", "--show-current"]), "main\n");
    assert_eq!(fs::read(there.at.join("a")).unwrap(), b"a\n");
}

#[test]
fn submodules_are_fetched_or_named_and_work_in_them_is_in_the_patch() {
    let dir = tempfile::tempdir().unwrap();
    let make = "for name in sub lost; do git init -q $name; cd $name; echo lib >lib; git add .; git commit -qm lib; cd ..; done
        git init -q of; cd of; for name in sub lost; do git -c protocol.file.allow=always submodule --quiet add ../$name vendor/$name; done
        git commit -qm subs; rm -rf ../lost";

    let there = clone(dir.path(), make);

    assert_eq!(there.notes, ["submodule not fetched: vendor/lost"]);
    assert!(there.diff().is_empty());
    let sub = there.at.join("vendor/sub");
    fs::write(sub.join("new"), "new\n").unwrap();
    fs::write(sub.join("lib"), "changed\n").unwrap();
    git_in(&sub, &["commit", "-q", "-a", "-m", "in the submodule"]);
    let patch = String::from_utf8(there.diff()).unwrap();
    assert!(patch.contains("+++ b/vendor/sub/new"), "{patch}");
    assert!(patch.contains("-lib\n+changed"), "{patch}");
}

#[test]
fn lfs_pointers_of_a_clone_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let make = "git init -q of; cd of; echo '*.png filter=lfs' >.gitattributes
        printf 'version https://git-lfs.github.com/spec/v1\\noid sha256:0\\nsize 1\\n' >a.png; echo x >b.png
        git add .; git commit -qm png";

    let there = clone(dir.path(), make);

    assert_eq!(
        there.notes,
        ["Git LFS pointer, its content is not here: a.png"]
    );
}

#[test]
fn an_empty_session_begins_with_the_files_of_the_template() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("work")).unwrap();
    fs::write(dir.path().join("work/of the template"), "x\n").unwrap();

    let said = script(dir.path(), EMPTY, &["key"]);

    let at = dir.path().join("work");
    assert_eq!(
        brought(&said),
        (at.to_str().unwrap().to_owned(), Vec::new())
    );
    let home = dir.path().to_owned();
    let (head, notes) = (String::new(), Vec::new());
    let there = There {
        home,
        at,
        head,
        notes,
    };
    assert!(there.diff().is_empty());
}

/// Serves a repository's files over HTTP, to bob with this password only; returns its address.
fn serve_private(files: std::path::PathBuf) -> String {
    use std::io::{BufRead as _, BufReader, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head = lines.by_ref().map_while(Result::ok);
            let head: Vec<String> = head.take_while(|line| !line.is_empty()).collect();
            let path = head[0].split(['?', ' ']).nth(1).unwrap();
            // "bob:pa ss\word"
            let authorization = "authorization: basic ym9iOnBhIHNzXHdvcmQ=";
            let is_let_in = head
                .iter()
                .any(|line| line.eq_ignore_ascii_case(authorization));
            let file = fs::read(files.join(path.trim_start_matches('/')));
            let (status, body) = match file {
                _ if !is_let_in => ("401 No\r\nwww-authenticate: Basic realm=\"x\"", Vec::new()),
                Ok(body) => ("200 OK", body),
                Err(_) => ("404 No", Vec::new()),
            };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            let mut stream = stream;
            let _gone = stream.write_all(&[head.as_bytes(), &body].concat());
        }
    });
    format!("http://{address}")
}

#[test]
fn credentials_of_a_private_repository_are_left_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    fs::create_dir(&home).unwrap();
    let who = "export GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=n@x GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=n@x; set -e;";
    let url = serve_private(dir.path().to_owned());
    let make = format!(
        "git init -q --bare part.git; git init -q part; (cd part; git commit -q --allow-empty -m a; git push -q ../part.git HEAD)
        git init -q of; cd of; git -c protocol.file.allow=always submodule --quiet add ../part.git part
        git config -f .gitmodules submodule.part.url {url}/part.git; git add .; git commit -qm a; cd ..
        git clone -q --bare of of.git
        for of in of.git part.git; do git -C $of update-server-info; done"
    );
    run(dir.path(), "sh", &["-c", &format!("{who}{make}")]);
    // The sandbox's own helper, which would store the credentials it receives.
    git_in(&home, &["config", "--global", "credential.helper", "store"]);
    let clone = |input: &str, word: &str| {
        use std::io::Write as _;
        let url = format!("{url}/of.git");
        let mut script = std::process::Command::new("sh");
        script.args(["-c", CLONE, "sandbar", "of", "key", &url, word]);
        script.env("HOME", &home).env("GIT_CONFIG_NOSYSTEM", "1");
        script.stdin(std::process::Stdio::piped());
        script.stdout(std::process::Stdio::piped());
        script.stderr(std::process::Stdio::piped());
        let mut running = script.current_dir(&home).spawn().unwrap();
        let mut stdin = running.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        // Its stdin stays open.
        let output = running.wait_with_output();
        drop(stdin);
        output.unwrap()
    };

    let shut = clone("", "");
    let open = clone("bob\npa ss\\word\n", "credentials");

    let said = String::from_utf8_lossy(&shut.stderr);
    assert!(said.contains("could not read Username"), "{said}");
    let said = String::from_utf8_lossy(&open.stderr);
    assert!(open.status.success(), "{said}");
    let (at, notes) = brought(std::str::from_utf8(&open.stdout).unwrap());
    assert!(notes.is_empty(), "{notes:?} {said}");
    let origin = git_in(Path::new(&at), &["remote", "get-url", "origin"]);
    assert_eq!(origin, format!("{url}/of.git\n"));
    assert!(fs::exists(home.join("of/part/.git")).unwrap());
    let found = std::process::Command::new("grep")
        .args(["-rlF", "pa ss\\word"])
        .arg(&home)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
}
