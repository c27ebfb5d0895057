//! Parses command lines and their arguments.

use crate::world::GameServer;

/// The message of an argument that is not valid.
#[derive(Debug, PartialEq)]
pub(super) struct Invalid(pub(super) String);

/// Splits a line into words. Double or single quotes enclose a word with spaces; there is no escape inside quotes.
pub(super) fn split(line: &str) -> Vec<String> {
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

/// The ids of the players in a `PlayerList`: ids and names with commas between them, or `*` for all.
pub(super) fn players(game: &GameServer, text: &str) -> Result<Vec<u64>, Invalid> {
    if text == "*" {
        return Ok(game.players.keys().copied().collect());
    }
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| known(game, part))
        .collect()
}

fn known(game: &GameServer, text: &str) -> Result<u64, Invalid> {
    player(game, text).ok_or_else(|| Invalid(format!("Couldn't find user with identifier {text}")))
}

/// The id of the player with this id or name. A string of digits is an id.
pub(super) fn player(game: &GameServer, text: &str) -> Option<u64> {
    if let Ok(id) = text.parse::<u64>() {
        return game.players.contains_key(&id).then_some(id);
    }
    let mut players = game.players.values();
    players
        .find(|player| player.username.eq_ignore_ascii_case(text))
        .map(|player| player.id)
}

/// `x,y,z`.
pub(super) fn vector(text: &str) -> Result<[f64; 3], Invalid> {
    let bad = || Invalid(format!("Cannot read {text} as Vector3"));
    let parts: Vec<f64> = text
        .split(',')
        .map(|part| part.trim().parse().map_err(|_| bad()))
        .collect::<Result<_, _>>()?;
    parts.try_into().map_err(|_| bad())
}

/// A number.
pub(super) fn number<T: std::str::FromStr>(text: &str) -> Result<T, Invalid> {
    text.parse()
        .map_err(|_| Invalid(format!("Cannot read {text} as a number")))
}

/// `true` or `false` in any letter case.
pub(super) fn boolean(text: &str) -> Result<bool, Invalid> {
    text.to_lowercase()
        .parse()
        .map_err(|_| Invalid(format!("Cannot read {text} as Boolean")))
}

#[cfg(test)]
mod tests {
    use super::{split, vector};

    #[test]
    fn either_kind_of_quote_encloses_a_word() {
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
    fn a_quote_without_an_end_encloses_the_rest() {
        assert_eq!(split(r#"a "b c"#), ["a", "b c"]);
    }

    #[test]
    fn vectors_are_three_numbers() {
        assert_eq!(vector("1,-2.5,3").ok(), Some([1.0, -2.5, 3.0]));
        assert!(vector("1,2").is_err());
    }
}
