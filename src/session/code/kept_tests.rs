//! The scripts that snapshot and restore a work tree, on real git.

use std::path::{Path, PathBuf};

use pretty_assertions::assert_eq;

use super::tests::{contents, git_in, nest_repositories_in, run, script, work_tree_in};
use super::{RESTORE, SNAPSHOT};

const LIMIT: &str = "67108864";

/// The script's answer: state, kind and commit; `None` if nothing had changed.
type Said = Option<[String; 3]>;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Packs the work tree into the file `bundle` beside it.
fn pack(root: &Path, bundle: &str, (state, whole): (&str, &str)) -> Said {
    let dir = root.parent().unwrap();
    let bundle = dir.join(bundle);
    let arguments = ["-c", SNAPSHOT, "x", text(root), text(&bundle), state, whole];
    let said = run(dir, "sh", &[&arguments[..], &[LIMIT]].concat());
    let values: Vec<String> = said
        .lines()
        .filter(|line| !line.starts_with("lines "))
        .map(|line| line.split_once(' ').unwrap().1.to_owned())
        .collect();
    values.try_into().ok()
}

/// Restores the work tree from these bundles; `clone` is where it was cloned from, or empty.
fn restore(dir: &Path, commit: &str, (clone, kind): (&str, &str), bundles: &[&str]) -> PathBuf {
    let home = dir.join("again");
    std::fs::create_dir_all(&home).unwrap();
    let copies = bundles.iter().map(|bundle| {
        let copy = dir.join(format!("copy of {bundle}"));
        std::fs::copy(dir.join(bundle), &copy).unwrap();
        copy
    });
    let copies: Vec<PathBuf> = copies.collect();
    let mut arguments = vec!["it", "key", commit, clone, kind, ""];
    arguments.extend(copies.iter().map(|copy| text(copy)));
    PathBuf::from(script(&home, RESTORE, &arguments).trim_end())
}

/// Everything that git reports of a work tree.
fn state(root: &Path) -> [String; 4] {
    let git = |args: &[&str]| git_in(root, args);
    let own = |refs: String| {
        let refs = refs.lines().filter(|line| !line.contains("refs/sandbar/"));
        refs.collect::<Vec<_>>().join("\n")
    };
    [
        git(&["status", "--porcelain=v2", "--branch"]),
        git(&["diff", "--cached"]),
        git(&["diff"]),
        own(git(&["for-each-ref"])),
    ]
}

#[test]
fn untracked_staged_and_deleted_files_and_all_refs_come_back() {
    for (born, detached) in [(true, false), (true, true), (false, false)] {
        let dir = tempfile::tempdir().unwrap();
        let root = work_tree_in(dir.path(), born);
        if born {
            git_in(&root, &["tag", "-a", "v1", "-m", "v1"]);
            git_in(&root, &["branch", "aside"]);
        }
        if detached {
            git_in(&root, &["checkout", "-q", "--detach"]);
        }
        git_in(&root, &["rm", "-q", "--cached", "--ignore-unmatch", "kept"]);
        std::fs::write(root.join("staged"), "after it was staged\n").unwrap();
        let before = state(&root);

        let [_, kind, commit] = pack(&root, "bundle", ("", "")).unwrap();
        let again = restore(dir.path(), &commit, ("", ""), &["bundle"]);

        assert_eq!(kind, "whole");
        assert_eq!(state(&root), before, "the agent's own is as it was");
        assert_eq!(state(&again), before, "{born} {detached}");
        assert_eq!(contents(&again), contents(&root));
        assert!(!again.join("ignored").exists());
    }
}

#[test]
fn nested_repositories_come_back_as_their_files() {
    let dir = tempfile::tempdir().unwrap();
    let root = work_tree_in(dir.path(), true);
    nest_repositories_in(&root);
    let before = state(&root);

    let [first, _, whole] = pack(&root, "whole", ("", "")).unwrap();
    assert_eq!(pack(&root, "none", (&first, &whole)), None);
    std::fs::write(root.join("unborn/file"), "later\n").unwrap();
    let [_, _, commit] = pack(&root, "thin", (&first, &whole)).unwrap();
    let again = restore(dir.path(), &commit, ("", ""), &["whole", "thin"]);

    assert_eq!(state(&root), before, "the agent's own is as it was");
    assert_eq!(contents(&again), contents(&root));
}

#[test]
fn an_unchanged_work_tree_is_not_packed_and_changes_build_on_the_first_bundle() {
    let dir = tempfile::tempdir().unwrap();
    let root = work_tree_in(dir.path(), true);
    let [first, _, whole] = pack(&root, "whole", ("", "")).unwrap();

    assert_eq!(pack(&root, "none", (&first, &whole)), None);
    git_in(&root, &["add", "--all"]);
    git_in(&root, &["commit", "-q", "-m", "second"]);
    git_in(&root, &["branch", "at-the-second"]);
    std::fs::write(root.join("later"), "later\n").unwrap();
    let [second, kind, commit] = pack(&root, "thin", (&first, &whole)).unwrap();
    let again = restore(dir.path(), &commit, ("", ""), &["whole", "thin"]);

    assert_eq!(kind, "thin");
    assert_ne!(second, first);
    assert_eq!(state(&again), state(&root));
    // Without its base bundle at hand, a bundle must be self-contained.
    let [_, kind, _] = pack(&root, "alone", ("", &commit)).unwrap();
    assert_eq!(kind, "whole");
}

#[test]
fn an_index_in_the_middle_of_a_merge_does_not_keep_the_work_tree_from_being_packed() {
    let dir = tempfile::tempdir().unwrap();
    let root = work_tree_in(dir.path(), true);
    git_in(&root, &["add", "--all"]);
    git_in(&root, &["commit", "-q", "-m", "ours"]);
    git_in(&root, &["checkout", "-q", "-b", "other", "HEAD~"]);
    std::fs::write(root.join("changed"), "theirs\n").unwrap();
    git_in(&root, &["commit", "-q", "-a", "-m", "theirs"]);
    let merge = "git -c user.name=n -c user.email=n@x merge -q trunk; git ls-files --unmerged | grep -q changed";
    run(&root, "sh", &["-c", merge]);

    let [_, _, commit] = pack(&root, "bundle", ("", "")).unwrap();
    let again = restore(dir.path(), &commit, ("", ""), &["bundle"]);

    assert_eq!(contents(&again), contents(&root));
}

#[test]
fn a_large_clone_is_packed_without_what_a_new_clone_brings() {
    let dir = tempfile::tempdir().unwrap();
    let origin = work_tree_in(dir.path(), true);
    // Does not compress.
    let noise = "od -An -tx1 -N 400000 /dev/urandom > noise";
    run(&origin, "sh", &["-c", noise]);
    git_in(&origin, &["add", "noise"]);
    git_in(&origin, &["commit", "-q", "-m", "noise"]);
    git_in(dir.path(), &["clone", "-q", text(&origin), "there"]);
    let root = dir.path().join("there");
    std::fs::write(root.join("new"), "new\n").unwrap();

    let bundle = dir.path().join("bundle");
    let arguments = [
        "-c",
        SNAPSHOT,
        "x",
        text(&root),
        text(&bundle),
        "",
        "",
        "200000",
    ];
    let said = run(dir.path(), "sh", &arguments);
    let commit = said.lines().last().unwrap().split_once(' ').unwrap().1;
    // An earlier attempt was interrupted while cloning.
    let home = dir.path().join("again");
    std::fs::create_dir_all(home.join(".sandbar")).unwrap();
    git_in(dir.path(), &["init", "-q", text(&home.join("it"))]);
    let claimed = format!("key\n{}\n", home.join("it").display());
    std::fs::write(home.join(".sandbar/work-tree"), claimed).unwrap();
    let again = restore(dir.path(), commit, (text(&origin), "clone"), &["bundle"]);

    assert!(said.contains("kind clone"), "{said}");
    assert!(std::fs::metadata(&bundle).unwrap().len() < 200_000);
    assert_eq!(state(&again), state(&root));
    assert_eq!(contents(&again), contents(&root));
    // The origin itself has no such fallback.
    let refused = std::process::Command::new("sh")
        .args([
            "-c",
            SNAPSHOT,
            "x",
            text(&origin),
            text(&bundle),
            "",
            "",
            "200000",
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("larger than 200000 bytes"), "{said}");
}
