//! The OpenAPI document beside the server.

use super::Town;
use crate::support::rest;
use serde_json::{Value, json};

/// A document's schema with its references.
fn validator(document: &Value, schema: &Value) -> jsonschema::Validator {
    let mut root = schema.clone();
    root["components"] = document["components"].clone();
    jsonschema::validator_for(&root).unwrap()
}

fn check(document: &Value, schema: &Value, instance: &Value) {
    if let Err(error) = validator(document, schema).validate(instance) {
        panic!("{instance}: {error}");
    }
}

/// The values of the examples of a request.
fn examples(operation: &Value) -> Vec<(String, Value)> {
    let body = &operation["requestBody"]["content"]["application/json"];
    let examples = body["examples"].as_object().unwrap();
    let of = |(name, example): (&String, &Value)| (name.clone(), example["value"].clone());
    examples.iter().map(of).collect()
}

#[tokio::test]
async fn the_document_has_the_paths_and_methods_of_the_server() {
    let town = Town::new().await;
    let document = town.get("/openapi.json").await;
    let (_, listed) = town.refused("GET", "/nothing", "").await;
    let mut listed: Vec<&str> = listed
        .split("there is ")
        .nth(2)
        .unwrap()
        .split(", ")
        .collect();
    listed.sort_unstable();
    let paths = document["paths"].as_object().unwrap();
    let mut documented: Vec<&str> = paths.keys().map(String::as_str).collect();
    documented.sort_unstable();
    assert_eq!(listed, documented);
    for (path, operations) in paths {
        let path = path.replace("{what}", "commands");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let reply = town.call(method, &path, "").await;
            let is_documented = operations.get(method.to_lowercase()).is_some();
            assert_eq!(reply.status != 405, is_documented, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_action_has_an_example_that_the_schema_and_the_server_accept() {
    let town = Town::new().await;
    let document = town.get("/openapi.json").await;
    let operation = &document["paths"]["/actions"]["post"];
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let reply = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    let examples = examples(operation);
    let variants = document["components"]["schemas"]["Action"]["oneOf"]
        .as_array()
        .unwrap();
    for variant in variants {
        let name = variant["properties"]["do"]["const"].as_str().unwrap();
        assert!(
            examples
                .iter()
                .any(|(key, value)| key == name && value["do"] == name),
            "{name}"
        );
    }
    let prepare = json!([
        {"do": "join", "player": "Ashwick"},
        {"do": "join", "player": "Bracken"},
        {"do": "add-entity", "prefab": "Torch", "position": [0, 0, 0]},
        {"do": "add-member", "user": "Fern"},
        {"do": "invite", "user": "Cinder"},
        {"do": "ban", "user": "Dusk"},
        {"do": "request-to-join", "user": "Ember"},
    ]);
    for (name, action) in examples {
        check(&document, schema, &action);
        town.post("/reset", json!(null)).await;
        let results = town.post("/actions", prepare.clone()).await;
        check(&document, reply, &results);
        if name == "remove-entity" {
            assert_eq!(action["entity"], results[2]["entity"]);
        }
        let result = town.post("/actions", action.clone()).await;
        check(&document, reply, &result);
        // Neither the schema nor the server accepts a field that an action does not have.
        if action.is_object() {
            let mut wrong = action;
            wrong["extra"] = json!(7);
            assert!(!validator(&document, schema).is_valid(&wrong), "{name}");
            let (status, error) = town.refused("POST", "/actions", &wrong.to_string()).await;
            assert!(
                status == 400 && error.contains("unknown field `extra`"),
                "{name}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn requests_to_wait_and_all_replies_are_as_documented() {
    let town = Town::new().await;
    let document = town.get("/openapi.json").await;
    let mut bot = town.subscribed().await;
    town.post("/actions", json!({"do": "join", "player": "Ashwick"}))
        .await;
    bot.json().await;
    bot.command(2, "player message * hello 1").await;
    rest(&town.sim, "GET", "groups/joined?limit=3", "").await;
    let response = |path: &str, method: &str, status: u16| {
        let responses = &document["paths"][path][method]["responses"];
        responses[status.to_string()]["content"]["application/json"]["schema"].clone()
    };
    let state = town.get("/state").await;
    check(&document, &response("/state", "get", 200), &state);
    let kinds = document["components"]["schemas"]["What"]["oneOf"]
        .as_array()
        .unwrap();
    assert_eq!(kinds.len(), 7);
    for kind in kinds {
        let what = kind["const"].as_str().unwrap();
        let seen = town.get(&format!("/seen/{what}?limit=10")).await;
        check(&document, &response("/seen/{what}", "get", 200), &seen);
        let is_empty = seen["seen"].as_array().unwrap().is_empty();
        assert_eq!(is_empty, what == "socket-requests", "{what}");
    }
    let operation = &document["paths"]["/wait"]["post"];
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    for (_, mut example) in examples(operation) {
        check(&document, schema, &example);
        example["timeout"] = json!(0);
        let reply = town.call("POST", "/wait", &example.to_string()).await;
        assert_eq!(reply.status, 504, "{}", reply.text);
        check(&document, &response("/wait", "post", 504), &reply.json());
    }
    let seen = town.post("/wait", json!({"what": "messages"})).await;
    check(&document, &response("/wait", "post", 200), &seen);
    let error = town.call("POST", "/actions", "7").await.json();
    check(&document, &response("/actions", "post", 400), &error);
}
