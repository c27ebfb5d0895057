use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use url::Url;

/// The user and password of an address as an `Authorization` (or `Proxy-Authorization`) header with the scheme Basic, marked as
/// sensitive. None if the address has neither.
pub fn basic_authorization(address: &Url) -> Option<HeaderValue> {
    let (user, password) = credentials(address)?;
    let mut text = user;
    text.push(b':');
    text.extend(password);
    let header = format!("Basic {}", BASE64_STANDARD.encode(text));
    let mut header = HeaderValue::try_from(header).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// The decoded user and password of an address.
pub(crate) fn credentials(address: &Url) -> Option<(Vec<u8>, Vec<u8>)> {
    let decoded = |text| percent_decode_str(text).collect();
    let (user, password) = (address.username(), address.password());
    let some = !user.is_empty() || password.is_some();
    some.then(|| (decoded(user), decoded(password.unwrap_or_default())))
}

/// The address without user and password.
pub fn without_credentials(address: &Url) -> Url {
    let mut address = address.clone();
    // These fail for addresses that cannot have them.
    let _ = address.set_username("");
    let _ = address.set_password(None);
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_are_decoded_and_sent_as_basic() {
        let header = |address: &str| {
            let header = basic_authorization(&address.parse().unwrap())?;
            assert!(header.is_sensitive());
            Some(header.to_str().unwrap().to_owned())
        };
        for (address, text) in [
            ("ws://Aladdin:open%20sesame@h/", "Aladdin:open sesame"),
            ("http://me%40home:p%3Aq%2f%25@h/", "me@home:p:q/%"),
            ("ws://me@h/", "me:"),
            ("ws://:secret@h/", ":secret"),
            ("wss://%C3%A4:%F6@h/", "\u{e4}:\u{0}"),
        ] {
            let sent = header(address).unwrap();
            let encoded = sent.strip_prefix("Basic ").unwrap();
            let decoded = BASE64_STANDARD.decode(encoded).unwrap();
            let expected = text.replace('\0', "\u{f6}");
            let expected: Vec<u8> = if text.contains('\0') {
                [text.trim_end_matches('\0').as_bytes(), b"\xf6"].concat()
            } else {
                expected.into_bytes()
            };
            assert_eq!(decoded, expected, "{address}");
        }
        assert_eq!(header("ws://h/"), None);
    }

    #[test]
    fn an_address_loses_its_credentials_and_nothing_else() {
        let address = "ws://me:secret@h:80/x?y=1#z".parse().unwrap();
        assert_eq!(without_credentials(&address).as_str(), "ws://h/x?y=1#z");
    }
}
