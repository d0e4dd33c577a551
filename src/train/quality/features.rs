//! What pictures are compared by: how the discriminator of face-64 sees them.
//!
//! The mean of each channel of each of its four layers, 960 numbers, standardised by the held-out faces. Chosen on 1253 held-out
//! faces among its last layer, all layers, the encoder's last and all, and a random network's: two halves of the faces came
//! out 0.000 apart, faces with their halves exchanged 0.16, the model's samples 0.33, then 0.7, 5 and 65 with more and more
//! noise on its weights, blurred 3.5, of twenty latents only 1.8. The encoder's features put real faces at 0.4 and broken samples
//! below that, the random network's hardly told the model from broken ones.

use crate::model::host::{HostNetworks, Purpose};
use crate::model::{ModelError, ModelFile};

/// Deviations further out count as this far: a discriminator answers pictures that are no faces with any number.
const FURTHEST: f32 = 5.0;
/// The side of the pictures that face-64 knows.
const SIDE: usize = 64;
/// Pictures looked at in one go.
const AT_ONCE: usize = 32;

/// The discriminator with the standard of the held-out faces.
pub(super) struct Judge {
    networks: HostNetworks,
    size_px: usize,
    mean: Vec<f32>,
    deviation: Vec<f32>,
}

impl Judge {
    /// Takes the standard from faces `[size, size, 3]` in [-1, 1], and answers theirs by it, a row each.
    pub fn new(
        file: &ModelFile,
        size_px: usize,
        faces: impl Iterator<Item = Vec<f32>>,
    ) -> Result<(Self, Vec<f32>), ModelError> {
        let mut judge = Self {
            networks: HostNetworks::load(file, Purpose::Plain)?,
            size_px,
            mean: Vec::new(),
            deviation: Vec::new(),
        };
        let faces: Vec<Vec<f32>> = faces.collect();
        let raw: Vec<f32> = faces.chunks(AT_ONCE).flat_map(|faces| judge.raw(faces.len(), &faces.concat())).collect();
        let length = raw.len() / faces.len().max(1);
        #[expect(clippy::cast_precision_loss, reason = "counts of faces, far below 2^24")]
        let count = faces.len().max(1) as f32;
        let column = |index: usize| raw.iter().skip(index).step_by(length.max(1));
        judge.mean = (0..length).map(|index| column(index).sum::<f32>() / count).collect();
        let variance =
            |index: usize| column(index).map(|value| (value - judge.mean[index]).powi(2)).sum::<f32>() / count;
        // Of a single face nothing varies: then only the direction of a difference counts.
        judge.deviation = (0..length).map(|index| variance(index).sqrt().max(1e-4)).collect();
        let standard = judge.standardised(raw);
        Ok((judge, standard))
    }

    /// Numbers of one picture.
    pub fn length(&self) -> usize {
        self.mean.len()
    }

    /// How it sees `count` pictures `[size, size, 3]` in [-1, 1]: a row each.
    pub fn look(&self, count: usize, pictures: &[f32]) -> Vec<f32> {
        self.standardised(self.raw(count, pictures))
    }

    fn raw(&self, count: usize, pictures: &[f32]) -> Vec<f32> {
        self.networks.discriminator_features(count, &resized(pictures, self.size_px)).unwrap_or_default()
    }

    fn standardised(&self, mut rows: Vec<f32>) -> Vec<f32> {
        for row in rows.chunks_exact_mut(self.length().max(1)) {
            for ((value, mean), deviation) in row.iter_mut().zip(&self.mean).zip(&self.deviation) {
                *value = ((*value - mean) / deviation).clamp(-FURTHEST, FURTHEST);
            }
        }
        rows
    }
}

/// Pictures with the side that the model knows: of larger ones pixels are averaged, of smaller ones repeated. Both sides
/// are powers of two.
fn resized(pictures: &[f32], size_px: usize) -> Vec<f32> {
    if size_px == SIDE {
        return pictures.to_vec();
    }
    // Source pixels that meet in one, and pixels made of one.
    let (met, made) = ((size_px / SIDE).max(1), (SIDE / size_px).max(1));
    #[expect(clippy::cast_precision_loss, reason = "a handful of pixels")]
    let share = 1.0 / (met * met) as f32;
    let mut out = Vec::with_capacity(pictures.len() / (size_px * size_px) * SIDE * SIDE);
    for picture in pictures.chunks_exact(size_px * size_px * 3) {
        for (y, x) in (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (y, x))) {
            let (top, left) = (y / made * met, x / made * met);
            out.extend((0..3).map(|channel| {
                let at = |y: usize, x: usize| picture[(y * size_px + x) * 3 + channel];
                let sum: f32 = (0..met).flat_map(|dy| (0..met).map(move |dx| at(top + dy, left + dx))).sum();
                sum * share
            }));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_other_sizes_are_averaged_or_repeated() {
        let ramp: Vec<f32> = (0..128u8).map(f32::from).collect();
        let large: Vec<f32> = ramp.iter().cycle().take(128 * 128).flat_map(|value| [*value; 3]).collect();
        let small = resized(&large, 128);
        assert_eq!((small.len(), &small[..6]), (64 * 64 * 3, &[0.5, 0.5, 0.5, 2.5, 2.5, 2.5][..]));
        let tiny: Vec<f32> =
            (0..16 * 16).map(|index| f32::from(u8::try_from(index).unwrap())).flat_map(|v| [v; 3]).collect();
        let grown = resized(&tiny, 16);
        assert_eq!((grown[0], grown[3 * 3], grown[4 * 3], grown[4 * 64 * 3]), (0.0, 0.0, 1.0, 16.0));
    }
}
