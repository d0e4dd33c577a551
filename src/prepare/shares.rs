//! Shares of a run: several machines measure photos at once, each into a resume log of its own in the folder of results. A
//! run without a share takes over what they have measured, measures the rest, and makes the dataset.

use std::collections::HashMap;
use std::path::PathBuf;

use super::find_pictures::FoundPictures;
use super::prepare_dataset::{PrepareObserver, absolute_folder, measure_all};
use super::resume_log::{FileStamp, ResumeLog, ResumeLogEntry};
use super::{PrepareError, PrepareRequest};
use crate::shard::{Shard, share_files};

/// The extensions of a resume log and of its crops.
const LOG_EXTENSIONS: [&str; 2] = ["journal", "crops"];

/// Measures the photos of a share. Returns how many those are. A share that was stopped goes on.
///
/// # Errors
/// When the measurements cannot be written.
pub fn measure_share(
    request: &PrepareRequest,
    pictures: &FoundPictures,
    shard: Shard,
    observer: &mut dyn PrepareObserver,
) -> Result<usize, PrepareError> {
    let files = (1..).zip(&pictures.files).filter(|(number, _)| shard.holds(*number)).map(|(_, file)| file.clone());
    let pictures = FoundPictures { files: files.collect(), ..FoundPictures::default() };
    let path = |extension: &str| request.results_folder.join(format!("prepare-{}.{extension}", shard.name()));
    let [lines_path, crops_path] = LOG_EXTENSIONS.map(path);
    let (mut log, mut entries) = ResumeLog::open(&lines_path, &crops_path, &absolute_folder(request), request.size_px)?;
    measure_all(request, &pictures, &mut log, &mut entries, observer)?;
    Ok(pictures.files.len())
}

/// Copies the measurements of all shares into the log of the whole run, unless it has them or their photos have changed.
/// Returns the shares' logs, to be deleted once the dataset is made.
pub(super) fn take_over_shares(
    request: &PrepareRequest,
    log: &mut ResumeLog,
    entries: &mut HashMap<PathBuf, ResumeLogEntry>,
) -> Result<Vec<ResumeLog>, PrepareError> {
    let folder = absolute_folder(request);
    let mut logs = Vec::new();
    for lines_path in share_files(&request.results_folder, "prepare", LOG_EXTENSIONS[0]) {
        let crops_path = lines_path.with_extension(LOG_EXTENSIONS[1]);
        let (mut share, found) = ResumeLog::open(&lines_path, &crops_path, &folder, request.size_px)?;
        let mut found: Vec<ResumeLogEntry> = found.into_values().collect();
        found.sort_by(|a, b| a.file.cmp(&b.file));
        for entry in found {
            let is_current = entry.stamp == FileStamp::of(&request.folder.join(&entry.file));
            let is_known = entries.get(&entry.file).is_some_and(|known| known.stamp == entry.stamp);
            if !is_current || is_known {
                continue;
            }
            let indices = entry.first_crop..entry.first_crop + entry.crop_count();
            let crops = indices.map(|index| share.read_crop(index)).collect::<Result<Vec<_>, _>>()?;
            let entry = log.append(&entry.file, entry.stamp, entry.found, &crops.concat())?;
            entries.insert(entry.file.clone(), entry);
        }
        logs.push(share);
    }
    Ok(logs)
}
