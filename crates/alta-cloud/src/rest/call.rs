use crate::net::HttpRequest;
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;

/// An HTTP request, with its query decoded.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// The request.
    pub(super) request: &'a HttpRequest,
    /// The decoded query; names are in lower case.
    pub(super) query: BTreeMap<String, String>,
}

impl<'a> Call<'a> {
    pub(super) fn new(request: &'a HttpRequest) -> Self {
        let query = form(&request.query)
            .into_iter()
            .map(|(name, value)| (name.to_lowercase(), value))
            .collect();
        Self { request, query }
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
