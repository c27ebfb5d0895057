use super::*;

#[test]
fn the_last_time_online_is_stored_once_a_minute_and_at_the_end_of_a_run() {
    let store = Faulty::default();
    let shared = open(&store);
    let at = |seconds| NOW + Duration::from_secs(seconds);
    let server = shared
        .prepare(NOW, |cloud, now| {
            let group = cloud.add_group("Thornwood Folk", 1, now);
            cloud.add_server(Some(group), "Thornwood", now)
        })
        .unwrap();
    let stored = |store: &Faulty| open(store).look(|cloud| cloud.servers[&server].last_online);
    let note = |seconds| {
        shared.prepare(at(seconds), |cloud, now| {
            cloud.note_last_online(server, now);
        })
    };
    let set_online = |online, seconds| {
        let set = |cloud: &mut Cloud, now| cloud.set_online(server, online, now);
        assert!(shared.prepare(at(seconds), set).unwrap());
    };
    set_online(true, 100);
    assert_eq!(stored(&store), at(0), "a start is no note");
    let mut writes = 0;
    for seconds in (100..=400).step_by(5) {
        let before = store.writes();
        note(seconds).unwrap();
        writes += store.writes() - before;
    }
    assert_eq!((writes, stored(&store)), (6, at(400)));
    set_online(false, 410);
    // A failure undoes only the note.
    store.fails_in.store(1, Ordering::SeqCst);
    assert!(note(411).is_err());
    let online = shared.look(|cloud| {
        (
            cloud.servers[&server].online,
            cloud.servers[&server].last_online,
        )
    });
    assert_eq!((online, stored(&store)), ((false, at(410)), at(400)));
    note(415).unwrap();
    assert_eq!(stored(&store), at(410));
    let before = store.writes();
    note(900).unwrap();
    assert_eq!(store.writes(), before, "it has not run since");
    assert_eq!(stored(&store), at(410));
}
