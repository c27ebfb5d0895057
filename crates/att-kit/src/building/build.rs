use super::error::{Error, ErrorKind};
use super::placement::Placement;
use alta_model::{SaveString, Vector3};
use serde::{Deserialize, Serialize};

/// The version of the format.
const VERSION: u64 = 1;

/// The name of the format.
const FORMAT: &str = "att-kit build";

/// A group of objects that was saved, to be loaded at any place of any server, once or many times.
///
/// It is a JSON object: `{"format": "att-kit build", "version": 1, "origin": [x, y, z], "pieces": [{"name": …, "save": …}]}`. Each
/// piece has a save string. Unknown fields are ignored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Build {
    origin: Vector3,
    pieces: Vec<Piece>,
}

/// An object of a build.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Piece {
    /// Its name, `Torch(Clone)`. It is for people: the save string has the prefab.
    #[serde(default)]
    pub name: String,
    /// The object.
    pub save: SaveString,
}

/// The JSON of a build.
#[derive(Deserialize, Serialize)]
struct Contents {
    format: String,
    version: u64,
    origin: Vector3,
    pieces: Vec<Piece>,
}

/// The part of the JSON that is read first: other versions may have other contents.
#[derive(Deserialize)]
struct Version {
    format: String,
    version: u64,
}

impl Piece {
    /// A piece with a name for people.
    pub fn new(name: impl Into<String>, save: SaveString) -> Self {
        Self {
            name: name.into(),
            save,
        }
    }
}

impl Build {
    /// A build of these pieces. Its origin is in the middle of its base.
    pub fn new(pieces: impl IntoIterator<Item = Piece>) -> Self {
        let pieces: Vec<Piece> = pieces.into_iter().collect();
        let positions = pieces.iter().filter_map(|piece| piece.save.position());
        let corners = positions.fold(None, |corners: Option<(Vector3, Vector3)>, at| {
            let (low, high) = corners.unwrap_or((at, at));
            Some((
                Vector3::new(low.x.min(at.x), low.y.min(at.y), low.z.min(at.z)),
                Vector3::new(high.x.max(at.x), high.y.max(at.y), high.z.max(at.z)),
            ))
        });
        let middle = |(low, high): (Vector3, Vector3)| {
            Vector3::new(low.x.midpoint(high.x), low.y, low.z.midpoint(high.z))
        };
        let origin = corners.map(middle).unwrap_or_default();
        Self { origin, pieces }
    }

    /// The point that [`Guard::load`](super::Guard::load) puts at the new place: the middle of the base, unless it was set.
    pub fn origin(&self) -> Vector3 {
        self.origin
    }

    /// Sets the [`origin`](Self::origin).
    #[must_use]
    pub fn with_origin(mut self, origin: Vector3) -> Self {
        self.origin = origin;
        self
    }

    /// The pieces, in the order in which they are loaded.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Keeps the pieces for which the function returns true. The origin stays.
    pub fn retain(&mut self, keep: impl FnMut(&Piece) -> bool) {
        self.pieces.retain(keep);
    }

    /// The build at another place, with its origin.
    ///
    /// # Errors
    ///
    /// Those of [`Placement::apply`]. The message has the number of the piece, from 0.
    pub fn placed(&self, placement: &Placement) -> Result<Self, Error> {
        let mut placed = self.clone();
        placed.origin = placement.position(self.origin);
        for (at, piece) in placed.pieces.iter_mut().enumerate() {
            let applied = placement.apply(&mut piece.save);
            applied.map_err(|error| error.while_doing(format!("placing piece {at} of a build")))?;
        }
        Ok(placed)
    }

    /// The build with its origin at this point.
    ///
    /// # Errors
    ///
    /// Those of [`placed`](Self::placed).
    pub fn moved_to(&self, at: Vector3) -> Result<Self, Error> {
        let from = self.origin;
        let offset = Vector3::new(at.x - from.x, at.y - from.y, at.z - from.z);
        self.placed(&Placement::offset(offset))
    }

    /// The pieces from this one on.
    pub(super) fn rest_from(&self, at: usize) -> Self {
        Self {
            origin: self.origin,
            pieces: self.pieces.get(at..).unwrap_or_default().to_vec(),
        }
    }

    /// Writes the build as JSON.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Build`] if the origin is not finite.
    pub fn to_json(&self) -> Result<String, Error> {
        let Vector3 { x, y, z } = self.origin;
        if ![x, y, z].iter().all(|number| number.is_finite()) {
            let kind = ErrorKind::Build("its origin is not finite".to_owned());
            return Err(Error::new(kind, "writing a build"));
        }
        let contents = Contents {
            format: FORMAT.to_owned(),
            version: VERSION,
            origin: self.origin,
            pieces: self.pieces.clone(),
        };
        serde_json::to_string(&contents)
            .map_err(|error| invalid(&error).while_doing("writing a build"))
    }

    /// Reads the JSON of a build.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BuildVersion`] for a build of another version, [`ErrorKind::Build`], with the line and the column, for
    /// anything else that is not a build.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let version: Version = serde_json::from_str(json).map_err(|error| invalid(&error))?;
        if version.format != FORMAT {
            let kind = ErrorKind::Build(format!("its format is {:?}", version.format));
            return Err(Error::new(kind, READING));
        }
        if version.version != VERSION {
            let kind = ErrorKind::BuildVersion {
                found: version.version,
                expected: VERSION,
            };
            return Err(Error::new(kind, READING));
        }
        let contents: Contents = serde_json::from_str(json).map_err(|error| invalid(&error))?;
        Ok(Self {
            origin: contents.origin,
            pieces: contents.pieces,
        })
    }
}

const READING: &str = "reading a build";

fn invalid(error: &serde_json::Error) -> Error {
    Error::new(ErrorKind::Build(error.to_string()), READING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn piece(name: &str, position: Vector3) -> Piece {
        let mut save: SaveString = "31502,44,31502,0,0,0,0,0,0,1065353216,1065353216,|1,7,2"
            .parse()
            .unwrap();
        save.set_position(position).unwrap();
        Piece::new(name, save)
    }

    fn house() -> Build {
        Build::new([
            piece("Wall", Vector3::new(0.0, 1.0, 0.0)),
            piece("O'Neil's \"roof\" \\", Vector3::new(4.0, 3.0, -2.0)),
        ])
    }

    #[test]
    fn the_origin_is_the_middle_of_the_base_and_is_put_at_the_new_place() {
        assert_eq!(house().origin(), Vector3::new(2.0, 1.0, -1.0));
        let moved = house().moved_to(Vector3::new(10.0, 0.0, 10.0)).unwrap();
        assert_eq!(moved.origin(), Vector3::new(10.0, 0.0, 10.0));
        let positions = moved.pieces().iter().map(|piece| piece.save.position());
        let expected = [Vector3::new(8.0, 0.0, 11.0), Vector3::new(12.0, 2.0, 9.0)];
        assert_eq!(positions.collect::<Vec<_>>(), expected.map(Some));
        assert_eq!(Build::default(), Build::new([]));
    }

    #[test]
    fn a_build_is_written_and_read() {
        let house = house().with_origin(Vector3::new(0.1, 0.0, -7.25));
        let json = house.to_json().unwrap();
        assert!(json.starts_with(
            r#"{"format":"att-kit build","version":1,"origin":[0.1,0.0,-7.25],"pieces":["#
        ));
        assert_eq!(Build::from_json(&json).unwrap(), house);
        let newer = json.replace("\"name\"", "\"color\":7,\"name\"");
        assert_eq!(Build::from_json(&newer).unwrap(), house);
    }

    #[test]
    fn another_format_or_version_is_an_error_that_says_so() {
        let fails = |json: &str| Build::from_json(json).unwrap_err().to_string();
        assert_eq!(
            fails(r#"{"format": "att-kit build", "version": 2, "parts": []}"#),
            "reading a build: the build has version 2 of the format, not 1"
        );
        assert_eq!(
            fails(r#"{"format": "x\u001b", "version": 1}"#),
            r#"reading a build: not a build: its format is "x\u{1b}""#
        );
        for json in [
            "",
            "[]",
            "{}",
            r#"{"format": "att-kit build", "version": 1, "origin": [0,0,0]}"#,
        ] {
            assert!(
                fails(json).starts_with("reading a build: not a build: "),
                "{json}"
            );
        }
        let json = house().to_json().unwrap().replace("31502,44", "31502,x");
        let error = fails(&json);
        assert!(
            error.contains("word 1, at byte 6, is not a decimal number"),
            "{error}"
        );
        let endless = house().with_origin(Vector3::new(f64::NAN, 0.0, 0.0));
        endless.to_json().unwrap_err();
    }

    #[test]
    fn a_piece_that_cannot_be_moved_is_named() {
        let mut pieces = house().pieces().to_vec();
        pieces.push(Piece::new("Stub", "7,8,7".parse().unwrap()));
        let error = Build::new(pieces).moved_to(Vector3::ZERO).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("placing piece 2 of a build: "),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn any_build_is_written_and_read(
            pieces in prop::collection::vec((".{0,12}", prop::collection::vec(any::<u32>(), 1..30)), 0..8),
            origin in prop::array::uniform3(-1_000_000..1_000_000_i32),
        ) {
            let pieces = pieces.into_iter().map(|(name, words)| {
                let words: Vec<String> = words.iter().map(u32::to_string).collect();
                Piece::new(name, words.join(",").parse().unwrap())
            });
            let [x, y, z] = origin.map(|quarters| f64::from(quarters) / 4.0);
            let build = Build::new(pieces).with_origin(Vector3::new(x, y, z));
            prop_assert_eq!(Build::from_json(&build.to_json().unwrap()).unwrap(), build);
        }
    }
}
