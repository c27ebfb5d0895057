use alta_model::Vector3;
use alta_model::console::result::PlayerDetailed;
use alta_model::console::{cave_layer, chunk_starts_with, is_same_chunk};

/// A part of the world: a sphere, a box, or chunks.
///
/// The position of a player is that of the feet. Zones can overlap.
///
/// ```
/// use att_kit::conditions::Zone;
///
/// let bridge = Zone::cuboid([-20.0, 100.0, 4.5], [-5.0, 140.0, 30.0]);
/// let caves = Zone::caves();
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(Shape);

#[derive(Clone, Debug, PartialEq)]
enum Shape {
    Sphere { center: Vector3, radius: f64 },
    Cuboid { low: Vector3, high: Vector3 },
    Chunk(String),
    ChunkPrefix(String),
    CaveLayer(u32),
    Caves,
}

impl Zone {
    /// The points within a radius, in meters.
    pub fn sphere(center: impl Into<Vector3>, radius: f64) -> Self {
        let center = center.into();
        Self(Shape::Sphere { center, radius })
    }

    /// The points of a box, given by any two opposite corners. A box with a coordinate that is not a number contains nobody.
    pub fn cuboid(corner: impl Into<Vector3>, opposite: impl Into<Vector3>) -> Self {
        let (one, other) = (corner.into(), opposite.into());
        let of_both = |pick: fn(f64, f64) -> f64| {
            // `min` and `max` ignore one that is not a number.
            let pick = |one: f64, other: f64| {
                let is_number = !one.is_nan() && !other.is_nan();
                if is_number {
                    pick(one, other)
                } else {
                    f64::NAN
                }
            };
            Vector3::new(
                pick(one.x, other.x),
                pick(one.y, other.y),
                pick(one.z, other.z),
            )
        };
        let (low, high) = (of_both(f64::min), of_both(f64::max));
        Self(Shape::Cuboid { low, high })
    }

    /// The chunk with this name, such as `Townhall Building Chunk`. Its id, its class, case and spaces are ignored.
    pub fn chunk(name: impl Into<String>) -> Self {
        Self(Shape::Chunk(name.into()))
    }

    /// The chunks whose names start with this, such as `Cave Layer`. Ids, classes, case and spaces are ignored.
    pub fn chunk_prefix(prefix: impl Into<String>) -> Self {
        Self(Shape::ChunkPrefix(prefix.into()))
    }

    /// One layer of the caves, in all [spellings](cave_layer).
    pub fn cave_layer(layer: u32) -> Self {
        Self(Shape::CaveLayer(layer))
    }

    /// All layers of the caves.
    pub fn caves() -> Self {
        Self(Shape::Caves)
    }

    /// Returns whether the player is in this zone; `None` if the server did not send the position or the chunk.
    pub fn contains(&self, player: &PlayerDetailed) -> Option<bool> {
        if self.is_of_chunks() {
            self.contains_chunk(player.chunk.as_deref()?)
        } else {
            self.contains_position(player.position?, 0.0)
        }
    }

    pub(super) fn is_of_chunks(&self) -> bool {
        !matches!(self.0, Shape::Sphere { .. } | Shape::Cuboid { .. })
    }

    /// Returns whether this chunk is in the zone; `None` if the zone is not made of chunks, or the name is empty.
    pub(super) fn contains_chunk(&self, chunk: &str) -> Option<bool> {
        if chunk.trim().is_empty() {
            return None;
        }
        match &self.0 {
            Shape::Chunk(name) => Some(is_same_chunk(chunk, name)),
            Shape::ChunkPrefix(prefix) => Some(chunk_starts_with(chunk, prefix)),
            Shape::CaveLayer(layer) => Some(cave_layer(chunk) == Some(*layer)),
            Shape::Caves => Some(cave_layer(chunk).is_some()),
            Shape::Sphere { .. } | Shape::Cuboid { .. } => None,
        }
    }

    /// Returns whether this position is at most this distance from the zone; `None` if the zone is made of chunks, or a coordinate
    /// is not a number.
    pub(super) fn contains_position(&self, at: Vector3, margin: f64) -> Option<bool> {
        match self.0 {
            Shape::Sphere { center, radius } => is_within(at, center, radius + margin),
            Shape::Cuboid { low, high } => {
                let axes = [
                    (at.x, low.x, high.x),
                    (at.y, low.y, high.y),
                    (at.z, low.z, high.z),
                ];
                let is_number = axes
                    .iter()
                    .all(|(at, low, high)| ![at, low, high].iter().any(|part| part.is_nan()));
                let is_between =
                    |(at, low, high): (f64, f64, f64)| low - margin <= at && at <= high + margin;
                is_number.then(|| axes.into_iter().all(is_between))
            }
            _ => None,
        }
    }
}

/// Returns whether two points are at most this distance from each other; `None` if the distance is not a number.
pub(super) fn is_within(one: Vector3, other: Vector3, distance: f64) -> Option<bool> {
    let actual = one.distance(other);
    (!actual.is_nan()).then_some(actual <= distance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn detailed(fields: &serde_json::Value) -> PlayerDetailed {
        let mut player = json!({"id": 1, "username": "a\"b\\c"});
        let fields = fields.as_object().unwrap().clone();
        player.as_object_mut().unwrap().extend(fields);
        serde_json::from_value(player).unwrap()
    }

    #[test]
    fn a_zone_of_chunks_knows_all_spellings() {
        for chunk in [
            "Cave Layer 3",
            "CaveLayer3",
            "1402 - Cave Layer 3 (Alta.Chunks.CaveChunk)",
            " cave  layer 3",
        ] {
            let player = detailed(&json!({"Chunk": chunk}));
            for (zone, expected) in [
                (Zone::cave_layer(3), true),
                (Zone::cave_layer(33), false),
                (Zone::caves(), true),
                (Zone::chunk("cave layer 3"), true),
                (Zone::chunk("Cave Layer"), false),
                (Zone::chunk_prefix("Cave Layer"), true),
                (Zone::chunk_prefix("Chunk"), false),
            ] {
                assert_eq!(
                    zone.contains(&player),
                    Some(expected),
                    "{chunk} in {zone:?}"
                );
            }
        }
    }

    #[test]
    fn a_zone_is_unknown_without_a_position_or_a_chunk() {
        let zones = [
            Zone::sphere([0.0; 3], 1.0),
            Zone::cuboid([0.0; 3], [1.0; 3]),
            Zone::chunk("Mill"),
            Zone::chunk_prefix(""),
            Zone::caves(),
        ];
        for zone in zones {
            for fields in [
                json!({}),
                json!({"Position": null, "Chunk": null}),
                json!({"Position": "(NaN, 0, 0)", "Chunk": "  "}),
                json!({"Position": [1, 2], "Chunk": 7}),
            ] {
                assert_eq!(zone.contains(&detailed(&fields)), None, "{zone:?}");
            }
        }
    }

    #[test]
    fn a_box_without_a_number_contains_nobody_and_one_without_an_end_does() {
        let at = Vector3::new(5.0, 1.0, 1.0);
        let half = Zone::cuboid([f64::NEG_INFINITY; 3], [f64::INFINITY, 2.0, 2.0]);
        assert_eq!(half.contains_position(at, 0.0), Some(true));
        for corner in [[f64::NAN, 0.0, 0.0], [0.0, f64::NAN, 0.0]] {
            let zones = [
                Zone::cuboid(corner, [5.0; 3]),
                Zone::cuboid([5.0; 3], corner),
            ];
            for zone in zones {
                assert_eq!(zone.contains_position(at, 0.0), None, "{zone:?}");
            }
        }
    }

    fn point() -> impl Strategy<Value = Vector3> {
        (-9..9_i8, -9..9_i8, -9..9_i8)
            .prop_map(|(x, y, z)| Vector3::new(x.into(), y.into(), z.into()))
    }

    proptest! {
        #[test]
        fn a_box_has_the_points_between_its_corners_in_any_order(a in point(), b in point(), at in point()) {
            let is_between = |one: f64, other: f64, at: f64| (one - at) * (other - at) <= 0.0;
            let expected = is_between(a.x, b.x, at.x) && is_between(a.y, b.y, at.y) && is_between(a.z, b.z, at.z);
            prop_assert_eq!(Zone::cuboid(a, b).contains_position(at, 0.0), Some(expected));
            prop_assert_eq!(Zone::cuboid(b, a).contains_position(at, 0.0), Some(expected));
        }

        #[test]
        fn a_margin_only_adds_points(center in point(), at in point(), radius in 0.0..9.0, margin in 0.0..9.0) {
            for zone in [Zone::sphere(center, radius), Zone::cuboid(center, [radius; 3])] {
                let (plain, wider) = (zone.contains_position(at, 0.0), zone.contains_position(at, margin));
                prop_assert!(plain <= wider);
            }
            let is_wider = center.distance(at) <= radius + margin;
            prop_assert_eq!(Zone::sphere(center, radius).contains_position(at, margin), Some(is_wider));
        }
    }
}
