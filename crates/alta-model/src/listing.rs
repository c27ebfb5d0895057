use crate::Skipped;
use crate::tolerant::Field;
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::{fmt, vec};

/// A list as a server sent it: a `Vec` of the valid entries, and a record of the skipped ones.
///
/// It is decoded from a JSON array or from a null, which is an empty list. An invalid entry is skipped and recorded in
/// [`skipped`](Self::skipped), and so is a null, unless the entries may be null. A list with only invalid entries is an error:
/// it must not look like an empty list.
///
/// ```
/// use alta_model::{Listing, User};
///
/// let players: Listing<User> = serde_json::from_str(r#"[{"id": 1, "username": "Ashwick"}, {"id": null}]"#)?;
/// assert_eq!(players.len(), 1);
/// assert_eq!(players.skipped().count(), 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct Listing<T> {
    entries: Vec<T>,
    skipped: Skipped,
}

impl<T> Listing<T> {
    /// A list with a record of skipped entries.
    pub fn new(entries: Vec<T>, skipped: Skipped) -> Self {
        Self { entries, skipped }
    }

    /// The skipped entries, by their position in the received list.
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// The entries without the record of skipped ones.
    pub fn into_vec(self) -> Vec<T> {
        self.entries
    }
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

/// A list without skipped entries.
impl<T> From<Vec<T>> for Listing<T> {
    fn from(entries: Vec<T>) -> Self {
        Self {
            entries,
            skipped: Skipped::default(),
        }
    }
}

/// A list without skipped entries.
impl<T> FromIterator<T> for Listing<T> {
    fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
        entries.into_iter().collect::<Vec<_>>().into()
    }
}

impl<T> From<Listing<T>> for Vec<T> {
    fn from(listing: Listing<T>) -> Self {
        listing.entries
    }
}

impl<T> Deref for Listing<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.entries
    }
}

impl<T> DerefMut for Listing<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.entries
    }
}

impl<T> IntoIterator for Listing<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Listing<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}

impl<T: PartialEq<U>, U> PartialEq<Vec<U>> for Listing<T> {
    fn eq(&self, entries: &Vec<U>) -> bool {
        self.entries == *entries
    }
}

impl<T: PartialEq<U>, U, const N: usize> PartialEq<[U; N]> for Listing<T> {
    fn eq(&self, entries: &[U; N]) -> bool {
        self.entries == entries
    }
}

impl<T: fmt::Debug> fmt::Debug for Listing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.fmt(f)?;
        if self.skipped.is_empty() {
            return Ok(());
        }
        write!(f, " without {:?}", self.skipped)
    }
}

impl<T: Serialize> Serialize for Listing<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.entries.serialize(serializer)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Listing<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = Entries::of(|entry| entry).deserialize(deserializer)?;
        found.all_or_some().map_err(D::Error::custom)
    }
}

/// The decoded content of a list.
pub(crate) struct Found<E> {
    pub(crate) listing: Listing<E>,
    /// The error of the first invalid entry, if no entry is valid.
    pub(crate) first_error: Option<serde_json::Error>,
}

impl<E> From<Listing<E>> for Found<E> {
    fn from(listing: Listing<E>) -> Self {
        Self {
            listing,
            first_error: None,
        }
    }
}

impl<E> Found<E> {
    /// The list, or an error if all its entries are invalid.
    pub(crate) fn all_or_some(self) -> Result<Listing<E>, serde_json::Error> {
        match self.first_error {
            None => Ok(self.listing),
            Some(error) => Err(error),
        }
    }
}

/// Decodes a list entry by entry. Each is read as JSON first, so that an invalid one is consumed.
pub(crate) struct Entries<T, E> {
    /// Converts a value to an entry: none for a null and an invalid value.
    keep: fn(Option<T>) -> Option<E>,
    of: PhantomData<T>,
}

impl<T, E> Entries<T, E> {
    pub(crate) fn of(keep: fn(Option<T>) -> Option<E>) -> Self {
        let of = PhantomData;
        Self { keep, of }
    }
}

impl<'de, T: DeserializeOwned, E> DeserializeSeed<'de> for Entries<T, E> {
    type Value = Found<E>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found<E>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: DeserializeOwned, E> Visitor<'de> for Entries<T, E> {
    type Value = Found<E>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<Error>(self) -> Result<Found<E>, Error> {
        Ok(Found::from(Listing::default()))
    }

    fn visit_none<Error>(self) -> Result<Found<E>, Error> {
        Ok(Found::from(Listing::default()))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found<E>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Found<E>, A::Error> {
        let mut listing = Listing::default();
        let (mut first_error, mut is_any_read) = (None, false);
        let mut index = 0;
        loop {
            let (depth, mut value) = (1, None::<Value>);
            let slot = &mut value;
            let Some(validity) = seq.next_element_seed(Field { depth, slot })? else {
                break;
            };
            let read = match (validity, value) {
                (Ok(()), None) => T::deserialize(Value::Null).map(Some).or(Ok(None)),
                (Ok(()), Some(value)) => T::deserialize(value).map(Some),
                (Err(invalid), _) => Err(serde_json::Error::custom(invalid)),
            };
            let is_invalid = read.is_err();
            let entry = read.unwrap_or_else(|error| {
                first_error.get_or_insert(error);
                None
            });
            is_any_read |= entry.is_some();
            let kept = (self.keep)(entry);
            if is_invalid || kept.is_none() {
                listing.skipped.entry("", index);
            }
            listing.entries.extend(kept);
            index += 1;
        }
        Ok(Found {
            listing,
            first_error: first_error.filter(|_| !is_any_read),
        })
    }
}
