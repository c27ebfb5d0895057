use crate::Account;

/// The description of a typed call; [`endpoints`](crate::endpoints) lists them.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EndpointInfo {
    /// The methods of [`Client`](crate::Client) and of the group that make the call: `groups().get`.
    pub call: &'static str,
    /// The type of its request: `GetGroup`.
    pub request: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    segments: &'static [&'static str],
    /// The account with which it is made.
    pub account: Account,
    /// The type of the response: in brackets if it is a list in pages, empty if the body is ignored.
    pub response: &'static str,
    docs: &'static [&'static str],
    /// py-tale's names of the call.
    pub aliases: &'static [&'static str],
}

impl EndpointInfo {
    #[allow(
        clippy::too_many_arguments,
        reason = "one caller, a macro that lists fields"
    )]
    pub(crate) const fn new(
        call: &'static str,
        request: &'static str,
        method: &'static str,
        segments: &'static [&'static str],
        account: Account,
        response: &'static str,
        docs: &'static [&'static str],
        aliases: &'static [&'static str],
    ) -> Self {
        Self {
            call,
            request,
            method,
            segments,
            account,
            response,
            docs,
            aliases,
        }
    }

    /// Its path below the base, with variable segments in braces: `groups/{group}/members`.
    pub fn path(&self) -> String {
        let segments: Vec<String> = self
            .segments
            .iter()
            .map(|segment| match segment.strip_prefix('"') {
                Some(text) => text.trim_end_matches('"').to_owned(),
                None => format!("{{{segment}}}"),
            })
            .collect();
        segments.join("/")
    }

    /// Its effect: the first paragraph of its documentation.
    pub fn summary(&self) -> String {
        let lines: Vec<&str> = self
            .docs
            .iter()
            .map(|line| line.trim())
            .take_while(|line| !line.is_empty())
            .collect();
        lines.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use crate::{Account, endpoints};
    use std::collections::BTreeSet;

    #[test]
    fn a_call_is_listed_with_its_description() {
        let ban = endpoints().find(|call| call.request == "Ban").unwrap();
        assert_eq!(ban.call, "bans().ban");
        assert_eq!(
            (ban.method, ban.path().as_str()),
            ("POST", "groups/{group}/bans/{user}")
        );
        assert_eq!((ban.account, ban.response), (Account::Either, "Member"));
        assert_eq!(ban.summary(), "Bans an account from a group.");
    }

    #[test]
    fn no_call_is_listed_twice() {
        let mut met = BTreeSet::new();
        for call in endpoints() {
            assert!(met.insert((call.method, call.path())), "{call:?}");
            assert!(!call.summary().is_empty(), "{call:?}");
        }
        assert!(met.len() > 80);
    }
}
