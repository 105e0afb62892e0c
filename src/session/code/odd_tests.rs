//! Repositories of every kind that git can read go into a sandbox, and the work comes back to them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pretty_assertions::assert_eq;

use super::tests::{There, contents, git_in, run, script};
use super::{CodeSize, RESTORE, SNAPSHOT, estimate, pack, work_tree};
use crate::domain::diff::change_set::ChangeSet;

/// Creates the repository `$1` with two commits and one uncommitted change.
const BEGIN: &str = r#"
begin() (
  git init -q -b main ${2:-} "$1"
  cd "$1"
  mkdir src
  echo one >file
  printf 'a\n' >src/a
  chmod +x src/a
  ln -s ../file src/link
  git add .
  git commit -qm first
  echo two >>file
  git commit -qam second
  echo changed >>src/a
)
export GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=n@x GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=n@x
set -e
"#;

/// What makes the repository, and the notes that the user gets, in order.
type Case = (&'static str, &'static [&'static str]);

/// Nothing of these is lost, nor is history.
const WHOLE: &[Case] = &[
    ("begin repo", &[]),
    ("begin repo --object-format=sha256", &[]),
    (
        "form=--ref-format=reftable; git init -q $form of 2>/dev/null || form=; begin repo $form",
        &[],
    ),
    (
        "begin repo; cd repo; git tag main; git pack-refs --all",
        &[],
    ),
    ("begin repo; cd repo; git checkout -q --detach", &[]),
    ("begin repo; cd repo; git checkout -q --orphan new/one", &[]),
    ("begin from; git clone -q --shared from repo", &[]),
    ("begin from; cd from; git worktree add -q ../repo", &[]),
    ("begin repo; cd repo; git update-index --split-index", &[]),
    (
        "begin repo; cd repo; git update-index --index-version 4",
        &[],
    ),
    ("begin repo; cd repo; rm .git/index", &[]),
    ("begin repo; cd repo; echo junk >.git/index", &[]),
    ("begin repo; cd repo; touch .git/index.lock", &[]),
    ("begin repo; cd repo; echo new >new; git add -N new", &[]),
    ("begin repo; cd repo; git replace --graft HEAD", &[]),
    (
        "begin repo; cd repo; git update-index --skip-worktree src/a",
        &[],
    ),
    (
        "begin repo; cd repo; git update-index --assume-unchanged src/a",
        &[],
    ),
    (
        "begin repo; cd repo; echo out >.gitignore; echo forced >out; git add -f out",
        &[],
    ),
    ("begin repo; cd repo; mkdir -p empty/deeper", &[]),
    (
        "begin repo; cd repo; git config core.fileMode false; chmod -x src/a; chmod +x src/a",
        &[],
    ),
    (
        "begin repo; cd repo; git config core.safecrlf true; git config core.autocrlf input; printf 'a\\r\\n' >crlf; git add crlf 2>/dev/null || rm crlf",
        &[],
    ),
    (
        r#"begin repo; cd repo; printf x >-x; printf x >"$(printf 'new\nline')"; printf x >"$(printf '\377')"; printf x >'"quoted" \n'; printf x >' *'; printf x >:x"#,
        &[],
    ),
    // Programs that must not run: their traces would be files.
    (
        r#"begin repo; cd repo; printf '#!/bin/sh\ntouch "%s"\n' "$PWD/.git/ran" >.git/hook; chmod +x .git/hook
        for name in post-index-change post-checkout pre-commit reference-transaction; do cp .git/hook .git/hooks/$name; done
        git config core.fsmonitor "$PWD/.git/hook"; git config diff.external "$PWD/.git/hook"
        git config diff.x.textconv "$PWD/.git/hook"; echo '* diff=x' >.git/info/attributes; rm -f .git/ran"#,
        &[],
    ),
    (
        "begin repo; cd repo; mkfifo pipe; mkfifo skipped; echo skipped >.gitignore",
        &["left out, because they are not regular files: pipe"],
    ),
    (
        "begin repo; cd repo; git checkout -q -b other HEAD~; echo three >>file; git commit -qam three; git merge -q main || :",
        &[
            "a merge is in progress here: the files are copied as they are, but not the state of the operation",
        ],
    ),
    (
        "begin repo; begin sub; cd repo; git -c protocol.file.allow=always submodule --quiet add ../sub vendor/sub; git commit -qam sub; echo x >vendor/sub/new",
        &["submodules and nested repositories, copied as plain files without history: vendor/sub"],
    ),
    (
        "begin of; begin sub; cd of; git -c protocol.file.allow=always submodule --quiet add ../sub 'vendor/a sub'; git commit -qam sub; cd ..; git clone -q of repo",
        &["submodules that are not checked out here, and are empty in the sandbox: vendor/a sub"],
    ),
    (
        r#"begin repo; cd repo; name=$(printf 'a\nb'); begin "$name"; cd "$name"; echo file >.gitignore; begin deep; mkdir ../void; cd ../void; git init -q"#,
        &[
            r#"submodules and nested repositories, copied as plain files without history: "a\nb", "a\nb/deep", void"#,
        ],
    ),
];

/// Not all objects of these are on the machine.
const PARTS: &[Case] = &[
    (
        "begin of; git clone -q --depth 1 \"file://$PWD/of\" repo",
        &[],
    ),
    (
        "begin of; git -C of config uploadpack.allowFilter true; git clone -q --filter=blob:none \"file://$PWD/of\" repo; cd repo; git commit -q --allow-empty -m mine",
        &["only the last 2 commits are copied: earlier history is incomplete on this machine"],
    ),
    (
        "begin repo; cd repo; rm -f .git/objects/$(git rev-parse HEAD~:file | sed 's:^..:&/:')",
        &["only the last commit is copied: earlier history is incomplete on this machine"],
    ),
    (
        "begin repo; cd repo; rm -f .git/objects/$(git rev-parse HEAD~ | sed 's:^..:&/:')",
        &["only the last commit is copied: earlier history is incomplete on this machine"],
    ),
];

/// All files in a folder, including repositories.
fn all_in(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            }
            let content = if kind.is_file() {
                fs::read(entry.path()).unwrap()
            } else {
                Vec::new()
            };
            all.insert(entry.path(), content);
        }
    }
    all
}

/// Creates the repository in a folder of its own and returns its root.
fn make(dir: &Path, case: &str) -> PathBuf {
    let users = dir.join("users");
    fs::create_dir(&users).unwrap();
    run(&users, "sh", &["-c", &format!("{BEGIN}{case}")]);
    users.join("repo")
}

/// Changes all files, and adds one to each directory.
fn work(at: &Path) {
    for (path, _) in contents(at) {
        let file = at.join(path);
        if file.is_symlink() {
            continue;
        }
        let before = fs::read(&file).unwrap();
        fs::write(&file, [&before[..], b"by the agent\n"].concat()).unwrap();
        fs::write(file.with_file_name("made there"), "by the agent\n").unwrap();
    }
}

/// Takes a snapshot and restores it in another home; it must be identical there.
fn keep(there: &There, dir: &Path) {
    let bundle = dir.join("kept.bundle");
    let (at, file) = (there.at.to_str().unwrap(), bundle.to_str().unwrap());
    let said = script(&there.home, SNAPSHOT, &[at, file, "", "", "67108864"]);
    let commit = said.lines().last().unwrap().split_once(' ').unwrap().1;
    let (added, removed) = ChangeSet::of_patch(&there.diff()).counts();
    assert!(
        said.contains(&format!("\nlines {added} {removed}\n")),
        "{said}"
    );
    let home = dir.join("next home");
    fs::create_dir_all(&home).unwrap();
    let arguments = ["repo", "key", commit, "", "", "", file];
    let at = script(&home, RESTORE, &arguments).trim_end().into();
    let (head, notes) = (String::new(), Vec::new());
    let again = There {
        home,
        at,
        head,
        notes,
    };
    assert_eq!(contents(&again.at), contents(&there.at));
    assert_eq!(again.diff(), there.diff());
    fs::remove_dir_all(again.home).unwrap();
}

async fn check((case, notes): &Case, is_whole: bool) {
    let dir = tempfile::tempdir().unwrap();
    let root = make(dir.path(), case);
    let before = all_in(&dir.path().join("users"));

    let there = There::new(dir.path(), &root).await;

    assert_eq!(there.notes, *notes, "{case}");
    assert_eq!(contents(&there.at), contents(&root), "{case}");
    assert!(before == all_in(&dir.path().join("users")), "{case}");
    let log = |at: &Path| run(at, "sh", &["-c", "git log --format=%H 2>/dev/null || :"]);
    let commits = run(
        &root,
        "sh",
        &[
            "-c",
            "GIT_NO_REPLACE_OBJECTS=1 git log --format=%H 2>/dev/null || :",
        ],
    );
    if is_whole {
        assert_eq!(log(&there.at), commits, "{case}");
        assert!(commits.is_empty() || run(&there.at, "git", &["fsck"]).is_empty());
    }
    work(&there.at);
    if !is_whole || !notes.is_empty() {
        keep(&there, dir.path());
    }
    there.apply(&root);
    assert_eq!(contents(&root), contents(&there.at), "{case}");
}

#[tokio::test]
async fn complete_repositories_are_packed_with_their_history() {
    let (first, _) = WHOLE.split_at(WHOLE.len() / 2);
    for case in first {
        check(case, true).await;
    }
}

#[tokio::test]
async fn more_complete_repositories_are_packed_with_their_history() {
    let (_, second) = WHOLE.split_at(WHOLE.len() / 2);
    for case in second {
        check(case, true).await;
    }
}

#[tokio::test]
async fn the_complete_part_of_an_incomplete_history_is_packed() {
    for case in PARTS {
        check(case, false).await;
    }
}

#[tokio::test]
async fn without_a_complete_commit_the_files_alone_are_packed() {
    let sparse = "begin of; cd of; mkdir other; echo o >other/o; git add .; git commit -qm o
        git config uploadpack.allowFilter true; cd ..
        git clone -q --filter=blob:none --sparse \"file://$PWD/of\" repo
        cd repo; git sparse-checkout set src; echo out >.gitignore; echo forced >out; git add -f out";
    let broken = "begin repo; cd repo; rm -rf .git/objects/??";
    for (case, note) in [
        (
            sparse,
            "the files are copied without their history, which cannot be read: ",
        ),
        (
            broken,
            "the commit that HEAD names cannot be read: only the files are copied",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let root = make(dir.path(), case);

        let there = There::new(dir.path(), &root).await;

        assert!(there.notes[0].starts_with(note), "{:?}", there.notes);
        assert_eq!(contents(&there.at), contents(&root), "{case}");
        work(&there.at);
        keep(&there, dir.path());
        there.apply(&root);
        assert_eq!(contents(&root), contents(&there.at), "{case}");
    }
}

#[tokio::test]
async fn a_sparse_checkout_is_packed_with_the_files_that_are_not_checked_out() {
    let dir = tempfile::tempdir().unwrap();
    let case = "begin repo; cd repo; mkdir other; echo o >other/o; git add .; git commit -qm o
        git sparse-checkout set --cone --sparse-index src 2>/dev/null || git sparse-checkout set src";
    let root = make(dir.path(), case);

    let there = There::new(dir.path(), &root).await;

    assert_eq!(fs::read(there.at.join("other/o")).unwrap(), b"o\n");
    assert_eq!(git_in(&there.at, &["status", "--porcelain"]), "");
    fs::write(there.at.join("src/new"), "new\n").unwrap();
    there.apply(&root);
    assert_eq!(fs::read(root.join("src/new")).unwrap(), b"new\n");
    assert!(!root.join("other").exists());
}

#[tokio::test]
async fn files_that_the_agent_does_not_check_out_are_not_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let case = "begin repo; cd repo; mkdir other gone; echo o >other/o; echo g >gone/g; git add .; git commit -qm o";
    let root = make(dir.path(), case);
    let there = There::new(dir.path(), &root).await;
    let sparse = "git checkout -q .; git sparse-checkout set src; git checkout -q .; rm -r src; mkdir -p other; echo o >other/o; echo new >new; rm -f file";
    run(&there.at, "sh", &["-c", sparse]);

    let patch = String::from_utf8(there.diff()).unwrap();

    let changed = patch
        .lines()
        .filter_map(|line| line.strip_prefix("diff --git a/"));
    let changed: Vec<&str> = changed
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(changed, ["file", "new", "src/a", "src/link"]);
}

#[tokio::test]
async fn the_last_commit_of_a_bare_repository_is_packed() {
    let dir = tempfile::tempdir().unwrap();
    let case = "begin of; git clone -q --bare of repo/.bare; echo 'gitdir: .bare' >repo/.git";
    let root = make(dir.path(), case);

    let there = There::new(dir.path(), &root).await;

    assert_eq!(there.notes, ["this repository is bare: HEAD is copied"]);
    assert_eq!(fs::read(there.at.join("file")).unwrap(), b"one\ntwo\n");
    assert_eq!(git_in(&there.at, &["status", "--porcelain"]), "");
}

#[tokio::test]
async fn files_are_stored_as_the_users_repository_stores_them() {
    let dir = tempfile::tempdir().unwrap();
    let case = "begin repo; cd repo; git checkout -q src
        git config core.autocrlf true; printf 'a\\r\\nb\\r\\n' >text
        git config filter.rot.clean 'tr a-z n-za-m'; git config filter.rot.smudge 'tr a-z n-za-m'
        echo '*.secret filter=rot -text' >.git/info/attributes; echo 'password hunter' >k.secret
        echo 'private*' >.git/info/exclude; echo x >private
        git config filter.lfs.clean 'printf \"version https://git-lfs.github.com/spec/v1\\n\"; cat >/dev/null'
        echo '*.png filter=lfs' >.gitattributes; printf 'version https://git-lfs.github.com/spec/v1\\n' >a.png
        git add .; git commit -qm filtered 2>/dev/null";
    let root = make(dir.path(), case);

    let there = There::new(dir.path(), &root).await;

    assert_eq!(
        there.notes,
        [
            "Git LFS files, copied as pointers; `git lfs pull` in the sandbox fetches their content: a.png",
            "copied as git stores them, because the filter rot is missing: k.secret",
        ]
    );
    fs::write(there.at.join("private too"), "as ignored as here\n").unwrap();
    assert_eq!(git_in(&there.at, &["status", "--porcelain"]), "");
    assert_eq!(
        fs::read(there.at.join("k.secret")).unwrap(),
        b"cnffjbeq uhagre\n"
    );
    assert!(there.diff().is_empty());
    assert!(!there.at.join("private").exists());
    fs::write(there.at.join("text"), "a\nb\nc\n").unwrap();
    fs::write(there.at.join("k.secret"), "cnffjbeq uhagre\nfrpbaq\n").unwrap();
    there.apply(&root);
    assert_eq!(fs::read(root.join("text")).unwrap(), b"a\r\nb\r\nc\r\n");
    assert_eq!(
        fs::read(root.join("k.secret")).unwrap(),
        b"password hunter\nsecond\n"
    );
}

#[tokio::test]
async fn files_of_a_failing_filter_stay_as_they_were_committed() {
    let dir = tempfile::tempdir().unwrap();
    let case = "begin repo; cd repo; git config filter.hide.clean 'tr a-z n-za-m'
        echo '*.secret filter=hide' >.gitattributes; echo old >k.secret; git add .; git commit -qm hidden
        git config filter.hide.clean 'no such program'; git config filter.hide.required true
        echo 'newer secret' >k.secret; echo plain >l.secret; echo new >new";
    let root = make(dir.path(), case);

    let there = There::new(dir.path(), &root).await;

    assert_eq!(
        there.notes,
        [
            "unreadable files, left out or copied as last committed: k.secret, l.secret",
            "copied as git stores them, because the filter hide is missing: k.secret",
        ]
    );
    assert_eq!(fs::read(there.at.join("k.secret")).unwrap(), b"byq\n");
    assert!(!there.at.join("l.secret").exists());
    assert_eq!(fs::read(there.at.join("new")).unwrap(), b"new\n");
}

/// Settings by which an agent or the sandbox might hide changes.
const HIDING: &str = r#"
git config --global diff.noprefix true
git config --global diff.mnemonicPrefix true
git config --global diff.context 0
git config --global diff.external /bin/false
git config --global diff.algorithm patience
git config --global color.ui always
git config --global core.quotePath false
git config --global core.excludesFile "$HOME/ignored"
git config --global core.attributesFile "$HOME/attributes"
git config --global core.autocrlf true
git config --global init.defaultObjectFormat sha256
echo '*' >"$HOME/ignored"
echo '* -diff filter=f' >"$HOME/attributes"
cd "$1"
git config filter.f.clean 'echo nothing'
echo '* -diff filter=f export-ignore' >.git/info/attributes
echo '* -diff filter=f' >.gitattributes
echo '*' >.git/info/exclude
git update-index --assume-unchanged file
git update-index --skip-worktree src/a
"#;

#[tokio::test]
async fn no_setting_in_the_sandbox_hides_work_or_changes_the_patch() {
    let dir = tempfile::tempdir().unwrap();
    let root = make(dir.path(), "begin repo");
    let there = There::new(dir.path(), &root).await;
    work(&there.at);
    fs::write(there.at.join(".gitattributes"), "* -diff filter=f\n").unwrap();
    fs::create_dir(there.at.join("deep")).unwrap();
    fs::write(there.at.join("deep/new"), "new\n").unwrap();
    fs::write(there.at.join(".gitignore"), "forced\n").unwrap();
    fs::write(there.at.join("forced"), "tracked all the same\n").unwrap();
    git_in(&there.at, &["add", "-f", "forced"]);
    let plain = there.diff();
    assert!(plain.windows(5).any(|text| text == b"+++ b"));

    script(&there.home, HIDING, &[there.at.to_str().unwrap()]);

    let patch = String::from_utf8(there.diff()).unwrap();
    assert_eq!(patch, String::from_utf8(plain).unwrap());
    keep(&there, dir.path());
    there.apply(&root);
    assert_eq!(contents(&root), contents(&there.at));
}

#[tokio::test]
async fn the_work_comes_back_if_the_agent_initialises_the_repository_again() {
    for anew in [
        "rm -rf .git",
        "rm -rf .git; git init -q; git add -A; git commit -qm x",
        "rm -rf .git; git init -q --object-format=sha256; git add -A; git commit -qm x",
        "rm -rf .git; echo 'gitdir: /nowhere' >.git",
        "git update-ref -d refs/sandbar/base; git checkout -q --orphan new; git commit -qam x",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let case = "begin of; git clone -q --depth 1 \"file://$PWD/of\" repo";
        let root = make(dir.path(), case);
        let there = There::new(dir.path(), &root).await;
        work(&there.at);
        let before = there.diff();

        run(&there.at, "sh", &["-c", &format!("{BEGIN}{anew}")]);

        assert_eq!(there.diff(), before, "{anew}");
        keep(&there, dir.path());
        there.apply(&root);
        assert_eq!(contents(&root), contents(&there.at), "{anew}");
    }
}

#[tokio::test]
async fn a_work_tree_is_not_mixed_with_existing_files_of_the_home() {
    let dir = tempfile::tempdir().unwrap();
    let root = make(dir.path(), "begin repo");
    let home = dir.path().join("home");
    fs::create_dir_all(home.join("repo")).unwrap();
    fs::write(home.join("repo/file"), "of the template\n").unwrap();

    let there = There::new(dir.path(), &root).await;
    fs::remove_dir_all(dir.path().join("scratch")).unwrap();
    let again = There::new(dir.path(), &root).await;

    assert_eq!(there.at, home.join("repo-2"));
    assert_eq!(again.at, there.at, "a boot that is tried again");
    assert!(again.diff().is_empty());
    let names = [
        ".config",
        "..",
        "go",
        "a b",
        "-x",
        "a\nb",
        "node_modules",
        "ä",
    ];
    let names = names.map(|name| super::directory_name(name.as_ref()));
    let there = [
        "config",
        "code",
        "go-code",
        "a b",
        "x",
        "a_b",
        "node_modules-code",
        "ä",
    ];
    assert_eq!(names, there.map(str::to_owned));
}

#[tokio::test]
async fn a_directory_without_a_repository_is_refused_with_the_message_of_git() {
    let dir = tempfile::tempdir().unwrap();
    let failure = pack(dir.path(), dir.path()).await.unwrap_err();

    assert!(
        failure.detail.contains("not a git repository"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn the_size_of_code_names_the_largest_file_that_is_not_committed() {
    let dir = tempfile::tempdir().unwrap();
    let case = "begin repo; cd repo; git checkout -q src; git gc -q
        echo small >new; echo larger than that >'a new one'";
    let root = make(dir.path(), case);
    let packs = run(
        &root,
        "sh",
        &["-c", "git count-objects -v | sed -n 's/^size-pack: //p'"],
    );
    let packs: u64 = packs.trim().parse().unwrap();

    let size = estimate(&root).await;

    let largest = Some(("a new one".into(), 17));
    let bytes = packs * 1024 + 6 + 17;
    assert_eq!(size, CodeSize { bytes, largest });
}

#[test]
fn a_directory_called_git_makes_no_work_tree() {
    let dir = tempfile::tempdir().unwrap();
    let root = make(
        dir.path(),
        "begin repo; cd repo; mkdir -p src/.git; ln -s nowhere src/deep",
    );

    assert_eq!(work_tree(&root.join("src/link")), Some(root.clone()));
    assert_eq!(work_tree(&root.join("src")), Some(root));
    assert_eq!(work_tree(dir.path()), None);
}
