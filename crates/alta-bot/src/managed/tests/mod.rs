mod by_hand;
mod by_property;
mod standing;
