//! The schemas of `openapi.json` are those of the types that read requests. A body has a longest time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use super::body::Body;
use super::seen::What;
use super::wait::Wait;
use crate::action::Action;
use axum::extract::{FromRequest as _, Request};
use axum::response::IntoResponse as _;
use futures_util::stream;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use std::convert::Infallible;

/// Set it to write the schemas into the document.
const UPDATE: &str = "UPDATE_OPENAPI";

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

fn read() -> Value {
    serde_json::from_str(&std::fs::read_to_string(DOCUMENT).unwrap()).unwrap()
}

#[test]
fn the_document_has_the_schemas_of_the_types() {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    generator.subschema_for::<Action>();
    generator.subschema_for::<What>();
    generator.subschema_for::<Wait>();
    let before = read();
    let mut document = before.clone();
    let schemas = document["components"]["schemas"].as_object_mut().unwrap();
    schemas.extend(generator.take_definitions(true));
    if document != before && std::env::var_os(UPDATE).is_some() {
        let text = format!("{document:#}\n");
        std::fs::write(DOCUMENT, &text).unwrap();
    }
    let hint = format!("set {UPDATE}=1 and run the test again");
    assert!(read() == document, "openapi.json is not current: {hint}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_refused() {
    let never = stream::pending::<Result<Vec<u8>, Infallible>>();
    let request = Request::new(axum::body::Body::from_stream(never));
    let refused = Body::from_request(request, &()).await.err().unwrap();
    assert_eq!(refused.into_response().status(), 408);
}
