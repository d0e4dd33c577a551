//! Decodes the sample pictures of a run: the shown one, then its neighbours.

use std::path::Path;
use std::sync::Arc;

use egui::ColorImage;

use crate::catch_panic::catch_panic;

/// Maximum side of a decoded sample picture. The largest that a run writes has 8 × 256 pixels.
const MAX_SIDE_PX: u32 = 8192;
/// Memory limit for decoding one picture.
const MAX_DECODE_BYTES: u64 = 256 << 20;

/// A picture, or the error text.
pub type SampleImage = Result<Arc<ColorImage>, String>;

/// Decodes a picture. Call it on a background thread.
pub fn decode_sample(path: &Path) -> SampleImage {
    // A decoder panic on a damaged file must still give a result, because the next picture waits for it.
    let decoded = catch_panic(|| decode(path)).unwrap_or_else(|_| Err("the decoder failed".to_owned()));
    decoded
        .map(Arc::new)
        .map_err(|reason| format!("{} cannot be shown ({reason}): choose another step", path.display()))
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

/// The shown step, then its neighbours. `steps` must ascend.
pub fn shown_and_neighbours(steps: &[u64], shown: u64) -> Vec<u64> {
    let Ok(index) = steps.binary_search(&shown) else { return Vec::new() };
    let indices = [Some(index), index.checked_sub(1), index.checked_add(1)];
    indices.into_iter().flatten().filter_map(|index| steps.get(index).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shown_picture_comes_first_then_its_neighbours() {
        let steps: Vec<u64> = (1..=1000).map(|index| index * 100).collect();
        assert_eq!(shown_and_neighbours(&steps, 500), [500, 400, 600]);
        assert_eq!(shown_and_neighbours(&steps, 100_000), [100_000, 99_900]);
        assert_eq!(shown_and_neighbours(&steps, 150), [0; 0]);
    }

    #[test]
    fn a_damaged_picture_gives_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("step-00000100.png");
        std::fs::write(&path, "no picture").unwrap();
        let decoded = decode_sample(&path);
        assert!(decoded.unwrap_err().contains("step-00000100.png cannot be shown"));
    }
}
