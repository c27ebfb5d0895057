/// Splits the text of one frame into its JSON objects, in order. Most frames contain one; some servers write several into one
/// frame, with or without white space between them.
///
/// Yields `Ok` for each whole object, unchanged, and at the end `Err` with the rest if it is not a whole object. Looks only at
/// strings and brackets: an object may be invalid JSON.
pub fn objects(text: &str) -> Objects<'_> {
    Objects { rest: text }
}

/// The JSON objects of a text; see [`objects`].
#[derive(Clone, Debug)]
pub struct Objects<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Objects<'a> {
    type Item = Result<&'a str, &'a str>;

    fn next(&mut self) -> Option<Self::Item> {
        // Includes the byte order mark and NUL, which contain no data.
        let is_blank = |char: char| char.is_whitespace() || char.is_control() || char == '\u{feff}';
        let rest = std::mem::take(&mut self.rest).trim_matches(is_blank);
        if rest.is_empty() {
            return None;
        }
        Some(match end_of_object(rest) {
            Some(end) => {
                let (object, rest) = rest.split_at(end);
                self.rest = rest;
                Ok(object)
            }
            None => Err(rest),
        })
    }
}

/// Returns the end of the object at the beginning of the text.
fn end_of_object(text: &str) -> Option<usize> {
    if !text.starts_with('{') {
        return None;
    }
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_whole_object_is_yielded_and_then_the_rest() {
        type Split<'a> = &'a [Result<&'a str, &'a str>];
        let cases: [(&str, Split<'_>); 12] = [
            ("", &[]),
            (" \r\n\u{feff}\0", &[]),
            (r#"{"a":1}"#, &[Ok(r#"{"a":1}"#)]),
            ("{}{}", &[Ok("{}"), Ok("{}")]),
            (" {}\r\n{} ", &[Ok("{}"), Ok("{}")]),
            (
                r#"{"a":"}{\"}"}{"b":[{}]}"#,
                &[Ok(r#"{"a":"}{\"}"}"#), Ok(r#"{"b":[{}]}"#)],
            ),
            (r#"{"a":"\\"}x"#, &[Ok(r#"{"a":"\\"}"#), Err("x")]),
            (r#"{}{"a":{}"#, &[Ok("{}"), Err(r#"{"a":{}"#)]),
            ("{},{}", &[Ok("{}"), Err(",{}")]),
            ("ping", &[Err("ping")]),
            ("[{}]", &[Err("[{}]")]),
            ("{}}", &[Ok("{}"), Err("}")]),
        ];
        for (text, split) in cases {
            assert_eq!(objects(text).collect::<Vec<_>>(), split, "{text}");
        }
    }

    proptest! {
        #[test]
        fn only_blanks_are_lost(text in "([{}\\[\\]\"\\\\ a]|\\PC){0,30}") {
            let pieces: String = objects(&text).map(|piece| piece.unwrap_or_else(|rest| rest)).collect();
            let visible = |text: &str| text.replace(char::is_whitespace, "");
            prop_assert_eq!(visible(&pieces), visible(&text));
        }
    }
}
