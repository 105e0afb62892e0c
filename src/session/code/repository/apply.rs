//! Applies a patch to a git work tree, entirely or not at all.
//!
//! In: the root of a work tree and a patch. Out: the files it changed. The index is not touched. Hunks that do not
//! apply are merged with local changes; if both changed the same lines, everything is refused and the files are
//! named, unless conflicts are wanted: then they are marked. Files that an earlier run has already patched are left
//! as they are. Patches come from a sandbox: git itself refuses paths outside the work tree, through symlinks, and
//! in `.git`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::domain::diff::apply::{Applied, ApplyRequest, ApplyStep, sections};
use crate::domain::failure::Failure;
use crate::session::code::repository::merge::{Merge, listed, misfit};
use crate::session::code::repository::related;
use crate::session::code::{Git, work_tree};

/// A patch of more files is applied as one.
const SECTIONS: usize = 1000;

/// The result of a patch that applied without a merge.
fn exactly(files: Vec<String>, already: usize) -> Applied {
    Applied {
        files,
        already,
        ..Applied::default()
    }
}

/// Performs a request from the terminal; the work tree must have one of these root commits.
pub(crate) async fn apply_related(
    request: &ApplyRequest,
    roots: &[String],
) -> Result<Applied, Failure> {
    let root = check_related(&request.root, roots).await?;
    apply(&root, &request.patch, request.step).await
}

/// The root of the work tree that a session on the screen has to do with.
pub(crate) async fn check_related(root: &Path, roots: &[String]) -> Result<PathBuf, Failure> {
    let found = work_tree(root).ok_or_else(|| {
        let root = root.display();
        Failure::new(format!("{root} is no longer a git work tree"))
            .hint("change to where the work tree is now, and run `sandbar apply` or `sandbar update` there")
    })?;
    related::check(&found, "this session", None, roots).await?;
    Ok(found)
}

/// Applies the patch, or only says what would come of it.
pub(crate) async fn apply(root: &Path, patch: &[u8], step: ApplyStep) -> Result<Applied, Failure> {
    let git = Git::of_user(root);
    let fits = checked(&git, &[], patch).await?;
    if fits.is_ok() && checked(&git, &["--reverse"], patch).await?.is_err() {
        let files = put(&git, patch, step).await?;
        return Ok(exactly(files, 0));
    }
    let sections = sections(patch);
    if sections.len() > SECTIONS {
        return match checked(&git, &["--reverse"], patch).await? {
            Ok(()) => Ok(exactly(Vec::new(), sections.len())),
            Err(_) => Err(misfit(&fits.err().unwrap_or_default())),
        };
    }
    let mut rest = Vec::new();
    let mut complaints: Vec<String> = Vec::new();
    let mut already = 0;
    for section in sections {
        let forwards = checked(&git, &[], section).await?;
        let backwards = checked(&git, &["--reverse"], section).await?;
        match (forwards, backwards) {
            (Err(_), Ok(())) => already += 1,
            (Ok(()), Ok(())) if is_there(&git, root, section).await? => already += 1,
            (fits, _) => {
                rest.extend_from_slice(section);
                complaints.extend(fits.err());
            }
        }
    }
    if rest.is_empty() {
        return Ok(exactly(Vec::new(), already));
    }
    if complaints.is_empty() {
        return Ok(exactly(put(&git, &rest, step).await?, already));
    }
    let merge = Merge::new(root, &rest).await?;
    let Ok(conflicts) = merge.conflicts().await? else {
        return Err(misfit(&complaints.join("\n")));
    };
    if !conflicts.is_empty() && step == ApplyStep::Refuse {
        return Err(in_conflict(&conflicts));
    }
    let files = counted(&git, &rest).await?;
    let conflicts = if step == ApplyStep::Try {
        conflicts
    } else {
        let marked = merge.put().await?.into_iter();
        marked.map(|file| left(root, file)).collect()
    };
    Ok(Applied {
        files,
        already,
        merged: complaints.len(),
        conflicts,
    })
}

/// A file in conflict, and which version is left: git marks conflicts only in text.
fn left(root: &Path, file: String) -> String {
    let content = std::fs::read(root.join(&file)).unwrap_or_default();
    let is_marked = content
        .split(|&byte| byte == b'\n')
        .any(|line| line.starts_with(b"<<<<<<< "));
    if is_marked {
        file
    } else {
        format!("{file}: unchanged, because conflicts cannot be marked in it")
    }
}

/// Whether the patch applies; otherwise git's error.
async fn checked(git: &Git, how: &[&str], patch: &[u8]) -> Result<Result<(), String>, Failure> {
    let how = [&["--check"], how].concat();
    Ok(git_apply(git, &how, patch).await?.map(drop))
}

/// Applies a patch that was checked.
async fn put(git: &Git, patch: &[u8], step: ApplyStep) -> Result<Vec<String>, Failure> {
    let files = counted(git, patch).await?;
    if step == ApplyStep::Try {
        return Ok(files);
    }
    let applied = git_apply(git, &[], patch).await?;
    applied.map_err(|said| misfit(&said))?;
    Ok(files)
}

/// One line for each file of a patch.
async fn counted(git: &Git, patch: &[u8]) -> Result<Vec<String>, Failure> {
    let counted = git_apply(git, &["--numstat"], patch).await?;
    let files = counted.unwrap_or_default();
    let files = String::from_utf8_lossy(&files);
    Ok(files.lines().map(changed).collect())
}

/// The user's settings for `git apply` are overridden: the patch is exact.
async fn git_apply(
    git: &Git,
    how: &[&str],
    patch: &[u8],
) -> Result<Result<Vec<u8>, String>, Failure> {
    let exact = ["-c", "apply.ignoreWhitespace=no", "apply"].iter();
    let args = exact.chain(&["--whitespace=nowarn", "--binary"]);
    let args = args.chain(how).chain(&["-"]).map(OsStr::new);
    let args: Vec<&OsStr> = args.collect();
    git.tried(&args, patch.to_vec()).await
}

/// Whether a file already has the patch's content: one that applies both ways does not tell.
async fn is_there(git: &Git, root: &Path, section: &[u8]) -> Result<bool, Failure> {
    let numstat = ["apply", "--numstat", "-z", "-"];
    let said = git.fed(&numstat, section.to_vec()).await?;
    let path = said
        .splitn(3, |&byte| byte == b'\t')
        .nth(2)
        .unwrap_or_default();
    let path = OsStr::from_bytes(path.strip_suffix(b"\0").unwrap_or(path));
    let head = String::from_utf8_lossy(section);
    let head = head.lines().take_while(|line| !line.starts_with("@@"));
    let (mut object, mut mode) = (None, None);
    for line in head {
        if let Some(index) = line.strip_prefix("index ") {
            let index = index.split(' ').next().unwrap_or_default();
            object = index.split_once("..").map(|(_, new)| new.to_owned());
        } else if let Some(new) = line.strip_prefix("new mode ") {
            mode = Some(new.ends_with("755"));
        }
    }
    let is_executable = |path: &Path| {
        let mode = path
            .symlink_metadata()
            .map(|meta| meta.permissions().mode());
        mode.is_ok_and(|mode| mode & 0o100 != 0)
    };
    if mode.is_some_and(|mode| mode != is_executable(&root.join(path))) {
        return Ok(false);
    }
    let Some(object) = object else {
        return Ok(true);
    };
    let hash = [OsStr::new("hash-object"), OsStr::new("--"), path];
    let hash = git.tried(&hash, Vec::new()).await?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&hash).trim() == object)
}

/// `12\t3\tpath` for people; git counts no lines of binary files.
fn changed(line: &str) -> String {
    let mut columns = line.splitn(3, '\t');
    match (columns.next(), columns.next(), columns.next()) {
        (Some("-"), Some("-"), Some(path)) => format!("binary  {path}"),
        (Some(added), Some(removed), Some(path)) => format!("+{added} -{removed}  {path}"),
        _ => line.to_owned(),
    }
}

fn in_conflict(files: &[String]) -> Failure {
    let why = "the same lines were changed here and in the session";
    Failure::new(format!("the work conflicts with this work tree: {why}")).detail(listed(files))
}

#[cfg(test)]
mod tests {
    use std::process::Command as StdCommand;

    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;
    use crate::session::code::repository::merge::NAMED;

    struct WorkTree(tempfile::TempDir);

    impl WorkTree {
        /// A work tree with one commit of these files.
        fn new(files: &[(&str, &[u8])]) -> Self {
            let tree = Self(tempfile::tempdir().unwrap());
            tree.git(&["init", "-q"]);
            for (name, content) in files {
                tree.write(name, content);
            }
            tree.git(&["add", "--all"]);
            tree.git(&["commit", "-q", "--allow-empty", "-m", "first"]);
            tree
        }

        fn git(&self, args: &[&str]) -> Vec<u8> {
            let output = StdCommand::new("git")
                .args(["-c", "user.name=a", "-c", "user.email=a@example.invalid"])
                .args(args)
                .current_dir(self.0.path())
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
            output.stdout
        }

        fn write(&self, name: &str, content: &[u8]) {
            let path = self.0.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }

        fn read(&self, name: &str) -> Vec<u8> {
            std::fs::read(self.0.path().join(name)).unwrap()
        }

        /// The patch of all changes.
        fn patch(&self) -> Vec<u8> {
            self.git(&["add", "--all"]);
            self.git(&["diff", "--cached", "--binary", "--full-index"])
        }

        async fn apply(&self, patch: &[u8]) -> Result<Vec<String>, Failure> {
            let applied = apply(self.0.path(), patch, ApplyStep::Refuse).await?;
            assert_eq!(applied.already, 0);
            Ok(applied.files)
        }
    }

    const TEXT: (&str, &[u8]) = ("src/a b.txt", b"one\ntwo\nthree\n");

    #[tokio::test]
    async fn a_patch_with_binary_files_new_files_and_old_names_arrives_whole() {
        let there = WorkTree::new(&[TEXT, ("old", b"gone\n")]);
        let here = WorkTree::new(&[TEXT, ("old", b"gone\n")]);
        there.write("src/a b.txt", b"one\r\n2 \nthree");
        there.write("new/ä.bin", &[0, 255, 10, 13, 0]);
        std::fs::remove_file(there.0.path().join("old")).unwrap();

        let files = here.apply(&there.patch()).await.unwrap();

        assert_eq!(here.read("src/a b.txt"), b"one\r\n2 \nthree");
        assert_eq!(here.read("new/ä.bin"), [0, 255, 10, 13, 0]);
        assert!(!here.0.path().join("old").exists());
        assert_eq!(
            files,
            ["binary  new/ä.bin", "+0 -1  old", "+3 -3  src/a b.txt"]
        );
        assert!(here.git(&["diff", "--cached"]).is_empty(), "the index");
    }

    #[tokio::test]
    async fn a_patch_that_does_not_apply_is_refused_by_file_and_changes_nothing() {
        let there = WorkTree::new(&[TEXT, ("kept", b"x\n"), ("gone", b"y\n")]);
        there.write("src/a b.txt", b"one\n2\nthree\n");
        there.write("kept", b"changed\n");
        there.write("gone", b"changed\n");
        there.write("new", b"theirs\n");
        let here = WorkTree::new(&[("src/a b.txt", b"entirely other\n"), ("kept", b"x\n")]);
        here.write("new", b"mine\n");

        let failure = here.apply(&there.patch()).await.unwrap_err();

        assert_eq!(failure.summary, "the work does not apply to this work tree");
        assert_eq!(
            failure.detail,
            "gone: No such file or directory\n\
             new: already exists in working directory\n\
             src/a b.txt: patch does not apply"
        );
        assert_eq!(here.read("kept"), b"x\n");
        assert_eq!(here.read("new"), b"mine\n");
    }

    const LONG: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";

    /// A session and the work tree that it began with: the session changed line 4 and added a file; `here` is the
    /// local file since.
    fn changed_on_both_sides(here: &str) -> (WorkTree, WorkTree, Vec<u8>) {
        let files: [(&str, &[u8]); 2] = [("long", LONG.as_bytes()), TEXT];
        let (there, tree) = (WorkTree::new(&files), WorkTree::new(&files));
        there.write("long", LONG.replace('4', "four").as_bytes());
        there.write("new", b"new\n");
        tree.write("long", here.as_bytes());
        let patch = there.patch();
        (there, tree, patch)
    }

    #[tokio::test]
    async fn work_is_merged_with_what_was_changed_here_since_and_git_s_index_is_left() {
        for is_committed in [false, true] {
            let (_there, here, patch) = changed_on_both_sides(&LONG.replace('2', "two"));
            if is_committed {
                here.git(&["commit", "-q", "--all", "-m", "second"]);
            }
            let objects = here.git(&["count-objects"]);

            let applied = apply(here.0.path(), &patch, ApplyStep::Refuse)
                .await
                .unwrap();

            assert_eq!((applied.merged, applied.already), (1, 0));
            assert_eq!(applied.files, ["+1 -1  long", "+1 -0  new"]);
            assert_eq!(applied.conflicts, Vec::<String>::new());
            let long = LONG.replace('2', "two").replace('4', "four");
            assert_eq!(String::from_utf8(here.read("long")).unwrap(), long);
            assert_eq!(here.read("new"), b"new\n");
            assert!(here.git(&["diff", "--cached"]).is_empty(), "the index");
            assert_eq!(here.git(&["count-objects"]), objects);
        }
    }

    #[tokio::test]
    async fn conflicts_are_refused_entirely_and_named_or_marked_on_request() {
        let mine = LONG.replace('4', "mine");
        let (_there, here, patch) = changed_on_both_sides(&mine);
        // No conflict resolution is recorded for the user, or replayed.
        here.git(&["config", "rerere.enabled", "true"]);
        here.git(&["config", "rerere.autoupdate", "true"]);

        let failure = apply(here.0.path(), &patch, ApplyStep::Refuse)
            .await
            .unwrap_err();
        assert_eq!(
            failure.summary,
            "the work conflicts with this work tree: the same lines were changed here and \
             in the session"
        );
        assert_eq!(failure.detail, "long");
        assert_eq!(String::from_utf8(here.read("long")).unwrap(), mine);
        assert!(!here.0.path().join("new").exists(), "half of it");

        let applied = apply(here.0.path(), &patch, ApplyStep::Mark).await.unwrap();
        assert_eq!(applied.conflicts, ["long"]);
        let long = String::from_utf8(here.read("long")).unwrap();
        assert!(
            long.contains("<<<<<<< ours\nmine\n=======\nfour\n>>>>>>> theirs\n"),
            "{long}"
        );
        assert_eq!(here.read("new"), b"new\n");
        assert!(here.git(&["diff", "--cached"]).is_empty(), "the index");
        for remembered in ["MERGE_RR", "rr-cache"] {
            assert!(
                !here.0.path().join(".git").join(remembered).exists(),
                "{remembered}"
            );
        }
    }

    #[tokio::test]
    async fn a_conflict_that_cannot_be_marked_leaves_the_file_here_and_says_so() {
        let (there, here) = (
            WorkTree::new(&[("bin", &[0, 1])]),
            WorkTree::new(&[("bin", &[0, 1])]),
        );
        there.write("bin", &[0, 2]);
        there.write("new", b"new\n");
        here.write("bin", &[0, 3]);

        let applied = apply(here.0.path(), &there.patch(), ApplyStep::Mark)
            .await
            .unwrap();

        assert_eq!(
            applied.conflicts,
            ["bin: unchanged, because conflicts cannot be marked in it"]
        );
        assert_eq!(here.read("bin"), [0, 3]);
        assert_eq!(here.read("new"), b"new\n");
    }

    #[tokio::test]
    async fn a_patch_cannot_leave_the_work_tree() {
        let here = WorkTree::new(&[TEXT]);
        for path in ["../outside", "/tmp/outside", ".git/hooks/post-commit"] {
            let patch = format!(
                "diff --git a/{path} b/{path}\nnew file mode 100755\n--- /dev/null\n\
                 +++ b/{path}\n@@ -0,0 +1 @@\n+bad\n"
            );

            let refused = here.apply(patch.as_bytes()).await;

            assert!(refused.is_err(), "{path}: {refused:?}");
        }
    }

    #[tokio::test]
    async fn an_invalid_patch_is_refused_with_the_message_of_git() {
        let here = WorkTree::new(&[TEXT]);

        let failure = here.apply(b"hello\n").await.unwrap_err();

        assert!(failure.detail.contains("No valid patches"), "{failure:?}");
    }

    #[tokio::test]
    async fn parts_already_applied_are_left_and_the_rest_is_applied() {
        let files: [(&str, &[u8]); 4] = [
            TEXT,
            ("gone", b"x\n"),
            ("again", b"a\nx\nx\nx\n"),
            ("mode", b"m\n"),
        ];
        let (there, here) = (WorkTree::new(&files), WorkTree::new(&files));
        there.write("src/a b.txt", b"one\n2\nthree\n");
        there.write("new \"name", &[0, 255]);
        there.write("again", b"a\nx\nx\nx\nx\n");
        std::fs::remove_file(there.0.path().join("gone")).unwrap();
        let mode = there.0.path().join("mode");
        std::fs::set_permissions(mode, std::fs::Permissions::from_mode(0o755)).unwrap();
        let first = there.patch();

        let applied = apply(here.0.path(), &first, ApplyStep::Refuse)
            .await
            .unwrap();
        assert_eq!((applied.files.len(), applied.already), (5, 0));
        let again = apply(here.0.path(), &first, ApplyStep::Refuse)
            .await
            .unwrap();
        assert_eq!(again, exactly(Vec::new(), 5));
        assert_eq!(here.read("again"), b"a\nx\nx\nx\nx\n", "not twice");

        there.write("later", b"later\n");
        let third = apply(here.0.path(), &there.patch(), ApplyStep::Refuse)
            .await
            .unwrap();
        assert_eq!(
            (third.files, third.already),
            (vec!["+1 -0  later".into()], 5)
        );

        // One blocked file blocks all.
        there.write("latest", b"latest\n");
        here.write("later", b"mine\n");
        let refused = apply(here.0.path(), &there.patch(), ApplyStep::Refuse)
            .await
            .unwrap_err();
        assert_eq!(refused.detail, "later");
        assert!(!here.0.path().join("latest").exists());
    }

    #[tokio::test]
    async fn the_git_configuration_of_the_user_does_not_change_the_result() {
        let (there, here) = (WorkTree::new(&[TEXT]), WorkTree::new(&[TEXT]));
        there.write("src/a b.txt", b"one  \n\t 2\nthree\n\n");
        for setting in [
            ["apply.whitespace", "fix"],
            ["apply.ignoreWhitespace", "change"],
            ["core.safecrlf", "true"],
        ] {
            here.git(&["config", setting[0], setting[1]]);
        }

        here.apply(&there.patch()).await.unwrap();

        assert_eq!(here.read("src/a b.txt"), b"one  \n\t 2\nthree\n\n");
    }

    proptest! {
        /// Patches come from sandboxes.
        #[test]
        fn the_sections_cover_the_patch_and_any_output_of_git_is_parsed(
            patch in "(diff --git a/x b/x\n|@@ -1 \\+1 @@\n|[-+ ]diff --git |index a[.]{2}b 1\n|\n|\\PC){0,20}",
            said in "((error: )?(patch failed: )?[a-z]{0,3}(: )?\n|[0-9-]{0,2}\t|\\PC){0,20}",
        ) {
            let sections = sections(patch.as_bytes());

            prop_assert_eq!(sections.concat(), patch.as_bytes());
            prop_assert!(sections.iter().skip(1).all(|one| one.starts_with(b"diff --git ")));
            let failure = misfit(&said);
            prop_assert!(failure.detail.lines().count() <= said.lines().count().max(NAMED + 1));
            for line in said.lines() {
                let path = line.rsplit('\t').next().unwrap_or_default();
                prop_assert!(changed(line).ends_with(path), "{line:?}");
            }
        }
    }
}
