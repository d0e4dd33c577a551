//! Writes the dataset, the table and the contact sheet.

use std::path::Path;

use image::{DynamicImage, RgbImage};
use rand::SeedableRng as _;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;

use super::measure::MeasuredFace;
use super::resume_log::ResumeLog;
use super::select::{FaceRow, RejectReason};
use super::{PrepareError, PrepareRequest};
use crate::dataset::FaceDatasetWriter;
use crate::fs::{Overwrite, write_atomically};
use crate::photo::{ContactSheet, PngMetadata, SaveError, save_png};

/// Pictures in a row of the contact sheet.
const SHEET_COLUMNS: usize = 16;
/// Rows of kept faces on the contact sheet.
const SHEET_KEPT_ROWS: usize = 8;

/// Writes the crops of all kept rows, in order. Returns their number.
pub(super) fn write_dataset(
    path: &Path,
    rows: &[FaceRow<'_>],
    log: &mut ResumeLog,
    request: &PrepareRequest,
) -> Result<usize, PrepareError> {
    let mut writer = FaceDatasetWriter::create(path, request.size_px, request.dataset_info.clone(), request.overwrite)?;
    for crop in rows.iter().filter(|row| row.reason.is_none()).filter_map(|row| row.crop) {
        writer.push(&log.read_crop(crop)?)?;
    }
    Ok(writer.finish()?)
}

/// Writes a CSV table with a line for each face and for each photo without one: the outcome and the measurements.
pub(super) fn write_table(path: &Path, rows: &[FaceRow<'_>]) -> Result<(), PrepareError> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let columns = "file,face,outcome,index,score,yaw,sharpness,side_px,outside,duplicate_of,error";
    table.write_record(columns.split(','))?;
    let name = |row: &FaceRow<'_>| row.file.to_string_lossy().into_owned();
    let mut kept = 0_usize..;
    for row in rows {
        let index = if row.reason.is_none() { kept.next() } else { None };
        let number = |value: fn(&MeasuredFace) -> f32, digits: usize| {
            row.face.map_or_else(String::new, |face| format!("{:.digits$}", value(face)))
        };
        let sharpness = row.face.and_then(|face| face.crop.as_ref()).map(|crop| format!("{:.1}", crop.sharpness));
        let original = row.duplicate_of.and_then(|original| rows.get(original));
        let original = original.map(|row| format!("{}:{}", name(row), row.number.unwrap_or(1)));
        table.write_record([
            name(row),
            row.number.map(|number| number.to_string()).unwrap_or_default(),
            row.reason.map_or("kept", RejectReason::id).to_string(),
            index.map(|index| index.to_string()).unwrap_or_default(),
            number(|face| face.score, 3),
            number(|face| face.yaw, 3),
            sharpness.unwrap_or_default(),
            number(|face| face.side_px, 1),
            number(|face| face.outside, 3),
            original.unwrap_or_default(),
            row.error.unwrap_or_default().to_string(),
        ])?;
    }
    let bytes = table.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(write_atomically(path, &bytes, Overwrite::Allow).map_err(SaveError::from)?)
}

/// Draws a contact sheet of a random sample of faces (the same for the same seed): rows of kept faces, then a row for
/// each reject reason. Returns the captions of the rows, from the top.
pub(super) fn write_sheet(
    path: &Path,
    rows: &[FaceRow<'_>],
    log: &mut ResumeLog,
    request: &PrepareRequest,
) -> Result<Vec<String>, PrepareError> {
    let mut sheet = ContactSheet::default();
    let mut captions = Vec::new();
    for reason in std::iter::once(None).chain(RejectReason::ALL.map(Some)) {
        let crops: Vec<u64> = rows.iter().filter(|row| row.reason == reason).filter_map(|row| row.crop).collect();
        if crops.is_empty() {
            continue;
        }
        let max_faces = if reason.is_none() { SHEET_COLUMNS * SHEET_KEPT_ROWS } else { SHEET_COLUMNS };
        // Each reason has its own random generator, so that its sample does not depend on the other reasons.
        let mut rng = ChaCha8Rng::seed_from_u64(request.seed);
        let mut indices = sample(&mut rng, crops.len(), max_faces.min(crops.len())).into_vec();
        indices.sort_unstable();
        // Samples table positions, because crop numbers depend on the order of measuring.
        let sample: Vec<u64> = indices.into_iter().map(|index| crops[index]).collect();
        for crops in sample.chunks(SHEET_COLUMNS) {
            let pictures = crops.iter().map(|&crop| {
                let pixels = log.read_crop(crop)?;
                Ok(RgbImage::from_raw(request.size_px, request.size_px, pixels))
            });
            sheet.add_row(pictures.collect::<Result<_, PrepareError>>()?);
        }
        let (description, count) = (reason.map_or("kept", RejectReason::description), crops.len());
        captions.push(format!("{} of {count} {description}", sample.len()));
    }
    if !sheet.is_empty() {
        let picture = DynamicImage::ImageRgb8(sheet.render(request.size_px));
        save_png(path, &picture, &PngMetadata::default(), Overwrite::Allow)?;
    }
    Ok(captions)
}
