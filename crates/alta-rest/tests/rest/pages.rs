//! Lists in pages.

use crate::support::{fixture, response, serve};
use alta_model::JoinedGroup;
use alta_rest::{ErrorKind, Pages, Request};
use futures_util::StreamExt;
use http::Method;
use serde_json::json;
use wiremock::matchers::{path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// The two pages of the fixtures; the fixture's token requests the second.
async fn two_pages() -> (MockServer, Pages<JoinedGroup>) {
    let token = &fixture("joined-groups-page-2")["request"]["query"]["paginationToken"];
    let (server, client) = serve([
        Mock::given(path("/api/groups/joined"))
            .and(query_param_is_missing("paginationToken"))
            .and(query_param("limit", "2"))
            .respond_with(response("joined-groups-page-1")),
        Mock::given(path("/api/groups/joined"))
            .and(query_param("paginationToken", token.as_str().unwrap()))
            .and(query_param("limit", "2"))
            .respond_with(response("joined-groups-page-2")),
    ])
    .await;
    (server, client.groups().joined().page_size(2))
}

async fn requests(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn all_pages_are_read_in_order() {
    let (server, pages) = two_pages().await;
    let groups = pages.collect(1_000).await.unwrap();
    let names: Vec<_> = groups
        .iter()
        .map(|joined| joined.group.servers[0].name.as_str())
        .collect();
    assert_eq!(names, ["Town 1", "Town 2", "Town 3"]);
    assert_eq!(requests(&server).await, 2);
}

#[tokio::test]
async fn a_page_is_fetched_only_when_it_is_read() {
    let (server, mut pages) = two_pages().await;
    assert_eq!(requests(&server).await, 0);
    pages.next().await.unwrap().unwrap();
    pages.next().await.unwrap().unwrap();
    assert_eq!(requests(&server).await, 1);
    assert!(pages.next().await.is_some());
    assert!(pages.next().await.is_none());
    assert!(pages.next().await.is_none());
    assert_eq!(requests(&server).await, 2);
}

#[tokio::test]
async fn a_list_is_a_stream() {
    let (_server, pages) = two_pages().await;
    let found: Vec<_> = StreamExt::collect(StreamExt::map(pages, |item| item.is_ok())).await;
    assert_eq!(found, [true, true, true]);
}

#[tokio::test]
async fn a_list_longer_than_the_bound_is_an_error_and_not_cut() {
    let (_server, pages) = two_pages().await;
    assert_eq!(pages.collect(3).await.unwrap().len(), 3);
    let (_server, pages) = two_pages().await;
    let error = pages.collect(2).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn an_error_at_the_bound_is_returned_instead_of_too_large() {
    let first = ResponseTemplate::new(200)
        .set_body_json(json!([1, 2]))
        .insert_header("paginationToken", "a");
    let (_server, client) = serve([
        Mock::given(query_param_is_missing("paginationToken")).respond_with(first),
        Mock::given(query_param("paginationToken", "a")).respond_with(ResponseTemplate::new(403)),
    ])
    .await;
    let pages = client.raw_pages(Request::new(Method::GET, "friends"));
    let error = pages.collect(2).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Forbidden);
}

#[tokio::test]
async fn a_repeated_token_is_an_error() {
    let page = |token: &str| {
        ResponseTemplate::new(200)
            .set_body_json(json!([1]))
            .insert_header("paginationToken", token)
    };
    let (server, client) = serve([
        Mock::given(query_param_is_missing("paginationToken")).respond_with(page("a")),
        Mock::given(query_param("paginationToken", "a")).respond_with(page("b")),
        Mock::given(query_param("paginationToken", "b")).respond_with(page("a")),
    ])
    .await;
    let mut pages = client.raw_pages(Request::new(Method::GET, "friends"));
    assert_eq!(pages.next().await.unwrap().unwrap(), 1);
    assert_eq!(pages.next().await.unwrap().unwrap(), 1);
    let error = pages.next().await.unwrap().unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::EndlessPages);
    assert!(pages.next().await.is_none());
    assert_eq!(requests(&server).await, 3);
}

#[tokio::test]
async fn an_empty_token_ends_the_list_and_an_empty_page_does_not() {
    let (_server, client) = serve([
        Mock::given(query_param_is_missing("paginationToken")).respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!([]))
                .insert_header("PAGINATIONTOKEN", "a"),
        ),
        Mock::given(query_param("paginationToken", "a")).respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!([1, 2]))
                .insert_header("paginationtoken", ""),
        ),
    ])
    .await;
    let pages = client.raw_pages(Request::new(Method::GET, "friends"));
    assert_eq!(pages.collect(10).await.unwrap(), [1, 2]);
}

#[tokio::test]
async fn an_empty_response_is_an_empty_list() {
    let (_server, client) =
        serve([Mock::given(path("/api/groups/joined")).respond_with(ResponseTemplate::new(204))])
            .await;
    assert_eq!(client.groups().joined().collect(10).await.unwrap(), []);
}

#[tokio::test]
async fn an_absent_list_differs_from_an_empty_one() {
    for (body, is_absent) in [("", true), (" null\n", true), ("[]", false)] {
        let response = ResponseTemplate::new(200).set_body_string(body);
        let (_server, client) =
            serve([Mock::given(path("/api/groups/joined")).respond_with(response)]).await;
        let mut groups = client.groups().joined();
        assert!(groups.next().await.is_none());
        assert_eq!(groups.is_absent(), is_absent, "{body:?}");
    }
}

#[tokio::test]
async fn an_error_ends_the_list_and_names_the_item() {
    let (_server, client) = serve([Mock::given(path("/api/groups/7/members")).respond_with(
        ResponseTemplate::new(200)
            .set_body_json(json!([null, {"group_id": 7, "user_id": {}}, {"group_id": {}}])),
    )])
    .await;
    let mut members = client.members().list("7".parse().unwrap());
    let error = members.next().await.unwrap().unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("user_id"), "{error}");
    assert!(members.next().await.is_none());
}
