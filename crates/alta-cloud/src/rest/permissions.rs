use super::reply::Reply;
use super::request::Request;
use crate::state::PERMISSIONS;
use crate::wire::{lenient, rest_body};

/// `POST groups/{group}/{user}/permissions/check`, and the same of a server for its group.
pub(super) fn check(request: &Request<'_>, group: u64, user: u64) -> Result<Reply, Reply> {
    let body = request.body()?;
    let wanted = lenient::member(&body, "permissions")
        .and_then(|permissions| permissions.as_array())
        .ok_or_else(|| {
            Reply::bad_request(Some("permissions"), "The permissions field is required.")
        })?;
    let group = request.group(group)?;
    let allowed = wanted.iter().all(|permission| {
        let text = permission
            .as_str()
            .map_or_else(|| permission.to_string(), str::to_owned);
        name(&text).is_some_and(|name| group.allows(user, name))
    });
    Ok(Reply::ok(
        rest_body("permission-check").with("value", allowed),
    ))
}

/// The name of the permission with this name, or with this number from 1.
pub(super) fn name(text: &str) -> Option<&'static str> {
    let mut names = PERMISSIONS.into_iter();
    match text.parse::<usize>() {
        Ok(number) => names.nth(number.checked_sub(1)?),
        Err(_) => names.find(|name| name.eq_ignore_ascii_case(text)),
    }
}
