//! Changes that are stored outside the lock of the state.

use super::super::{Memory, Row, SharedCloud, Store, StoreError, StoreErrorKind};
use crate::net::Env;
use crate::state::{Config, HashCost};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::timeout;

const BOUND: Duration = Duration::from_secs(60);

/// A store whose writes wait for the test.
#[derive(Debug)]
struct Slow {
    rows: Memory,
    began: tokio::sync::mpsc::UnboundedSender<()>,
    /// The result of each write.
    go: Receiver<bool>,
}

impl Store for Slow {
    fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        self.rows.load()
    }

    fn save(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        self.began.send(()).unwrap();
        if self.go.recv_timeout(BOUND).unwrap() {
            self.rows.save(rows)
        } else {
            Err(StoreError::new(StoreErrorKind::Full, "the test's store"))
        }
    }

    fn is_changed_elsewhere(&mut self) -> Result<bool, StoreError> {
        Ok(false)
    }
}

struct Fixture {
    env: Arc<Env>,
    shared: Arc<SharedCloud>,
    began: tokio::sync::mpsc::UnboundedReceiver<()>,
    go: Sender<bool>,
}

impl Fixture {
    async fn new() -> Self {
        let (began, mut writes) = tokio::sync::mpsc::unbounded_channel();
        let (go, results) = channel();
        let store = Box::new(Slow {
            rows: Memory::default(),
            began,
            go: results,
        });
        let env = Arc::new(Env::new(Handle::current(), 0, 16));
        let config = Config {
            hash_cost: HashCost::CHEAPEST,
            ..Config::default()
        };
        // The key that signs tokens.
        go.send(true).unwrap();
        let shared = SharedCloud::open(config, store, env.clock.now()).unwrap();
        writes.recv().await.unwrap();
        Self {
            env,
            shared: Arc::new(shared),
            began: writes,
            go,
        }
    }

    /// Begins to add a group in a task, and waits until it is being stored.
    async fn begin(&mut self) -> tokio::task::JoinHandle<Result<u64, StoreError>> {
        let (shared, env) = (Arc::clone(&self.shared), Arc::clone(&self.env));
        let adding = async move {
            let add = |cloud: &mut crate::state::Cloud, now| cloud.add_group("Folk", 7, now);
            shared.change(&env, add).await
        };
        let task = tokio::spawn(adding);
        timeout(BOUND, self.began.recv()).await.unwrap().unwrap();
        task
    }

    fn groups(&self) -> usize {
        self.shared.look(|cloud| cloud.groups.len())
    }
}

#[tokio::test]
async fn others_work_on_the_state_while_a_change_is_stored_and_do_not_see_it() {
    let mut fixture = Fixture::new().await;
    let task = fixture.begin().await;
    assert_eq!(fixture.groups(), 0);
    let (seen, stored) = fixture
        .shared
        .run(&fixture.env, |cloud, _| cloud.groups.len());
    assert!(seen == 0 && stored.is_ok());
    assert!(!task.is_finished());
    fixture.go.send(true).unwrap();
    let id = timeout(BOUND, task).await.unwrap().unwrap().unwrap();
    let members = |cloud: &crate::state::Cloud| cloud.groups[&id].members.len();
    assert_eq!(fixture.shared.look(members), 1);
}

#[tokio::test]
async fn a_change_that_cannot_be_stored_is_never_seen() {
    let mut fixture = Fixture::new().await;
    let task = fixture.begin().await;
    fixture.go.send(false).unwrap();
    let error = timeout(BOUND, task).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Full);
    assert_eq!(fixture.groups(), 0);
}

#[tokio::test]
async fn a_change_whose_client_is_gone_is_completed() {
    let mut fixture = Fixture::new().await;
    let mut changes = fixture.env.changes();
    let task = fixture.begin().await;
    task.abort();
    assert!(timeout(BOUND, task).await.unwrap().is_err());
    fixture.go.send(true).unwrap();
    let seen = async {
        while fixture.groups() == 0 {
            changes.changed().await.unwrap();
        }
    };
    timeout(BOUND, seen).await.unwrap();
}

#[tokio::test]
async fn a_row_that_is_being_stored_is_not_changed_by_others() {
    let mut fixture = Fixture::new().await;
    let adding = fixture.begin().await;
    fixture.go.send(true).unwrap();
    let id = timeout(BOUND, adding).await.unwrap().unwrap().unwrap();
    let rename = move |cloud: &mut crate::state::Cloud, name: &str| {
        name.clone_into(&mut cloud.groups.get_mut(&id).unwrap().name);
    };
    let (shared, env) = (Arc::clone(&fixture.shared), Arc::clone(&fixture.env));
    let first = async move { shared.change(&env, |cloud, _| rename(cloud, "First")).await };
    let first = tokio::spawn(first);
    timeout(BOUND, fixture.began.recv()).await.unwrap().unwrap();
    let second = |cloud: &mut crate::state::Cloud, _| rename(cloud, "Second");
    let refused = fixture.shared.with(&fixture.env, second).unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Locked);
    fixture.go.send(true).unwrap();
    timeout(BOUND, first).await.unwrap().unwrap().unwrap();
    let name = |cloud: &crate::state::Cloud| cloud.groups[&id].name.clone();
    assert_eq!(fixture.shared.look(name), "First");
}
