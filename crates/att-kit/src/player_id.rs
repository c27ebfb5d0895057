use alta_model::{User, UserId};
use att_console::{Command, Console, Error, PlayerRef};

/// The id of a player. A name is looked up on the server, which also knows players who are offline.
pub(crate) async fn player_id(console: &Console, player: PlayerRef) -> Result<UserId, Error> {
    match player {
        PlayerRef::Id(id) => Ok(id),
        name => {
            let find = Command::new("player id").arg(name).returning::<User>();
            Ok(console.command(find).await?.id)
        }
    }
}
