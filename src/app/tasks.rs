//! File work and other slow things, each on a thread of its own; the window never waits for them.
//!
//! A task ends in a [`Done`], which comes back through a channel. File dialogs run here too. What would surprise: where
//! a system has no file dialog, `rfd` answers as if the user had cancelled. A dialog that is gone before anybody could
//! have read it is taken for a missing one ([`Done::NoDialog`]), and the editor offers a field for the path instead.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::document::Look;
use super::messages::Message;
use super::persist::Remembered;
use super::samples::Sample;
use crate::blend::{Composer, Patch, apply};
use crate::device::{GpuInfo, list_gpus};
use crate::face::{FaceFrame, detect, fit_frame};
use crate::job::FillOutcome;
use crate::mask::{Mask, load_mask, save_mask};
use crate::model::{ModelChoice, ModelInfo, find_models, inspect};
use crate::photo::{DecodeLimits, EXTENSIONS, Overwrite, Photo, SaveError, decode, open, save_png};

/// What a path is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    OpenPhoto,
    Export,
    LoadMask,
    SaveMask,
    OpenModel,
}

/// One fill to be drawn into the photo.
#[derive(Clone)]
pub struct Picture {
    pub photo: Arc<Photo>,
    pub hole: Arc<Mask>,
    pub frame: FaceFrame,
    pub outcome: Arc<FillOutcome>,
    pub look: Look,
}

/// Something to do in the background.
pub enum Task {
    /// Ask for a path.
    Dialog(Purpose, Option<PathBuf>),
    OpenPhoto(PathBuf),
    OpenSample(Sample),
    /// Look for faces.
    FindFaces(Arc<Photo>),
    LoadMask {
        path: PathBuf,
        width: u32,
        height: u32,
    },
    SaveMask {
        path: PathBuf,
        mask: Arc<Mask>,
        overwrite: Overwrite,
        revision: u64,
    },
    Export {
        path: PathBuf,
        picture: Box<Picture>,
        overwrite: Overwrite,
        revision: u64,
    },
    /// Draw the fill with this index at full size, for the screen.
    Compose {
        fill_index: usize,
        picture: Box<Picture>,
    },
    ListGpus,
    FindModels,
    InspectModel(ModelChoice),
    SampleThumbnails,
    Remember(Box<Remembered>, PathBuf),
}

/// What became of a task.
pub enum Done {
    /// The user chose a path. `confirmed`: the dialog has asked about replacing this very file.
    Picked {
        purpose: Purpose,
        path: PathBuf,
        confirmed: bool,
    },
    /// The dialog was cancelled.
    Cancelled,
    /// There is no file dialog on this system.
    NoDialog(Purpose),
    Photo {
        photo: Arc<Photo>,
        name: String,
        frame: Option<FaceFrame>,
    },
    /// The frames of the faces found, the largest face first.
    Faces {
        photo: Arc<Photo>,
        frames: Vec<FaceFrame>,
    },
    Mask {
        mask: Arc<Mask>,
        photo_size: (u32, u32),
    },
    Saved {
        purpose: Purpose,
        path: PathBuf,
        revision: u64,
    },
    /// Nothing was written: the file exists.
    Exists {
        purpose: Purpose,
        path: PathBuf,
    },
    Composed {
        fill_index: usize,
        photo: Arc<Photo>,
        look: Look,
        patch: Patch,
    },
    Gpus(Vec<GpuInfo>),
    Models(Vec<PathBuf>),
    Model(ModelChoice, anyhow::Result<ModelInfo>),
    Thumbnails(Vec<(Sample, egui::ColorImage)>),
    Remembered,
    Failed(Message),
}

/// Starts tasks and collects what became of them.
pub struct Tasks {
    sender: mpsc::Sender<Done>,
    receiver: mpsc::Receiver<Done>,
    context: egui::Context,
}

impl Tasks {
    pub fn new(context: egui::Context) -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver, context }
    }

    /// Starts a task.
    pub fn spawn(&self, task: Task) {
        let (sender, context) = (self.sender.clone(), self.context.clone());
        let started = std::thread::Builder::new().name("task".to_owned()).spawn(move || {
            // A decoder that panics on a hostile file must not take the editor with it.
            let done = catch_unwind(AssertUnwindSafe(|| perform(task))).unwrap_or_else(|_| {
                Done::Failed(Message::from_error(&anyhow::anyhow!(
                    "The program made a mistake over this file: try another file, and please report this one"
                )))
            });
            // Fails only when the window is closed already.
            let _ = sender.send(done);
            context.request_repaint();
        });
        if let Err(error) = started {
            let error =
                anyhow::Error::new(error).context("No thread could be started: close other programs and try again");
            let _ = self.sender.send(Done::Failed(Message::from_error(&error)));
        }
    }

    /// The next result, if one waits.
    pub fn try_done(&self) -> Option<Done> {
        self.receiver.try_recv().ok()
    }
}

fn perform(task: Task) -> Done {
    match task {
        Task::Dialog(purpose, suggested) => ask(purpose, suggested.as_deref()),
        Task::OpenPhoto(path) => opened(open_photo(&path)),
        Task::OpenSample(sample) => opened(open_sample(sample)),
        Task::FindFaces(photo) => find_faces(photo),
        Task::LoadMask { path, width, height } => match load_mask(&path, width, height) {
            Ok(mask) => Done::Mask { mask: Arc::new(mask), photo_size: (width, height) },
            Err(error) => failed(&anyhow::Error::new(error).context("Mask not loaded")),
        },
        Task::SaveMask { path, mask, overwrite, revision } => {
            saved(Purpose::SaveMask, save_mask(&path, &mask, overwrite), path, revision)
        }
        Task::Export { path, picture, overwrite, revision } => {
            saved(Purpose::Export, export(&path, &picture, overwrite), path, revision)
        }
        Task::Compose { fill_index, picture } => compose(fill_index, &picture),
        Task::ListGpus => Done::Gpus(list_gpus()),
        Task::FindModels => Done::Models(find_models()),
        Task::InspectModel(choice) => {
            let info = inspect(&choice).map_err(anyhow::Error::new);
            Done::Model(choice, info)
        }
        Task::SampleThumbnails => Done::Thumbnails(
            Sample::ALL.into_iter().filter_map(|sample| Some((sample, thumbnail(sample).ok()?))).collect(),
        ),
        Task::Remember(remembered, path) => {
            if let Err(error) = remembered.save(&path) {
                tracing::warn!("settings not saved to {}: {error:#}", path.display());
            }
            Done::Remembered
        }
    }
}

fn failed(error: &anyhow::Error) -> Done {
    Done::Failed(Message::from_error(error))
}

fn opened(photo: anyhow::Result<(Photo, String, Option<FaceFrame>)>) -> Done {
    match photo {
        Ok((photo, name, frame)) => Done::Photo { photo: Arc::new(photo), name, frame },
        Err(error) => failed(&error.context("Photo not opened")),
    }
}

fn open_photo(path: &Path) -> anyhow::Result<(Photo, String, Option<FaceFrame>)> {
    let photo = open(path, DecodeLimits::default())?;
    let name = path.file_stem().map_or_else(|| "photo".to_owned(), |stem| stem.to_string_lossy().into_owned());
    Ok((photo, name, None))
}

fn open_sample(sample: Sample) -> anyhow::Result<(Photo, String, Option<FaceFrame>)> {
    let photo = decode(sample.bytes(), DecodeLimits::default())?;
    Ok((photo, sample.file_stem().to_owned(), Some(sample.frame())))
}

fn export(path: &Path, picture: &Picture, overwrite: Overwrite) -> Result<(), SaveError> {
    // The file is looked for before the work is done, and again (without a gap) when it is written.
    if overwrite == Overwrite::Refuse && path.exists() {
        return Err(SaveError::Exists { path: path.to_owned() });
    }
    let Some(candidate) = picture.outcome.candidates.get(picture.look.candidate) else { return Ok(()) };
    let pixels = apply(
        &picture.photo,
        &picture.hole,
        &picture.frame,
        picture.look.blend,
        &candidate.pixels,
        picture.outcome.size_px,
    );
    save_png(path, &pixels, picture.photo.icc_profile.as_deref(), overwrite)
}

fn saved(purpose: Purpose, result: Result<(), SaveError>, path: PathBuf, revision: u64) -> Done {
    match result {
        Ok(()) => Done::Saved { purpose, path, revision },
        Err(SaveError::Exists { path }) => Done::Exists { purpose, path },
        Err(error) => failed(&anyhow::Error::new(error).context("Not saved; your work is still here")),
    }
}

fn compose(fill_index: usize, picture: &Picture) -> Done {
    let Some(candidate) = picture.outcome.candidates.get(picture.look.candidate) else { return Done::Cancelled };
    let composer = Composer::new(&picture.photo, &picture.hole, &picture.frame, picture.look.blend, None);
    let patch = composer.patch(&candidate.pixels, picture.outcome.size_px);
    Done::Composed { fill_index, photo: Arc::clone(&picture.photo), look: picture.look, patch }
}

/// Side of a sample's thumbnail in pixels: sharp at 200 % scale.
const THUMBNAIL_SIDE_PX: u32 = 288;

fn thumbnail(sample: Sample) -> anyhow::Result<egui::ColorImage> {
    let pixels = image::load_from_memory(sample.bytes()).context("sample not decoded")?;
    let square = pixels.resize_to_fill(THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX, image::imageops::FilterType::Triangle);
    let rgba = square.to_rgba8();
    let side = THUMBNAIL_SIDE_PX as usize;
    Ok(egui::ColorImage::from_rgba_unmultiplied([side, side], rgba.as_raw()))
}

fn find_faces(photo: Arc<Photo>) -> Done {
    match detect(&photo) {
        Ok(faces) => {
            let frames = faces.iter().filter_map(|face| fit_frame(&face.landmarks_in_photo)).collect();
            Done::Faces { photo, frames }
        }
        Err(error) => failed(&anyhow::Error::new(error).context("Faces could not be looked for")),
    }
}

/// A dialog that is gone after less than this never was on the screen.
const SHORTEST_DIALOG: Duration = Duration::from_millis(400);

fn ask(purpose: Purpose, suggested: Option<&Path>) -> Done {
    let began = Instant::now();
    let dialog = dialog(purpose, suggested);
    let picked = match purpose {
        Purpose::OpenPhoto | Purpose::LoadMask | Purpose::OpenModel => dialog.pick_file(),
        Purpose::Export | Purpose::SaveMask => dialog.save_file(),
    };
    match picked {
        Some(picked) => {
            let path = with_png_extension(purpose, &picked);
            let confirmed = path == picked;
            Done::Picked { purpose, path, confirmed }
        }
        None if began.elapsed() < SHORTEST_DIALOG => Done::NoDialog(purpose),
        None => Done::Cancelled,
    }
}

fn dialog(purpose: Purpose, suggested: Option<&Path>) -> rfd::FileDialog {
    let mut dialog = rfd::FileDialog::new();
    if let Some(folder) = suggested.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty()) {
        dialog = dialog.set_directory(folder);
    }
    if let Some(name) = suggested.and_then(Path::file_name) {
        dialog = dialog.set_file_name(name.to_string_lossy());
    }
    match purpose {
        Purpose::OpenPhoto => dialog.set_title("Open photo").add_filter("Photos", &EXTENSIONS),
        Purpose::Export => dialog.set_title("Export the filled photo").add_filter("PNG picture", &["png"]),
        Purpose::LoadMask => dialog.set_title("Load mask (white is filled)").add_filter("Pictures", &EXTENSIONS),
        Purpose::SaveMask => dialog.set_title("Save mask").add_filter("PNG picture", &["png"]),
        Purpose::OpenModel => dialog.set_title("Open model").add_filter("Face models", &["safetensors"]),
    }
}

/// What is saved is always PNG, and is named so.
pub fn with_png_extension(purpose: Purpose, path: &Path) -> PathBuf {
    if !matches!(purpose, Purpose::Export | Purpose::SaveMask) {
        return path.to_owned();
    }
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("png") => path.to_owned(),
        Some(other) if EXTENSIONS.contains(&other) => path.with_extension("png"),
        _ => {
            let mut name = path.as_os_str().to_owned();
            name.push(".png");
            PathBuf::from(name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_names_always_end_in_png() {
        let cases = [("a.png", "a.png"), ("a.PNG", "a.PNG"), ("a.jpg", "a.png"), ("a", "a.png"), ("v1.5", "v1.5.png")];
        for (typed, expected) in cases {
            assert_eq!(with_png_extension(Purpose::Export, Path::new(typed)), Path::new(expected), "{typed}");
        }
        assert_eq!(with_png_extension(Purpose::OpenPhoto, Path::new("a.jpg")), Path::new("a.jpg"));
    }

    #[test]
    fn sample_frames_lie_inside_their_photos() {
        for sample in Sample::ALL {
            let pixels = image::load_from_memory(sample.bytes()).expect("bundled");
            for [x, y] in sample.frame().corners_in_photo() {
                #[expect(clippy::cast_precision_loss, reason = "512 pixels")]
                let (width, height) = (pixels.width() as f32, pixels.height() as f32);
                assert!((0.0..=width).contains(&x) && (0.0..=height).contains(&y), "{sample:?}: {x} {y}");
            }
        }
    }
}
