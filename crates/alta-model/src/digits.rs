//! Reads the digits of times at fixed positions.

/// A tick is 100 ns, as in .NET.
pub(crate) const TICKS_PER_SECOND: i64 = 10_000_000;

/// The ticks of one in the last digit of a fraction, by the number of digits.
const SCALES: [i64; 7] = [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

/// The number of two digits.
#[inline]
pub(crate) fn two(tens: u8, ones: u8) -> Option<i64> {
    Some(digit(tens)? * 10 + digit(ones)?)
}

/// The ticks in a time of day, `22:04:24` or `22:04:24.5444317`; none for any other form.
pub(crate) fn ticks_of_day(time: &[u8]) -> Option<i64> {
    let (time, fraction) = time.split_first_chunk()?;
    let [h0, h1, b':', m0, m1, b':', s0, s1] = *time else {
        return None;
    };
    let below = |number: i64, limit| (number < limit).then_some(number);
    let hours = below(two(h0, h1)?, 24)?;
    let minutes = below(two(m0, m1)?, 60)?;
    let seconds = below(two(s0, s1)?, 60)?;
    let ticks = match fraction {
        [] => 0,
        [b'.', digits @ ..] if !digits.is_empty() => {
            let scale = SCALES.get(digits.len() - 1)?;
            let number = |number, byte: &u8| Some(number * 10 + digit(*byte)?);
            digits.iter().try_fold(0, number)? * scale
        }
        _ => return None,
    };
    Some(((hours * 60 + minutes) * 60 + seconds) * TICKS_PER_SECOND + ticks)
}

#[inline]
fn digit(byte: u8) -> Option<i64> {
    let digit = byte.wrapping_sub(b'0');
    (digit < 10).then_some(digit.into())
}
