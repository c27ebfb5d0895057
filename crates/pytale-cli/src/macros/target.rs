//! The online player that an argument names.

use crate::failure::{Failure, Status};
use crate::settings::nearest;
use pytale::Console;
use pytale::console::commands::player;
use pytale::model::{User, UserId, escaped};

/// The id of the player with this name or id. Asks the server for the online players.
pub(super) async fn find(console: &Console, named: &str) -> Result<UserId, Failure> {
    let players = console.command(player::list()).await?;
    choose(&players, named)
}

fn choose(players: &[User], named: &str) -> Result<UserId, Failure> {
    let is_exact = |user: &&User| user.username == named;
    if let Some(user) = players.iter().find(is_exact) {
        return Ok(user.id);
    }
    let folded = named.to_lowercase();
    let mut near = players.iter();
    let mut near = near
        .by_ref()
        .filter(|user| user.username.to_lowercase() == folded);
    match (near.next(), near.next()) {
        (Some(user), None) => return Ok(user.id),
        (Some(_), Some(_)) => {
            return Err(failure(named, "is the name of more than one online player")
                .advice("write the name exactly, or the id of the player"));
        }
        _ => {}
    }
    // After the names: a player can be called by a number.
    if let Some(user) = players.iter().find(|user| user.id.to_string() == named) {
        return Ok(user.id);
    }
    let names = players.iter().map(|user| user.username.as_str());
    let failure = failure(named, "is not an online player");
    Err(match nearest(named, names) {
        Some(near) => failure.advice(format!("did you mean {}?", escaped(near))),
        None => failure.advice("`tale players` lists the online players"),
    })
}

fn failure(named: &str, problem: &str) -> Failure {
    let named = escaped(named).at_most(64);
    Failure::new(Status::Failed, format!("\"{named}\" {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_online_player_is_a_target() {
        let players: Vec<User> = serde_json::from_str(
            r#"[{"id":1,"username":"Ashwick"},{"id":2,"username":"ashWICK"},{"id":3,"username":"1"},{"id":4,"username":"O\"Neil *"}]"#,
        )
        .unwrap();
        for (named, id) in [
            ("Ashwick", 1),
            ("ashWICK", 2),
            ("1", 3),
            ("2", 2),
            ("o\"neil *", 4),
        ] {
            assert_eq!(choose(&players, named).unwrap(), UserId::new(id), "{named}");
        }
        for (named, said) in [
            ("ASHWICK", "more than one"),
            ("*", "is not an online player"),
            ("", "is not an online player"),
            ("3 4", "is not an online player"),
            ("Ashwik", "did you mean Ashwick?"),
            ("\u{1b}[31m", "is not an online player"),
        ] {
            let failure = choose(&players, named).unwrap_err().to_string();
            assert!(failure.contains(said), "{failure}");
            assert!(!failure.contains('\u{1b}'), "{failure}");
        }
    }
}
