//! The transcripts that the user begins and ends.

use super::printer::Printer;
use crate::failure::{Failure, Status};
use crate::transcript::{Recorder, Recording};
use std::path::Path;

pub(super) struct Recordings {
    recorder: Recorder,
    printer: Printer,
    current: Option<Recording>,
    /// The status of the first transcript that is not complete.
    failed: Option<Status>,
}

impl Recordings {
    pub(super) fn new(recorder: Recorder, printer: Printer) -> Self {
        Self {
            recorder,
            printer,
            current: None,
            failed: None,
        }
    }

    pub(super) fn start(&mut self, file: &Path, anonymize: bool) {
        if let Some(current) = &self.current {
            return self.printer.print(format_args!(
                "already recording to {}; :record ends it",
                current.path().display()
            ));
        }
        match self.recorder.start(file, anonymize) {
            Ok(recording) => {
                self.current = Some(recording);
                self.printer.print(format_args!(
                    "-- recording to {}; :record ends it",
                    file.display()
                ));
            }
            Err(failure) => self.printer.print(failure),
        }
    }

    pub(super) async fn end(&mut self) {
        let Some(recording) = self.current.take() else {
            return self
                .printer
                .print("nothing is recorded; use: :record [--anonymize] FILE");
        };
        let path = recording.path().to_owned();
        match recording.end().await {
            Ok(frames) => self
                .printer
                .print(format_args!("-- {}: {frames} frames", path.display())),
            Err(failure) => self.fail(&failure),
        }
    }

    /// Waits until the current transcript cannot be written, and says so. Without one, waits forever.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub(super) async fn ended_early(&mut self) {
        let result = match &mut self.current {
            Some(recording) => recording.ended().await,
            None => std::future::pending().await,
        };
        self.current = None;
        if let Err(failure) = result {
            self.fail(&failure);
        }
    }

    fn fail(&mut self, failure: &Failure) {
        self.failed.get_or_insert(failure.status());
        self.printer.print(failure);
    }

    /// Ends the current transcript. Fails if one was not complete.
    pub(super) async fn finish(&mut self) -> Result<(), Failure> {
        if self.current.is_some() {
            self.end().await;
        }
        match self.failed {
            Some(status) => Err(Failure::new(status, "a transcript is not complete")),
            None => Ok(()),
        }
    }
}
