//! Pages of lists. The cursor is E2B's: the place in the order, not an entry, so that neither a kill nor
//! a resume between two pages hides what comes after.

use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;

use super::observe::QueryParams;
use super::request::ApiResult;
use crate::e2b::wire;
use crate::local::error::ApiError;

/// Default and maximum of a page (E2B's own).
const PAGE: usize = 100;
const SEPARATOR: &str = "__";
const ASCENDING: &str = "asc";

/// Where an entry stands: newest first, then by id; ascending is the exact reverse.
pub(super) type PagePosition<'a> = (u64, &'a str);

/// Sorts a list and cuts the page out of it that the query asks for; adds the cursor of the next
/// one to the headers.
pub(super) fn of<T>(
    mut all: Vec<T>,
    query: &QueryParams,
    place: impl for<'a> Fn(&'a T) -> PagePosition<'a>,
    headers: &mut HeaderMap,
) -> ApiResult<Vec<T>> {
    let limit = query.get("limit").map_or(Ok(PAGE), |limit| limit.parse());
    let limit = limit
        .map_err(|_| ApiError::bad("limit must be a number"))?
        .clamp(1, PAGE);
    let ascending = query.get("order").is_some_and(|order| order == ASCENDING);
    let token = query.get("nextToken").filter(|token| !token.is_empty());
    let after = token
        .map(|token| read(token).filter(|(.., order)| *order == ascending))
        .map(|read| read.ok_or_else(|| ApiError::bad("Invalid next token")))
        .transpose()?;
    let newest_first = |a: PagePosition<'_>, b: PagePosition<'_>| b.0.cmp(&a.0).then(a.1.cmp(b.1));
    let order = |a: PagePosition<'_>, b: PagePosition<'_>| {
        let order = newest_first(a, b);
        if ascending { order.reverse() } else { order }
    };
    if let Some((millis, id, _)) = &after {
        all.retain(|one| order(place(one), (*millis, id)).is_gt());
    }
    all.sort_by(|a, b| order(place(a), place(b)));
    let more = all.len() > limit;
    all.truncate(limit);
    if let Some(last) = all.last().filter(|_| more) {
        let token = HeaderValue::from_str(&write(place(last), ascending));
        let token = token.map_err(|error| ApiError::internal(error.to_string()))?;
        headers.insert("x-next-token", token);
    }
    Ok(all)
}

fn write((millis, id): PagePosition<'_>, ascending: bool) -> String {
    let time = wire::to_rfc3339(i64::try_from(millis).unwrap_or(i64::MAX));
    let order = if ascending { "__asc" } else { "" };
    URL_SAFE.encode(format!("{time}{SEPARATOR}{id}{order}"))
}

fn read(token: &str) -> Option<(u64, String, bool)> {
    let text = String::from_utf8(URL_SAFE.decode(token).ok()?).ok()?;
    let mut parts = text.split(SEPARATOR);
    let millis = u64::try_from(wire::unix_millis(parts.next()?)?).ok()?;
    let id = parts.next()?.to_owned();
    let ascending = match parts.next() {
        None => false,
        Some(ASCENDING) => true,
        Some(_) => return None,
    };
    parts.next().is_none().then_some((millis, id, ascending))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(all: &[(u64, String)], query: &[(&str, &str)]) -> (Vec<(u64, String)>, Option<String>) {
        let query = query
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let mut headers = HeaderMap::new();
        let page = of(
            all.to_vec(),
            &query.collect(),
            |one| (one.0, &one.1),
            &mut headers,
        );
        let next = headers
            .get("x-next-token")
            .map(|token| token.to_str().unwrap().to_owned());
        (page.unwrap(), next)
    }

    #[test]
    fn what_was_removed_between_two_pages_hides_nothing() {
        let mut all = vec![
            (3, "a".to_owned()),
            (2, "b".to_owned()),
            (1, "c".to_owned()),
        ];

        let (first, next) = page(&all, &[("limit", "2")]);
        all.remove(1);
        let (second, end) = page(&all, &[("limit", "2"), ("nextToken", &next.unwrap())]);

        assert_eq!(first, [(3, "a".to_owned()), (2, "b".to_owned())]);
        assert_eq!((second, end), (vec![(1, "c".to_owned())], None));
    }

    proptest! {
        #[test]
        fn the_pages_together_are_the_list_in_either_order(
            all in proptest::collection::btree_set((0..5_u64, "[a-z]{1,3}"), 0..12),
            limit in 1..5_usize,
            ascending in any::<bool>(),
        ) {
            let all: Vec<_> = all.into_iter().collect();
            let order = if ascending { "asc" } else { "desc" };
            let limit = limit.to_string();
            let mut token = String::new();
            let mut seen = Vec::new();
            loop {
                let query = [("limit", &*limit), ("order", order), ("nextToken", &*token)];
                let (some, next) = page(&all, &query);
                seen.extend(some);
                let Some(next) = next else { break };
                token = next;
            }

            let mut wanted = all;
            wanted.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            if ascending {
                wanted.reverse();
            }
            prop_assert_eq!(seen, wanted);
        }

        #[test]
        fn no_token_breaks_the_reader(token in "\\PC*") {
            let _ = read(&token);
        }
    }
}
