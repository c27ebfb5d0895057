use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::Uri;
use http::uri::PathAndQuery;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The characters of a path segment that are not encoded.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Writes the path of a request in the form that the routes have, since clients write it in several ways.
pub(super) async fn canonical(mut request: Request, next: Next) -> Response {
    let path = canonical_path(request.uri().path());
    // Only a path of more than 64 KiB is no URI. The routes do not know it in the client's form either.
    if let Ok(path) = PathAndQuery::try_from(path) {
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.path_and_query = Some(path);
        *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
    }
    next.run(request).await
}

/// Lower case, without empty segments; `/prod/api` and `/test/api`, the bases of older hosts, become `/api`.
fn canonical_path(path: &str) -> String {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let mut segments: Vec<String> = segments
        .map(|segment| {
            let text = percent_decode_str(segment).decode_utf8_lossy();
            utf8_percent_encode(&text.to_lowercase(), SEGMENT).to_string()
        })
        .collect();
    if let [stage, api, ..] = segments.as_slice()
        && ["prod", "test"].contains(&stage.as_str())
        && api == "api"
    {
        drop(segments.remove(0));
    }
    format!("/{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::canonical_path;

    #[test]
    fn paths_in_all_their_forms_are_the_same() {
        for path in [
            "/api/groups/joined",
            "/API//Groups/joined/",
            "/prod/api/groups/%6aoined",
            "//test/Api/groups/JOINED",
        ] {
            assert_eq!(canonical_path(path), "/api/groups/joined");
        }
        assert_eq!(canonical_path("/"), "/");
    }

    #[test]
    fn an_encoded_character_never_becomes_a_part_of_the_path() {
        for (path, expected) in [
            ("/api/groups/%2e%2e/x", "/api/groups/../x"),
            ("/api/servers/name/a%2Fb", "/api/servers/name/a%2Fb"),
            (
                "/api/servers/name/%C3%84%00%3f",
                "/api/servers/name/%C3%A4%00%3F",
            ),
            (
                "/api/servers/name/%ff%zz",
                "/api/servers/name/%EF%BF%BD%25zz",
            ),
            ("/live/api/groups", "/live/api/groups"),
        ] {
            assert_eq!(canonical_path(path), expected);
        }
    }
}
