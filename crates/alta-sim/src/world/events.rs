use super::entities::Item;
use super::inventory::Slot;
use super::missing::Missing;
use super::player::SPAWN_POSITION;
use super::state::World;
use super::stats::Stats;
use crate::samples;
use alta_cloud::state::user_json;

impl World {
    /// Kills a player, by another player if one is given. The six events have the order of the sample.
    pub(crate) fn die(
        &mut self,
        server: u64,
        player: u64,
        killer: Option<u64>,
        source: &str,
    ) -> Result<(), Missing> {
        let victim = self.player(server, player)?.json();
        let killer = match killer {
            Some(killer) => Some(self.player(server, killer)?.clone()),
            None => None,
        };
        let changes = [
            ("Combat", false),
            ("Downed", true),
            ("Downed", false),
            ("Playing", false),
            ("Dead", true),
        ];
        for (state, enter) in changes {
            self.change_state(server, player, state, enter)?;
        }
        let data = match killer {
            None => samples::console_data("event-sequence-death", 5),
            Some(killer) => samples::console_data("event-player-killed-by-player", 0)
                .with("killerPlayer", killer.json())
                .with("toolWielder", killer.tool_wielder()),
        };
        self.emit(
            server,
            "PlayerKilled",
            data.with("killedPlayer", victim).with("source", source),
        );
        self.player_mut(server, player)?.stats = Stats::default();
        self.put_at(server, player, SPAWN_POSITION)
    }

    /// Lets a player buy from another player at a trade deck.
    pub(crate) fn trade(
        &mut self,
        server: u64,
        buyer: u64,
        seller: u64,
        item: &Item,
        price: f64,
        quantity: u64,
    ) -> Result<(), Missing> {
        self.game(server)?;
        let data = samples::console_data("event-trade-deck-used", 0)
            .with("itemName", &*item.name)
            .with("itemHash", item.hash)
            .with("price", price)
            .with("quantity", quantity)
            .with("buyer", buyer)
            .with("seller", seller);
        self.emit(server, "TradeDeckUsed", data);
        Ok(())
    }

    /// Changes the money of a player, who may be offline. Returns the new balance.
    pub(crate) fn change_balance(
        &mut self,
        server: u64,
        user: u64,
        change: i64,
    ) -> Result<i64, Missing> {
        let username = self.username(user);
        let balances = &mut self.game_mut(server)?.balances;
        let balance = balances.entry(user).or_insert(0);
        *balance = balance.saturating_add(change);
        let balance = *balance;
        let data = samples::console_data("event-atm-balance-changed", 0)
            .with("user", user_json(user, &username))
            .with("Change", change)
            .with("CurrentBalance", balance);
        self.emit(server, "AtmBalanceChanged", data);
        Ok(balance)
    }

    /// Lets a player kill a creature.
    pub(crate) fn kill_object(
        &mut self,
        server: u64,
        name: &str,
        killer: u64,
    ) -> Result<(), Missing> {
        let killer = self.player(server, killer)?.clone();
        let identifier = self.game_mut(server)?.entity_id();
        let data = samples::console_data("event-object-killed", 0)
            .with("identifier", identifier)
            .with("name", format!("{name}(Clone)"))
            .with("toolWielder", killer.tool_wielder())
            .with("killerPlayer", killer.json());
        self.emit(server, "ObjectKilled", data);
        Ok(())
    }

    /// Lets a player pick up, drop, dock or undock an item.
    pub(crate) fn handle_item(
        &mut self,
        server: u64,
        player: u64,
        item: &Item,
        change: &str,
    ) -> Result<(), Missing> {
        let found = self.player_mut(server, player)?;
        let is_held = matches!(change, "Pickup" | "Undock");
        if is_held {
            found.items.insert(Slot::RightHand, item.clone());
        } else {
            found.items.remove(&Slot::RightHand);
        }
        // The place of the item after the change. The one sample shows `World` for an item that was docked in the world.
        let kind = if is_held { "Player" } else { "World" };
        let data = samples::console_data("event-inventory-changed", 0)
            .with("User", found.json())
            .with("ItemName", &*item.name)
            .with("ItemHash", item.hash)
            .with(
                "Material",
                format!("36956 - {}(Clone) (PhysicalMaterialPart)", item.name),
            )
            .with("ChangeType", change)
            .with("InventoryType", kind);
        self.emit(server, "InventoryChanged", data);
        Ok(())
    }
}
