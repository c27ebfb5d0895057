//! Derived events: players enter and leave zones, hold items, make gestures, or fulfill any other [`Condition`].

mod condition;
mod follow;
mod known;
mod machine;
#[cfg(test)]
mod machine_tests;
mod transition;
mod transitions;
mod when;
mod zone;

pub use condition::{Condition, HeldItem};
pub use transition::{Transition, TransitionKind};
pub use transitions::Transitions;
pub use when::When;
pub use zone::Zone;
