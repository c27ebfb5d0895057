use crate::Skipped;
use serde_json::Value;

open_enum! {
    /// The result of `websocket subscribe` and `websocket unsubscribe`. tavernpy accepts the numbers.
    pub enum SubscriptionResult {
        /// The request succeeded.
        Success: "Success" = 0,
        /// It was the case before; counts as success.
        Unchanged: "Unchanged" = 1,
        /// The event does not exist.
        NotFound: "NotFound" = 2,
    }
}

model! {
    /// An event of the server, from `websocket subscriptions`; not a subscription.
    ///
    /// Read from an object or from the name.
    pub struct EventListing [text: EventListing::named] {
        /// The event's name.
        required name: String = "name",
        /// The content is not attested.
        optional r#type: Value = "type",
    }
}

impl EventListing {
    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            r#type: None,
            skipped: Skipped::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_are_read_from_objects_in_any_case_and_from_names() {
        let listings: Vec<EventListing> = serde_json::from_str(
            r#"[{"name": "PlayerJoined", "type": null}, {"Name": "PlayerLeft"}, "OffLog"]"#,
        )
        .unwrap();
        let names: Vec<_> = listings
            .iter()
            .map(|listing| listing.name.as_str())
            .collect();
        assert_eq!(names, ["PlayerJoined", "PlayerLeft", "OffLog"]);
    }

    #[test]
    fn the_result_is_read_from_its_number() {
        let result: SubscriptionResult = serde_json::from_str("1").unwrap();
        assert_eq!(result, SubscriptionResult::Unchanged);
    }
}
