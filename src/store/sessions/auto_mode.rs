//! Which sessions are in auto mode.

use crate::domain::id::SessionKey;
use crate::store::{Store, StoreError};

impl Store {
    pub async fn auto_mode(&self, key: &SessionKey) -> Result<bool, StoreError> {
        let key = key.clone();
        self.read("read the auto mode", move |conn| {
            conn.prepare_cached("SELECT 1 FROM auto_mode WHERE session = ?1")?
                .exists([key.as_str()])
        })
        .await
    }

    /// Switches auto mode; the session need not be stored yet. Durable: what was switched off must
    /// not come back.
    pub async fn set_auto_mode(&self, key: &SessionKey, on: bool) -> Result<(), StoreError> {
        let key = key.clone();
        self.write_durably("save the auto mode", move |db| {
            let sql = if on {
                "INSERT OR IGNORE INTO auto_mode (session) VALUES (?1)"
            } else {
                "DELETE FROM auto_mode WHERE session = ?1"
            };
            db.conn.prepare_cached(sql)?.execute([key.as_str()])?;
            Ok(())
        })
        .await
    }
}
