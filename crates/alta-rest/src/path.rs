use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::fmt::{self, Write as _};

/// The characters to encode in one segment of a path (RFC 3986, `pchar`).
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The characters to encode in a whole path, parts of which may be encoded already.
const PATH: &AsciiSet = &SEGMENT.remove(b'/').remove(b'%');

/// The characters to encode in a query.
const QUERY: &AsciiSet = &SEGMENT.add(b'&').add(b'+').add(b'=').add(b'\'').add(b';');

/// Encodes and joins segments. The error names an invalid segment.
pub(crate) fn join(segments: &[&dyn fmt::Display]) -> Result<String, String> {
    // Longer paths are rare.
    let mut path = String::with_capacity(64);
    for segment in segments {
        if !path.is_empty() {
            path.push('/');
        }
        let start = path.len();
        // Writing to a string fails only if the segment's own `Display` does.
        write!(Encoded(&mut path), "{segment}")
            .map_err(|_| "a segment of a path cannot be written")?;
        // Servers and proxies read dots as "this directory", encoded or not.
        let text = &path[start..];
        if matches!(text, "" | "." | "..") {
            return Err(format!("\"{text}\" cannot be a segment of a path"));
        }
    }
    Ok(path)
}

/// Appends the encoded characters of a segment.
struct Encoded<'a>(&'a mut String);

impl fmt::Write for Encoded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend(utf8_percent_encode(text, SEGMENT));
        Ok(())
    }
}

/// Encodes a whole path and removes the slashes at its ends.
pub(crate) fn whole(path: &str) -> String {
    utf8_percent_encode(path.trim_matches('/'), PATH).to_string()
}

/// An encoded query with its question mark, or nothing if it has no pairs.
pub(crate) fn query(pairs: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.extend(utf8_percent_encode(name, QUERY));
        text.push('=');
        text.extend(utf8_percent_encode(value, QUERY));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_stays_one_segment_with_any_characters() {
        assert_eq!(
            join(&[&"servers", &"name", &"Ashwick's server"]).unwrap(),
            "servers/name/Ashwick's%20server"
        );
        assert_eq!(join(&[&"a/b?c#d%e", &7]).unwrap(), "a%2Fb%3Fc%23d%25e/7");
        assert_eq!(join(&[&"\u{e9}\n"]).unwrap(), "%C3%A9%0A");
    }

    #[test]
    fn dots_and_an_empty_string_cannot_be_segments() {
        for odd in ["", ".", ".."] {
            assert!(join(&[&"servers", &"name", &odd]).is_err(), "{odd:?}");
        }
        assert_eq!(join(&[&"..."]).unwrap(), "...");
    }

    #[test]
    fn a_whole_path_keeps_its_slashes_and_encoded_parts() {
        assert_eq!(whole("/a/b%20c d/?x"), "a/b%20c%20d/%3Fx");
    }

    #[test]
    fn a_token_survives_the_query() {
        let token = "{\"PK\":\"u#1100000001\",\"SK\":\"g+2/=\"}&x";
        let text = query(&[
            ("limit".to_owned(), "2".to_owned()),
            ("paginationToken".to_owned(), token.to_owned()),
        ]);
        assert_eq!(
            text,
            "?limit=2&paginationToken=%7B%22PK%22:%22u%231100000001%22,%22SK%22:%22g%2B2%2F%3D%22%7D%26x"
        );
        let parsed: Vec<_> = url::form_urlencoded::parse(&text.as_bytes()[1..])
            .into_owned()
            .collect();
        assert_eq!(parsed[1].1, token);
        assert_eq!(query(&[]), "");
    }
}
