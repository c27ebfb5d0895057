//! Derived events: players enter and leave zones, hold items, make gestures, or fulfill any other [`Condition`].

mod condition;
#[cfg(test)]
mod condition_tests;
mod follow;
mod held_item;
mod known;
mod machine;
mod transition;
mod transitions;
mod when;
mod zone;

pub use condition::Condition;
pub use held_item::HeldItem;
pub use transition::{Transition, TransitionKind};
pub use transitions::Transitions;
pub use when::When;
pub use zone::Zone;
