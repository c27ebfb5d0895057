use crate::Account;

/// What is known of a typed call without making it; [`endpoints`](crate::endpoints) lists them.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EndpointInfo {
    /// The method of [`Client`](crate::Client) and its group that makes it: `groups().get`.
    pub call: &'static str,
    /// The value that is its request: `GetGroup`.
    pub request: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    segments: &'static [&'static str],
    /// In whose name it is made.
    pub account: Account,
    /// What comes back: a type, a list of it in brackets if it comes in pages, nothing if nothing is read.
    pub answer: &'static str,
    docs: &'static [&'static str],
    /// py-tale's names for it.
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
        answer: &'static str,
        docs: &'static [&'static str],
        aliases: &'static [&'static str],
    ) -> Self {
        Self {
            call,
            request,
            method,
            segments,
            account,
            answer,
            docs,
            aliases,
        }
    }

    /// Its path below the base, with what varies in braces: `groups/{group}/members`.
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

    /// What it does: the first paragraph of its documentation.
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
    use std::collections::BTreeSet;

    use crate::{Account, endpoints};

    #[test]
    fn a_call_is_listed_with_all_that_is_known_of_it() {
        let ban = endpoints().find(|call| call.request == "Ban").unwrap();
        assert_eq!(ban.call, "bans().ban");
        assert_eq!(
            (ban.method, ban.path().as_str()),
            ("POST", "groups/{group}/bans/{user}")
        );
        assert_eq!((ban.account, ban.answer), (Account::Either, "Member"));
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
