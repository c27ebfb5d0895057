mod by_hand;
mod by_property;
mod census;
mod migrations;
mod of_frames;
mod of_topics;
mod rig;
mod steps;

pub(crate) use census::Census;
