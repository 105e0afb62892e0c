//! Tests with a Secret Service of their own, over real sockets and messages.

use std::collections::BTreeMap;
use std::os::unix::net::UnixListener;
use std::sync::Arc;

use pretty_assertions::assert_eq;
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use zbus::{Guid, interface};

use super::*;

/// Long enough for a few messages on any machine.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Clone)]
enum Stored {
    Open(Vec<u8>),
    Locked,
}

/// What the keyring of a test has, by account.
type Items = Arc<BTreeMap<&'static str, Stored>>;

/// The part of the bus that a client talks to first.
struct Bus(&'static str);

#[interface(name = "org.freedesktop.DBus")]
impl Bus {
    fn hello(&self) -> &str {
        self.0
    }
}

struct Service {
    items: Items,
    hangs: bool,
}

fn path(path: &str) -> OwnedObjectPath {
    OwnedObjectPath::try_from(path.to_owned()).unwrap()
}

#[interface(name = "org.freedesktop.Secret.Service")]
impl Service {
    async fn open_session(
        &self,
        algorithm: &str,
        input: Variant<'_>,
    ) -> (OwnedVariant, OwnedObjectPath) {
        assert_eq!((algorithm, input), ("plain", Variant::from("")));
        if self.hangs {
            std::future::pending::<()>().await;
        }
        let nothing = OwnedVariant::try_from(Variant::from("")).unwrap();
        (nothing, path("/session"))
    }

    fn search_items(
        &self,
        attributes: HashMap<String, String>,
    ) -> (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) {
        let attributes: BTreeMap<String, String> = attributes.into_iter().collect();
        assert_eq!(attributes["service"], "sandbar");
        let account = attributes["account"].as_str();
        let item = || vec![path(&format!("/item/{account}"))];
        match self.items.get(account) {
            Some(Stored::Open(_)) => (item(), Vec::new()),
            Some(Stored::Locked) => (Vec::new(), item()),
            None => (Vec::new(), Vec::new()),
        }
    }
}

struct Item(Vec<u8>);

#[interface(name = "org.freedesktop.Secret.Item")]
impl Item {
    fn get_secret(
        &self,
        session: OwnedObjectPath,
    ) -> ((OwnedObjectPath, Vec<u8>, Vec<u8>, String),) {
        let content = "text/plain".to_owned();
        ((session, Vec::new(), self.0.clone(), content),)
    }
}

/// A bus with one client; `None`: no client on it is a keyring.
struct Served {
    address: String,
    _folder: TempDir,
    _task: tokio::task::JoinHandle<()>,
}

fn serve(service: Option<(Items, bool)>) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("bus");
    let listener = UnixListener::bind(&socket).unwrap();
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::UnixListener::from_std(listener).unwrap();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut bus = Builder::unix_stream(stream.into_std().unwrap())
            .server(Guid::generate())
            .p2p()
            .serve_at("/org/freedesktop/DBus", Bus(":1.1"));
        if let Some((items, hangs)) = service {
            for (account, stored) in items.iter() {
                if let Stored::Open(value) = stored {
                    bus = bus.serve_at(format!("/item/{account}"), Item(value.clone()));
                }
            }
            bus = bus.serve_at(PATH, Service { items, hangs });
        }
        let _bus = bus.build().await.unwrap();
        std::future::pending::<()>().await;
    });
    Served {
        address: format!("unix:path={}", socket.display()),
        _folder: folder,
        _task: task,
    }
}

fn keyring(served: &Served, limit: Duration) -> Keyring {
    Keyring {
        limit,
        ..Keyring::new(&*served.address)
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The names and their entries, with the value of each key.
fn described(found: Vec<(String, KeyringEntry)>) -> Vec<String> {
    let described = found.into_iter().map(|(name, entry)| match entry {
        KeyringEntry::Key(key) => format!("{name}: key {}", key.expose_secret()),
        KeyringEntry::Locked => format!("{name}: locked"),
        KeyringEntry::Unusable(why) => format!("{name}: {why}"),
    });
    described.collect()
}

#[tokio::test]
async fn stored_keys_are_found_and_locked_or_unusable_ones_are_reported() {
    let open = |value: &[u8]| Stored::Open(value.to_vec());
    let served = serve(Some((
        Arc::new(BTreeMap::from([
            ("PLAIN", open(b"e2b_key")),
            ("PIPED", open(b"sk-key\n")),
            ("LOCKED", Stored::Locked),
            ("LINES", open(b"sk-key\nX-Header: other")),
            ("LONG", open(&vec![b'k'; 1 << 20])),
            ("BINARY", open(b"\xff\xfe")),
            ("EMPTY", open(b"")),
        ])),
        false,
    )));

    let wanted = [
        "PLAIN", "PIPED", "LOCKED", "ABSENT", "LINES", "LONG", "BINARY", "EMPTY",
    ];
    let found = keyring(&served, PATIENCE).look_up(&names(&wanted)).await;

    assert_eq!(
        described(found.unwrap()),
        [
            "PLAIN: key e2b_key",
            "PIPED: key sk-key",
            "LOCKED: locked",
            "LINES: it has more than one line",
            "LONG: it is longer than any key",
            "BINARY: it is not text",
            "EMPTY: it is empty",
        ]
    );
}

#[tokio::test]
async fn a_keyring_that_hangs_is_given_up() {
    let served = serve(Some((Items::default(), true)));
    let limit = Duration::from_millis(100);

    let found = keyring(&served, limit)
        .look_up(&names(&["E2B_API_KEY"]))
        .await;

    assert_eq!(found.unwrap_err(), KeyringError::Hangs(limit));
}

#[tokio::test]
async fn without_names_nothing_is_requested_and_a_missing_bus_is_reported() {
    let nowhere = Keyring {
        limit: PATIENCE,
        ..Keyring::new("unix:path=/nonexistent/bus")
    };

    assert!(nowhere.look_up(&[]).await.unwrap().is_empty());
    let failed = nowhere.look_up(&names(&["E2B_API_KEY"])).await.unwrap_err();
    assert!(matches!(failed, KeyringError::Failed(_)), "{failed:?}");
}

#[tokio::test]
async fn a_bus_without_a_keyring_is_no_error() {
    let served = serve(None);

    let found = keyring(&served, PATIENCE)
        .look_up(&names(&["E2B_API_KEY"]))
        .await;

    // A real bus replies that no one owns the name; a peer, that it has no such object.
    let error = fdo::Error::ServiceUnknown(String::new());
    assert!(matches!(found.unwrap_err(), KeyringError::Failed(_)));
    assert_eq!(
        KeyringError::from(zbus::Error::FDO(Box::new(error))),
        KeyringError::Missing
    );
}
