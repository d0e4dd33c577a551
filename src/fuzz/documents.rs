//! What must hold for the program's own files: projects, preferences, records of fills, training settings, libraries of
//! latents, and the log of a stopped preparation.

use std::path::PathBuf;
use std::sync::Arc;

use image::{DynamicImage, RgbImage};

use super::scratch;
use crate::app::Preferences;
use crate::device::DeviceChoice;
use crate::explore::{LatentExpression, LatentLibrary, LatentSource};
use crate::face;
use crate::fs::Overwrite;
use crate::job::{
    DeviceInfo, ExportContent, FillControl, FillError, FillObserver, FillRecord, FillRequest, NetworkCache, Provenance,
    ProvenanceError, StopReason, run_fill,
};
use crate::mask::Mask;
use crate::model::{ModelChoice, ModelFile, ModelInfo, TINY_MODEL};
use crate::photo::{Photo, PngMetadata, encode_png};
use crate::prepare::{
    FoundPictures, PrepareObserver, PrepareRequest, RESUME_CROPS_FILE, RESUME_LOG_FILE, Thresholds, prepare_dataset,
};
use crate::project::Project;
use crate::train::{RunFolder, RunMonitor};

/// Larger photos are not drawn: they take long.
const MAX_PIXELS: u64 = 1 << 12;
/// Searches of more candidates are not run.
const MAX_CANDIDATES: u32 = 16;

/// A project that opens survives saving, and its fill can be exported without changing a known pixel.
pub fn project(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let project = match Project::from_json(text) {
        Ok(project) => project,
        Err(error) => return drop(error.to_string()),
    };
    let json = project.to_json(None).expect("an opened project can be saved");
    let again = Project::from_json(&json).expect("a saved project opens");
    assert_eq!(again.to_json(None).expect("an opened project can be saved"), json);
    let (width, height) = (project.photo.width_px, project.photo.height_px);
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return;
    }
    let photo = photo(width, height);
    drop(face::crop(&photo, &project.mask, &project.frame, 16));
    let Some(fill) = &project.fill else { return };
    fill.faces.iter().for_each(|face| export(&photo, &face.fill.record));
}

fn export(photo: &Photo, fill: &FillRecord) {
    let filled = fill.picture(photo, ExportContent::Photo, None).expect("the candidate exists").into_rgb8();
    for (x, y, pixel) in photo.pixels.to_rgb8().enumerate_pixels() {
        assert!(fill.hole.is_hole(x, y) || filled.get_pixel(x, y) == pixel, "the known pixel {x}, {y} has changed");
    }
    drop(fill.picture(photo, ExportContent::Layer, None));
    drop(Provenance::new(photo, fill));
}

fn photo(width: u32, height: u32) -> Photo {
    let pixels = RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([x, y, x ^ y].map(|value| u8::try_from(37 * value % 256).unwrap_or(0)))
    });
    Photo::from_pixels(DynamicImage::ImageRgb8(pixels))
}

/// Preferences of any text survive saving.
pub fn preferences(bytes: &[u8]) {
    let loaded = Preferences::load(&scratch::write("editor.json", bytes));
    let path = scratch::path("saved.json");
    loaded.save(&path).expect("preferences can be saved");
    assert_eq!(Preferences::load(&path), loaded);
}

/// Training settings that can be used survive saving.
pub fn training(bytes: &[u8]) {
    let file = scratch::write("config.json", bytes);
    let run = RunFolder::new(file.parent().expect("a file in a folder"));
    match run.read_settings() {
        Ok(settings) => {
            let settings = settings.expect("the file exists");
            match settings.validate() {
                Ok(()) => {
                    let text = serde_json::to_vec(&settings).expect("settings can be saved");
                    scratch::write("config.json", &text);
                    assert_eq!(run.read_settings().expect("saved settings can be read"), Some(settings));
                }
                Err(error) => drop(error.to_string()),
            }
        }
        Err(error) => drop(error.to_string()),
    }
}

/// A log of training metrics gives the same rows when it is read while it is written.
pub fn training_log(bytes: &[u8]) {
    let config = scratch::write("config.json", b"{}");
    let run = RunFolder::new(config.parent().expect("a file in a folder"));
    let read = |parts: &[&[u8]]| {
        let mut monitor = RunMonitor::new(run.clone());
        for part in parts {
            scratch::write("log.csv", part);
            drop(monitor.read_new_rows().map_err(|error| error.to_string()));
        }
        (monitor.restart_count() == 0).then(|| format!("{:?}", monitor.metrics().collect::<Vec<_>>()))
    };
    let (in_parts, at_once) = (read(&[&bytes[..bytes.len() / 2], bytes]), read(&[bytes]));
    assert!(in_parts.is_none() || at_once.is_none() || in_parts == at_once, "{in_parts:?} and {at_once:?}");
}

/// A record of a fill that can be read survives saving, and its fill can be repeated without a panic.
pub fn record(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let record = match read_record(text) {
        Ok(record) => record,
        Err(error) => return drop(error.to_string()),
    };
    let json = record.to_json();
    match read_record(&json) {
        Ok(again) => assert_eq!(again.to_json(), json),
        // A number above the largest float is read as infinite, and JSON cannot hold that.
        Err(ProvenanceError::Damaged { source }) if source.to_string().starts_with("invalid type: null") => return,
        Err(error) => panic!("a written record cannot be read: {error}"),
    }
    let Ok(hole) = record.hole() else { return };
    if u64::from(hole.width()) * u64::from(hole.height()) <= MAX_PIXELS && record.settings.candidates <= MAX_CANDIDATES
    {
        repeat(&record, hole);
    }
}

fn read_record(json: &str) -> Result<Provenance, ProvenanceError> {
    let texts = vec![(Provenance::KEYWORD, json.to_owned())];
    let pixels = DynamicImage::ImageRgb8(RgbImage::new(1, 1));
    let png = encode_png(&pixels, &PngMetadata { texts, ..PngMetadata::default() }).expect("any text can be written");
    Provenance::read(&png)
}

/// Runs two iterations of a recorded fill with a tiny model, and exports the result.
fn repeat(record: &Provenance, hole: Mask) {
    let request = FillRequest {
        photo: Arc::new(photo(hole.width(), hole.height())),
        hole,
        frame: record.frame,
        settings: record.settings,
        start: record.start.clone(),
        blend: record.blend,
        model: ModelChoice::File(tiny_model_path()),
        device: DeviceChoice::CpuF32,
    };
    match run_fill(&mut NetworkCache::default(), &request, &mut StopSoon { evaluations: 2 }) {
        Ok(outcome) => {
            if let Some(StopReason::Failed(reason)) = &outcome.stopped {
                panic!("{reason}");
            }
            export(&request.photo, &FillRecord::of_best(&request, outcome));
        }
        Err(error @ FillError::DeviceFailed { .. }) => panic!("{error}"),
        Err(error) => drop(error.to_string()),
    }
}

fn tiny_model_path() -> PathBuf {
    let path = scratch::path("tiny.safetensors");
    if !path.exists() {
        scratch::write("tiny.safetensors", TINY_MODEL);
    }
    path
}

struct StopSoon {
    evaluations: u32,
}

impl FillObserver for StopSoon {
    fn started(&mut self, _: &DeviceInfo, _: &ModelInfo, _: &[String]) {}

    fn control(&mut self) -> FillControl {
        if self.evaluations == 0 {
            return FillControl::Stop;
        }
        self.evaluations -= 1;
        FillControl::Continue
    }
}

/// A library of latents that opens survives saving, and its names can be looked up and added up.
pub fn latents(bytes: &[u8]) {
    let path = scratch::write("latents.json", bytes);
    let library = match LatentLibrary::open(&path) {
        Ok(library) => library,
        Err(error) => return drop(error.to_string()),
    };
    library.save(&path).expect("a library can be saved");
    assert_eq!(LatentLibrary::open(&path).expect("a saved library opens"), library);
    let model = ModelFile::parse("tiny", TINY_MODEL).expect("a good model").info;
    for (name, saved) in library.of_model(&model) {
        assert_eq!(saved.latent.len(), model.latent_dim);
        drop(library.find_latent(&LatentSource::parse(name), &model).map_err(|error| error.to_string()));
    }
    for name in library.names() {
        let Ok(sum) = LatentExpression::parse(&format!("{name} - 2 * {name} + 7")) else { continue };
        drop(sum.evaluate(|source| library.find_latent(source, &model)));
        if let Ok(checked) = LatentLibrary::checked_name(name) {
            assert_eq!(LatentSource::parse(&checked), LatentSource::Name(checked.clone()), "{name}");
        }
    }
}

/// A preparation continues from any log: it makes a dataset, or says why not. The photos of the log are missing, so
/// nothing is measured.
pub fn resume_log(bytes: &[u8]) {
    let lines = scratch::write(RESUME_LOG_FILE, bytes);
    scratch::write(RESUME_CROPS_FILE, &vec![7; 3 * 64 * 64 * 3]);
    let folder = lines.parent().expect("a file in a folder").to_path_buf();
    let request = PrepareRequest {
        folder: PathBuf::from("/photos"),
        results_folder: folder,
        size_px: 64,
        thresholds: Thresholds::for_size(64),
        dataset_info: crate::dataset::DatasetInfo::default(),
        seed: 1,
        overwrite: Overwrite::Allow,
    };
    let files = ["a.png", "b/c.jpg", "d.png"].map(PathBuf::from).into();
    let pictures = FoundPictures { files, ..FoundPictures::default() };
    drop(prepare_dataset(&request, &pictures, &mut Silent).map_err(|error| error.to_string()));
}

struct Silent;

impl PrepareObserver for Silent {
    fn started(&mut self, _: usize, _: usize) {}

    fn unreadable(&mut self, _: &std::path::Path, _: &str) {}

    fn warned(&mut self, _: &std::path::Path, _: &str) {}

    fn photo_done(&mut self) {}
}
