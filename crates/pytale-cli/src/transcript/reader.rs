//! A transcript that is read, line by line.

use super::line::{Header, Line, VERSION, Way};
use crate::failure::{Failure, Status};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

/// The most bytes of a transcript.
const MOST: u64 = 512 << 20;

/// A frame with its time since the start.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) at: Duration,
    pub(crate) direction: Way,
    pub(crate) frame: String,
}

/// Reads all frames, and passes each to a function. An error names the file and the line.
pub(crate) fn read(path: &Path, take: impl FnMut(Recorded)) -> Result<(), Failure> {
    let doing = || format!("reading the transcript {}", path.display());
    let file = File::open(path).map_err(|error| Failure::io(doing(), &error))?;
    let length = file.metadata().map_or(0, |found| found.len());
    if length > MOST {
        let message = format!("{}: more than {} MiB", doing(), MOST >> 20);
        return Err(Failure::new(Status::Io, message).advice("keep only the lines that you need"));
    }
    read_lines(BufReader::new(file), take).map_err(|(line, problem)| {
        let message = format!("{}, line {line}: {problem}", path.display());
        let advice = if line == 1 {
            "name a file that `tale record` has written"
        } else {
            "remove this line; a recording that was killed can end with a part of a line"
        };
        Failure::usage(message).advice(advice)
    })
}

/// The number of the line, and the problem with it.
type Damaged = (usize, String);

fn read_lines(from: impl BufRead, mut take: impl FnMut(Recorded)) -> Result<(), Damaged> {
    let mut lines = from.lines().zip(1..);
    let header = match lines.next() {
        Some((line, _)) => line.map_err(|error| (1, error.to_string()))?,
        None => String::new(),
    };
    let header: Header = serde_json::from_str(&header)
        .map_err(|error| (1, format!("this is no header of a transcript: {error}")))?;
    if header.transcript != VERSION {
        let version = header.transcript;
        let problem =
            format!("the format has version {version}; this program reads version {VERSION}");
        return Err((1, problem));
    }
    for (line, number) in lines {
        let line = line.map_err(|error| (number, error.to_string()))?;
        if line.trim().is_empty() {
            continue;
        }
        let line = serde_json::from_str(&line)
            .map_err(|error| (number, format!("this is no line of a transcript: {error}")))?;
        if let Line::Frame {
            at,
            direction,
            frame,
        } = line
        {
            let at = Duration::try_from_secs_f64(at)
                .map_err(|_| (number, format!("{at} is no time")))?;
            take(Recorded {
                at,
                direction,
                frame,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"transcript":1,"started":"2026-01-02T03:04:05Z"}"#;

    #[test]
    fn frames_are_read_and_missed_ones_are_skipped() {
        let text = format!(
            "{HEADER}\n{}\n\n{}\n",
            r#"{"at":1.5,"direction":"sent","frame":"{}"}"#, r#"{"at":2.0,"missed":3}"#
        );
        let mut frames = Vec::new();
        read_lines(text.as_bytes(), |frame| frames.push(frame)).unwrap();
        assert_eq!(frames.len(), 1);
        assert_eq!(frames[0].at, Duration::from_millis(1_500));
    }

    #[test]
    fn a_damaged_line_is_named() {
        for (rest, line) in [
            (r#"{"at":1.5,"direction":"sent","fra"#, 2),
            (r#"{"at":1.5,"direction":"upwards","frame":""}"#, 2),
            (r#"{"at":-1.0,"direction":"sent","frame":""}"#, 2),
        ] {
            let text = format!("{HEADER}\n{rest}");
            assert_eq!(read_lines(text.as_bytes(), |_| ()).unwrap_err().0, line);
        }
        for first in ["", "{}", r#"{"transcript":2,"started":""}"#] {
            assert_eq!(read_lines(first.as_bytes(), |_| ()).unwrap_err().0, 1);
        }
    }
}
