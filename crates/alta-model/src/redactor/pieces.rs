//! Finds pieces of secrets: a server that splits one over two messages sends no beginning in the second.

use std::collections::HashMap;
use std::ops::Range;

/// Each piece that is long enough contains a complete block.
const BLOCK: usize = 8;

/// Calls `found` with each piece of at least `shortest` bytes (two blocks) of a longer secret, in any case.
pub(super) fn find<'s>(
    text: &[u8],
    secrets: impl Iterator<Item = &'s [u8]>,
    shortest: usize,
    mut found: impl FnMut(Range<usize>),
) {
    if text.len() < shortest {
        return;
    }
    let mut blocks = HashMap::new();
    for secret in secrets.filter(|secret| secret.len() > shortest) {
        for (number, block) in secret.as_chunks::<BLOCK>().0.iter().enumerate() {
            let block = block.map(|byte| byte.to_ascii_lowercase());
            blocks.entry(block).or_insert((secret, number * BLOCK));
        }
    }
    if blocks.is_empty() {
        return;
    }
    let mut at = 0;
    while let Some(block) = text.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) {
        let block = block.map(|byte| byte.to_ascii_lowercase());
        if let Some(&(secret, place)) = blocks.get(&block) {
            let before = text[..at].iter().rev().zip(secret[..place].iter().rev());
            let start = at - alike(before);
            let end = at + alike(text[at..].iter().zip(&secret[place..]));
            if end - start >= shortest {
                found(start..end);
                at = end;
                continue;
            }
        }
        at += 1;
    }
}

/// The number of equal pairs from the start, ignoring case.
fn alike<'a>(pairs: impl Iterator<Item = (&'a u8, &'a u8)>) -> usize {
    pairs
        .take_while(|(one, other)| one.eq_ignore_ascii_case(other))
        .count()
}
