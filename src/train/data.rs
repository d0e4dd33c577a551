//! Faces to train on and to measure with.

use super::TrainError;
use crate::dataset::Faces;

/// Aligned faces of one size.
pub trait Pictures: Send + Sync {
    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Side of each in pixels.
    fn size_px(&self) -> u32;

    /// RGB bytes, interleaved, row by row: `size² · 3`. Empty for an index that does not exist.
    fn picture(&self, index: usize) -> &[u8];
}

impl Pictures for Faces {
    fn len(&self) -> usize {
        self.len()
    }

    fn size_px(&self) -> u32 {
        self.size_px()
    }

    fn picture(&self, index: usize) -> &[u8] {
        if index < self.len() { self.picture(index) } else { &[] }
    }
}

/// Faces that lie in memory.
#[derive(Clone, Debug, Default)]
pub struct PicturesInMemory {
    size_px: u32,
    pixels: Vec<u8>,
}

impl PicturesInMemory {
    /// From the bytes of whole pictures, one after the other; what is left over is dropped.
    #[must_use]
    pub fn new(size_px: u32, pixels: Vec<u8>) -> Self {
        Self { size_px, pixels }
    }

    fn bytes_each(&self) -> usize {
        self.size_px as usize * self.size_px as usize * 3
    }

    /// Noise, for tests.
    #[cfg(test)]
    pub(super) fn noise(size_px: u32, count: usize, seed: u64) -> Self {
        use rand::RngExt as _;
        let mut rng = super::draws::stream(seed, super::draws::Purpose::Samples);
        let bytes = count * size_px as usize * size_px as usize * 3;
        Self::new(size_px, (0..bytes).map(|_| rng.random()).collect())
    }
}

impl Pictures for PicturesInMemory {
    fn len(&self) -> usize {
        self.pixels.len() / self.bytes_each().max(1)
    }

    fn size_px(&self) -> u32 {
        self.size_px
    }

    fn picture(&self, index: usize) -> &[u8] {
        self.pixels.chunks_exact(self.bytes_each().max(1)).nth(index).unwrap_or(&[])
    }
}

/// Some of the pictures of another set.
#[derive(Clone)]
pub(super) struct Part<'a> {
    all: &'a dyn Pictures,
    range: std::ops::Range<usize>,
}

impl<'a> Part<'a> {
    /// All of them.
    pub fn whole(all: &'a dyn Pictures) -> Self {
        Self { all, range: 0..all.len() }
    }
}

impl Pictures for Part<'_> {
    fn len(&self) -> usize {
        self.range.len()
    }

    fn size_px(&self) -> u32 {
        self.all.size_px()
    }

    fn picture(&self, index: usize) -> &[u8] {
        if index < self.range.len() { self.all.picture(self.range.start + index) } else { &[] }
    }
}

/// Faces held out of training when no other ones are given: a tenth, at most this many.
const HELD_OUT_AT_MOST: usize = 512;

/// Splits a set into faces to train on and the last ones, which are held out. Of fewer than ten none are: then the same faces
/// serve for both, and numbers about held-out faces say nothing about others.
pub(super) fn split(all: &dyn Pictures) -> (Part<'_>, Option<Part<'_>>) {
    let held_out = (all.len() / 10).min(HELD_OUT_AT_MOST);
    let kept = all.len() - held_out;
    let part = |range: std::ops::Range<usize>| Part { all, range };
    (part(0..kept), (held_out > 0).then(|| part(kept..all.len())))
}

/// Pictures scaled down to a size that theirs is a multiple of, by averaging whole pixels; `None` when they have it already.
///
/// # Errors
/// When there are none, or theirs is no multiple.
pub(super) fn fitted(all: &dyn Pictures, size_px: u32) -> Result<Option<PicturesInMemory>, TrainError> {
    if all.is_empty() {
        return Err(TrainError::NoPictures);
    }
    if all.size_px() == size_px {
        return Ok(None);
    }
    if !all.size_px().is_multiple_of(size_px) {
        return Err(TrainError::Size { found: all.size_px(), wanted: size_px });
    }
    let (from, to) = (all.size_px() as usize, size_px as usize);
    let step = from / to;
    let mut pixels = Vec::with_capacity(all.len() * to * to * 3);
    for index in 0..all.len() {
        let picture = all.picture(index);
        for (y, x) in (0..to).flat_map(|y| (0..to).map(move |x| (y, x))) {
            for channel in 0..3 {
                let rows = (y * step..(y + 1) * step).flat_map(|y| (x * step..(x + 1) * step).map(move |x| (y, x)));
                let sum: usize = rows
                    .filter_map(|(y, x)| picture.get((y * from + x) * 3 + channel))
                    .map(|value| usize::from(*value))
                    .sum();
                let mean = (sum + step * step / 2) / (step * step);
                pixels.push(u8::try_from(mean).unwrap_or(u8::MAX));
            }
        }
    }
    Ok(Some(PicturesInMemory::new(size_px, pixels)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_tenth_is_held_out() {
        let all = PicturesInMemory::noise(16, 25, 1);
        let (kept, held_out) = split(&all);
        let held_out = held_out.unwrap();
        assert_eq!((kept.len(), held_out.len()), (23, 2));
        assert_eq!(held_out.picture(1), all.picture(24));
        assert!(kept.picture(23).is_empty(), "held-out faces are not to be reached from the others");
        assert!(split(&PicturesInMemory::noise(16, 9, 1)).1.is_none());
    }

    #[test]
    fn larger_pictures_are_averaged_and_others_refused() {
        let all = PicturesInMemory::new(4, (0..48).collect());
        let small = fitted(&all, 2).unwrap().unwrap();
        // Pixels 0, 1, 4 and 5 hold 0, 3, 12 and 15 in red.
        assert_eq!(small.picture(0), [8, 9, 10, 14, 15, 16, 32, 33, 34, 38, 39, 40]);
        assert!(fitted(&all, 4).unwrap().is_none());
        assert!(matches!(fitted(&all, 8), Err(TrainError::Size { found: 4, wanted: 8 })));
        assert!(matches!(fitted(&PicturesInMemory::default(), 4), Err(TrainError::NoPictures)));
    }
}
