//! Packs a git work tree into one bundle.
//!
//! The user's own repository decides what git stores: its filters, line endings, modes and ignore rules apply. Only
//! objects, index and refs are ours, in a scratch repository that borrows the user's objects. Where those are
//! incomplete, less history is packed; where they cannot be read, the files alone. Each thing that is not packed as
//! it is gets a note.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::git::Git;
use super::history;
use super::left_out::{self, AddReport};
use super::scratch::{make_dir, write};
use super::user_repository::UserRepository;
use crate::domain::failure::Failure;

/// Adds a whole work tree to an index. `$1` the repository, `$2` the index, `$3` where objects go, `$4` "anew" if
/// the index is empty.
const ADD: &str = concat!(
    include_str!("../../../assets/sandbox/git.sh"),
    include_str!("../../../assets/sandbox/add-all.sh"),
    include_str!("../../../assets/sandbox/pack.sh"),
);

const WITHOUT_HISTORY: &str = "the files are copied without their history, which cannot be read";

/// A work tree as one file.
#[derive(Debug)]
pub(crate) struct PackedWorkTree {
    /// The directory's name in the sandbox, if it is free there.
    pub(crate) name: String,
    /// The symbolic ref of HEAD, such as `refs/heads/main`; empty when HEAD is detached.
    pub(crate) head: String,
    pub(crate) bytes: Vec<u8>,
    /// What is not packed as it is here, one sentence each.
    pub(crate) notes: Vec<String>,
}

/// Packs the work tree at `root`. `scratch` is an empty directory that the caller removes.
///
/// # Errors
/// A [`Failure`] with git's own message, if not even the files can be read.
pub(crate) async fn pack(root: &Path, scratch: &Path) -> Result<PackedWorkTree, Failure> {
    let source = UserRepository::find(root).await?;
    match Packing::new(&source, &scratch.join("whole"), true).await {
        Ok(packing) => packing.packed().await,
        Err(failure) if source.is_bare => Err(failure),
        Err(failure) => {
            let packing = Packing::new(&source, &scratch.join("files"), false).await?;
            let mut packed = packing.packed().await?;
            if source.commit.is_some() {
                let why = failure.detail.lines().last().unwrap_or_default();
                packed.notes.insert(0, format!("{WITHOUT_HISTORY}: {why}"));
            }
            Ok(packed)
        }
    }
}

/// A bundle in the making.
struct Packing<'a> {
    source: &'a UserRepository,
    told: AddReport,
    /// The user's repository with an index of ours.
    index: Git,
    bytes: Vec<u8>,
    notes: Vec<String>,
}

impl<'a> Packing<'a> {
    /// `whole`: with the user's objects, and so with HEAD and its history.
    async fn new(source: &'a UserRepository, scratch: &Path, whole: bool) -> Result<Self, Failure> {
        let store = scratch.join("pack.git");
        make_dir(scratch)?;
        let mut init = vec!["init", "-q", "--bare", "--template="];
        if source.is_sha256 {
            init.push("--object-format=sha256");
        }
        init.push("pack.git");
        Git::of_ours(scratch).bytes(&init).await?;
        let ours = Git::of_ours(scratch).env("GIT_DIR", &store);
        if whole {
            borrow(source, &store).await?;
        }
        let index_file = scratch.join("index");
        let index = source
            .git
            .clone()
            .env("GIT_DIR", &source.git_dir)
            .env("GIT_WORK_TREE", &source.root)
            .env("GIT_INDEX_FILE", &index_file)
            .env("GIT_OBJECT_DIRECTORY", store.join("objects"));
        let told = fill_index(source, &index, &index_file, whole).await?;
        let tree = index.text(&["write-tree", "--missing-ok"]).await?;
        let commit = source.commit.as_deref().filter(|_| whole);
        let rules = [
            ("exclude", source.exclude().await),
            ("attributes", source.read("info/attributes").await),
        ];
        let work = history::BundleContent {
            ours,
            shallow: store.join("shallow"),
            commit,
            tree: &tree,
            rules: &rules,
        };
        let (bytes, cut) = history::bundle(&work).await?;
        Ok(Self {
            source,
            told,
            index,
            bytes,
            notes: cut.into_iter().collect(),
        })
    }

    async fn packed(self) -> Result<PackedWorkTree, Failure> {
        let source = self.source;
        let mut notes = self.notes;
        if source.is_bare {
            notes.push("this repository is bare: HEAD is copied".to_owned());
        }
        if source.is_born && source.commit.is_none() {
            notes.push(
                "the commit that HEAD names cannot be read: only the files are copied".to_owned(),
            );
        }
        notes.extend(left_out::notes(source, &self.index, &self.told).await);
        Ok(PackedWorkTree {
            name: directory_name(source.root.file_name().unwrap_or_default()),
            head: source.branch.clone(),
            bytes: self.bytes,
            notes,
        })
    }
}

/// Makes the index equal to the work tree.
async fn fill_index(
    source: &UserRepository,
    index: &Git,
    file: &Path,
    whole: bool,
) -> Result<AddReport, Failure> {
    if source.is_bare {
        index.text(&["read-tree", "HEAD"]).await?;
        return Ok(AddReport::default());
    }
    // Starts from a copy of the user's index, which knows unchanged files but may be locked or half staged.
    let is_copied = whole && copy_index(&source.file("index").await?, file);
    let told = if is_copied {
        add(source, file, "").await.ok()
    } else {
        None
    };
    let told = match (told, &source.commit) {
        (Some(told), _) => told,
        (None, Some(commit)) if whole => {
            // An unreadable index is no loss: the files are there.
            let _none = fs::remove_file(file);
            index.text(&["read-tree", commit]).await?;
            add(source, file, "").await?
        }
        (None, _) => {
            let _none = fs::remove_file(file);
            add(source, file, "anew").await?
        }
    };
    Ok(AddReport::read(&told))
}

/// Runs [`ADD`]; `kind` is its last argument.
async fn add(source: &UserRepository, index: &Path, kind: &str) -> Result<String, Failure> {
    let objects = index.with_file_name("pack.git/objects");
    let args = [
        source.git_dir.as_os_str(),
        index.as_os_str(),
        objects.as_os_str(),
        OsStr::new(kind),
    ];
    source.git.script("git add", ADD, &args).await
}

/// Copies an index with its mtime: git does not trust entries that are as young as the file.
fn copy_index(from: &Path, to: &Path) -> bool {
    let copy = || {
        let modified = fs::metadata(from)?.modified()?;
        fs::write(to, fs::read(from)?)?;
        fs::File::options()
            .append(true)
            .open(to)?
            .set_modified(modified)
    };
    copy().is_ok()
}

/// Gives the scratch repository the user's objects and their shallow boundary.
async fn borrow(source: &UserRepository, store: &Path) -> Result<(), Failure> {
    let objects = source.file("objects").await?;
    let objects = fs::canonicalize(&objects).unwrap_or(objects);
    let mut line = quoted(objects.as_os_str().as_bytes());
    line.push(b'\n');
    let info = store.join("objects/info");
    make_dir(&info)?;
    write(&info.join("alternates"), &line)?;
    let shallow = source.read("shallow").await;
    if shallow.is_empty() {
        return Ok(());
    }
    write(&store.join("shallow"), &shallow)
}

/// A path as git reads it in an alternates file, where a leading `"` or `#` is special.
fn quoted(path: &[u8]) -> Vec<u8> {
    if path.starts_with(b"/") && !path.contains(&b'\n') {
        return path.to_vec();
    }
    let escaped = path.iter().flat_map(|&byte| match byte {
        b'\n' => b"\\n".to_vec(),
        b'"' | b'\\' => vec![b'\\', byte],
        _ => vec![byte],
    });
    [b"\"".to_vec(), escaped.collect(), b"\"".to_vec()].concat()
}

/// Names that programs use in a home: a work tree of the same name would be mixed with their files.
const TAKEN: &[&str] = &[
    "R",
    "bin",
    "go",
    "include",
    "lib",
    "lib64",
    "node_modules",
    "opt",
    "perl5",
    "sbin",
    "share",
    "snap",
    "tmp",
    "var",
    "venv",
];

/// The name of a work tree in a sandbox's home.
pub(crate) fn directory_name(name: &OsStr) -> String {
    let name = name.to_string_lossy();
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_control() || c == '/' || c == '\u{fffd}' {
                '_'
            } else {
                c
            }
        })
        .collect();
    let plain = plain.trim_start_matches(['.', '-', '~', ' ']).trim_end();
    if plain.is_empty() {
        "code".to_owned()
    } else if TAKEN.contains(&plain) {
        format!("{plain}-code")
    } else {
        plain.to_owned()
    }
}
