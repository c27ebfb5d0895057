use std::fmt;

/// The words of the position, of the rotation and of the scale in a save string.
const POSE: std::ops::Range<usize> = 3..11;

/// A save string: words, and after a bar the versions of the components. An entity keeps what it does not know.
#[derive(Clone, Debug)]
pub(crate) struct Saved {
    words: Vec<u32>,
    /// The string after the first bar.
    versions: Option<String>,
}

/// The position, the rotation and the scale in a save string.
pub(crate) struct Pose {
    pub(crate) position: [f64; 3],
    pub(super) rotation: [f32; 4],
    pub(super) scale: f32,
}

impl Saved {
    /// That of a new entity.
    pub(super) fn of(prefab: u32) -> Self {
        let mut words = vec![prefab, 44, prefab];
        words.resize(POSE.end, 0);
        Self {
            words,
            versions: None,
        }
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        let (object, versions) = match text.split_once('|') {
            Some((object, versions)) => (object, Some(versions.to_owned())),
            None => (text, None),
        };
        let object = object.strip_suffix(',').unwrap_or(object);
        let words = object.split(',').map(|word| word.parse().ok());
        let words = words.collect::<Option<_>>()?;
        Some(Self { words, versions })
    }

    /// The prefab, which is the first word.
    pub(crate) fn prefab(&self) -> u32 {
        self.words.first().copied().unwrap_or_default()
    }

    /// `None` if the string is too short.
    pub(crate) fn pose(&self) -> Option<Pose> {
        let floats = self.words.get(POSE)?.iter().copied().map(f32::from_bits);
        let floats: Vec<f32> = floats.collect();
        let position: [f32; 3] = floats.get(..3)?.try_into().ok()?;
        Some(Pose {
            position: position.map(f64::from),
            rotation: floats.get(3..7)?.try_into().ok()?,
            scale: *floats.last()?,
        })
    }

    pub(super) fn with_pose(&self, position: [f64; 3], rotation: [f32; 4], scale: f32) -> Self {
        let mut saved = self.clone();
        saved.words.resize(saved.words.len().max(POSE.end), 0);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "save strings hold 32-bit floats"
        )]
        let position = position.map(|axis| axis as f32);
        let floats = position.into_iter().chain(rotation).chain([scale]);
        for (word, float) in saved.words[POSE].iter_mut().zip(floats) {
            *word = float.to_bits();
        }
        saved
    }
}

impl fmt::Display for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for word in &self.words {
            write!(f, "{word},")?;
        }
        match &self.versions {
            Some(versions) => write!(f, "|{versions}"),
            None => Ok(()),
        }
    }
}

/// The quaternion of pitch, yaw and roll in degrees: first the roll, then the pitch, then the yaw, as in Unity. No part is -0.
pub(super) fn quaternion(angles: [f64; 3]) -> [f32; 4] {
    let [(sx, cx), (sy, cy), (sz, cz)] = angles.map(|angle| (angle.to_radians() / 2.0).sin_cos());
    let exact = [
        cy * sx * cz + sy * cx * sz,
        sy * cx * cz - cy * sx * sz,
        cy * cx * sz - sy * sx * cz,
        cy * cx * cz + sy * sx * sz,
    ];
    #[expect(
        clippy::cast_possible_truncation,
        reason = "save strings hold 32-bit floats"
    )]
    exact.map(|part| part as f32 + 0.0)
}

/// Pitch, yaw and roll of a quaternion in degrees, from 0 to 360.
pub(super) fn angles(quaternion: [f32; 4]) -> [f64; 3] {
    let [x, y, z, w] = quaternion.map(f64::from);
    let pitch = (2.0 * (w * x - y * z)).clamp(-1.0, 1.0).asin();
    let yaw = (2.0 * (w * y + x * z)).atan2(1.0 - 2.0 * (x * x + y * y));
    let roll = (2.0 * (w * z + x * y)).atan2(1.0 - 2.0 * (x * x + z * z));
    [pitch, yaw, roll].map(|angle| angle.to_degrees().rem_euclid(360.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_become_a_quaternion_and_return() {
        for before in [
            [0.0; 3],
            [20.0, 200.0, 340.0],
            [330.0, 90.0, 15.0],
            [0.0, 270.0, 0.0],
        ] {
            let after = angles(quaternion(before));
            for (before, after) in before.into_iter().zip(after) {
                let difference = (before - after + 180.0).rem_euclid(360.0) - 180.0;
                assert!(difference.abs() < 1e-3, "{before} {after}");
            }
        }
    }
}
