//! Selects the faces to keep, and gives a reason for each rejected one.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::path::Path;

use rayon::prelude::*;

use super::measure::MeasuredFace;
use super::quality::Fingerprint;
use super::resume_log::{PhotoFaces, ResumeLogEntry};

/// Conditions for keeping a face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// The detector's score must be above this.
    pub min_score: f32,
    /// The absolute yaw must be below this: the nose's distance from the middle, in eye distances.
    pub max_yaw: f32,
    /// The sharpness must be above this: the variance of the Laplacian of the 128-pixel crop.
    pub min_sharpness: f32,
    /// Smallest side of the frame, in photo pixels.
    pub min_side_px: f32,
    /// Largest share of the frame outside the photo, where the picture is mirrored.
    pub max_outside: f32,
    /// Faces whose fingerprints differ in at most this many of 256 bits are duplicates. `None` keeps all.
    pub duplicate_bits: Option<u32>,
}

impl Thresholds {
    /// Thresholds of the built-in model's training data, for a dataset of this size.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "datasets hold pictures of at most 256 pixels")]
    pub fn for_size(size_px: u32) -> Self {
        Self {
            min_score: 0.75,
            max_yaw: 0.26,
            min_sharpness: 35.0,
            // An enlarged face has no additional detail.
            min_side_px: size_px as f32,
            max_outside: 0.2,
            duplicate_bits: Some(24),
        }
    }

    /// The reason of the first threshold that a face fails. Ignores duplicates.
    fn reject_reason(&self, face: &MeasuredFace) -> Option<RejectReason> {
        let rules = [
            (face.score > self.min_score, RejectReason::LowScore),
            (face.side_px >= self.min_side_px, RejectReason::TooSmall),
            (face.yaw.abs() < self.max_yaw, RejectReason::TurnedAway),
            (face.outside <= self.max_outside && face.crop.is_some(), RejectReason::CutByBorder),
            (face.crop.as_ref().is_some_and(|crop| crop.sharpness > self.min_sharpness), RejectReason::Blurred),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map(|(_, reason)| reason)
    }
}

/// Why a photo or a face was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectReason {
    Unreadable,
    NoFace,
    LowScore,
    TooSmall,
    TurnedAway,
    CutByBorder,
    Blurred,
    Duplicate,
}

impl RejectReason {
    /// All reasons, in the order of the checks.
    pub const ALL: [Self; 8] = [
        Self::Unreadable,
        Self::NoFace,
        Self::LowScore,
        Self::TooSmall,
        Self::TurnedAway,
        Self::CutByBorder,
        Self::Blurred,
        Self::Duplicate,
    ];

    /// Name in the table.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::NoFace => "no-face",
            Self::LowScore => "low-score",
            Self::TooSmall => "too-small",
            Self::TurnedAway => "turned-away",
            Self::CutByBorder => "cut",
            Self::Blurred => "blurred",
            Self::Duplicate => "duplicate",
        }
    }

    /// Text after a number, for example "3 without a face".
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::NoFace => "without a face",
            Self::LowScore => "with a low score",
            Self::TooSmall => "too small",
            Self::TurnedAway => "turned away",
            Self::CutByBorder => "cut by the border",
            Self::Blurred => "blurred",
            Self::Duplicate => "duplicates",
        }
    }
}

/// The outcome of one face, or of a photo without a face.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FaceRow<'a> {
    pub file: &'a Path,
    /// Number within its photo, from 1 for the largest. `None` for a photo without a face.
    pub number: Option<usize>,
    pub face: Option<&'a MeasuredFace>,
    /// Index among all crops.
    pub crop: Option<u64>,
    /// `None` for a kept face.
    pub reason: Option<RejectReason>,
    /// Row of the face that is kept instead.
    pub duplicate_of: Option<usize>,
    /// Error message of an unreadable photo.
    pub error: Option<&'a str>,
}

/// Selects faces. Entries must be in the order of the dataset.
pub(super) fn select<'a>(entries: &[&'a ResumeLogEntry], thresholds: &Thresholds) -> Vec<FaceRow<'a>> {
    let mut rows: Vec<FaceRow<'_>> = entries.iter().flat_map(|entry| rows_of(entry, thresholds)).collect();
    if let Some(bits) = thresholds.duplicate_bits {
        for (row, kept) in find_duplicates(&rows, bits) {
            rows[row].reason = Some(RejectReason::Duplicate);
            rows[row].duplicate_of = Some(kept);
        }
    }
    rows
}

fn rows_of<'a>(entry: &'a ResumeLogEntry, thresholds: &Thresholds) -> Vec<FaceRow<'a>> {
    let empty = FaceRow {
        file: &entry.file,
        number: None,
        face: None,
        crop: None,
        reason: Some(RejectReason::NoFace),
        duplicate_of: None,
        error: None,
    };
    match &entry.found {
        PhotoFaces::Error(error) => {
            vec![FaceRow { reason: Some(RejectReason::Unreadable), error: Some(error), ..empty }]
        }
        PhotoFaces::Faces(faces) if faces.is_empty() => vec![empty],
        PhotoFaces::Faces(faces) => {
            let mut crops = entry.first_crop..;
            let row = |(index, face): (usize, &'a MeasuredFace)| FaceRow {
                number: Some(index + 1),
                face: Some(face),
                crop: face.crop.as_ref().and_then(|_| crops.next()),
                reason: thresholds.reject_reason(face),
                ..empty.clone()
            };
            faces.iter().enumerate().map(row).collect()
        }
    }
}

/// Maps each row that duplicates a better one to that row. Larger frames are better, then sharper crops, then earlier
/// rows. Compares each face with all kept ones: most comparisons end after one word of the fingerprint.
fn find_duplicates(rows: &[FaceRow<'_>], bits: u32) -> HashMap<usize, usize> {
    struct DuplicateCandidate {
        row: usize,
        rank: [f32; 2],
        fingerprint: Fingerprint,
    }
    let mut candidates: Vec<DuplicateCandidate> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.reason.is_none())
        .filter_map(|(row, FaceRow { face, .. })| {
            let face = (*face)?;
            let crop = face.crop.as_ref()?;
            Some(DuplicateCandidate { row, rank: [face.side_px, crop.sharpness], fingerprint: crop.fingerprint })
        })
        .collect();
    let best_first = |a: &DuplicateCandidate, b: &DuplicateCandidate| -> Ordering {
        b.rank[0].total_cmp(&a.rank[0]).then(b.rank[1].total_cmp(&a.rank[1])).then(a.row.cmp(&b.row))
    };
    candidates.sort_by(best_first);
    let (mut kept, mut duplicates): (Vec<(usize, Fingerprint)>, _) = (Vec::new(), HashMap::new());
    for candidate in candidates {
        let is_duplicate = |(_, other): &&(usize, Fingerprint)| other.is_within(&candidate.fingerprint, bits);
        match kept.par_iter().with_min_len(1 << 12).find_first(is_duplicate) {
            Some(&(row, _)) => drop(duplicates.insert(candidate.row, row)),
            None => kept.push((candidate.row, candidate.fingerprint)),
        }
    }
    duplicates
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use image::{GrayImage, Luma};

    use super::super::measure::CropMeasures;
    use super::super::resume_log::FileStamp;
    use super::*;

    /// A face that passes all thresholds. `picture` selects its fingerprint.
    fn face(picture: u32) -> MeasuredFace {
        let wave = |x: u32, y: u32| Luma([u8::try_from((x * (3 + picture * 8) + y * 7 * picture) % 251).unwrap()]);
        let fingerprint = Fingerprint::of(&GrayImage::from_fn(128, 128, wave));
        let crop = Some(CropMeasures { sharpness: 80.0, fingerprint });
        MeasuredFace { score: 0.9, yaw: 0.0, side_px: 100.0, outside: 0.0, crop }
    }

    fn entry(file: &str, faces: Vec<MeasuredFace>, first_crop: u64) -> ResumeLogEntry {
        ResumeLogEntry {
            file: PathBuf::from(file),
            stamp: FileStamp::default(),
            found: PhotoFaces::Faces(faces),
            first_crop,
        }
    }

    fn reasons(entries: &[ResumeLogEntry], thresholds: Thresholds) -> Vec<Option<RejectReason>> {
        select(&entries.iter().collect::<Vec<_>>(), &thresholds).iter().map(|row| row.reason).collect()
    }

    #[test]
    fn each_threshold_rejects_values_just_beyond_it() {
        let thresholds = Thresholds::for_size(64);
        let with = |change: fn(&mut MeasuredFace)| {
            let mut face = face(1);
            change(&mut face);
            thresholds.reject_reason(&face)
        };
        let sharpness = |face: &mut MeasuredFace, sharpness| face.crop.as_mut().unwrap().sharpness = sharpness;
        assert_eq!(with(|_| ()), None);
        assert_eq!(with(|face| face.score = 0.75), Some(RejectReason::LowScore));
        assert_eq!(with(|face| face.side_px = 63.9), Some(RejectReason::TooSmall));
        assert_eq!(with(|face| face.side_px = 64.0), None);
        assert_eq!(with(|face| face.yaw = -0.26), Some(RejectReason::TurnedAway));
        assert_eq!(with(|face| face.yaw = 0.259), None);
        assert_eq!(with(|face| face.outside = 0.21), Some(RejectReason::CutByBorder));
        assert_eq!(with(|face| face.crop = None), Some(RejectReason::CutByBorder));
        let mut blurred = face(1);
        sharpness(&mut blurred, 35.0);
        assert_eq!(thresholds.reject_reason(&blurred), Some(RejectReason::Blurred));
        sharpness(&mut blurred, 35.1);
        assert_eq!(thresholds.reject_reason(&blurred), None);
    }

    #[test]
    fn largest_of_duplicate_faces_is_kept() {
        let larger = MeasuredFace { side_px: 150.0, ..face(1) };
        let entries = [
            entry("a", vec![face(1), face(2)], 0),
            entry("b", vec![larger], 2),
            entry("c", vec![], 3),
            entry("d", vec![face(1)], 3),
        ];
        let duplicate = Some(RejectReason::Duplicate);
        let thresholds = Thresholds::for_size(64);
        assert_eq!(reasons(&entries, thresholds), [duplicate, None, None, Some(RejectReason::NoFace), duplicate]);
        let all = entries.iter().collect::<Vec<_>>();
        let rows = select(&all, &thresholds);
        assert_eq!([rows[0].duplicate_of, rows[4].duplicate_of], [Some(2); 2]);
        assert_eq!(rows.iter().map(|row| row.crop).collect::<Vec<_>>(), [Some(0), Some(1), Some(2), None, Some(3)]);
        let keep_all = Thresholds { duplicate_bits: None, ..thresholds };
        assert_eq!(reasons(&entries, keep_all), [None, None, None, Some(RejectReason::NoFace), None]);
    }

    #[test]
    fn rejected_face_has_no_duplicates() {
        let small = MeasuredFace { score: 0.1, side_px: 900.0, ..face(1) };
        let entries = [entry("a", vec![small], 0), entry("b", vec![face(1)], 1)];
        assert_eq!(reasons(&entries, Thresholds::for_size(64)), [Some(RejectReason::LowScore), None]);
    }
}
