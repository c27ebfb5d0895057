use super::error::{Error, ErrorKind};
use alta_model::{Quaternion, SaveString, Vector3};

/// A change of place: a scale and a rotation about a point, and then an offset. By default, everything stays where it is.
///
/// ```
/// use att_kit::building::{Placement, Vector3};
///
/// // A quarter turn about a corner, and three meters up.
/// let turned = Placement::offset(Vector3::new(0.0, 3.0, 0.0))
///     .rotated(Vector3::new(0.0, 90.0, 0.0))
///     .about(Vector3::new(-870.0, 150.0, 98.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    offset: Vector3,
    rotation: Quaternion,
    scale: f64,
    about: Vector3,
}

impl Default for Placement {
    fn default() -> Self {
        Self::offset(Vector3::ZERO)
    }
}

impl Placement {
    /// An offset in meters.
    pub const fn offset(offset: Vector3) -> Self {
        Self {
            offset,
            rotation: Quaternion::IDENTITY,
            scale: 1.0,
            about: Vector3::ZERO,
        }
    }

    /// Rotates by pitch, yaw and roll, in degrees.
    #[must_use]
    pub fn rotated(mut self, angles: Vector3) -> Self {
        self.rotation = Quaternion::from_degrees(angles);
        self
    }

    /// Scales by a factor, which must be finite and positive.
    #[must_use]
    pub const fn scaled(mut self, factor: f64) -> Self {
        self.scale = factor;
        self
    }

    /// The point that rotation and scale leave where it is. By default, the origin of the world.
    #[must_use]
    pub const fn about(mut self, point: Vector3) -> Self {
        self.about = point;
        self
    }

    /// Moves one object.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Scale`]; [`ErrorKind::SaveString`] if the string has no position, rotation and scale, or if a new value is
    /// not finite. The string can be changed in part then.
    pub fn apply(&self, save: &mut SaveString) -> Result<(), Error> {
        let no_pose = || {
            let kind = alta_model::ErrorKind::SaveString(super::SaveStringProblem::NoPose);
            alta_model::Error::new(kind, format!("moving prefab {}", save.prefab()))
        };
        if !(self.scale.is_finite() && self.scale > 0.0) {
            return Err(Error::new(ErrorKind::Scale(self.scale), "placing"));
        }
        let pose = save.position().zip(save.rotation()).zip(save.scale());
        let ((position, rotation), scale) = pose.ok_or_else(no_pose)?;
        save.set_position(self.position(position))?;
        save.set_rotation(self.rotation.after(rotation))?;
        save.set_scale(scale * self.scale)?;
        Ok(())
    }

    /// The new position of a point.
    pub(super) fn position(&self, before: Vector3) -> Vector3 {
        let Self { about, offset, .. } = *self;
        let arm = Vector3::new(
            self.scale * (before.x - about.x),
            self.scale * (before.y - about.y),
            self.scale * (before.z - about.z),
        );
        let turned = self.rotation.rotate(arm);
        Vector3::new(
            about.x + turned.x + offset.x,
            about.y + turned.y + offset.y,
            about.z + turned.z + offset.z,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn torch() -> SaveString {
        // At 1, 2, 3, without rotation, with a scale of 1.
        "31502,44,31502,1065353216,1073741824,1077936128,0,0,0,1065353216,1065353216,"
            .parse()
            .unwrap()
    }

    fn placed(placement: Placement) -> SaveString {
        let mut save = torch();
        placement.apply(&mut save).unwrap();
        save
    }

    #[test]
    fn an_object_is_scaled_and_turned_about_a_point_and_then_moved() {
        let placement = Placement::offset(Vector3::new(0.0, 10.0, 0.0))
            .rotated(Vector3::new(0.0, 90.0, 0.0))
            .scaled(2.0)
            .about(Vector3::new(1.0, 2.0, 1.0));
        let save = placed(placement);
        // The arm 0, 0, 2 becomes 0, 0, 4 and turns to 4, 0, 0.
        let position = save.position().unwrap();
        assert!(
            position.distance(Vector3::new(5.0, 12.0, 1.0)) < 1e-5,
            "{position}"
        );
        assert!((save.scale().unwrap() - 2.0).abs() < 1e-9);
        let forward = save.rotation().unwrap().rotate(Vector3::new(0.0, 0.0, 1.0));
        assert!(
            forward.distance(Vector3::new(1.0, 0.0, 0.0)) < 1e-5,
            "{forward}"
        );
        assert_eq!(placed(Placement::default()), torch());
    }

    #[test]
    fn a_placement_that_cannot_be_written_is_an_error() {
        for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = Placement::default()
                .scaled(factor)
                .apply(&mut torch())
                .unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Scale(_)), "{error}");
        }
        let far = Placement::offset(Vector3::new(1e300, 0.0, 0.0));
        let error = far.apply(&mut torch()).unwrap_err();
        assert!(error.to_string().contains("not finite"), "{error}");
        let error = Placement::default()
            .apply(&mut "7,8,7".parse().unwrap())
            .unwrap_err();
        assert!(error.to_string().contains("no position"), "{error}");
    }
}
