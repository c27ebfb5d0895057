mod bounds;
mod by_hand;
mod by_property;
mod of_moves;
mod reader;
mod steps;
mod world;
