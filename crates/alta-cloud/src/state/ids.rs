use std::collections::BTreeMap;

/// The id after the greatest one in use of those that begin at `first`. Each kind of thing has a hundred million ids.
pub(super) fn next_id<T>(used: &BTreeMap<u64, T>, first: u64) -> u64 {
    used.range(first..first + 100_000_000)
        .next_back()
        .map_or(first, |(last, _)| last + 1)
}
