//! Taking a command line apart.

use super::commands::Answered;
use crate::world::Server;

/// Splits a line into words; double or single quotes hold one together. There is no escape inside quotes.
pub(crate) fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    loop {
        while chars.next_if(|letter| letter.is_whitespace()).is_some() {}
        let Some(&first) = chars.peek() else {
            return words;
        };
        let mut word = String::new();
        if first == '"' || first == '\'' {
            chars.next();
            word.extend(chars.by_ref().take_while(|letter| *letter != first));
        } else {
            while let Some(letter) = chars.next_if(|letter| !letter.is_whitespace()) {
                word.push(letter);
            }
        }
        words.push(word);
    }
}

/// Ids of the players that a `PlayerList` names: an id, a name, `*`, or several with commas.
pub(crate) fn players(server: &Server, text: &str) -> Result<Vec<u64>, Answered> {
    if text == "*" {
        return Ok(server.players.keys().copied().collect());
    }
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| known(server, part))
        .collect()
}

fn known(server: &Server, text: &str) -> Result<u64, Answered> {
    player(server, text)
        .ok_or_else(|| Answered::Failed(format!("Couldn't find user with identifier {text}")))
}

/// The id of the player that text names: all digits are an id.
pub(crate) fn player(server: &Server, text: &str) -> Option<u64> {
    if let Ok(id) = text.parse::<u64>() {
        return server.players.contains_key(&id).then_some(id);
    }
    let mut players = server.players.values();
    players
        .find(|player| player.username.eq_ignore_ascii_case(text))
        .map(|player| player.id)
}

/// `x,y,z`.
pub(crate) fn vector(text: &str) -> Result<[f64; 3], Answered> {
    let bad = || Answered::Failed(format!("Cannot read {text} as Vector3"));
    let parts: Vec<f64> = text
        .split(',')
        .map(|part| part.trim().parse().map_err(|_| bad()))
        .collect::<Result<_, _>>()?;
    parts.try_into().map_err(|_| bad())
}

/// A number.
pub(crate) fn number<T: std::str::FromStr>(text: &str) -> Result<T, Answered> {
    text.parse()
        .map_err(|_| Answered::Failed(format!("Cannot read {text} as a number")))
}

/// `true` or `false` in any case.
pub(crate) fn truth(text: &str) -> Result<bool, Answered> {
    text.to_lowercase()
        .parse()
        .map_err(|_| Answered::Failed(format!("Cannot read {text} as Boolean")))
}

#[cfg(test)]
mod tests {
    use super::{split, vector};

    #[test]
    fn either_kind_of_quote_holds_words_together() {
        assert_eq!(
            split(r#"player message "-Bee- x" 'it"s' 5"#),
            ["player", "message", "-Bee- x", "it\"s", "5"]
        );
        assert_eq!(
            split(r#"player  kick "" O'Neil"#),
            ["player", "kick", "", "O'Neil"]
        );
        assert_eq!(split("   "), Vec::<String>::new());
    }

    #[test]
    fn a_quote_that_is_never_closed_reaches_to_the_end() {
        assert_eq!(split(r#"a "b c"#), ["a", "b c"]);
    }

    #[test]
    fn vectors_are_three_numbers() {
        assert_eq!(vector("1,-2.5,3").ok(), Some([1.0, -2.5, 3.0]));
        assert!(vector("1,2").is_err());
    }
}
