//! An invalid value does not affect its neighbors.

use crate::support::serve;
use alta_model::{GroupId, Listing, Region, ServerId, Timestamp};
use alta_rest::{Client, ErrorKind, Request};
use http::Method;
use wiremock::matchers::{any, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A client of a service that responds to each request with this body.
async fn responding(body: impl Into<Vec<u8>>) -> (MockServer, Client) {
    let response = ResponseTemplate::new(200).set_body_raw(body, "application/json");
    serve([Mock::given(any()).respond_with(response)]).await
}

#[tokio::test]
async fn half_a_surrogate_pair_is_replaced_and_the_rest_is_read() {
    for name in [r"Fox\ud83d", r"Fox\ude00", r"Fox\uDC00\uD800"] {
        let body = format!(r#"[{{"id":7,"name":"{name}","{name}":1}},{{"id":8,"name":"Ashby"}}]"#);
        let (_server, client) = responding(body).await;
        let servers = client.servers().online().collect(10).await.unwrap();
        assert_eq!(servers[0].name.trim_end_matches('\u{fffd}'), "Fox");
        assert_eq!((servers.len(), servers[1].name.as_str()), (2, "Ashby"));

        let (_server, client) = responding(format!(r#"{{"id":7,"name":"{name}"}}"#)).await;
        let server = client.servers().get(ServerId::new(7)).await.unwrap();
        assert!(server.name.starts_with("Fox\u{fffd}"));
    }
    let latin_1 = b"\xef\xbb\xbf[{\"id\":7,\"name\":\"Fox\xe9\"},{\"id\":8}]";
    let (_server, client) = responding(*latin_1).await;
    let servers = client.servers().online().collect(10).await.unwrap();
    assert_eq!(
        (servers.len(), servers[0].name.as_str()),
        (2, "Fox\u{fffd}")
    );
}

#[tokio::test]
async fn half_a_surrogate_pair_in_a_refusal_hides_no_error_code() {
    let refusal = ResponseTemplate::new(400).set_body_raw(
        r#"{"message":"no Fox\ud83d","error_code":"InvalidUser"}"#,
        "application/json",
    );
    let (_server, client) = serve([Mock::given(any()).respond_with(refusal)]).await;
    let error = client.groups().get(GroupId::new(7)).await.unwrap_err();
    assert_eq!(error.message(), Some("no Fox\u{fffd}"));
    assert_eq!(error.error_code().unwrap().as_str(), "InvalidUser");

    let refusal =
        ResponseTemplate::new(400).set_body_raw(r#"{"message":["no Fox"]}"#, "application/json");
    let (_server, client) = serve([Mock::given(any()).respond_with(refusal)]).await;
    let error = client.groups().get(GroupId::new(7)).await.unwrap_err();
    assert!(error.to_string().contains("no Fox"), "{error}");
    for body in [
        r#"{"message":{"text":"no Fox"},"error_code":20}"#,
        r#"{"message":null,"error":"no Fox"}"#,
    ] {
        let refusal = ResponseTemplate::new(400).set_body_raw(body, "application/json");
        let (_server, client) = serve([Mock::given(any()).respond_with(refusal)]).await;
        let error = client.groups().get(GroupId::new(7)).await.unwrap_err();
        assert!(error.to_string().contains("no Fox"), "{error}");
        assert_eq!(error.error_code().is_some(), body.contains("20"), "{body}");
    }
}

#[tokio::test]
async fn the_largest_time_and_invalid_optional_fields_lose_no_record() {
    let (_server, client) = responding(
        r#"[{"id":7,"last_online":"9999-12-31T23:59:59.9999999","player_count":1e999,"up_time":[]},{"id":8}]"#,
    )
    .await;
    let servers = client.servers().online().collect(10).await.unwrap();
    assert_eq!(servers.len(), 2);
    assert_eq!(servers[0].last_online, Some(Timestamp::MAX));
    assert_eq!(servers[0].player_count, None);
    assert_eq!(servers[0].skipped().to_string(), "up_time");
}

#[tokio::test]
async fn an_invalid_entry_is_skipped_and_counted() {
    let (_server, client) =
        responding(r#"[null,{"id":8,"name":"Ashby"},{"name":"Thornwood"},"x",{"id":9}]"#).await;
    let servers = client.servers().online().collect(10).await.unwrap();
    let ids: Vec<_> = servers.iter().map(|server| server.id.get()).collect();
    assert_eq!(ids, [8, 9]);
    assert_eq!(servers.skipped().to_string(), "[0], [2], [3]");

    let (_server, client) = responding(r#"[{"display_name":"nowhere"},{"name":"europe"}]"#).await;
    let regions: Listing<Region> = client.servers().regions().await.unwrap();
    assert_eq!((regions.len(), regions.skipped().count()), (1, 1));
}

#[tokio::test]
async fn a_list_of_only_invalid_entries_is_an_error() {
    for body in [
        r#"[{"name":"Thornwood"}]"#,
        "[5,null]",
        r#"{"servers":[]}"#,
        "[{]",
    ] {
        let (_server, client) = responding(body).await;
        let error = client.servers().online().collect(10).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Decode, "{body}");
    }
    let (_server, client) = responding(r#"[{"display_name":"nowhere"}]"#).await;
    let error = client.servers().regions().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Decode);
}

/// A service with the pages a, b and c with these bodies.
async fn pages(bodies: [&str; 3]) -> (MockServer, Client) {
    let response = |body: &str| ResponseTemplate::new(200).set_body_raw(body, "application/json");
    serve([
        Mock::given(query_param_is_missing("paginationToken"))
            .respond_with(response(bodies[0]).insert_header("paginationToken", "b")),
        Mock::given(query_param("paginationToken", "b"))
            .respond_with(response(bodies[1]).insert_header("paginationToken", "c")),
        Mock::given(query_param("paginationToken", "c")).respond_with(response(bodies[2])),
    ])
    .await
}

#[tokio::test]
async fn skipped_entries_end_no_paging() {
    for bodies in [
        [r#"[{"id":1},{}]"#, "[{}]", r#"[{"id":2},null]"#],
        ["[{}]", r#"[{"id":1},null]"#, r#"[{},{"id":2}]"#],
        ["[{},null]", "[{}]", r#"[{"id":1},{"id":2}]"#],
    ] {
        let (server, client) = pages(bodies).await;
        let mut servers = client.servers().online();
        let mut ids = Vec::new();
        while let Some(server) = servers.next().await {
            ids.push(server.unwrap().id.get());
        }
        assert_eq!(ids, [1, 2], "{bodies:?}");
        assert_eq!(servers.skipped().count(), 3);
        assert_eq!(server.received_requests().await.unwrap().len(), 3);
    }
    let (_server, client) = pages(["[{}]", "[]", "[{},{}]"]).await;
    let mut servers = client.servers().online();
    let error = servers.next().await.unwrap().unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Decode);
    assert!(servers.next().await.is_none());
    assert_eq!(servers.skipped().count(), 3);
}

#[tokio::test]
async fn raw_pages_keep_their_nulls() {
    let (_server, client) = responding(r#"[null,1,"\ud83d"]"#).await;
    let pages = client.raw_pages(Request::new(Method::GET, "friends"));
    let values = pages.collect(10).await.unwrap();
    assert_eq!((values.len(), values.skipped().count()), (3, 0));
}
