//! Signatures of `/files` URLs: who has one may read or write that one path without the token.
//!
//! `v1_` and base64 without padding of SHA-256 over `path:operation:username:token[:expiration]`
//! (as the SDKs 2.8.1 to 2.51.0 make them): the path exactly as in the query, an empty name where
//! none was given, the expiration in Unix seconds.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha2::{Digest, Sha256};

use crate::local::auth;

/// Why a signed URL is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::local) enum SignatureError {
    Missing,
    Wrong,
    Expired,
}

/// Checks the signature in a query; `now` in Unix seconds.
pub(in crate::local) fn check(
    query: &HashMap<String, String>,
    operation: &str,
    token: &str,
    now: u64,
) -> Result<(), SignatureError> {
    let text = |name: &str| query.get(name).map(String::as_str);
    let given = text("signature").ok_or(SignatureError::Missing)?;
    let expiration = text("signature_expiration");
    let path = text("path").unwrap_or_default();
    let user = text("username").unwrap_or_default();
    let until = expiration.map_or_else(String::new, |expiration| format!(":{expiration}"));
    let signed = format!("{path}:{operation}:{user}:{token}{until}");
    let wanted = format!("v1_{}", STANDARD_NO_PAD.encode(Sha256::digest(signed)));
    // Some clients pad, and a `+` in a query that was not escaped arrives as a space.
    let given = given.trim_end_matches('=').replace(' ', "+");
    if !auth::same(given.as_bytes(), wanted.as_bytes()) {
        return Err(SignatureError::Wrong);
    }
    match expiration.map(str::parse::<u64>) {
        None => Ok(()),
        Some(Ok(until)) if now <= until => Ok(()),
        Some(_) => Err(SignatureError::Expired),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn query(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        let owned = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        owned.collect()
    }

    #[test]
    fn a_signature_is_for_one_path_one_operation_and_one_time() {
        let signed = Sha256::digest("/a b:read::secret:100");
        let signature = format!("v1_{}", STANDARD_NO_PAD.encode(signed));
        let good = query(&[
            ("path", "/a b"),
            ("signature", &signature),
            ("signature_expiration", "100"),
        ]);
        let mut other = good.clone();
        other.insert("path".to_owned(), "/a c".to_owned());
        let mut longer = good.clone();
        longer.insert("signature_expiration".to_owned(), "900".to_owned());

        assert_eq!(check(&good, "read", "secret", 100), Ok(()));
        assert_eq!(
            check(&good, "read", "secret", 101),
            Err(SignatureError::Expired)
        );
        assert_eq!(
            check(&good, "write", "secret", 1),
            Err(SignatureError::Wrong)
        );
        assert_eq!(
            check(&good, "read", "Secret", 1),
            Err(SignatureError::Wrong)
        );
        assert_eq!(
            check(&other, "read", "secret", 1),
            Err(SignatureError::Wrong)
        );
        assert_eq!(
            check(&longer, "read", "secret", 1),
            Err(SignatureError::Wrong)
        );
        assert_eq!(
            check(&query(&[]), "read", "x", 1),
            Err(SignatureError::Missing)
        );
    }

    /// As the SDKs do it.
    fn sign(path: &str, operation: &str, user: &str, until: Option<u64>) -> String {
        let until = until.map_or_else(String::new, |until| format!(":{until}"));
        let hash = Sha256::digest(format!("{path}:{operation}:{user}:token{until}"));
        format!("v1_{}", STANDARD_NO_PAD.encode(hash))
    }

    proptest! {
        #[test]
        fn what_was_signed_is_right_and_nothing_else(
            (path, other) in ("\\PC{1,20}", "\\PC{1,20}"),
            user in "[a-z]{0,5}",
            until in proptest::option::of(1..1_000_u64),
        ) {
            let signature = sign(&path, "read", &user, until);
            let expiration = until.map(|until| until.to_string());
            let mut pairs = vec![("path", &*path), ("username", &user), ("signature", &signature)];
            pairs.extend(expiration.as_deref().map(|until| ("signature_expiration", until)));
            let mut asked = query(&pairs);

            prop_assert_eq!(check(&asked, "read", "token", 1), Ok(()));
            prop_assert_eq!(check(&asked, "write", "token", 1), Err(SignatureError::Wrong));
            if until.is_some() {
                prop_assert_eq!(check(&asked, "read", "token", 1_000), Err(SignatureError::Expired));
            }
            asked.insert("path".to_owned(), other.clone());
            prop_assert_eq!(check(&asked, "read", "token", 1).is_ok(), path == other);
        }

        #[test]
        fn nothing_guessed_is_right(signature in "v1_[A-Za-z0-9+/]{0,43}", path in "\\PC*") {
            let query = query(&[("path", &path), ("signature", &signature)]);
            prop_assert_eq!(check(&query, "read", "token", 0), Err(SignatureError::Wrong));
        }
    }
}
