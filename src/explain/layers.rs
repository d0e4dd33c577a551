//! Figure 4: the generator and the discriminator, layer by layer: some channels of each layer as pictures.

use std::sync::Arc;

use image::{Luma, RgbImage};

use super::drawing::{Drawing, Ink, number, to_f32};
use crate::face_picture::FacePicture;
use crate::model::NetworkBackend;
use crate::model::Networks;

/// Channels of a layer that are shown.
const SHOWN: usize = 9;
const SIDE: f32 = 48.0;
const GAP: f32 = 4.0;
const ROW: f32 = SIDE + 14.0;
const NAMES_WIDTH: f32 = 140.0;
const LATENT_WIDTH: f32 = 464.0;
/// Of the brightness of the generator's channels: few of their values are large, and the others shall be seen too.
const GENERATOR_EXPONENT: f32 = 0.5;

/// The layers of one pass through both networks.
#[derive(Clone, Debug)]
pub struct NetworkLayers {
    pub latent: Vec<f32>,
    /// From the latent to the picture.
    pub generator: Vec<LayerMaps>,
    /// From the picture to the logit; empty without a discriminator.
    pub discriminator: Vec<LayerMaps>,
    /// The picture.
    pub picture: Arc<RgbImage>,
    /// `None` without a discriminator.
    pub logit: Option<f32>,
}

/// The output of one layer.
#[derive(Clone, Debug)]
pub struct LayerMaps {
    pub side_px: usize,
    pub channels: usize,
    /// The channels that vary the most over the picture, from black (their lowest value) to white.
    pub maps: Vec<Arc<RgbImage>>,
}

impl NetworkLayers {
    /// Passes a latent through the generator, and its picture through the discriminator. `None` on a GPU.
    #[must_use]
    pub fn of_latent(networks: &Networks, latent: &[f32]) -> Option<Self> {
        let NetworkBackend::Cpu(cpu) = &networks.backend else { return None };
        let size_px = networks.info.image_size_px as usize;
        let mut outputs = cpu.generator_layers(latent);
        let picture = FacePicture::of_batch(&outputs.pop()?, size_px, 3).pop()?;
        let generator = outputs
            .iter()
            .enumerate()
            .map(|(index, output)| LayerMaps::new(output, 4 << index, GENERATOR_EXPONENT))
            .collect();
        let mut outputs = cpu.discriminator_layers(picture.pixels.as_flattened()).unwrap_or_default();
        let logit = outputs.pop().and_then(|logit| logit.first().copied());
        let discriminator = outputs
            .iter()
            .enumerate()
            .map(|(index, output)| LayerMaps::new(output, size_px >> (index + 1), 1.0))
            .collect();
        Some(Self { latent: latent.to_vec(), generator, discriminator, picture: Arc::new(picture.to_rgb8()), logit })
    }
}

impl LayerMaps {
    /// From `[side, side, channels]`. `exponent`: of the brightness.
    fn new(output: &[f32], side_px: usize, exponent: f32) -> Self {
        let channels = output.len() / (side_px * side_px).max(1);
        let channel = |index: usize| output.iter().skip(index).step_by(channels.max(1)).copied();
        let area = to_f32(side_px * side_px);
        let variance = |index: &usize| {
            let mean = channel(*index).sum::<f32>() / area;
            channel(*index).map(|value| (value - mean).powi(2)).sum::<f32>()
        };
        let mut order: Vec<(usize, f32)> = (0..channels).map(|index| (index, variance(&index))).collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1));
        let maps = order
            .iter()
            .take(SHOWN)
            .map(|(index, _)| Arc::new(grey_picture(channel(*index), side_px, exponent)))
            .collect();
        Self { side_px, channels, maps }
    }

    /// For example "8 × 8, 256 channels".
    fn size_text(&self) -> String {
        size_text(self.side_px, self.channels)
    }
}

fn size_text(side_px: usize, channels: usize) -> String {
    let size = format!("{side_px} × {side_px}");
    format!("{size}, {channels} channels")
}

/// Values from black, the lowest, to white, the highest.
fn grey_picture(values: impl Iterator<Item = f32> + Clone, side_px: usize, exponent: f32) -> RgbImage {
    let low = values.clone().fold(f32::INFINITY, f32::min);
    let high = values.clone().fold(f32::NEG_INFINITY, f32::max);
    let scale = if high > low { 1.0 / (high - low) } else { 0.0 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
    let bytes: Vec<u8> = values.map(|value| (255.0 * ((value - low) * scale).powf(exponent)).round() as u8).collect();
    let side = u32::try_from(side_px).unwrap_or(u32::MAX);
    let grey = image::GrayImage::from_raw(side, side, bytes).unwrap_or_default();
    RgbImage::from_fn(grey.width(), grey.height(), |x, y| {
        let Luma([value]) = *grey.get_pixel(x, y);
        image::Rgb([value; 3])
    })
}

/// Draws z, each layer of the generator, and the picture.
#[must_use]
pub fn generator_figure(layers: &NetworkLayers) -> Drawing {
    let rows = layers.generator.len() + 2;
    let mut drawing = Drawing::new(620.0, ROW * to_f32(rows) + 8.0);
    drawing.text([4.0, 8.0], [0.0, 0.0], Ink::Strong, "z");
    let count = layers.latent.len();
    drawing.small([4.0, 26.0], [0.0, 0.0], Ink::Weak, format!("Numbers: {count}"));
    draw_latent(&mut drawing, &layers.latent);
    for (index, layer) in layers.generator.iter().enumerate() {
        draw_layer(&mut drawing, index + 1, layer);
    }
    let last = layers.generator.len() + 1;
    let top = ROW * to_f32(last) + 4.0;
    drawing.text([4.0, top + 8.0], [0.0, 0.0], Ink::Strong, "G(z)");
    drawing.small([4.0, top + 26.0], [0.0, 0.0], Ink::Weak, size_text(layers.picture.width() as usize, 3));
    drawing.pixels([NAMES_WIDTH, top], SIDE, &layers.picture);
    drawing
}

/// Draws the picture, each layer of the discriminator, and its logit.
#[must_use]
pub fn discriminator_figure(layers: &NetworkLayers) -> Drawing {
    let rows = layers.discriminator.len() + 2;
    let mut drawing = Drawing::new(620.0, ROW * to_f32(rows) + 8.0);
    drawing.text([4.0, 12.0], [0.0, 0.0], Ink::Strong, "G(z)");
    drawing.small([4.0, 30.0], [0.0, 0.0], Ink::Weak, size_text(layers.picture.width() as usize, 3));
    drawing.pixels([NAMES_WIDTH, 4.0], SIDE, &layers.picture);
    for (index, layer) in layers.discriminator.iter().enumerate() {
        draw_layer(&mut drawing, index + 1, layer);
    }
    let top = ROW * to_f32(rows - 1) + 4.0;
    drawing.text([4.0, top + 8.0], [0.0, 0.0], Ink::Strong, "D(G(z))");
    let text = layers.logit.map_or_else(|| "–".to_owned(), number);
    drawing.text([NAMES_WIDTH, top + 8.0], [0.0, 0.0], Ink::Accent, text);
    if let Some(logit) = layers.logit {
        let percent = 100.0 * probability(logit);
        let text = format!("as a probability of being a photo: {percent:.0} %");
        drawing.small([NAMES_WIDTH + 60.0, top + 10.0], [0.0, 0.0], Ink::Weak, text);
    }
    drawing
}

/// What a logit means as a probability: the sigmoid.
#[must_use]
pub fn probability(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

fn draw_layer(drawing: &mut Drawing, row: usize, layer: &LayerMaps) {
    let top = ROW * to_f32(row) + 4.0;
    let arrow = top - 10.0;
    drawing.line(vec![[NAMES_WIDTH + SIDE / 2.0, arrow], [NAMES_WIDTH + SIDE / 2.0, top - 2.0]], 1.0, Ink::Weak);
    drawing.text([4.0, top + 8.0], [0.0, 0.0], Ink::Strong, format!("Layer {row}"));
    drawing.small([4.0, top + 26.0], [0.0, 0.0], Ink::Weak, layer.size_text());
    for (index, map) in layer.maps.iter().enumerate() {
        drawing.pixels([NAMES_WIDTH + (SIDE + GAP) * to_f32(index), top], SIDE, map);
    }
}

/// Draws the latent as bars around zero.
fn draw_latent(drawing: &mut Drawing, latent: &[f32]) {
    let width = LATENT_WIDTH / to_f32(latent.len().max(1));
    let middle = 4.0 + SIDE / 2.0;
    drawing.line(vec![[NAMES_WIDTH, middle], [NAMES_WIDTH + LATENT_WIDTH, middle]], 1.0, Ink::Border);
    for (index, value) in latent.iter().enumerate() {
        let (left, end) = (NAMES_WIDTH + width * to_f32(index), middle - value * SIDE / 2.0);
        let right = left + (width - 0.8).max(0.8);
        drawing.area([left, end.min(middle)], [right, end.max(middle)], Ink::Accent, 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::subject::tests::tiny_networks;
    use crate::explore::sample_latent;
    use crate::model::cpu::CpuActivations;

    #[test]
    fn layers_have_the_shapes_of_the_plan() {
        let networks = tiny_networks();
        let architecture = crate::model::ModelFile::parse("tiny", crate::model::TINY_MODEL).unwrap().architecture;
        let layers = NetworkLayers::of_latent(&networks, &sample_latent(3, 8)).unwrap();
        let shapes = |maps: &[LayerMaps]| maps.iter().map(|it| (it.side_px, it.channels)).collect::<Vec<_>>();
        let planned = |plan: &crate::model::NetworkPlan| {
            let (_, inner) = plan.layers.split_last().unwrap();
            inner.iter().map(|layer| (layer.output_side, layer.outputs)).collect::<Vec<_>>()
        };
        assert_eq!(shapes(&layers.generator), planned(&architecture.generator));
        assert_eq!(shapes(&layers.discriminator), planned(architecture.discriminator.as_ref().unwrap()));
        let picture = networks.generate(1, &sample_latent(3, 8), &mut CpuActivations::default());
        assert_eq!(*layers.picture, FacePicture::of_batch(&picture, 16, 3)[0].to_rgb8());
        assert_eq!(layers.logit, super::super::faces::logit_of(&networks, &FacePicture::of_batch(&picture, 16, 3)[0]));
    }

    #[test]
    fn the_liveliest_channels_come_first() {
        // Three channels of 2 × 2 pixels: constant, strong, weak.
        let output = [[5.0, 0.0, 1.0], [5.0, 9.0, 1.5], [5.0, 0.0, 1.0], [5.0, 9.0, 1.0]].concat();
        let maps = LayerMaps::new(&output, 2, 1.0);
        assert_eq!((maps.channels, maps.maps.len()), (3, 3));
        assert_eq!(maps.maps[0].get_pixel(1, 0).0, [255; 3]);
        assert_eq!(maps.maps[1].as_raw()[..9], [0, 0, 0, 255, 255, 255, 0, 0, 0], "one pixel stands out");
        assert!(maps.maps[2].as_raw().iter().all(|byte| *byte == 0));
    }

    #[test]
    fn figures_have_a_row_for_each_layer() {
        let layers = NetworkLayers::of_latent(&tiny_networks(), &sample_latent(3, 8)).unwrap();
        let rows = |drawing: &Drawing| drawing.texts().filter(|text| text.starts_with("Layer ")).count();
        assert_eq!(rows(&generator_figure(&layers)), layers.generator.len());
        assert_eq!(rows(&discriminator_figure(&layers)), layers.discriminator.len());
        assert!((probability(0.0) - 0.5).abs() < 1e-6 && probability(4.0) > 0.98);
    }
}
