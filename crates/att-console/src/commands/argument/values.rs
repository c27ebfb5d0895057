//! Numbers, bools, vectors and ids.

use super::{Argument, Problem};
use alta_model::{EntityId, PrefabHash, UserId, Vector3};

/// Values that are written as they are displayed.
macro_rules! as_displayed {
    ($($value:ty),*) => {
        $(
            impl From<$value> for Argument {
                fn from(value: $value) -> Self {
                    Self::bare(value.to_string())
                }
            }
        )*
    };
}

as_displayed!(bool, i16, i32, i64, u8, u16, u32, u64, usize);
as_displayed!(UserId, EntityId, PrefabHash);

impl From<f64> for Argument {
    /// With a point and without an exponent, as the server reads it. A number that is not finite is an error.
    fn from(value: f64) -> Self {
        if value.is_finite() {
            Self::bare(value.to_string())
        } else {
            Self::failed(Problem::Number(value))
        }
    }
}

impl From<Vector3> for Argument {
    /// `x,y,z` without spaces.
    fn from(vector: Vector3) -> Self {
        let parts = [vector.x, vector.y, vector.z];
        match parts.into_iter().find(|part| !part.is_finite()) {
            Some(part) => Self::failed(Problem::Number(part)),
            None => Self::bare(format!("{},{},{}", vector.x, vector.y, vector.z)),
        }
    }
}
