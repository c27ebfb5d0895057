//! Finds the typed call for a fixture's method and path.

use alta_rest::EndpointInfo;
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;

/// The typed call for a method and a path such as `/groups/7/bans`. If several match, the one with the fewest placeholders.
pub(crate) fn endpoint_of(method: &str, path: &str) -> Option<&'static EndpointInfo> {
    alta_rest::endpoints()
        .filter(|call| call.method == method)
        .filter_map(|call| Some((arguments(&call.path(), path)?.len(), call)))
        .min_by_key(|(variables, _)| *variables)
        .map(|(_, call)| call)
}

/// The decoded values of a template's placeholders (`groups/{group}/bans`) in a path; `None` if the path does not match.
pub(crate) fn arguments(template: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let path: Vec<&str> = path.trim_matches('/').split('/').collect();
    let template: Vec<&str> = template.split('/').collect();
    if path.len() != template.len() {
        return None;
    }
    let mut arguments = BTreeMap::new();
    for (wanted, got) in template.into_iter().zip(path) {
        let got = percent_decode_str(got).decode_utf8().ok()?;
        match wanted
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            Some(name) => {
                arguments.insert(name.to_owned(), got.into_owned());
            }
            None if wanted == got => {}
            None => return None,
        }
    }
    Some(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_the_most_literal_call() {
        let of = |method, path| endpoint_of(method, path).map(|call| call.request);
        assert_eq!(of("GET", "/groups/joined"), Some("ListJoinedGroups"));
        assert_eq!(of("GET", "/groups/7"), Some("GetGroup"));
        assert_eq!(
            of("GET", "/friends/requests/sent"),
            Some("ListSentFriendRequests")
        );
        assert_eq!(of("GET", "/friends/7/8"), Some("GetFriendship"));
        assert_eq!(of("POST", "/groups/7/requests/8"), None);
    }

    #[test]
    fn arguments_are_decoded() {
        let found = arguments("servers/name/{name}", "/servers/name/A%2Fb%20c").unwrap();
        assert_eq!(found["name"], "A/b c");
        assert_eq!(arguments("servers/name/{name}", "/servers/name/a/b"), None);
    }
}
