use crate::Timestamp;

model! {
    /// The user's own account in the shop, from `GET shop/account` (alta-jsapi).
    pub struct ShopAccount {
        /// Shards, the currency of the game.
        optional shard_balance: i64 = "shard_balance",
        /// Real money.
        optional wallet_amount: f64 = "wallet_amount",
        /// The real money's currency; empty when the server sent none.
        default wallet_currency: String = "wallet_currency",
        /// The subscription of a supporter.
        optional subscription_status: SubscriptionStatus = "subscription_status",
    }
}

model! {
    /// The subscription of a supporter (alta-jsapi, Alta .NET models).
    pub struct SubscriptionStatus {
        /// True if it is active.
        optional is_member: bool = "is_member",
        /// Its end.
        optional member_end_date: Timestamp = "member_end_date",
        /// True if it renews automatically.
        optional is_renewing: bool = "is_renewing",
        /// The next subscription; its shape is not attested.
        optional next_reward: serde_json::Value = "next_reward",
    }
}
