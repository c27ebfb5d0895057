mod by_hand;
mod by_property;
mod census;
mod of_frames;
mod of_migrations;
mod of_topics;
mod rig;

pub(crate) use census::Census;
