//! Copying the filled photo, and pasting a picture as a photo or as a mask.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use egui::ColorImage;
use image::{DynamicImage, RgbaImage};

use super::EditorState;
use crate::app::dialogs::DocumentSource;
use crate::app::document::PhotoDocument;
use crate::app::outbox::PasteTarget;
use crate::app::tasks::Task;
use crate::app::toasts::Severity;
use crate::fs::Overwrite;
use crate::job::ExportContent;
use crate::mask::mask_from_picture;
use crate::photo::{PngMetadata, save_png};

/// Folder for pasted photos; `None` on systems without a data folder.
pub fn default_paste_folder() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "Countenance")?;
    Some(dirs.data_local_dir().join("pasted"))
}

impl EditorState {
    /// Puts the filled photo on the clipboard, with 8 bits and without metadata.
    pub(super) fn copy_picture(&mut self) {
        let Some(source) = self.document.as_ref().and_then(PhotoDocument::export_source) else { return };
        let draw = move || {
            let picture = source.picture(ExportContent::Photo);
            let rgba = picture.unwrap_or_default().into_rgba8();
            let size = [rgba.width() as usize, rgba.height() as usize];
            Ok(ColorImage::from_rgba_unmultiplied(size, rgba.as_raw()))
        };
        self.outbox.spawn(Task::new("The photo was not copied").with_pictures(), draw, |state, picture| {
            let [width, height] = picture.size;
            state.outbox.copy_picture(picture);
            state.outbox.notify(Severity::Success, format!("Copied: {width} × {height} pixels, without metadata"));
        });
    }

    /// A picture was pasted. As a photo it becomes a file first, so that a project can refer to it.
    pub(super) fn paste(&mut self, target: PasteTarget, picture: Arc<ColorImage>) {
        match target {
            PasteTarget::Photo => self.paste_photo(picture),
            PasteTarget::Mask => self.paste_mask(picture),
        }
    }

    fn paste_photo(&mut self, picture: Arc<ColorImage>) {
        let Some(folder) = self.files.paste_folder.clone() else {
            self.outbox
                .notify(Severity::Warning, "This system has no data folder for pasted photos: save it as a file");
            return;
        };
        self.files.is_opening = true;
        let save = move || {
            std::fs::create_dir_all(&folder)?;
            let path = unused_path(&folder);
            save_png(&path, &to_image(&picture), &PngMetadata::default(), Overwrite::Refuse)?;
            Ok(path)
        };
        self.outbox.spawn(Task::opening("The picture was not pasted"), save, |state, path| {
            state.files.is_opening = false;
            state.open(DocumentSource::File(path));
        });
    }

    fn paste_mask(&mut self, picture: Arc<ColorImage>) {
        let Some(photo) = self.document.as_ref().map(|document| Arc::clone(&document.photo)) else { return };
        let task = Task::new("The mask was not pasted").with_pictures();
        let read = move || Ok((mask_from_picture(&to_image(&picture), photo.width(), photo.height())?, photo));
        self.outbox.spawn(task, read, |state, (mask, photo)| state.mask_loaded(Path::new(""), mask, &photo));
    }
}

fn to_image(picture: &ColorImage) -> DynamicImage {
    let rgba = picture.pixels.iter().flat_map(egui::Color32::to_srgba_unmultiplied).collect();
    let [width, height] = picture.size.map(|side| u32::try_from(side).unwrap_or_default());
    let rgba = RgbaImage::from_raw(width, height, rgba).unwrap_or_default();
    let is_opaque = rgba.pixels().all(|pixel| pixel.0[3] == u8::MAX);
    if is_opaque { DynamicImage::ImageRgba8(rgba).into_rgb8().into() } else { rgba.into() }
}

/// A path in this folder for a photo that is pasted now.
fn unused_path(folder: &Path) -> PathBuf {
    let secs = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let path = |count: u32| {
        let suffix = if count == 0 { String::new() } else { format!("-{count}") };
        folder.join(format!("pasted-{secs}{suffix}.png"))
    };
    (0..u32::MAX).map(path).find(|path| !path.exists()).unwrap_or_else(|| path(0))
}
