use crate::access::ConsoleAccess;
use alta_dial::without_credentials;
use alta_model::console::result::FileDownload;
use alta_model::json;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, HeaderValue};
use serde_json::Value;

/// `GET {file server}/output/{user}/{file}`, with the console's token (att-websockets, ATT-Dashboard).
pub(crate) fn request(access: &ConsoleAccess, file: &FileDownload) -> Option<http::Request<()>> {
    // The token takes the header of the user and password.
    let mut url = without_credentials(access.web_server.as_ref()?);
    let user = user_of(access.token.expose()).unwrap_or_else(|| "0".to_owned());
    let path = file.download_url.replace('\\', "/");
    url.path_segments_mut()
        .ok()?
        .pop_if_empty()
        .push("output")
        .push(&user)
        // Each segment is encoded; segments that leave the folder are dropped.
        .extend(
            path.split('/')
                .filter(|part| !matches!(*part, "" | "." | "..")),
        );
    let mut token = HeaderValue::from_str(&format!("Bearer {}", access.token.expose())).ok()?;
    token.set_sensitive(true);
    http::Request::get(url.as_str())
        .header(AUTHORIZATION, token)
        .body(())
        .ok()
}

/// The user whose folder the server writes files to: the claim `UserId` of the console's token.
fn user_of(token: &str) -> Option<String> {
    let claims = token.split('.').nth(1)?.trim_end_matches('=');
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims: Value = json::from_str(&String::from_utf8_lossy(&claims)).ok()?;
    match &claims["UserId"] {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(claims: &str) -> ConsoleAccess {
        let token = format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims));
        ConsoleAccess::new("ws://203.0.113.17:7667/".parse().unwrap(), token)
    }

    fn file(url: &str) -> FileDownload {
        serde_json::from_value(serde_json::json!({ "downloadUrl": url })).unwrap()
    }

    #[test]
    fn a_file_is_in_the_folder_of_the_user_and_its_header_is_sensitive() {
        let access = access(r#"{"UserId":"1100000001"}"#)
            .web_server("http://203.0.113.17:7780/".parse().unwrap());
        let request = request(&access, &file("Chunk Details 2023-10-20.txt")).unwrap();
        assert_eq!(
            request.uri(),
            "http://203.0.113.17:7780/output/1100000001/Chunk%20Details%202023-10-20.txt"
        );
        assert!(request.headers()[AUTHORIZATION].is_sensitive());
        assert!(!format!("{request:?}").contains(access.token.expose()));
    }

    #[test]
    fn a_path_cannot_leave_the_folder_and_every_segment_is_encoded() {
        let access = access(r#"{"UserId":0}"#).web_server("http://localhost:1761".parse().unwrap());
        let request = request(&access, &file("../..\\saves/a?b#c%/é.zip")).unwrap();
        assert_eq!(
            request.uri().to_string(),
            "http://localhost:1761/output/0/saves/a%3Fb%23c%25/%C3%A9.zip"
        );
    }

    #[test]
    fn without_a_file_server_there_is_no_request_and_an_unreadable_token_means_user_zero() {
        assert!(request(&access("{}"), &file("x")).is_none());
        let mut strange =
            ConsoleAccess::new("ws://localhost/".parse().unwrap(), "no JWT".to_owned());
        strange.web_server = Some("http://localhost:1761/".parse().unwrap());
        let request = request(&strange, &file("x")).unwrap();
        assert_eq!(request.uri().path(), "/output/0/x");
    }
}
