//! Cache of decoded sample pictures. It holds the shown picture and its neighbours only.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::ColorImage;

use crate::catch_panic::catch_panic;

/// Maximum side of a decoded sample picture. The largest that a run writes has 8 × 256 pixels.
const MAX_SIDE_PX: u32 = 8192;
/// Memory limit for decoding one picture.
const MAX_DECODE_BYTES: u64 = 256 << 20;

/// A picture, or the error text.
pub type SampleImage = Result<Arc<ColorImage>, String>;

/// A request to decode a sample picture.
pub struct DecodeSampleRequest {
    /// Id of the followed run.
    pub run: u64,
    /// How often the run had restarted at the time of the request.
    pub restarts: u32,
    pub step: u64,
    pub path: PathBuf,
}

/// The result of a [`DecodeSampleRequest`].
pub struct DecodedSample {
    pub run: u64,
    pub restarts: u32,
    pub step: u64,
    pub sample: SampleImage,
}

impl DecodeSampleRequest {
    /// Decodes the picture.
    pub fn decode(self) -> DecodedSample {
        // A decoder panic on a damaged file must still give a result, because the next picture waits for it.
        let decoded = catch_panic(|| decode(&self.path));
        let decoded = decoded.unwrap_or_else(|_| Err("the decoder failed".to_owned()));
        let sample = decoded
            .map(Arc::new)
            .map_err(|reason| format!("{} cannot be shown ({reason}): choose another step", self.path.display()));
        DecodedSample { run: self.run, restarts: self.restarts, step: self.step, sample }
    }
}

fn decode(path: &Path) -> Result<ColorImage, String> {
    let mut reader = image::ImageReader::open(path).map_err(|error| error.to_string())?;
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MAX_SIDE_PX);
    limits.max_image_height = Some(MAX_SIDE_PX);
    limits.max_alloc = Some(MAX_DECODE_BYTES);
    reader.limits(limits);
    let pixels = reader.decode().map_err(|error| error.to_string())?.into_rgb8();
    let size = [pixels.width() as usize, pixels.height() as usize];
    Ok(ColorImage::from_rgb(size, pixels.as_raw()))
}

/// The cached pictures by step.
#[derive(Default)]
pub struct SampleCache {
    cached: Vec<(u64, SampleImage)>,
    /// The step that a task is decoding.
    decoding: Option<u64>,
}

impl SampleCache {
    /// The picture of a step; `None` until it is decoded.
    pub fn get(&self, step: u64) -> Option<&SampleImage> {
        self.cached.iter().find(|(cached, _)| *cached == step).map(|(_, sample)| sample)
    }

    /// Drops all but the shown step and its neighbours. Returns the next step to decode, the shown one first; `None` if
    /// none is missing or a task is decoding. `steps` must ascend.
    pub fn next_to_decode(&mut self, steps: &[u64], shown: u64) -> Option<u64> {
        let kept_steps = shown_and_neighbours(steps, shown);
        self.cached.retain(|(step, _)| kept_steps.contains(step));
        if self.decoding.is_some() {
            return None;
        }
        self.decoding = kept_steps.into_iter().find(|step| self.get(*step).is_none());
        self.decoding
    }

    /// Stores a decoded picture.
    pub fn insert(&mut self, step: u64, sample: SampleImage) {
        if self.decoding == Some(step) {
            self.decoding = None;
        }
        self.cached.retain(|(cached, _)| *cached != step);
        self.cached.push((step, sample));
    }

    /// Number of pictures in memory.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.cached.len()
    }
}

/// The shown step, then its neighbours.
fn shown_and_neighbours(steps: &[u64], shown: u64) -> Vec<u64> {
    let Ok(index) = steps.binary_search(&shown) else { return Vec::new() };
    let indices = [Some(index), index.checked_sub(1), index.checked_add(1)];
    indices.into_iter().flatten().filter_map(|index| steps.get(index).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey() -> Arc<ColorImage> {
        Arc::new(ColorImage::filled([1, 1], egui::Color32::GRAY))
    }

    #[test]
    fn shown_picture_is_decoded_first_then_its_neighbours() {
        let steps: Vec<u64> = (1..=1000).map(|index| index * 100).collect();
        let mut cache = SampleCache::default();
        let mut decoded = Vec::new();
        for shown in [500, 600, 100_000] {
            while let Some(step) = cache.next_to_decode(&steps, shown) {
                assert_eq!(cache.next_to_decode(&steps, shown), None, "one at a time");
                cache.insert(step, Ok(grey()));
                decoded.push(step);
            }
            assert!(cache.count() <= 3 && cache.get(shown).is_some());
        }
        assert_eq!(decoded, [500, 400, 600, 700, 100_000, 99_900]);
    }

    #[test]
    fn late_pictures_are_dropped() {
        let steps = [1, 2, 3, 4, 5, 6];
        let mut cache = SampleCache::default();
        let late = cache.next_to_decode(&steps, 1).unwrap();
        assert_eq!(cache.next_to_decode(&steps, 6), None);
        cache.insert(late, Ok(grey()));
        assert_eq!((cache.next_to_decode(&steps, 6), cache.count()), (Some(6), 0));
    }

    #[test]
    fn a_damaged_picture_gives_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("step-00000100.png");
        std::fs::write(&path, "no picture").unwrap();
        let decoded = DecodeSampleRequest { run: 1, restarts: 0, step: 100, path }.decode();
        assert!(decoded.sample.unwrap_err().contains("step-00000100.png cannot be shown"));
    }
}
