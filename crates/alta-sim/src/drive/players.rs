use crate::error::{Error, ErrorKind};
use crate::sim::Sim;
use crate::world::{Item, Slot};

/// The prefab that players trade.
const TRADED: &str = "SpriggullDrumstick Full Cooked";

impl Sim {
    /// Lets a player join a server. Returns the player's id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server, [`ErrorKind::NotPossible`] if it is offline or the player is
    /// on it already.
    pub fn player_joins(&self, server: u64, username: &str) -> Result<u64, Error> {
        self.change("joining a server", |state, _| {
            state.world.game(server).map(|_| ())
        })?;
        let joined = self
            .shared
            .with(|state, now| state.world.join(server, username, now));
        joined.ok_or_else(|| {
            let why = if self.is_online(server) {
                "the player is on the server already"
            } else {
                "the server is offline"
            };
            let doing = format!("letting {username} join server {server}");
            Error::new(ErrorKind::NotPossible, doing).detail(why)
        })
    }

    /// Lets a player leave.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the player is not on the server.
    pub fn player_leaves(&self, server: u64, player: u64) -> Result<(), Error> {
        self.change("leaving a server", |state, now| {
            state.world.leave(server, player, now)
        })
    }

    /// Moves a player to another chunk, such as `Cave Layer 3`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the player is not on the server.
    pub fn player_moves(&self, server: u64, player: u64, chunk: &str) -> Result<(), Error> {
        self.change("moving a player", |state, _| {
            state.world.move_to_chunk(server, player, chunk)
        })
    }

    /// Sets a player's position. `player detailed` and similar commands show it. There is an event only if another
    /// [chunk](Self::add_chunk) is there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the player is not on the server.
    pub fn player_at(&self, server: u64, player: u64, position: [f64; 3]) -> Result<(), Error> {
        self.change("placing a player", |state, _| {
            state.world.put_at(server, player, position)
        })
    }

    /// Sets whether a player has a body (default: true). A player who is still loading has none: `player list`,
    /// `player list-detailed` and `player detailed` fail with a null reference, and `player inventory` has a null entry.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the player is not on the server.
    pub fn set_body(&self, server: u64, player: u64, has_body: bool) -> Result<(), Error> {
        self.change("changing a player's body", |state, _| {
            state.world.player_mut(server, player)?.has_body = has_body;
            Ok(())
        })
    }

    /// Sets the home of a user, in meters, like `player set-home`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server.
    pub fn set_home(&self, server: u64, user: u64, home: [f64; 3]) -> Result<(), Error> {
        self.change("setting a home", |state, _| {
            state.world.game_mut(server)?.homes.insert(user, home);
            Ok(())
        })
    }

    /// Lets a player enter or leave a state, such as `Combat`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the player is not on the server.
    pub fn player_state(
        &self,
        server: u64,
        player: u64,
        state_name: &str,
        enter: bool,
    ) -> Result<(), Error> {
        self.change("changing a player's state", |state, _| {
            state.world.change_state(server, player, state_name, enter)
        })
    }

    /// Kills a player, with the six events of the fixture.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the player is not on the server.
    pub fn player_dies(&self, server: u64, player: u64) -> Result<(), Error> {
        self.change("killing a player", |state, _| {
            state.world.die(server, player, None, "Unknown")
        })
    }

    /// Lets a player kill another player.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if one of them is not on the server.
    pub fn player_killed_by(&self, server: u64, player: u64, killer: u64) -> Result<(), Error> {
        self.change("killing a player", |state, _| {
            state.world.die(server, player, Some(killer), "Impact")
        })
    }

    /// Lets a player kill a creature, such as `Turabada Large Variant`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the player is not on the server.
    pub fn player_kills(&self, server: u64, player: u64, creature: &str) -> Result<(), Error> {
        self.change("killing a creature", |state, _| {
            state.world.kill_object(server, creature, player)
        })
    }

    /// Lets a player buy two entities from another player for half a coin.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server.
    pub fn player_trades(&self, server: u64, buyer: u64, seller: u64) -> Result<(), Error> {
        self.change("trading", |state, _| {
            let item = state.world.prefab(TRADED)?;
            state.world.trade(server, buyer, seller, &item, 0.5, 2)
        })
    }

    /// Sets the positions of a player's hands, in meters. There is no event, but `player detailed` and similar commands show
    /// them. When the player moves, the hands move too.
    ///
    /// By default the hands are 0.95 m above the player's position: the left one at -0.2, 0.95, 0.3 relative to it, the right
    /// one at 0.4, 0.95, 0.3. The head is at 0.1, 1.65, 0.1.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the player is not on the server.
    pub fn player_hands(
        &self,
        server: u64,
        player: u64,
        left: [f64; 3],
        right: [f64; 3],
    ) -> Result<(), Error> {
        self.change("placing a player's hands", |state, _| {
            state.world.put_hands(server, player, left, right)
        })
    }

    /// Adds a prefab, which every server can then spawn and trade.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotPossible`] if a prefab has this name or hash already.
    pub fn add_prefab(&self, name: &str, hash: u32) -> Result<(), Error> {
        let added = self.shared.with(|state, _| {
            let world = &mut state.world;
            let is_new = world.prefab(name).is_err() && world.prefab(&hash.to_string()).is_err();
            if is_new {
                let name = name.into();
                world.prefabs.push(Item { name, hash });
            }
            is_new
        });
        if added {
            return Ok(());
        }
        let doing = format!("adding the prefab {name} with the hash {hash}");
        Err(Error::new(ErrorKind::NotPossible, doing)
            .detail("a prefab has this name or hash already"))
    }

    /// The names and hashes of the prefabs, as `spawn list` writes them.
    pub fn prefabs(&self) -> Vec<(String, u32)> {
        self.shared.look(|state| {
            let prefabs = state.world.prefabs.iter();
            prefabs
                .map(|item| (item.name.to_string(), item.hash))
                .collect()
        })
    }

    /// Puts an item into a slot of a player, or empties the slot. The item is given by name or hash ([`prefabs`](Self::prefabs)).
    /// There is no event, but `player inventory` shows it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such player or item, [`ErrorKind::Invalid`] if a belt has no such place.
    pub fn player_carries(
        &self,
        server: u64,
        player: u64,
        slot: Slot,
        item: Option<&str>,
    ) -> Result<(), Error> {
        let doing = "changing an inventory";
        if !slot.exists() {
            let reason = format!("there is no slot {slot:?}");
            return Err(Error::new(ErrorKind::Invalid, doing).detail(reason));
        }
        self.change(doing, |state, _| {
            let item = item.map(|item| state.world.prefab(item)).transpose()?;
            let items = &mut state.world.player_mut(server, player)?.items;
            match item {
                Some(item) => items.insert(slot, item),
                None => items.remove(&slot),
            };
            Ok(())
        })
    }

    /// Lets a player change an item in the right hand, which is given by name or hash ([`prefabs`](Self::prefabs)). The change is `Pickup`,
    /// `Drop`, `Dock` or `Undock`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such player or item.
    pub fn player_handles(
        &self,
        server: u64,
        player: u64,
        item: &str,
        change: &str,
    ) -> Result<(), Error> {
        self.change("handling an item", |state, _| {
            let item = state.world.prefab(item)?;
            state.world.handle_item(server, player, &item, change)
        })
    }

    /// Changes the balance of a user at the bank. Returns the new balance.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server.
    pub fn change_balance(&self, server: u64, user: u64, change: i64) -> Result<i64, Error> {
        self.change("changing a balance", |state, _| {
            state.world.change_balance(server, user, change)
        })
    }
}
