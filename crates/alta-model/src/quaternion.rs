use crate::Vector3;

/// A rotation, as save strings have it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quaternion {
    /// The first imaginary part.
    pub x: f64,
    /// The second imaginary part.
    pub y: f64,
    /// The third imaginary part.
    pub z: f64,
    /// The real part.
    pub w: f64,
}

impl Quaternion {
    /// No rotation.
    pub const IDENTITY: Self = Self::new(0.0, 0.0, 0.0, 1.0);

    /// A quaternion of these numbers.
    pub const fn new(x: f64, y: f64, z: f64, w: f64) -> Self {
        Self { x, y, z, w }
    }

    /// The rotation by these angles in degrees, as `select get` returns them: pitch about the x axis, yaw about the y axis, roll
    /// about the z axis. The roll is applied first and the yaw last, as in Unity.
    pub fn from_degrees(angles: Vector3) -> Self {
        let half = |degrees: f64| (degrees.to_radians() / 2.0).sin_cos();
        let ((x, pitch), (y, yaw), (z, roll)) = (half(angles.x), half(angles.y), half(angles.z));
        let (pitch, yaw, roll) = (
            Self::new(x, 0.0, 0.0, pitch),
            Self::new(0.0, y, 0.0, yaw),
            Self::new(0.0, 0.0, z, roll),
        );
        yaw.after(pitch).after(roll)
    }

    /// The rotation by `first`, and then by this one: their product.
    #[must_use]
    pub fn after(self, first: Self) -> Self {
        let (a, b) = (self, first);
        Self {
            x: a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
            y: a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x,
            z: a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w,
            w: a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z,
        }
    }

    /// The rotated vector.
    pub fn rotate(self, vector: Vector3) -> Vector3 {
        let inverse = Self::new(-self.x, -self.y, -self.z, self.w);
        let turned = self
            .after(Self::new(vector.x, vector.y, vector.z, 0.0))
            .after(inverse);
        Vector3::new(turned.x, turned.y, turned.z)
    }
}

impl Default for Quaternion {
    fn default() -> Self {
        Self::IDENTITY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(one: Vector3, other: Vector3) {
        assert!(one.distance(other) < 1e-9, "{one} is not {other}");
    }

    #[test]
    fn angles_turn_about_their_axes_in_a_space_whose_z_axis_is_forward() {
        let (right, up, forward) = (
            Vector3::new(1.0, 0.0, 0.0),
            Vector3::new(0.0, 1.0, 0.0),
            Vector3::new(0.0, 0.0, 1.0),
        );
        let turned =
            |x, y, z, vector| Quaternion::from_degrees(Vector3::new(x, y, z)).rotate(vector);
        assert_near(turned(0.0, 90.0, 0.0, forward), right);
        assert_near(turned(90.0, 0.0, 0.0, up), forward);
        assert_near(turned(0.0, 0.0, 90.0, right), up);
        // The roll comes first and the yaw last.
        assert_near(turned(90.0, 90.0, 0.0, up), right);
        assert_near(turned(0.0, 90.0, 90.0, right), up);
        assert_near(Quaternion::IDENTITY.rotate(up), up);
    }

    #[test]
    fn a_product_is_one_rotation_after_another() {
        let first = Quaternion::from_degrees(Vector3::new(10.0, 200.0, -30.0));
        let second = Quaternion::from_degrees(Vector3::new(-80.0, 5.0, 60.0));
        let vector = Vector3::new(1.0, -2.0, 3.0);
        assert_near(
            second.after(first).rotate(vector),
            second.rotate(first.rotate(vector)),
        );
    }
}
