mod by_hand;
mod by_property;
mod of_moves;
mod world;
