//! What an update may use besides its own state: the time, new ids, and a list for effects.

use std::time::Duration;

use super::effect::Effect;
use crate::domain::id::{MessageId, PartId, SessionKey};
use crate::domain::time::{Monotonic, UnixMillis};

/// Passed to every update.
#[derive(Debug)]
pub struct Cx<'a> {
    pub now: Monotonic,
    pub wall: UnixMillis,
    pub ids: &'a mut IdSource,
    effects: &'a mut Vec<Effect>,
}

impl<'a> Cx<'a> {
    pub fn new(
        now: Monotonic,
        wall: UnixMillis,
        ids: &'a mut IdSource,
        effects: &'a mut Vec<Effect>,
    ) -> Self {
        Self {
            now,
            wall,
            ids,
            effects,
        }
    }

    /// Requests an effect; effects run in order after the update.
    pub fn ask(&mut self, effect: Effect) {
        self.effects.push(effect);
    }
}

/// Creates ids in the server's own format: a prefix, 12 hex digits of `(unix_ms * 4096 + counter)
/// mod 2^48`, 14 base62 characters (observed on 1.18.33). The seed comes from outside, so that
/// tests always see the same ids.
#[derive(Debug, Clone)]
pub struct IdSource {
    random: u64,
    last_millis: u64,
    counter: u64,
}

impl IdSource {
    pub fn seeded(seed: u64) -> Self {
        Self {
            random: seed | 1,
            last_millis: 0,
            counter: 0,
        }
    }

    pub fn message(&mut self, wall: UnixMillis) -> MessageId {
        MessageId::from(self.make("msg_", wall))
    }

    pub fn part(&mut self, wall: UnixMillis) -> PartId {
        PartId::from(self.make("prt_", wall))
    }

    pub fn session_key(&mut self, wall: UnixMillis) -> SessionKey {
        SessionKey::from(self.make("key_", wall))
    }

    /// A random duration below `most`, so that several programs do not send requests at the same
    /// moment.
    pub fn jitter(&mut self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX).max(1);
        Duration::from_millis(self.random() % most)
    }

    /// splitmix64: small, and good enough to keep the ids of several programs distinct.
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn make(&mut self, prefix: &str, wall: UnixMillis) -> String {
        const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        if wall.0 == self.last_millis {
            self.counter += 1;
        } else {
            self.last_millis = wall.0;
            self.counter = 1;
        }
        let stamp = wall.0.wrapping_mul(4096).wrapping_add(self.counter) & 0xffff_ffff_ffff;
        let mut id = format!("{prefix}{stamp:012x}");
        for _ in 0..14 {
            let index = usize::try_from(self.random() % 62).unwrap_or(0);
            id.push(char::from(BASE62[index]));
        }
        id
    }
}
