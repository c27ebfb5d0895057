use crate::{Error, ErrorKind};
use alta_dial::basic_authorization;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Uri};
use url::Url;

/// Moves the user and password of the address to an `Authorization: Basic` header. A header that the request has already stays,
/// because a token takes precedence.
pub(crate) fn move_to_header(request: &mut Request<Bytes>) -> Result<(), Error> {
    // The search for a byte is faster than one for a character, and most addresses contain none.
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    let authority = authority.filter(|authority| authority.as_bytes().contains(&b'@'));
    let Some((_, host)) = authority.and_then(|authority| authority.rsplit_once('@')) else {
        return Ok(());
    };
    // The error has no source, because the source could quote the address.
    let invalid = || {
        Error::from(ErrorKind::InvalidInput)
            .caused_by("the address has an invalid user or password")
    };
    let host = host.parse().map_err(|_| invalid())?;
    let address: Url = request.uri().to_string().parse().map_err(|_| invalid())?;
    let mut parts = request.uri().clone().into_parts();
    parts.authority = Some(host);
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| invalid())?;
    if let Some(basic) = basic_authorization(&address) {
        request.headers_mut().entry(AUTHORIZATION).or_insert(basic);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_an_address_become_a_header_unless_there_is_one() {
        let moved = |uri: &str, header: Option<&str>| {
            let mut request = Request::get(uri);
            if let Some(header) = header {
                request = request.header(AUTHORIZATION, header);
            }
            let mut request = request.body(Bytes::new()).unwrap();
            move_to_header(&mut request).unwrap();
            let header = request.headers().get(AUTHORIZATION).cloned();
            let shown = header.map(|header| header.to_str().unwrap().to_owned());
            (request.uri().to_string(), shown)
        };
        let bare = "http://h:8080/api?x=1".to_owned();
        let basic = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".to_owned();
        let uri = "http://Aladdin:open%20sesame@h:8080/api?x=1";
        assert_eq!(moved(uri, None), (bare.clone(), Some(basic)));
        let bearer = Some("Bearer abc");
        assert_eq!(
            moved(uri, bearer),
            (bare.clone(), bearer.map(str::to_owned))
        );
        assert_eq!(moved(&bare, None), (bare.clone(), None));
    }
}
