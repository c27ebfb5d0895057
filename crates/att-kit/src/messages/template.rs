use crate::error::{Error, ErrorKind};
use std::fmt::{Display, Write as _};

/// A text with placeholders, from a configuration for example: `Welcome, {name}!`.
///
/// The values only become text: a value is never read as a placeholder, and the whole text is one argument of the command. How
/// characters that a command cannot contain are replaced is the choice of the [`Argument`](att_console::Argument) that is made
/// of the text. `{{` and `}}` are braces.
///
/// ```
/// use att_console::Argument;
/// use att_kit::messages::Template;
///
/// let welcome = Template::new("Welcome, {name}! {count} players are here.", ["name", "count"])?;
/// let text = welcome.fill([&r#"a"b\c {count}"#, &3]);
/// assert_eq!(text, r#"Welcome, a"b\c {count}! 3 players are here."#);
/// let argument = Argument::replacing(text, '\'');
/// assert_eq!(argument.replaced(), ['"', '\\']);
///
/// let error = Template::new("Welcome, {nmae}!", ["name"]).unwrap_err();
/// assert!(error.to_string().contains("{nmae}"));
/// # Ok::<(), att_kit::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template<const N: usize> {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// The position of its value.
    Value(usize),
}

impl<const N: usize> Template<N> {
    /// Parses a text whose placeholders are among these names. A name can be used several times, or not at all.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] with each unknown placeholder and each brace without its other half.
    pub fn new(text: &str, names: [&str; N]) -> Result<Self, Error> {
        let mut parts = Vec::new();
        let mut problems = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, after) = rest.split_at(at);
            literal.push_str(before);
            if let Some(after) = after.strip_prefix("{{") {
                literal.push('{');
                rest = after;
            } else if let Some(after) = after.strip_prefix("}}") {
                literal.push('}');
                rest = after;
            } else if let Some((name, after)) = placeholder(after) {
                parts.push(Part::Text(std::mem::take(&mut literal)));
                match names.iter().position(|known| *known == name) {
                    Some(position) => parts.push(Part::Value(position)),
                    None => problems.push(format!(
                        "there is no value for {{{name}}}, only for {}",
                        list(&names)
                    )),
                }
                rest = after;
            } else {
                problems.push(format!(
                    "the brace before {:?} has no other half; write it twice for a brace",
                    after.get(1..).unwrap_or_default()
                ));
                rest = "";
            }
        }
        literal.push_str(rest);
        parts.push(Part::Text(literal));
        if problems.is_empty() {
            Ok(Self { parts })
        } else {
            let doing = format!("parsing the template {text:?}");
            Err(Error::new(ErrorKind::Config { problems }, doing))
        }
    }

    /// The text with these values, in the order of the names.
    pub fn fill(&self, values: [&dyn Display; N]) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Value(position) => {
                    // Writing to a string cannot fail; a value whose own `Display` fails is cut.
                    let _ = write!(text, "{}", values[*position]);
                }
            }
        }
        text
    }
}

/// Splits `{name}rest`.
fn placeholder(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.strip_prefix('{')?.split_once('}')?;
    (!name.contains('{')).then_some((name, rest))
}

fn list(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("{{{name}}}")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn braces_are_written_twice() {
        let template = Template::new("{{{a}}} }}{{", ["a"]).unwrap();
        assert_eq!(template.fill([&"}"]), "{}} }{");
    }

    #[test]
    fn a_mistake_is_found_when_the_template_is_made() {
        let problems = |text| match Template::new(text, ["name"]).unwrap_err().kind() {
            ErrorKind::Config { problems } => problems.clone(),
            other => panic!("{other}"),
        };
        assert_eq!(problems("{a} {name} {b}").len(), 2);
        assert_eq!(
            problems("Hello {name")[0],
            "the brace before \"name\" has no other half; write it twice for a brace"
        );
        assert_eq!(problems("Hello }").len(), 1);
        assert_eq!(problems("{").len(), 1);
        assert!(problems("{}")[0].contains("no value for {}"));
    }

    proptest! {
        #[test]
        fn a_value_is_only_text(value in "\\PC{0,12}|[{}a\"\\\\]{0,12}") {
            let template = Template::new("<{a}|{b}|{a}>", ["a", "b"]).unwrap();
            let expected = format!("<{value}|7|{value}>");
            prop_assert_eq!(template.fill([&value, &7]), expected);
        }

        #[test]
        fn any_text_is_a_template_or_an_error(text in "[{}a ]{0,12}") {
            if let Ok(template) = Template::new(&text, ["a"]) {
                template.fill([&"value"]);
            }
        }
    }
}
