//! Whether a work tree is related to a session: its patch may apply to unrelated ones by chance.
//!
//! In: a work tree, the origin of the session's code, and the root commits of its history. Nothing is changed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::domain::failure::Failure;
use crate::domain::session::CodeSource;
use crate::net::url::without_userinfo;
use crate::session::code::Git;

/// Refuses a work tree that has nothing in common with the session's origin.
pub(crate) async fn check(
    root: &Path,
    name: &str,
    code: Option<&CodeSource>,
    roots: &[String],
) -> Result<(), Failure> {
    let git = Git::of_user(root);
    for commit in roots {
        let object = format!("{commit}^{{commit}}");
        let found = git.text(&["cat-file", "-e", &object]).await;
        if found.is_ok() {
            return Ok(());
        }
    }
    let (is_source, began) = match code {
        // There can be nothing in common.
        Some(CodeSource::Empty) | None if roots.is_empty() => return Ok(()),
        Some(CodeSource::Empty) | None => (false, "they have no commits in common".to_owned()),
        Some(CodeSource::WorkTree(path)) => (
            is_same_repository(&git, path).await,
            format!("the session began with {}", path.display()),
        ),
        Some(CodeSource::Clone(url)) => (
            has_remote(&git, root, url).await,
            format!(
                "the session began with a clone of {}",
                without_userinfo(url)
            ),
        ),
    };
    if is_source {
        return Ok(());
    }
    let summary = format!("{} is unrelated to {name}", root.display());
    Err(Failure::new(summary).detail(began))
}

/// Linked work trees share a repository.
async fn is_same_repository(git: &Git, path: &Path) -> bool {
    let here = shared_directory(git).await;
    here.is_some() && here == shared_directory(&Git::of_user(path)).await
}

async fn shared_directory(git: &Git) -> Option<PathBuf> {
    let asked = git.path(&["rev-parse", "--git-common-dir"]).await.ok()?;
    fs::canonicalize(asked).ok()
}

async fn has_remote(git: &Git, root: &Path, url: &str) -> bool {
    let get = ["config", "--get-regexp", r"^remote\..*\.(url|pushurl)$"];
    let remotes = git.text(&get).await.unwrap_or_default();
    let mut urls = remotes.lines().filter_map(|line| line.split_once(' '));
    let wanted = repository(url);
    root.to_str().is_some_and(|root| repository(root) == wanted)
        || urls.any(|(_, url)| repository(url) == wanted)
}

/// What a URL names, whatever its transport: `git@host:a/b.git` and `https://host/a/b` are the same.
fn repository(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.trim_end_matches('/').trim_end_matches(".git");
    let rest = rest.trim_end_matches('/');
    if rest.starts_with('/') {
        return rest.to_owned();
    }
    let (host, path) = match rest.split_once('/') {
        Some((host, path)) if !scheme.is_empty() => (host, path),
        _ => rest.split_once(':').unwrap_or(("", rest)),
    };
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    format!("{}/{path}", host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn git(dir: &Path, args: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.invalid"])
            .args(args)
            .current_dir(dir)
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn repository_in(dir: &Path, name: &str, is_born: bool) -> PathBuf {
        let root = dir.join(name);
        fs::create_dir(&root).unwrap();
        git(&root, &["init", "-q"]);
        if is_born {
            git(&root, &["commit", "-q", "--allow-empty", "-m", name]);
        }
        root
    }

    #[test]
    fn the_same_repository_is_known_by_all_of_its_urls() {
        for url in [
            "https://user:secret@Example.com/a/b.git",
            "https://example.com/a/b/",
            "git@example.com:a/b.git",
            "ssh://git@example.com:22/a/b",
        ] {
            assert_eq!(repository(url), "example.com/a/b", "{url}");
        }
        assert_eq!(repository("file:///srv/b.git"), repository("/srv/b/"));
        assert_ne!(repository("https://example.com/a/c"), "example.com/a/b");
    }

    #[tokio::test]
    async fn only_a_work_tree_with_something_in_common_is_related() {
        let dir = tempfile::tempdir().unwrap();
        let [own, other] = ["own", "other"].map(|name| repository_in(dir.path(), name, true));
        let unborn = repository_in(dir.path(), "unborn", false);
        let clone = dir.path().join("clone");
        git(dir.path(), &["clone", "-q", own.to_str().unwrap(), "clone"]);
        git(&own, &["worktree", "add", "-q", "../linked"]);
        let linked = dir.path().join("linked");
        let roots = vec![git(&own, &["rev-list", "--max-parents=0", "HEAD"])];
        let from = |path: &Path| Some(CodeSource::WorkTree(path.to_owned()));
        let url = Some(CodeSource::Clone(format!("file://{}", own.display())));

        let cases: [(&Path, Option<CodeSource>, &[String], bool); 12] = [
            (&own, from(&own), &roots, true),
            (&clone, from(&own), &roots, true),
            (&linked, from(&own), &[], true),
            (&clone, from(&own), &[], false),
            (&other, from(&own), &roots, false),
            (&unborn, from(&unborn), &[], true),
            (&unborn, from(&own), &roots, false),
            (&clone, url.clone(), &[], true),
            (&own, url.clone(), &[], true),
            (&other, url, &[], false),
            (&other, Some(CodeSource::Empty), &[], true),
            (&other, Some(CodeSource::Empty), &roots, false),
        ];
        for (index, (root, code, roots, wanted)) in cases.into_iter().enumerate() {
            let checked = check(root, "one", code.as_ref(), roots).await;
            assert_eq!(checked.is_ok(), wanted, "{index}: {checked:?}");
        }
    }

    proptest! {
        #[test]
        fn a_password_in_a_url_is_never_shown_and_does_not_distinguish_repositories(
            scheme in "(https?|ssh|git)",
            user in "[a-z]{1,5}(:[a-zA-Z0-9%]{1,8})?",
            host in "[a-z]{1,8}([.][a-z]{1,3})?",
            path in "[a-z]{1,4}/[a-z]{1,4}",
            any in "\\PC{0,40}",
        ) {
            let url = format!("{scheme}://{user}@{host}/{path}");

            prop_assert_eq!(without_userinfo(&url), format!("{scheme}://{host}/{path}"));
            prop_assert_eq!(repository(&url), repository(&format!("{scheme}://{host}/{path}.git/")));
            // Any input must be accepted.
            let _ = (repository(&any), without_userinfo(&any));
        }
    }
}
