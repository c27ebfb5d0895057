use serde_json::Value;

/// The id of the player of an event: the affected player if there is one, otherwise the acting player.
pub(crate) fn player_of(data: &Value) -> Option<i64> {
    const FIELDS: [&str; 7] = [
        "user",
        "player",
        "killedPlayer",
        "killerPlayer",
        "reportedBy",
        "bannedBy",
        "buyer",
    ];
    let data = data.as_object()?;
    FIELDS.iter().find_map(|field| {
        let mut fields = data.iter();
        let (_, value) = fields.find(|(name, _)| name.eq_ignore_ascii_case(field))?;
        let id = value.get("id").unwrap_or(value);
        id.as_i64().or_else(|| id.as_str()?.parse().ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_player_of_an_event_is_found_in_every_field_that_events_use() {
        for (data, expected) in [
            (json!({"user": {"id": 7, "username": "Ashwick"}}), Some(7)),
            (json!({"User": {"id": "7"}, "Quantity": 2}), Some(7)),
            (
                json!({"player": {"id": 7}, "newChunk": "Cave Layer 3"}),
                Some(7),
            ),
            (
                json!({"killerPlayer": {"id": 8}, "killedPlayer": {"id": 7}}),
                Some(7),
            ),
            (
                json!({"name": "Turabada", "killerPlayer": {"id": 8}}),
                Some(8),
            ),
            (json!({"buyer": 9, "seller": 10}), Some(9)),
            (json!({"user": null, "killerPlayer": {"id": 8}}), Some(8)),
            (json!({"logger": "x"}), None),
            (json!("text"), None),
        ] {
            assert_eq!(player_of(&data), expected, "{data}");
        }
    }
}
