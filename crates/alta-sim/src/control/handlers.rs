//! The handlers of the control port.

use super::body::Body;
use super::reply::{Failure, Json, done, ended, read};
use super::seen::{self, Query, What};
use super::view;
use super::wait::{self, Wait};
use super::{Control, MOST_WAITS};
use crate::action::Action;
use crate::sim::Sim;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query as AxumQuery, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// The most actions in one request.
const MOST: usize = 10_000;

impl Control {
    fn sim(&self) -> Result<Sim, Failure> {
        (self.sim)().ok_or_else(ended)
    }

    fn first(&self) -> u64 {
        self.first.load(Ordering::Relaxed)
    }
}

pub(super) async fn openapi() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, include_str!("../../openapi.json"))
}

/// Performs an action, or an array of them in order. All are read before the first one is performed.
pub(super) async fn actions(
    State(control): State<Control>,
    Body(body): Body,
) -> Result<Json, Failure> {
    let sim = control.sim()?;
    let actions = match body {
        Value::Array(actions) => actions,
        action => {
            let action: Action = read(action)?;
            return Ok(Json(action.perform(&sim).await?));
        }
    };
    if actions.len() > MOST {
        let reason = format!("{} actions; {MOST} are allowed", actions.len());
        return Err(Failure::new(413, reason));
    }
    let place = |number: usize| format!("action {number}");
    let mut readable: Vec<Action> = Vec::with_capacity(actions.len());
    for (number, action) in actions.into_iter().enumerate() {
        readable.push(read(action).map_err(|error| error.within(&place(number)))?);
    }
    let mut results = Vec::with_capacity(readable.len());
    for (number, action) in readable.iter().enumerate() {
        match action.perform(&sim).await {
            Ok(result) => results.push(result),
            Err(error) => {
                let failure = Failure::from(error).within(&place(number));
                return Err(failure.with("results", results.into()));
            }
        }
    }
    Ok(Json(results.into()))
}

/// Lets the world be as at the start, and forgets what clients did.
pub(super) async fn reset(State(control): State<Control>) -> Result<Json, Failure> {
    let sim = control.sim()?;
    let _one = control.resetting.lock().await;
    sim.reset().await?;
    let received = sim.shared.env.received();
    let next = received.last().map_or(0, |last| last.number + 1);
    control.first.store(next, Ordering::Relaxed);
    Ok(done())
}

pub(super) async fn state(State(control): State<Control>) -> Result<Json, Failure> {
    let sim = control.sim()?;
    Ok(Json(view::state(&sim)))
}

/// What clients did.
pub(super) async fn seen(
    State(control): State<Control>,
    Path(what): Path<String>,
    query: Result<AxumQuery<Query>, QueryRejection>,
) -> Result<Json, Failure> {
    let sim = control.sim()?;
    let what: What = read(Value::String(what)).map_err(|error| error.within("the path"))?;
    let AxumQuery(query) = query.map_err(|rejection| Failure::new(400, rejection.body_text()))?;
    let filter = query.filter(&sim, what, control.first())?;
    let items = seen::items(&sim, &filter);
    let skipped = items.len().saturating_sub(query.limit());
    let newest: Vec<Value> = items.into_iter().skip(skipped).collect();
    Ok(Json(json!({ "seen": newest, "left_out": skipped })))
}

/// Waits until clients have done something.
pub(super) async fn wait(
    State(control): State<Control>,
    Body(body): Body,
) -> Result<Json, Failure> {
    let sim = control.sim()?;
    let Ok(_place) = control.waits.try_acquire() else {
        let reason = format!("{MOST_WAITS} requests wait already");
        return Err(Failure::new(503, reason));
    };
    let wanted: Wait = read(body)?;
    wait::wait(&sim, wanted, control.first()).await.map(Json)
}
