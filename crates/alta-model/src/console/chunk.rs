//! The names of chunks, in the spellings of events, of results and of programs.

/// The name of a chunk as in events, without its id and its class.
///
/// ```
/// use alta_model::console::chunk_name;
///
/// assert_eq!(chunk_name("1402 - Cave Layer 3 (Alta.Chunks.CaveChunk)"), "Cave Layer 3");
/// assert_eq!(chunk_name("Cave Layer 3"), "Cave Layer 3");
/// ```
pub fn chunk_name(chunk: &str) -> &str {
    let chunk = chunk.trim();
    let is_id = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let name = match chunk.split_once(" - ") {
        Some((id, name)) if is_id(id) => name,
        _ => chunk,
    };
    let class = name.strip_suffix(')');
    match class.and_then(|name| name.rsplit_once(" (")) {
        Some((name, _)) => name,
        None => name,
    }
}

/// Returns whether both are names of one chunk. Ids, classes, case and spaces are ignored.
///
/// ```
/// use alta_model::console::is_same_chunk;
///
/// assert!(is_same_chunk("1180 - Townhall Building Chunk (Alta.Chunks.OverworldChunk)", "townhall building chunk"));
/// assert!(!is_same_chunk("Chunk 18-3", "Chunk 18-33"));
/// ```
pub fn is_same_chunk(one: &str, other: &str) -> bool {
    letters(one).eq(letters(other))
}

/// Returns whether the name of a chunk starts with this. Ids, classes, case and spaces are ignored.
///
/// ```
/// use alta_model::console::chunk_starts_with;
///
/// assert!(chunk_starts_with("1402 - Cave Layer 3 (Alta.Chunks.CaveChunk)", "CaveLayer"));
/// ```
pub fn chunk_starts_with(chunk: &str, prefix: &str) -> bool {
    let mut letters_of_chunk = letters(chunk);
    letters(prefix).all(|letter| letters_of_chunk.next() == Some(letter))
}

/// The layer of the caves that a chunk is: `Cave Layer 3`, `CaveLayer3`, `cave_layer 3`, with or without id and class. None for
/// any other chunk.
///
/// ```
/// use alta_model::console::cave_layer;
///
/// assert_eq!(cave_layer("1402 - Cave Layer 3 (Alta.Chunks.CaveChunk)"), Some(3));
/// assert_eq!(cave_layer("Chunk 18-33"), None);
/// ```
pub fn cave_layer(chunk: &str) -> Option<u32> {
    let mut letters = letters(chunk);
    let is_layer = "cavelayer"
        .chars()
        .all(|letter| letters.next() == Some(letter));
    let number: String = letters.collect();
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|_| is_layer && is_number)
}

/// The characters of a name that distinguish it from another.
fn letters(chunk: &str) -> impl Iterator<Item = char> {
    let signs = chunk_name(chunk).chars();
    let signs = signs.filter(|sign| !sign.is_whitespace() && !"_()".contains(*sign));
    signs.flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_of_the_caves_is_read_in_all_spellings() {
        for chunk in [
            "Cave Layer 12",
            "CaveLayer12",
            "CaveLayer(12)",
            "  cave   layer 12 ",
            "CAVE_LAYER_12",
            "1402 - Cave Layer 12 (Alta.Chunks.CaveChunk)",
            "1402 - CaveLayer12 (CaveChunk)",
        ] {
            assert_eq!(cave_layer(chunk), Some(12), "{chunk}");
            assert!(is_same_chunk(chunk, "Cave Layer 12"), "{chunk}");
            assert!(chunk_starts_with(chunk, "Cave Layer"), "{chunk}");
            assert!(!is_same_chunk(chunk, "Cave Layer 1"), "{chunk}");
        }
    }

    #[test]
    fn only_a_chunk_with_a_number_is_a_layer_of_the_caves() {
        for chunk in [
            "",
            "Cave",
            "Cave Layer",
            "Cave Layer x",
            "Cave Layer 3b",
            "Cave Layer +3",
            "Chunk 18-33",
            "Cave Layer -1",
            "Cave Layer 99999999999",
            "A Cave Layer 3",
        ] {
            assert_eq!(cave_layer(chunk), None, "{chunk}");
        }
    }

    #[test]
    fn numbers_and_signs_of_a_name_count() {
        assert!(!is_same_chunk("Chunk 18-33", "Chunk 183-3"));
        assert!(!is_same_chunk("Chunk 18-3", "Chunk 18-33"));
        assert!(chunk_starts_with("Chunk 18-33", "chunk 18-"));
        assert!(!chunk_starts_with("Chunk 18", "Chunk 18-"));
        assert!(chunk_starts_with("anything", ""));
        assert!(is_same_chunk("ÜBER Chunk", "über chunk"));
    }
}
