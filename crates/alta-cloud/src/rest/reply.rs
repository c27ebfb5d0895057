use crate::net::HttpReply;
use crate::store::{StoreError, StoreErrorKind};
use crate::wire::json::Node;
use crate::wire::rest_body;
use axum::response::{IntoResponse, Response};

/// A reply of the token endpoint or of REST.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<Node>,
    /// The text of a file, in place of JSON.
    pub(super) file: Option<String>,
    /// A server that starts after this reply.
    pub(super) starts: Option<u64>,
}

impl Reply {
    /// 200 with a JSON body.
    pub(super) fn ok(body: impl Into<Node>) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: Some(body.into()),
            file: None,
            starts: None,
        }
    }

    /// 200 without a body.
    pub(super) fn empty() -> Self {
        Self::status(200)
    }

    /// A status without a body.
    pub(super) fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
            file: None,
            starts: None,
        }
    }

    /// A status with an error body of `message` and `error_code`.
    pub(super) fn error(status: u16, message: &str, code: &str) -> Self {
        let body = rest_body("console-access-forbidden")
            .with("message", message)
            .with("error_code", code);
        Self {
            body: Some(body),
            ..Self::status(status)
        }
    }

    /// 503 with an error body, for a change that could not be stored and is undone.
    pub(super) fn unavailable(error: &StoreError) -> Self {
        // The path of the store is not for clients.
        let message = match error.kind() {
            StoreErrorKind::Full => "The change is not stored: the disk of the service is full",
            StoreErrorKind::Locked | StoreErrorKind::ChangedElsewhere => {
                "The change is not stored: another program is changing the service; try again"
            }
            _ => "The change is not stored: the store of the service has failed",
        };
        Self::error(503, message, "ServiceUnavailable")
    }

    /// 404 with an error body.
    pub(super) fn not_found() -> Self {
        Self::error(404, "Not found", "ObjectNotFound")
    }

    /// 403 with the sample's error body for a missing permission.
    pub(super) fn forbidden() -> Self {
        Self {
            body: Some(rest_body("console-access-forbidden")),
            ..Self::status(403)
        }
    }

    /// 405 without a body, for the wrong method.
    pub(super) fn wrong_method() -> Self {
        Self::status(405)
    }

    /// 400 with the sample's error body for an invalid request body.
    pub(super) fn bad_request(field: Option<&str>, message: &str) -> Self {
        let template = rest_body("bad-request-model");
        let entry = match field {
            Some(field) => Node::object([("field", field.into()), ("message", message.into())]),
            None => Node::object([("message", message.into())]),
        };
        let errors = template
            .get("request_model_errors")
            .cloned()
            .unwrap_or(Node::Null)
            .with("errors", vec![entry]);
        Self {
            body: Some(template.with("request_model_errors", errors)),
            ..Self::status(400)
        }
    }

    /// A status with the body of the API gateway in front of the real service.
    pub(super) fn gateway(status: u16, message: &str) -> Self {
        Self {
            body: Some(Node::object([("message", message.into())])),
            ..Self::status(status)
        }
    }

    /// 200 with a text file.
    pub(super) fn file(text: String) -> Self {
        Self {
            file: Some(text),
            ..Self::empty()
        }
    }

    pub(super) fn body_text(&self) -> String {
        match (&self.file, &self.body) {
            (Some(file), _) => file.clone(),
            (None, Some(body)) => body.to_string(),
            (None, None) => String::new(),
        }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let kind = if self.file.is_some() {
            "text/plain"
        } else {
            "application/json; charset=utf-8"
        };
        let mut reply = HttpReply::status(self.status).body(kind, &self.body_text());
        for (name, value) in self.headers {
            reply = reply.header(name, &value);
        }
        reply.into_response()
    }
}
