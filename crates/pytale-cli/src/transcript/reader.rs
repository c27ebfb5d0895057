//! A transcript that is read, line by line.

use super::line::{Header, Line, VERSION, Way};
use crate::failure::{Failure, Status};
use crate::output::error_line;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;
use std::time::Duration;

/// The most bytes of a transcript.
const MOST: u64 = 512 << 20;

/// The most bytes of a line.
const MOST_OF_LINE: u64 = 256 << 20;

/// The text that a recorder writes in place of a token.
const REDACTED: &str = "<redacted>";

/// A line with its time since the start.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) at: Duration,
    pub(crate) content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    Frame(Way, String),
    /// The end of a connection.
    Disconnected,
}

/// Reads all lines, and passes each to a function. An error names the file and the line.
pub(crate) fn read(path: &Path, take: impl FnMut(Recorded)) -> Result<(), Failure> {
    let doing = || format!("reading the transcript {}", path.display());
    let file = File::open(path).map_err(|error| Failure::io(doing(), &error))?;
    let length = file.metadata().map_or(0, |found| found.len());
    if length > MOST {
        let message = format!("{}: more than {} MiB", doing(), MOST >> 20);
        return Err(Failure::new(Status::Io, message).advice("keep only the lines that you need"));
    }
    // A device has no length.
    let read = read_lines(BufReader::new(file.take(MOST)), take);
    let remarks = read.map_err(|damage| {
        let Damage {
            line,
            problem,
            advice,
        } = damage;
        Failure::usage(format!("{}, line {line}: {problem}", path.display())).advice(advice)
    })?;
    for remark in remarks {
        error_line(format_args!("warning: {}, {remark}", path.display()));
    }
    Ok(())
}

/// The problem with a line, and the next step.
#[derive(Debug)]
struct Damage {
    line: usize,
    problem: String,
    advice: &'static str,
}

/// Returns remarks for the user.
fn read_lines(from: impl BufRead, mut take: impl FnMut(Recorded)) -> Result<Vec<String>, Damage> {
    let mut lines = Lines { from, number: 0 };
    check_header(&lines.next()?.unwrap_or_default().text)?;
    let mut remarks = Vec::new();
    let mut has_secret = false;
    while let Some(line) = lines.next()? {
        let number = lines.number;
        let Ok(found) = serde_json::from_str(&line.text) else {
            if line.text.trim().is_empty() {
                continue;
            }
            if !line.is_ended {
                remarks.push(format!(
                    "line {number}: the end is missing, so this line is left out"
                ));
                break;
            }
            return Err(Damage {
                line: number,
                problem: "this is no line of a transcript".to_owned(),
                advice: "remove this line",
            });
        };
        let (at, content) = match found {
            Line::Frame {
                at,
                direction,
                frame,
            } => (at, Content::Frame(direction, frame)),
            Line::Disconnected {
                at,
                disconnected: true,
            } => (at, Content::Disconnected),
            Line::Disconnected { .. } | Line::Missed { .. } => continue,
        };
        if !has_secret && is_secret(&content) {
            has_secret = true;
            remarks.push(format!(
                "line {number}: the text is no command; if it is a token, replace it by {REDACTED} before you share the file"
            ));
        }
        let at = Duration::try_from_secs_f64(at).map_err(|_| Damage {
            line: number,
            problem: format!("{at} is no time"),
            advice: "remove this line",
        })?;
        take(Recorded { at, content });
    }
    Ok(remarks)
}

/// Returns whether a client has sent a text that is neither a command nor replaced, such as a token.
fn is_secret(content: &Content) -> bool {
    match content {
        Content::Frame(Way::Sent, text) => text != REDACTED && !text.starts_with('{'),
        _ => false,
    }
}

fn check_header(line: &str) -> Result<(), Damage> {
    let header: Header = serde_json::from_str(line).map_err(|_| Damage {
        line: 1,
        problem: "this is no header of a transcript".to_owned(),
        advice: "name a file that `tale record` has written",
    })?;
    if header.transcript == VERSION {
        return Ok(());
    }
    let version = header.transcript;
    Err(Damage {
        line: 1,
        problem: format!("the format has version {version}; this program reads version {VERSION}"),
        advice: "use a newer `tale`, or record again",
    })
}

struct Lines<R> {
    from: R,
    number: usize,
}

#[derive(Default)]
struct Text {
    text: String,
    /// The line has its end.
    is_ended: bool,
}

impl<R: BufRead> Lines<R> {
    /// The next line, which is at most [`MOST_OF_LINE`] long.
    fn next(&mut self) -> Result<Option<Text>, Damage> {
        let mut bytes = Vec::new();
        self.number += 1;
        let failed = |problem: String| Damage {
            line: self.number,
            problem,
            advice: "name a file that `tale record` has written",
        };
        let mut line = self.from.by_ref().take(MOST_OF_LINE + 1);
        let length = line.read_until(b'\n', &mut bytes);
        let length = length.map_err(|error| failed(error.to_string()))? as u64;
        if length == 0 {
            return Ok(None);
        }
        if length > MOST_OF_LINE {
            let most = MOST_OF_LINE >> 20;
            return Err(failed(format!("the line is longer than {most} MiB")));
        }
        let is_ended = bytes.ends_with(b"\n");
        // A replacement character within a frame changes nothing else; elsewhere, the line is damaged.
        let text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        Ok(Some(Text { text, is_ended }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"transcript":1,"started":"2026-01-02T03:04:05Z"}"#;

    fn read_text(text: &[u8]) -> (Vec<Recorded>, Result<Vec<String>, Damage>) {
        let mut lines = Vec::new();
        let remarks = read_lines(text, |line| lines.push(line));
        (lines, remarks)
    }

    #[test]
    fn frames_and_disconnections_are_read_and_missed_frames_are_skipped() {
        let text = format!(
            "{HEADER}\r\n{}\n\n{}\n{}",
            r#"{"at":1.5,"direction":"sent","frame":"{}"}"#,
            r#"{"at":2.0,"missed":3}"#,
            r#"{"at":2.5,"disconnected":true}"#
        );
        let (lines, remarks) = read_text(text.as_bytes());
        assert_eq!(remarks.unwrap(), [""; 0]);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].at, Duration::from_millis(1_500));
        assert!(matches!(lines[1].content, Content::Disconnected));
    }

    #[test]
    fn a_damaged_line_is_named() {
        for (rest, line) in [
            ("{\"at\":1.5,\"direction\":\"sent\",\"fra\n", 2),
            (r#"{"at":-1.0,"direction":"sent","frame":""}"#, 2),
            (r#"{"at":1e300,"direction":"sent","frame":""}"#, 2),
            ("\u{0}\n", 2),
        ] {
            let text = format!("{HEADER}\n{rest}");
            assert_eq!(
                read_text(text.as_bytes()).1.unwrap_err().line,
                line,
                "{rest}"
            );
        }
        let deep = "[".repeat(100_000);
        for first in ["", "{}", "\u{feff}", &deep] {
            let damage = read_text(first.as_bytes()).1.unwrap_err();
            assert_eq!((damage.line, damage.problem.len()), (1, 33), "{damage:?}");
        }
        let text = [HEADER.as_bytes(), b"\n\xff\xfe\n"].concat();
        assert_eq!(read_text(&text).1.unwrap_err().line, 2);
        let damage = read_text(br#"{"transcript":2,"started":""}"#)
            .1
            .unwrap_err();
        assert!(damage.problem.contains("version 2") && damage.advice.contains("newer"));
    }

    #[test]
    fn a_cut_last_line_and_a_token_are_remarks() {
        let text = format!(
            "{HEADER}\n{}\n{}",
            r#"{"at":1.5,"direction":"sent","frame":"of-the-token"}"#, r#"{"at":1.5,"dire"#
        );
        let (lines, remarks) = read_text(text.as_bytes());
        let remarks = remarks.unwrap();
        assert_eq!((lines.len(), remarks.len()), (1, 2));
        assert!(remarks[0].starts_with("line 2: ") && !remarks[0].contains("of-the-token"));
        assert!(remarks[1].starts_with("line 3: the end is missing"));
    }
}
