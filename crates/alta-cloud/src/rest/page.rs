use super::reply::Reply;
use crate::wire::json::Node;
use std::collections::BTreeMap;

/// One page of an array. If there is another page, a header holds its token.
///
/// The token is opaque to clients. Like the one in the fixture, it has characters that a client must URL-encode.
pub(super) fn page(
    items: Vec<Node>,
    query: &BTreeMap<String, String>,
    default_size: usize,
) -> Result<Reply, Reply> {
    let size = query
        .get("limit")
        .and_then(|limit| limit.parse().ok())
        .filter(|size| *size > 0)
        .unwrap_or(default_size);
    let start = match query
        .get("paginationtoken")
        .filter(|token| !token.is_empty())
    {
        None => 0,
        Some(token) => match offset(token) {
            Some(start) => start,
            None => {
                return Err(Reply::error(
                    400,
                    "Invalid pagination token",
                    "InvalidQueryValue",
                ));
            }
        },
    };
    let end = start.saturating_add(size);
    let more = end < items.len();
    let mut reply = Reply::ok(items.into_iter().skip(start).take(size).collect::<Vec<_>>());
    if more {
        reply.headers.push(("paginationToken", token(end)));
    }
    Ok(reply)
}

const HEAD: &str = "{\"PK\":\"u#1100000001\",\"SK\":\"g+";
const TAIL: &str = "/=\"}";

fn token(offset: usize) -> String {
    format!("{HEAD}{offset}{TAIL}")
}

fn offset(token: &str) -> Option<usize> {
    token.strip_prefix(HEAD)?.strip_suffix(TAIL)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(reply: &Reply) -> String {
        reply.body_text()
    }

    #[test]
    fn pages_follow_one_another_until_there_is_no_token() {
        let items = || (0_u64..5).map(Node::from).collect::<Vec<_>>();
        let mut query = BTreeMap::from([("limit".to_owned(), "2".to_owned())]);
        let mut seen = Vec::new();
        loop {
            let reply = page(items(), &query, 100).unwrap();
            seen.push(numbers(&reply));
            let Some((_, token)) = reply.headers.first() else {
                break;
            };
            query.insert("paginationtoken".to_owned(), token.clone());
        }
        assert_eq!(seen, ["[0,1]", "[2,3]", "[4]"]);
    }

    #[test]
    fn a_token_that_was_not_encoded_is_refused() {
        let query = BTreeMap::from([("paginationtoken".to_owned(), token(2).replace('+', " "))]);
        let refusal = page(vec![Node::Null], &query, 1).unwrap_err();
        assert_eq!(refusal.status, 400);
    }
}
