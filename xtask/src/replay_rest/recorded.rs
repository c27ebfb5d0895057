//! The parts of a fixture's exchange.

use super::template::{arguments, endpoint_of};
use crate::Error;
use alta_rest::EndpointInfo;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::str::FromStr;

pub(super) const BOT: &str = "Bearer <bot access token>";
pub(super) const USER: &str = "Bearer <user access token>";

/// The query parameter that requests another page, and the header that announces one.
pub(super) const PAGING: &str = "paginationToken";

pub(super) struct Recorded {
    pub(super) request: Request,
    pub(super) response: Response,
    /// The typed call, if there is one for it.
    pub(super) call: Option<&'static EndpointInfo>,
    arguments: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: BTreeMap<String, String>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Value,
}

#[derive(Deserialize)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Value,
    pub(super) transfer: Option<Transfer>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Transfer {
    Cut,
    Drip,
}

impl Recorded {
    pub(super) fn read(recording: &Value) -> Result<Self, Error> {
        let request = Request::deserialize(&recording["request"])?;
        let response = Response::deserialize(&recording["response"])?;
        let call = endpoint_of(&request.method, &request.path);
        let arguments = call
            .and_then(|call| arguments(&call.path(), &request.path))
            .unwrap_or_default();
        Ok(Self {
            request,
            response,
            call,
            arguments,
        })
    }

    /// The path of the request: of an absolute address, everything after the host; otherwise a path below the base.
    pub(super) fn path(&self) -> String {
        match self.request.path.strip_prefix("https://") {
            Some(address) => address
                .find('/')
                .map_or_else(String::new, |slash| address[slash..].to_owned()),
            None => format!("/api{}", self.request.path),
        }
    }

    pub(super) fn authorization(&self) -> Option<&str> {
        self.request
            .headers
            .get("authorization")
            .map(String::as_str)
    }

    /// The value of a placeholder in the path.
    pub(super) fn argument<T: FromStr>(&self, name: &str) -> Result<T, Error> {
        self.arguments
            .get(name)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| format!("{name} is not in the path").into())
    }

    /// The body of the request as JSON, also if the fixture has it as a string.
    pub(super) fn body(&self) -> Value {
        match &self.request.body {
            Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
            body => body.clone(),
        }
    }

    /// A string in the body of the request; empty if there is none.
    pub(super) fn text(&self, field: &str) -> String {
        self.body()[field].as_str().unwrap_or_default().to_owned()
    }

    /// A field of the body of the request, as any type.
    pub(super) fn field<T: for<'a> Deserialize<'a>>(&self, field: &str) -> Result<T, Error> {
        serde_json::from_value(self.body()[field].clone())
            .map_err(|error| format!("{field} of the body of the fixture: {error}").into())
    }

    /// The bytes of the reply's body.
    pub(super) fn reply(&self) -> Vec<u8> {
        match &self.response.body {
            Value::Null => Vec::new(),
            Value::String(text) => text.clone().into_bytes(),
            body => body.to_string().into_bytes(),
        }
    }
}
