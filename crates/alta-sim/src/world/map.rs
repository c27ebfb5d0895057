//! The chunks of a game's world.

/// A chunk: a box with edges along the axes.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    pub(crate) name: String,
    pub(crate) min: [f64; 3],
    pub(crate) max: [f64; 3],
}

impl Chunk {
    fn contains(&self, position: [f64; 3]) -> bool {
        (0..3).all(|axis| (self.min[axis]..=self.max[axis]).contains(&position[axis]))
    }

    /// The shares of the way from one position to another at which the way enters and leaves the box.
    fn crossed_by(&self, from: [f64; 3], to: [f64; 3]) -> Option<[f64; 2]> {
        let mut inside = [0.0_f64, 1.0];
        for axis in 0..3 {
            let (begin, way) = (from[axis], to[axis] - from[axis]);
            let (min, max) = (self.min[axis], self.max[axis]);
            if way == 0.0 {
                if begin < min || begin > max {
                    return None;
                }
                continue;
            }
            let sides = [(min - begin) / way, (max - begin) / way];
            inside[0] = inside[0].max(sides[0].min(sides[1]));
            inside[1] = inside[1].min(sides[0].max(sides[1]));
        }
        (inside[0] <= inside[1]).then_some(inside)
    }
}

/// The chunks that a test has added. Where they overlap, the first one counts. Elsewhere players keep their chunk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Map(Vec<Chunk>);

impl Map {
    pub(crate) fn add(&mut self, chunk: Chunk) {
        self.0.push(chunk);
    }

    pub(super) fn chunk_at(&self, position: [f64; 3]) -> Option<&str> {
        let found = self.0.iter().find(|chunk| chunk.contains(position));
        found.map(|chunk| chunk.name.as_str())
    }

    /// The chunks on the straight way from one position to another, each with the share of the way at which it begins.
    pub(super) fn chunks_between(
        &self,
        from: [f64; 3],
        to: [f64; 3],
    ) -> impl Iterator<Item = (f64, &str)> {
        let crossed = self.0.iter().filter_map(|chunk| chunk.crossed_by(from, to));
        let mut borders: Vec<f64> = crossed.flatten().chain([0.0, 1.0]).collect();
        borders.sort_by(f64::total_cmp);
        let parts = borders.windows(2).map(|part| (part[0], part[1]));
        let parts: Vec<(f64, f64)> = parts.filter(|(begin, end)| begin < end).collect();
        // No border is within a part, so its middle shows the chunk of the whole part.
        parts.into_iter().filter_map(move |(begin, end)| {
            let middle = between(from, to, f64::midpoint(begin, end));
            Some((begin, self.chunk_at(middle)?))
        })
    }
}

/// The position at a share of the straight way.
pub(super) fn between(from: [f64; 3], to: [f64; 3], share: f64) -> [f64; 3] {
    std::array::from_fn(|axis| from[axis] + (to[axis] - from[axis]) * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> Map {
        let chunk = |name: &str, min, max| Chunk {
            name: name.to_owned(),
            min,
            max,
        };
        Map(vec![
            chunk("Tower", [4.0, 0.0, -1.0], [5.0, 9.0, 1.0]),
            chunk("Meadow", [0.0, -5.0, -5.0], [10.0, 9.0, 5.0]),
            chunk("Cave Layer 1", [0.0, -15.0, -5.0], [10.0, -5.0, 5.0]),
        ])
    }

    fn way(from: [f64; 3], to: [f64; 3]) -> Vec<(f64, String)> {
        let map = map();
        let chunks = map.chunks_between(from, to);
        chunks.map(|(at, name)| (at, name.to_owned())).collect()
    }

    #[test]
    fn a_way_through_a_chunk_inside_another_one_enters_it_and_returns() {
        let chunks = way([-10.0, 1.0, 0.0], [10.0, 1.0, 0.0]);
        let expected = [(0.5, "Meadow"), (0.7, "Tower"), (0.75, "Meadow")];
        assert_eq!(chunks, expected.map(|(at, name)| (at, name.to_owned())));
        let beside = way([-10.0, 1.0, 6.0], [10.0, 1.0, 6.0]);
        assert_eq!(beside, []);
    }

    #[test]
    fn the_first_chunk_counts_at_a_border() {
        assert_eq!(map().chunk_at([1.0, -5.0, 0.0]), Some("Meadow"));
        let down = way([1.0, 5.0, 0.0], [1.0, -15.0, 0.0]);
        let expected = [(0.0, "Meadow"), (0.5, "Cave Layer 1")];
        assert_eq!(down, expected.map(|(at, name)| (at, name.to_owned())));
        assert_eq!(map().chunk_at([1.0, -16.0, 0.0]), None);
    }

    #[test]
    fn each_position_on_a_way_is_in_the_chunk_that_was_reached_last() {
        let mut rng = fastrand::Rng::with_seed(3);
        for _ in 0..500 {
            let mut corner = || std::array::from_fn(|_| f64::from(rng.i8(-9..9)));
            let [from, to]: [[f64; 3]; 2] = [corner(), corner()];
            let chunks = (0..5).map(|nth| {
                let [one, other]: [[f64; 3]; 2] = [corner(), corner()];
                Chunk {
                    name: nth.to_string(),
                    min: std::array::from_fn(|axis| one[axis].min(other[axis])),
                    max: std::array::from_fn(|axis| one[axis].max(other[axis])),
                }
            });
            let map = Map(chunks.collect());
            let reached: Vec<(f64, &str)> = map.chunks_between(from, to).collect();
            for nth in 0..1_000 {
                // Not on a border, which rounding could shift.
                let share = f64::from(nth) / 1_000.0 + 0.000_123;
                if let Some(chunk) = map.chunk_at(between(from, to, share)) {
                    let last = reached.iter().rfind(|(begin, _)| *begin <= share);
                    assert_eq!(
                        last.map(|(_, chunk)| *chunk),
                        Some(chunk),
                        "{from:?} {to:?}"
                    );
                }
            }
        }
    }
}
