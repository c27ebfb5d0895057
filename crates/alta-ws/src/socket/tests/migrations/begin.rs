//! Migrations up to a step.

use crate::socket::tests::rig::{Rig, holding, topic};
use crate::test_server::Reply;

/// Continues a migration until the new link has sent the token.
pub(super) fn posting(topics: &[i64]) -> (Rig, u64) {
    let mut rig = holding(topics);
    let call = rig.migrate();
    rig.serve(rig.main(), Reply::Do);
    rig.arrive(rig.main());
    rig.accept();
    assert_eq!(rig.asked(), ["POST migrate"]);
    (rig, call)
}

/// A migration that is about to begin, while another request is in flight.
pub(super) fn about_to_ask() -> (Rig, u64) {
    let mut rig = holding(&[1]);
    rig.want(&topic(2));
    let call = rig.migrate();
    (rig, call)
}

/// A migration whose first step was requested.
pub(super) fn asking(written: bool) -> (Rig, u64) {
    let mut rig = holding(&[1]);
    rig.held_back = !written;
    let call = rig.migrate();
    assert_eq!(rig.asked(), ["GET migrate"]);
    (rig, call)
}

/// A migration whose new link is being opened.
pub(super) fn opening() -> (Rig, u64) {
    let (mut rig, call) = asking(true);
    rig.serve(rig.main(), Reply::Do);
    rig.arrive(rig.main());
    (rig, call)
}

/// A migration whose last step was not written.
pub(super) fn about_to_post() -> (Rig, u64) {
    let (mut rig, call) = opening();
    rig.held_back = true;
    rig.accept();
    (rig, call)
}

/// A migration that was requested during the handover of the one before.
pub(super) fn the_next_one() -> (Rig, u64) {
    let (mut rig, _) = posting(&[1]);
    rig.serve(rig.newest(), Reply::Do);
    rig.arrive(rig.newest());
    let call = rig.migrate();
    (rig, call)
}
