//! Exports the fills of a batch. One that cannot be exported is named, and the rest goes on.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context as _, bail};

use super::keep::choose_rank;
use super::{BatchState, export_extension};
use crate::app::outbox::Outbox;
use crate::app::tasks::{ExportOptions, ExportSource, Task, export_under_unused_name, file_name};
use crate::app::toasts::{Severity, UserMessage};
use crate::catch_panic::catch_panic;
use crate::job::PhotoFill;
use crate::photo::{DecodeLimits, Photo, PictureFormat, decode};
use crate::project::{self, ProjectFace};

/// Most photos that a message names.
const MAX_NAMED: usize = 6;

/// An export in progress.
pub(super) struct RunningExport {
    count: usize,
    done: Arc<AtomicUsize>,
    is_cancelled: Arc<AtomicBool>,
}

/// One fill to export.
struct ExportItem {
    photo: PathBuf,
    project: PathBuf,
    rank: usize,
}

impl BatchState {
    /// Exports the fills that are not excluded to a folder, in the background.
    pub fn export_to(&mut self, folder: PathBuf, format: PictureFormat, options: ExportOptions, outbox: &Outbox) {
        if self.is_exporting() {
            return;
        }
        let item = |photo: &super::BatchPhoto| {
            let project = photo.kept_fill().filter(|_| !photo.is_excluded)?.project.clone();
            Some(ExportItem { photo: photo.path.clone(), project, rank: photo.rank })
        };
        let items: Vec<ExportItem> = self.photos.iter().filter_map(item).collect();
        let (done, is_cancelled) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let running =
            RunningExport { count: items.len(), done: Arc::clone(&done), is_cancelled: Arc::clone(&is_cancelled) };
        self.export = Some(running);
        // The files are read until the export has ended, even if the list is cleared.
        let kept = self.folder.clone();
        let export = move || {
            let mut results = Vec::new();
            for item in items {
                if is_cancelled.load(Ordering::Relaxed) {
                    break;
                }
                let name = format!("{}-filled.{}", stem(&item.photo), export_extension(format));
                let result = catch_panic(|| item.export(&folder.join(name), &options));
                let result = result.unwrap_or_else(|reason| Err(anyhow::anyhow!(reason)));
                done.fetch_add(1, Ordering::Relaxed);
                results.push((item, result.map_err(|error| format!("{error:#}"))));
            }
            drop(kept);
            Ok((folder, results))
        };
        let task = Task::new("The export failed").with_pictures().with_reset(|state| state.batch.export = None);
        outbox.spawn(task, export, |state, (folder, results)| {
            state.batch.exported(&folder, results, &mut state.outbox);
        });
    }

    /// Stops the export after the photo at hand.
    pub fn cancel_export(&self) {
        if let Some(export) = &self.export {
            export.is_cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// How many photos are exported, and how many there are.
    pub fn export_progress(&self) -> Option<(usize, usize)> {
        self.export.as_ref().map(|export| (export.done.load(Ordering::Relaxed), export.count))
    }

    fn exported(&mut self, folder: &Path, results: Vec<(ExportItem, Result<(), String>)>, outbox: &mut Outbox) {
        self.export = None;
        let mut errors = Vec::new();
        let mut count = 0;
        for (item, result) in results {
            match result {
                Ok(()) => {
                    count += 1;
                    let is_item = |photo: &&mut super::BatchPhoto| photo.path == item.photo && photo.rank == item.rank;
                    if let Some(photo) = self.photos.iter_mut().find(is_item) {
                        photo.is_exported = true;
                    }
                }
                Err(error) => errors.push(format!("{}: {error}", file_name(&item.photo))),
            }
        }
        let folder = folder.display();
        let message = if errors.is_empty() {
            UserMessage::new(Severity::Success, format!("{count} photos exported to {folder}"))
        } else {
            let failed = errors.len();
            errors.truncate(MAX_NAMED);
            let headline = format!("{count} photos exported to {folder}, {failed} not");
            UserMessage::new(Severity::Warning, headline).with_details(errors)
        };
        outbox.tell(message);
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

impl ExportItem {
    /// Reads the photo and the fill again, and writes the filled photo under an unused name.
    fn export(&self, path: &Path, options: &ExportOptions) -> anyhow::Result<()> {
        let mut kept = project::open(&self.project)?;
        let found = kept.photo.find_file(self.photo.parent().unwrap_or(Path::new("")))?;
        let found = found.context("the photo is gone: put it back, or fill it again")?;
        if !found.is_unchanged {
            bail!("the photo has changed since it was filled: fill it again");
        }
        let photo = Photo { source: Some(found.path), ..decode(&found.bytes, DecodeLimits::default())? };
        let mut fill = kept.fill.take().context("the fill is gone: fill the photo again")?;
        choose_rank(&mut fill, self.rank);
        let faces = fill.faces.into_iter().map(|ProjectFace { fill, .. }| fill).collect();
        let fill = PhotoFill { hole: fill.hole, faces };
        let source = ExportSource { photo: Arc::new(photo), fill, composed: None };
        export_under_unused_name(path, &source, options)?;
        Ok(())
    }
}
