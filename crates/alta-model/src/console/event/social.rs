use super::ReportReason;
use crate::{PrefabHash, User, UserId};

model! {
    /// An item was sold at a trade deck. Captured.
    pub struct TradeDeckUsed {
        /// The item's name; empty when the server sent none.
        default item_name: String = "itemName",
        /// The item's prefab.
        optional item_hash: PrefabHash = "itemHash",
        /// The price of one; 0.5 has been observed.
        optional price: f64 = "price",
        /// The quantity.
        optional quantity: i64 = "quantity",
        /// The buyer.
        optional buyer: UserId = "buyer",
        /// The seller.
        optional seller: UserId = "seller",
    }
}

model! {
    /// A player's bank balance changed. The sources disagree on the spelling of `user`.
    pub struct AtmBalanceChanged {
        /// The player.
        required user: User = "user",
        /// The change; negative for a withdrawal.
        optional change: i64 = "Change",
        /// The new balance.
        optional current_balance: i64 = "CurrentBalance",
    }
}

model! {
    /// A player reported another with the tablet.
    pub struct SocialTabletPlayerReported {
        /// The player who reported.
        required reported_by: User = "ReportedBy",
        /// The other player.
        required reported_player: User = "ReportedPlayer",
        /// The reason.
        optional reason: ReportReason = "Reason",
    }
}

model! {
    /// A player banned another with the tablet, or lifted the ban.
    pub struct SocialTabletPlayerBanned {
        /// The player who banned.
        required banned_by: User = "BannedBy",
        /// The other player.
        required banned_player: User = "BannedPlayer",
        /// True for a ban, false if it was lifted; none if the server did not send it. The sources disagree on the spelling.
        optional is_ban: bool = "IsBan",
    }
}
