//! The face images for training and for quality metrics.

use super::TrainError;
use crate::dataset::FaceDataset;

/// A set of aligned face images of one size.
pub trait FaceImages: Send + Sync {
    /// Number of images.
    fn len(&self) -> usize;

    /// Whether there are no images.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Side of each image in pixels.
    fn size_px(&self) -> u32;

    /// Interleaved RGB bytes, row by row: `size² · 3`. Empty for an index that does not exist.
    fn image(&self, index: usize) -> &[u8];
}

impl FaceImages for FaceDataset {
    fn len(&self) -> usize {
        self.len()
    }

    fn size_px(&self) -> u32 {
        self.size_px()
    }

    fn image(&self, index: usize) -> &[u8] {
        if index < self.len() { self.picture(index) } else { &[] }
    }
}

/// Face images in memory.
#[derive(Clone, Debug, Default)]
pub struct InMemoryFaceImages {
    size_px: u32,
    pixels: Vec<u8>,
}

impl InMemoryFaceImages {
    /// Takes the bytes of all images in order. Bytes of an incomplete last image are ignored.
    #[must_use]
    pub fn new(size_px: u32, pixels: Vec<u8>) -> Self {
        Self { size_px, pixels }
    }

    fn bytes_per_image(&self) -> usize {
        self.size_px as usize * self.size_px as usize * 3
    }

    /// Random pixels, for tests.
    #[cfg(test)]
    pub(super) fn noise(size_px: u32, count: usize, seed: u64) -> Self {
        use rand::RngExt as _;
        let mut rng = super::rng::rng_for(seed, super::rng::RngStream::Samples);
        let bytes = count * size_px as usize * size_px as usize * 3;
        Self::new(size_px, (0..bytes).map(|_| rng.random()).collect())
    }
}

impl FaceImages for InMemoryFaceImages {
    fn len(&self) -> usize {
        self.pixels.len() / self.bytes_per_image().max(1)
    }

    fn size_px(&self) -> u32 {
        self.size_px
    }

    fn image(&self, index: usize) -> &[u8] {
        self.pixels.chunks_exact(self.bytes_per_image().max(1)).nth(index).unwrap_or(&[])
    }
}

/// A range of another image set.
#[derive(Clone)]
pub(super) struct FaceSubset<'a> {
    images: &'a dyn FaceImages,
    range: std::ops::Range<usize>,
}

impl<'a> FaceSubset<'a> {
    /// The whole set.
    pub fn whole(images: &'a dyn FaceImages) -> Self {
        Self { images, range: 0..images.len() }
    }
}

impl FaceImages for FaceSubset<'_> {
    fn len(&self) -> usize {
        self.range.len()
    }

    fn size_px(&self) -> u32 {
        self.images.size_px()
    }

    fn image(&self, index: usize) -> &[u8] {
        if index < self.range.len() { self.images.image(self.range.start + index) } else { &[] }
    }
}

/// Most training faces to hold out when no held-out set is given.
pub const MAX_HELD_OUT: usize = 512;

/// Splits a set into training faces and held-out faces: the last tenth, up to [`MAX_HELD_OUT`]. `None` for fewer
/// than ten faces; quality is then measured on the training faces.
pub(super) fn split_held_out(all: &dyn FaceImages) -> (FaceSubset<'_>, Option<FaceSubset<'_>>) {
    let held_out = (all.len() / 10).min(MAX_HELD_OUT);
    let training = all.len() - held_out;
    let part = |range: std::ops::Range<usize>| FaceSubset { images: all, range };
    (part(0..training), (held_out > 0).then(|| part(training..all.len())))
}

/// Scales images down by a whole factor, averaging blocks of pixels. `None` if they already have this size.
///
/// # Errors
/// When there are no images, or their size is not a multiple of the target size.
pub(super) fn scaled_down(all: &dyn FaceImages, size_px: u32) -> Result<Option<InMemoryFaceImages>, TrainError> {
    if all.is_empty() {
        return Err(TrainError::NoFaces);
    }
    if all.size_px() == size_px {
        return Ok(None);
    }
    if !all.size_px().is_multiple_of(size_px) {
        return Err(TrainError::ImageSize { found: all.size_px(), expected: size_px });
    }
    let (source_side, side) = (all.size_px() as usize, size_px as usize);
    let step = source_side / side;
    let mut pixels = Vec::with_capacity(all.len() * side * side * 3);
    for index in 0..all.len() {
        let image = all.image(index);
        for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
            for channel in 0..3 {
                let block = (y * step..(y + 1) * step).flat_map(|y| (x * step..(x + 1) * step).map(move |x| (y, x)));
                let values = block.filter_map(|(y, x)| image.get((y * source_side + x) * 3 + channel));
                let sum: usize = values.map(|value| usize::from(*value)).sum();
                let mean = (sum + step * step / 2) / (step * step);
                pixels.push(u8::try_from(mean).unwrap_or(u8::MAX));
            }
        }
    }
    Ok(Some(InMemoryFaceImages::new(size_px, pixels)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_tenth_is_held_out() {
        let all = InMemoryFaceImages::noise(16, 25, 1);
        let (training, held_out) = split_held_out(&all);
        let held_out = held_out.unwrap();
        assert_eq!((training.len(), held_out.len()), (23, 2));
        assert_eq!(held_out.image(1), all.image(24));
        assert!(training.image(23).is_empty(), "the training set must not reach held-out faces");
        assert!(split_held_out(&InMemoryFaceImages::noise(16, 9, 1)).1.is_none());
    }

    #[test]
    fn only_multiples_of_the_size_are_scaled_down() {
        let all = InMemoryFaceImages::new(4, (0..48).collect());
        let small = scaled_down(&all, 2).unwrap().unwrap();
        // Pixels 0, 1, 4 and 5 have the red values 0, 3, 12 and 15.
        assert_eq!(small.image(0), [8, 9, 10, 14, 15, 16, 32, 33, 34, 38, 39, 40]);
        assert!(scaled_down(&all, 4).unwrap().is_none());
        assert!(matches!(scaled_down(&all, 8), Err(TrainError::ImageSize { found: 4, expected: 8 })));
        assert!(matches!(scaled_down(&InMemoryFaceImages::default(), 4), Err(TrainError::NoFaces)));
    }
}
