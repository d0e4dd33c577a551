//! The fills of a record, and their repetition.

use std::path::Path;

use anyhow::Context as _;

use super::Replay;
use crate::blend::filled_pixels;
use crate::fs::Overwrite;
use crate::geometry::FaceFrame;
use crate::job::{ExportFile, FaceRecord, FacesInTurn, FillRecord, Provenance, SearchStart};
use crate::mask::Mask;
use crate::photo::SaveError;

/// What one fill has of its own.
pub(super) struct RecordedFill {
    pub(super) frame: FaceFrame,
    /// The part of the hole that it covers.
    pub(super) part: Mask,
    pub(super) candidate: usize,
    pub(super) steps: u32,
    /// Gradient evaluations after which it was stopped, if it was.
    pub(super) stop_after: Option<u32>,
    /// The latent to draw instead of a search, if there was none that can be repeated.
    pub(super) drawn_from: Option<SearchStart>,
}

impl RecordedFill {
    /// All fills of a record. `hole` is its whole hole.
    pub(super) fn all(provenance: &Provenance, hole: &Mask) -> anyhow::Result<Vec<Self>> {
        if provenance.fills.is_empty() {
            let Provenance { frame, candidate, steps, evaluations, stopped_early, .. } = *provenance;
            let part = filled_pixels(hole, &frame, 0);
            let stop_after = stopped_early.then_some(evaluations);
            return Ok(vec![Self { frame, part, candidate, steps, stop_after, drawn_from: None }]);
        }
        let recorded = |fill: &FaceRecord| {
            let FaceRecord { frame, candidate, steps, evaluations, stopped_early, ref drawn_from, .. } = *fill;
            let (part, drawn_from) = (provenance.part(fill)?, drawn_from.clone());
            Ok(Self { frame, part, candidate, steps, stop_after: stopped_early.then_some(evaluations), drawn_from })
        };
        provenance.fills.iter().map(recorded).collect()
    }
}

/// The repeated fills.
pub(super) struct Repetition {
    pub(super) fills: Vec<FillRecord>,
    pub(super) turns: FacesInTurn,
}

impl Repetition {
    pub(super) fn device_name(&self) -> Option<&String> {
        self.fills.first().map(|fill| &fill.outcome.device.name)
    }

    /// Saves the repeated picture with a record of its own. Returns what the format changed.
    pub(super) fn save(
        &self,
        replay: &Replay,
        out: &Path,
        jpeg_quality: u8,
        overwrite: Overwrite,
    ) -> anyhow::Result<Vec<String>> {
        let Replay { request, fills, provenance, .. } = replay;
        let first = self.fills.first().context("nothing was repeated")?;
        let mut record = Provenance::new(&request.photo, first)?;
        if !provenance.fills.is_empty() {
            let to_record = |(recorded, fill): (&RecordedFill, &FillRecord)| {
                let record = FaceRecord::new(fill, &recorded.part)?;
                Ok(match fill.shown_candidate().filter(|_| recorded.drawn_from.is_some()) {
                    Some(candidate) => record.drawn_from(candidate),
                    None => record,
                })
            };
            let records: Result<_, SaveError> = fills.iter().zip(&self.fills).map(to_record).collect();
            record = record.with_fills(records?);
        }
        let (content, pixels) = (provenance.content, self.turns.picture(provenance.content));
        let (photo, filled) = (&*request.photo, self.turns.filled());
        let file = ExportFile { photo, pixels: &pixels, filled, content, provenance: Some(&record) };
        Ok(file.save(out, jpeg_quality, overwrite)?)
    }
}
