use crate::net::HttpRequest;
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;

/// An HTTP request, with its path and its query decoded.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// The request.
    pub(super) request: &'a HttpRequest,
    /// The decoded segments of the path, as sent.
    pub(super) raw: Vec<String>,
    /// The decoded segments of the path, in lower case.
    pub(super) path: Vec<String>,
    /// The decoded query; names are in lower case.
    pub(super) query: BTreeMap<String, String>,
}

impl<'a> Call<'a> {
    pub(super) fn new(request: &'a HttpRequest) -> Self {
        let raw: Vec<String> = request
            .path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let path = raw.iter().map(|segment| segment.to_lowercase()).collect();
        let query = form(&request.query)
            .into_iter()
            .map(|(name, value)| (name.to_lowercase(), value))
            .collect();
        Self {
            request,
            raw,
            path,
            query,
        }
    }
}

/// The decoded names and values of a query or a form.
pub(super) fn form(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| {
        percent_decode_str(&part.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}
