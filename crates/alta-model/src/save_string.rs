//! Save strings: how the game writes an object with its state.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Error, ErrorKind, PrefabHash, Quaternion, Vector3};

/// The words of the root object in the first part.
const PREFAB: usize = 0;
const PREFAB_AGAIN: usize = 2;
const POSITION: usize = 3;
const ROTATION: usize = 6;
const SCALE: usize = 10;
const COMPONENTS: usize = 11;

/// The number of bits of a word.
const WORD: usize = 32;

/// The component that repeats the position and the rotation for the physics, `NetworkRigidbody`.
const RIGID_BODY: u32 = 2_290_978_823;
/// The number of bits of its position and rotation.
const POSE_BITS: u32 = 7 * 32;

/// An object as the game saves it: its prefab, position, rotation, scale and state, from `select tostring` and
/// [`InventoryChanged`](crate::console::event::InventoryChanged), for `spawn string` and `spawn string-raw`.
///
/// A save string consists of decimal words of 32 bits with commas between them. The first part has the prefab, the position, the
/// rotation and the scale, and then the components, whose meaning depends on the prefab. After a vertical bar, a second part can
/// list the versions of components. Everything that has no accessor here is kept: `Display` writes the string that was parsed,
/// except for the values that were set since then.
///
/// ```
/// use alta_model::{SaveString, Vector3};
///
/// let mut torch: SaveString = "31502,36,31502,1065353216,1073741824,1077936128,0,0,0,1065353216,1065353216,0,".parse()?;
/// assert_eq!(torch.position(), Some(Vector3::new(1.0, 2.0, 3.0)));
/// torch.set_position(Vector3::new(1.0, 2.5, 3.0))?;
/// assert_eq!(
///     torch.to_string(),
///     "31502,36,31502,1065353216,1075838976,1077936128,0,0,0,1065353216,1065353216,0,"
/// );
/// # Ok::<(), alta_model::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SaveString {
    object: Part,
    /// The parts after a bar: the versions, and others that are unknown.
    more: Vec<Part>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Part {
    words: Vec<u32>,
    /// True if there is a comma after the last word.
    is_closed: bool,
}

/// The reason why a string is not a save string, or why a value cannot be set in one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SaveStringProblem {
    /// The string has no word before its end or its first bar.
    #[error("it has no words")]
    Empty,
    /// One of its words is invalid.
    #[error("word {word}, at byte {at}, {problem}")]
    Word {
        /// The number of the word, from 0, counted over all parts.
        word: usize,
        /// The offset of its first byte in the string.
        at: usize,
        /// The reason.
        problem: WordProblem,
    },
    /// The string has fewer words than an object with a position, a rotation and a scale.
    #[error("it has no position, rotation and scale")]
    NoPose,
    /// A number is not finite, or too large for 32 bits.
    #[error("a number is not finite in 32 bits")]
    NotFinite,
}

/// The reason why a word of a save string is invalid.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WordProblem {
    /// It is empty, or has a character other than a digit.
    #[error("is not a decimal number")]
    NotDecimal,
    /// It begins with a zero that has no meaning. No game server writes such words.
    #[error("begins with 0")]
    LeadingZero,
    /// It is larger than 4,294,967,295.
    #[error("is larger than 32 bits")]
    TooLarge,
}

impl SaveString {
    /// The prefab of the object.
    pub fn prefab(&self) -> PrefabHash {
        PrefabHash::new(self.word(PREFAB).unwrap_or_default())
    }

    /// The position, in meters; `None` if the string is too short, or if a number in it is not finite.
    pub fn position(&self) -> Option<Vector3> {
        let [x, y, z] = self.floats(POSITION)?;
        Some(Vector3 { x, y, z })
    }

    /// The rotation; `None` if the string is too short, or if a number in it is not finite.
    pub fn rotation(&self) -> Option<Quaternion> {
        let [x, y, z, w] = self.floats(ROTATION)?;
        Some(Quaternion { x, y, z, w })
    }

    /// The scale; `None` if the string is too short, or if it is not finite.
    pub fn scale(&self) -> Option<f64> {
        let [scale] = self.floats(SCALE)?;
        Some(scale)
    }

    /// The words before the first bar, in the order of the string.
    pub fn words(&self) -> &[u32] {
        &self.object.words
    }

    /// The hashes of components with their versions, from the part after the first bar; empty without such a part.
    pub fn versions(&self) -> impl Iterator<Item = (u32, u32)> {
        let words = self.more.first().map_or(&[][..], |part| &part.words);
        // The first word is the number of components.
        let pairs = words.get(1..).unwrap_or_default().chunks_exact(2);
        pairs.map(|pair| (pair[0], pair[1]))
    }

    /// Changes the prefab. The components stay, although another prefab may not have them.
    pub fn set_prefab(&mut self, prefab: PrefabHash) {
        let before = self.word(PREFAB);
        // The string begins with a word.
        self.object.words[PREFAB] = prefab.get();
        if self.word(PREFAB_AGAIN) == before {
            self.object.words[PREFAB_AGAIN] = prefab.get();
        }
    }

    /// Sets the position, in meters, with a precision of 32 bits. It is set in the component `NetworkRigidbody`, too, which
    /// repeats it.
    ///
    /// # Errors
    ///
    /// [`SaveStringProblem::NotFinite`], [`SaveStringProblem::NoPose`]; nothing is changed then.
    pub fn set_position(&mut self, position: Vector3) -> Result<(), Error> {
        let Vector3 { x, y, z } = position;
        let words = finite([x, y, z])?;
        self.set(POSITION, &words)?;
        if let Some(body) = self.rigid_body() {
            self.set_bits(body, &words);
        }
        Ok(())
    }

    /// Sets the rotation, with a precision of 32 bits. It is set in the component `NetworkRigidbody`, too, which repeats it.
    ///
    /// # Errors
    ///
    /// [`SaveStringProblem::NotFinite`], [`SaveStringProblem::NoPose`]; nothing is changed then.
    pub fn set_rotation(&mut self, rotation: Quaternion) -> Result<(), Error> {
        let Quaternion { x, y, z, w } = rotation;
        let words = finite([x, y, z, w])?;
        self.set(ROTATION, &words)?;
        if let Some(body) = self.rigid_body() {
            self.set_bits(body + (ROTATION - POSITION) * WORD, &words);
        }
        Ok(())
    }

    /// Sets the scale, with a precision of 32 bits.
    ///
    /// # Errors
    ///
    /// [`SaveStringProblem::NotFinite`], [`SaveStringProblem::NoPose`]; nothing is changed then.
    pub fn set_scale(&mut self, scale: f64) -> Result<(), Error> {
        let words = finite([scale])?;
        self.set(SCALE, &words)
    }

    fn word(&self, at: usize) -> Option<u32> {
        self.object.words.get(at).copied()
    }

    fn floats<const N: usize>(&self, at: usize) -> Option<[f64; N]> {
        let words = self.object.words.get(at..at + N)?;
        let floats = words.iter().map(|word| f64::from(f32::from_bits(*word)));
        let floats: Vec<f64> = floats.filter(|float| float.is_finite()).collect();
        floats.try_into().ok()
    }

    fn set(&mut self, at: usize, values: &[u32]) -> Result<(), Error> {
        if self.object.words.len() < COMPONENTS {
            return Err(problem(SaveStringProblem::NoPose));
        }
        self.object.words[at..at + values.len()].copy_from_slice(values);
        Ok(())
    }

    /// The offset in bits of the position in the component `NetworkRigidbody` of the root object.
    ///
    /// A component is its hash, the number of its bits, and these bits, so that it can begin within a word. A hash of 0 ends
    /// the list.
    fn rigid_body(&self) -> Option<usize> {
        let mut at = COMPONENTS * WORD;
        loop {
            let (hash, size) = (self.bits(at)?, self.bits(at + WORD)?);
            at += 2 * WORD;
            let end = at.checked_add(usize::try_from(size).ok()?)?;
            match hash {
                0 => return None,
                RIGID_BODY => {
                    let is_whole = size >= POSE_BITS && end <= self.object.words.len() * WORD;
                    return is_whole.then_some(at);
                }
                _ => at = end,
            }
        }
    }

    /// The 32 bits at this offset; the highest bit of a word is the first one.
    fn bits(&self, at: usize) -> Option<u32> {
        let (word, shift) = (at / WORD, at % WORD);
        let high = self.word(word)?;
        if shift == 0 {
            return Some(high);
        }
        let low = self.word(word + 1)?;
        Some(high << shift | low >> (WORD - shift))
    }

    /// Writes words at this offset in bits.
    fn set_bits(&mut self, mut at: usize, values: &[u32]) {
        for value in values {
            let (word, shift) = (at / WORD, at % WORD);
            let rest = u32::MAX >> shift;
            if let Some(high) = self.object.words.get_mut(word) {
                *high = *high & !rest | value >> shift;
            }
            if shift > 0
                && let Some(low) = self.object.words.get_mut(word + 1)
            {
                *low = *low & rest | value << (WORD - shift);
            }
            at += WORD;
        }
    }
}

/// The bits of numbers with a precision of 32 bits.
fn finite<const N: usize>(numbers: [f64; N]) -> Result<[u32; N], Error> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "save strings have numbers of 32 bits"
    )]
    let floats = numbers.map(|number| number as f32);
    if floats.iter().all(|float| float.is_finite()) {
        Ok(floats.map(f32::to_bits))
    } else {
        Err(problem(SaveStringProblem::NotFinite))
    }
}

fn problem(problem: SaveStringProblem) -> Error {
    Error::new(ErrorKind::SaveString(problem), "changing a save string")
}

impl Part {
    /// Reads a part that begins at a byte of the whole string, with the number of the words before it.
    fn parse(text: &str, mut at: usize, word: &mut usize) -> Result<Self, SaveStringProblem> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let inner = text.strip_suffix(',');
        let is_closed = inner.is_some();
        let mut words = Vec::new();
        for digits in inner.unwrap_or(text).split(',') {
            let number = number(digits).map_err(|problem| SaveStringProblem::Word {
                word: *word,
                at,
                problem,
            })?;
            words.push(number);
            *word += 1;
            at += digits.len() + 1;
        }
        Ok(Self { words, is_closed })
    }
}

fn number(digits: &str) -> Result<u32, WordProblem> {
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(WordProblem::NotDecimal);
    }
    if digits.len() > 1 && digits.starts_with('0') {
        return Err(WordProblem::LeadingZero);
    }
    digits.parse().map_err(|_| WordProblem::TooLarge)
}

impl FromStr for SaveString {
    type Err = Error;

    /// Reads a save string: with or without a comma at the end, and with any number of parts. White space is invalid.
    fn from_str(text: &str) -> Result<Self, Error> {
        let (mut at, mut word) = (0, 0);
        let mut parts = text.split('|').map(|part| {
            let begin = at;
            at += part.len() + 1;
            Part::parse(part, begin, &mut word)
        });
        let object = parts.next().unwrap_or_else(|| Ok(Part::default()));
        let object = object.and_then(|object| {
            let is_empty = object.words.is_empty();
            (!is_empty)
                .then_some(object)
                .ok_or(SaveStringProblem::Empty)
        });
        let read = object.and_then(|object| {
            let more = parts.collect::<Result<_, _>>()?;
            Ok(Self { object, more })
        });
        read.map_err(|problem| {
            let begin = match problem {
                SaveStringProblem::Word { at, .. } => at,
                _ => 0,
            };
            let rest = text.get(begin..).unwrap_or_default();
            Error::of(ErrorKind::SaveString(problem), rest)
        })
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, word) in self.words.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            write!(f, "{word}")?;
        }
        f.write_str(if self.is_closed { "," } else { "" })
    }
}

/// Writes the save string as servers read it.
impl fmt::Display for SaveString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.object)?;
        self.more.iter().try_for_each(|part| write!(f, "|{part}"))
    }
}

impl Serialize for SaveString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SaveString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
