//! A call as it is named on the command line, and what came of it, before anything is replaced.

use std::{collections::BTreeMap, str::FromStr};

use alta_rest::{Account, Request};
use bytes::Bytes;
use http::{Method, Response};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use crate::Error;

/// The headers of answers that matter.
const HEADERS: [(&str, &str); 3] = [
    ("content-type", "content-type"),
    ("paginationtoken", "paginationToken"),
    ("retry-after", "retry-after"),
];

pub(super) struct Call {
    method: Method,
    /// As it is sent, without slashes at its ends.
    path: String,
    query: BTreeMap<String, String>,
    body: Option<Value>,
}

impl FromStr for Call {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = text.splitn(3, ' ');
        let method = parts.next().unwrap_or_default();
        let method = Method::from_str(method).map_err(|_| format!("no method: {method:?}"))?;
        let target = parts.next().ok_or("a method and a path make a call")?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let body = parts
            .next()
            .map(serde_json::from_str)
            .transpose()
            .map_err(|error| format!("the body of {text:?}: {error}"))?;
        Ok(Self {
            method,
            path: path.trim_matches('/').to_owned(),
            query: form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            body,
        })
    }
}

impl Call {
    pub(super) fn request(&self, account: Account) -> Request {
        let mut request = Request::new(self.method.clone(), &self.path).account(account);
        for (name, value) in &self.query {
            request = request.query(name, value);
        }
        match &self.body {
            Some(body) => request.json(body),
            None => request,
        }
    }
}

/// What went over the wire.
pub(super) struct Raw {
    pub(super) sent: Bytes,
    pub(super) answer: Response<Bytes>,
}

/// A call and its answer as a recording's `request` and `response`.
pub(super) struct Exchange {
    pub(super) status: u16,
    pub(super) value: Value,
}

impl Exchange {
    pub(super) fn new(
        call: &Call,
        raw: &Raw,
        account: Account,
        is_bot: bool,
    ) -> Result<Self, Error> {
        let mut headers = Map::new();
        if !matches!(account, Account::None) {
            let who = if is_bot { "bot" } else { "user" };
            headers.insert(
                "authorization".to_owned(),
                json!(format!("Bearer <{who} access token>")),
            );
        }
        let status = raw.answer.status().as_u16();
        let answered: Map<String, Value> = HEADERS
            .iter()
            .filter_map(|(name, shown)| {
                let value = raw.answer.headers().get(*name)?.to_str().ok()?;
                Some(((*shown).to_owned(), json!(value)))
            })
            .collect();
        let value = json!({
            "request": {
                "method": call.method.as_str(),
                "path": format!("/{}", call.path),
                "query": call.query,
                "headers": headers,
                "body": body(&raw.sent)?,
            },
            "response": {
                "status": status,
                "headers": answered,
                "body": body(raw.answer.body())?,
            },
        });
        Ok(Self { status, value })
    }
}

/// JSON as it is, other text as a text, nothing as null.
fn body(bytes: &[u8]) -> Result<Value, Error> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    match serde_json::from_slice(bytes) {
        // A text of JSON, or a number, would be taken for something else.
        Ok(Value::String(_) | Value::Number(_) | Value::Null) | Err(_) => {
            Ok(Value::String(std::str::from_utf8(bytes)?.to_owned()))
        }
        Ok(value) => Ok(value),
    }
}
