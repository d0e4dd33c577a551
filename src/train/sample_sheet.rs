//! Sample images of a run: generated faces for fixed latents, and reconstructions of masked held-out faces.

use image::{DynamicImage, RgbImage};

use super::face_images::FaceImages;
use super::rng::{RngStream, rng_for, sample_prior};
use super::settings::TrainSettings;
use crate::face_picture::to_byte;
use crate::model::cpu::{CpuActivations, CpuNetworks};

/// Images per row.
const SHEET_COLUMNS: usize = 8;
/// Rows of generated faces.
const SAMPLE_ROWS: usize = 6;

/// The inputs of the sample images. They stay the same through a run.
pub(super) struct SampleSheet {
    latents: Vec<f32>,
    latent_dim: usize,
    size_px: usize,
    /// Held-out faces `[count, size, size, 3]` in [-1, 1], at most one row.
    faces: Vec<f32>,
    /// Known masks of these faces, `[count, size, size]`.
    known_masks: Vec<f32>,
}

impl SampleSheet {
    /// The first four faces have a centre hole, the next two lack the lower half, the others the left half.
    pub fn new(settings: &TrainSettings, held_out: &dyn FaceImages) -> Self {
        let (size_px, latent_dim) = (settings.size_px as usize, settings.latent_dim as usize);
        let mut rng = rng_for(settings.seed, RngStream::Samples);
        let latents = sample_prior(&mut rng, SHEET_COLUMNS * SAMPLE_ROWS * latent_dim);
        let count = held_out.len().min(SHEET_COLUMNS);
        let faces = (0..count).flat_map(|index| to_interleaved(held_out.image(index))).collect();
        let known_masks = (0..count).flat_map(|index| {
            (0..size_px * size_px).map(move |pixel| {
                let (y, x) = (pixel / size_px, pixel % size_px);
                let middle = size_px / 4..size_px - size_px / 4;
                let is_hole = match index {
                    0..4 => middle.contains(&y) && middle.contains(&x),
                    4..6 => y >= size_px / 2,
                    _ => x < size_px / 2,
                };
                f32::from(u8::from(!is_hole))
            })
        });
        Self { latents, latent_dim, size_px, faces, known_masks: known_masks.collect() }
    }

    /// Draws the generated faces. With an encoder, three more rows show the held-out faces, their known pixels, and
    /// their reconstructions.
    pub fn render(&self, networks: &CpuNetworks) -> RgbImage {
        let area = self.size_px * self.size_px;
        let mut activations = CpuActivations::default();
        let samples = self.latents.len() / self.latent_dim.max(1);
        let mut images = networks.generate(samples, &self.latents, &mut activations);
        let count = self.known_masks.len() / area;
        if let Some(latents) = networks.encode(count, &self.faces, &self.known_masks).filter(|_| count > 0) {
            let padding = (SHEET_COLUMNS - count) * area * 3;
            let pad_row = |images: &mut Vec<f32>| images.resize(images.len() + padding, -1.0);
            images.extend_from_slice(&self.faces);
            pad_row(&mut images);
            let pixels = self.faces.as_chunks::<3>().0.iter().zip(&self.known_masks);
            images.extend(pixels.flat_map(|(pixel, known)| if *known > 0.0 { *pixel } else { [1.0; 3] }));
            pad_row(&mut images);
            images.extend(networks.generate(count, &latents, &mut activations));
            pad_row(&mut images);
        }
        tile_images(&images, self.size_px)
    }
}

/// Converts bytes to values in [-1, 1].
pub(super) fn to_interleaved(image: &[u8]) -> impl Iterator<Item = f32> + '_ {
    image.iter().map(|value| f32::from(*value) / 127.5 - 1.0)
}

/// Tiles images `[count, size, size, 3]` in [-1, 1], [`SHEET_COLUMNS`] per row.
fn tile_images(images: &[f32], size_px: usize) -> RgbImage {
    let rows = images.len() / (size_px * size_px * 3 * SHEET_COLUMNS);
    let side = |count: usize| u32::try_from(count * size_px).unwrap_or(u32::MAX);
    RgbImage::from_fn(side(SHEET_COLUMNS), side(rows), |x, y| {
        let (x, y) = (x as usize, y as usize);
        let index = y / size_px * SHEET_COLUMNS + x / size_px;
        let pixel = (index * size_px + y % size_px) * size_px + x % size_px;
        let value = |channel: usize| images.get(3 * pixel + channel).map_or(0, |value| to_byte(*value));
        image::Rgb([value(0), value(1), value(2)])
    })
}

pub(super) fn encode_sheet(sheet: RgbImage) -> Result<Vec<u8>, crate::photo::SaveError> {
    crate::photo::encode_png(&DynamicImage::ImageRgb8(sheet), &crate::photo::PngMetadata::default())
}
