//! Reads files with a token or settings: small, regular, without waiting for a writer.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

/// Reads a small text file, such as a token or settings, of at most `limit` bytes, in UTF-8, or in UTF-16 with a byte-order mark.
/// Blocks while the file system does, but never for a writer: a FIFO, a device and a folder are errors.
///
/// # Errors
///
/// If the file is missing, cannot be opened or read, is not a regular file, is larger than `limit`, or is not text.
pub fn read_small_file(path: &Path, limit: u64) -> io::Result<(String, Metadata)> {
    let file = open(path)?;
    // The metadata of the open file: the path can lead elsewhere by now.
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(unusable("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    // Some file systems report a size of zero, and a file can grow while it is read.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(unusable(&format!("it is larger than {limit} bytes")));
    }
    let text = text_of(bytes).ok_or_else(|| unusable("it is not text"))?;
    Ok((text, about))
}

/// Decodes UTF-8, or UTF-16 with a byte-order mark.
fn text_of(bytes: Vec<u8>) -> Option<String> {
    let units = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, odd) = rest.as_chunks::<2>();
        let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair)));
        odd.is_empty()
            .then(|| text.collect::<Result<_, _>>().ok())?
    };
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => units(rest, u16::from_be_bytes),
        _ => String::from_utf8(bytes).ok(),
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // Opens a FIFO without a writer at once. Regular files are not affected.
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    }
    options.open(path)
}

fn unusable(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_at_the_limit_is_read_and_one_above_it_is_not() {
        let path = std::env::temp_dir().join(format!("pytale-small-{}", std::process::id()));
        std::fs::write(&path, b"12345").unwrap();
        assert_eq!(read_small_file(&path, 5).unwrap().0, "12345");
        let error = read_small_file(&path, 4).unwrap_err();
        assert_eq!(error.to_string(), "it is larger than 4 bytes");
        std::fs::remove_file(&path).unwrap();
        let gone = read_small_file(&path, 5).unwrap_err();
        assert_eq!(gone.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_file_is_text_in_utf_8_and_in_utf_16_with_its_mark() {
        let utf_16 = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
            let units = "eyJ.ä".encode_utf16().flat_map(bytes);
            mark.into_iter().chain(units).collect::<Vec<u8>>()
        };
        for bytes in [
            "eyJ.ä".as_bytes().to_vec(),
            utf_16([0xff, 0xfe], u16::to_le_bytes),
            utf_16([0xfe, 0xff], u16::to_be_bytes),
        ] {
            assert_eq!(text_of(bytes).as_deref(), Some("eyJ.ä"));
        }
        assert_eq!(text_of(vec![0xff, 0xfe, 0x41]), None, "half a character");
        assert_eq!(text_of(vec![0x80]), None);
    }

    #[test]
    fn a_folder_is_not_read() {
        assert!(read_small_file(&std::env::temp_dir(), 5).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn an_endless_device_is_not_read() {
        let error = read_small_file(Path::new("/dev/zero"), 5).unwrap_err();
        assert_eq!(error.to_string(), "it is not a regular file");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_without_a_size_is_read_up_to_the_limit() {
        let path = Path::new("/proc/self/status");
        assert!(!read_small_file(path, 64 * 1024).unwrap().0.is_empty());
        assert!(read_small_file(path, 5).is_err());
    }
}
