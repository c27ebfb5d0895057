use std::fmt;
use std::ops::AddAssign;

/// The invalid values that were skipped in a record or a list.
///
/// An optional field with an invalid value is absent, and an invalid entry is missing from its list. Both are recorded here, so
/// that a program can distinguish "absent" from "invalid". A null entry of a list counts, too; null fields and unknown fields
/// do not.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Skipped(Option<Box<Notes>>);

#[derive(Clone, Default, Eq, PartialEq)]
struct Notes {
    count: usize,
    /// The first [`Skipped::PLACES`].
    places: Vec<Place>,
}

/// The place of a skipped value: a field, an entry of a field's list, or an entry of the list itself.
///
/// `Display` gives `position`, `online_players[1]`, or `[3]`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Place {
    /// The field, as the server spells it; empty for an entry of a list that is not a field.
    pub field: &'static str,
    /// The entry's position in the received list, from 0; none for a whole field.
    pub index: Option<usize>,
}

impl Skipped {
    /// The most places that are kept; others are only counted, so that a hostile list costs no memory.
    pub const PLACES: usize = 16;

    /// The number of skipped fields and entries.
    pub fn count(&self) -> usize {
        self.0.as_ref().map_or(0, |notes| notes.count)
    }

    /// Returns whether no value was skipped.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The first [`PLACES`](Self::PLACES) places.
    pub fn places(&self) -> &[Place] {
        self.0.as_ref().map_or(&[], |notes| &notes.places)
    }

    /// Returns whether this field or an entry of it was skipped. Also true if more values were skipped than places are kept.
    pub fn has(&self, field: &str) -> bool {
        let is_it = |place: &Place| place.field == field;
        self.count() > self.places().len() || self.places().iter().any(is_it)
    }

    pub(crate) fn field(&mut self, field: &'static str) {
        self.note(Place { field, index: None });
    }

    pub(crate) fn entry(&mut self, field: &'static str, index: usize) {
        self.note(Place {
            field,
            index: Some(index),
        });
    }

    fn note(&mut self, place: Place) {
        let notes = self.0.get_or_insert_default();
        notes.count += 1;
        if notes.places.len() < Self::PLACES {
            notes.places.push(place);
        }
    }
}

/// Adds the skipped values of another part of the same list.
impl AddAssign<&Self> for Skipped {
    fn add_assign(&mut self, other: &Self) {
        let Some(other) = &other.0 else {
            return;
        };
        let notes = self.0.get_or_insert_default();
        notes.count += other.count;
        let room = Self::PLACES - notes.places.len();
        notes.places.extend(other.places.iter().take(room));
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field)?;
        match self.index {
            Some(index) => write!(f, "[{index}]"),
            None => Ok(()),
        }
    }
}

/// The places separated by commas, and the number of further ones.
impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, place) in self.places().iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{place}")?;
        }
        match self.count() - self.places().len() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl fmt::Debug for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self}]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_places_are_kept_and_all_are_counted() {
        let mut skipped = Skipped::default();
        assert!(skipped.is_empty());
        skipped.field("position");
        assert!(skipped.has("position") && !skipped.has("users"));
        for index in 0..20 {
            skipped.entry("users", index);
        }
        assert_eq!(
            (skipped.count(), skipped.places().len()),
            (21, Skipped::PLACES)
        );
        let text = skipped.to_string();
        assert!(text.starts_with("position, users[0], users[1]"), "{text}");
        assert!(text.ends_with("users[14] and 5 more"), "{text}");
        let mut all = Skipped::default();
        all += &skipped;
        assert_eq!(all, skipped);
        all += &skipped;
        assert_eq!((all.count(), all.places()), (42, skipped.places()));
    }
}
