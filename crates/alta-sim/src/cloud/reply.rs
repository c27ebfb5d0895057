use crate::faults::HttpAnswer;
use crate::json::Node;
use crate::recordings;

/// An answer of the token endpoint or of REST.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<Node>,
    /// Bytes instead of JSON: a file.
    pub(crate) file: Option<String>,
    /// A server to be started after this answer.
    pub(crate) launch: Option<u64>,
}

impl Reply {
    pub(crate) fn ok(body: impl Into<Node>) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: Some(body.into()),
            file: None,
            launch: None,
        }
    }

    /// 200 without a body.
    pub(crate) fn empty() -> Self {
        Self::status(200)
    }

    /// A status without a body.
    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
            file: None,
            launch: None,
        }
    }

    /// An error body of `message` and `error_code`.
    pub(crate) fn error(status: u16, message: &str, code: &str) -> Self {
        let body = recordings::rest_body("console-access-forbidden")
            .with("message", message)
            .with("error_code", code);
        Self {
            body: Some(body),
            ..Self::status(status)
        }
    }

    pub(crate) fn not_found() -> Self {
        Self::error(404, "Not found", "ObjectNotFound")
    }

    /// The fixture's answer to somebody without the permission.
    pub(crate) fn forbidden() -> Self {
        Self {
            body: Some(recordings::rest_body("console-access-forbidden")),
            ..Self::status(403)
        }
    }

    /// The fixture's answer to the wrong verb: no body.
    pub(crate) fn wrong_verb() -> Self {
        Self::status(405)
    }

    /// The fixture's answer to a body that cannot be used.
    pub(crate) fn bad_request(field: Option<&str>, message: &str) -> Self {
        let template = recordings::rest_body("bad-request-model");
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

    /// What the API gateway says by itself.
    pub(crate) fn gateway(status: u16, message: &str) -> Self {
        Self {
            body: Some(Node::object([("message", message.into())])),
            ..Self::status(status)
        }
    }

    pub(crate) fn body_text(&self) -> String {
        match (&self.file, &self.body) {
            (Some(file), _) => file.clone(),
            (None, Some(body)) => body.to_string(),
            (None, None) => String::new(),
        }
    }

    pub(crate) fn into_answer(self) -> HttpAnswer {
        let kind = if self.file.is_some() {
            "text/plain"
        } else {
            "application/json; charset=utf-8"
        };
        let mut answer = HttpAnswer::status(self.status).body(kind, &self.body_text());
        for (name, value) in self.headers {
            answer = answer.header(name, &value);
        }
        answer
    }
}
