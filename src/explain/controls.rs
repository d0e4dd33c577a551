//! What a reader can play with in the figures, and the figures drawn with it.

use std::sync::Arc;

use super::ascent::{Ascent, ascent_figure};
use super::chapters::Figure;
use super::convolution::{Convolution, Grid, KernelKind};
use super::convolution_figure::convolution_figure;
use super::drawing::{At, Drawing};
use super::faces::{FACE_AT, FaceCloud, example_figure, pixel_pair_figure, point_figure};
use super::layers::{NetworkLayers, discriminator_figure, generator_figure};
use super::loss_plane::{LossPlane, plane_axes, plane_figure};
use super::normal::{Normal, Normal2, density_figure, joint_axes, joint_figure};
use super::parts::{FillParts, lambda_figure, loss_figure, parts_figure};

/// Samples of the joint density.
const JOINT_SAMPLES: usize = 400;

/// What a reader can play with. All positions are in the unit square or in the values of their axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Controls {
    pub normal: Normal,
    pub samples: usize,
    /// Seed of the samples.
    pub seed: u64,
    pub joint: Normal2,
    /// The known value of the joint density.
    pub known: f32,
    /// Centre of the magnified pixels.
    pub magnified: At,
    /// The two pixels that are compared.
    pub pixels: [At; 2],
    /// Index of the one that is dragged.
    pub grabbed: usize,
    pub kernel: KernelKind,
    pub convolution: Sliding,
    pub transposed: Sliding,
    /// Steps of the ascent and the search.
    pub step: usize,
    /// `None` is the λ of the fill.
    pub lambda: Option<f32>,
    /// Start of the walk downhill.
    pub start: [f32; 2],
    /// Length of its longest step.
    pub rate: f32,
}

/// A sliding kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sliding {
    pub kernel_side: usize,
    pub stride: usize,
    pub padding: usize,
    /// Place of the kernel, counted from 0.
    pub place: usize,
}

impl Default for Controls {
    fn default() -> Self {
        Self {
            normal: Normal { mean: 0.0, deviation: 1.0 },
            samples: 200,
            seed: 0,
            joint: Normal2 { correlation: 0.8 },
            known: 1.2,
            magnified: [0.3, 0.3],
            pixels: [[0.36, 0.6], [0.44, 0.6]],
            grabbed: 0,
            kernel: KernelKind::Smooth,
            convolution: Sliding { kernel_side: 3, stride: 2, padding: 1, place: 0 },
            transposed: Sliding { kernel_side: 3, stride: 2, padding: 1, place: 0 },
            step: 0,
            lambda: None,
            start: [-0.8, 0.8],
            rate: 0.35,
        }
    }
}

/// What the figures show. What is missing has not been computed yet.
#[derive(Clone, Debug, Default)]
pub struct FigureData {
    /// Brightness of the face in 5 × 5 and in 3 × 3 blocks.
    pub blocks: Option<Arc<[Grid; 2]>>,
    pub faces: Option<Arc<FaceCloud>>,
    pub layers: Option<Arc<NetworkLayers>>,
    pub ascent: Option<Arc<Ascent>>,
    pub parts: Option<Arc<FillParts>>,
    pub plane: Option<Arc<LossPlane>>,
}

impl FigureData {
    /// The figure; `None` while something is missing.
    #[must_use]
    pub fn draw(&self, figure: Figure, controls: &Controls) -> Option<Drawing> {
        let lambda = || controls.lambda.or_else(|| Some(self.parts.as_ref()?.lambda)).unwrap_or_default();
        Some(match figure {
            Figure::Density => density_figure(controls.normal, controls.samples, controls.seed),
            Figure::Joint => joint_figure(controls.joint, controls.known, JOINT_SAMPLES, controls.seed),
            Figure::Point => point_figure(self.faces.as_ref()?, controls.magnified),
            Figure::Examples => example_figure(self.faces.as_ref()?),
            Figure::PixelPair => pixel_pair_figure(self.faces.as_ref()?, controls.pixels),
            Figure::Convolution => convolution_figure(&self.convolution(controls, false)?, controls.convolution.place),
            Figure::Transposed => convolution_figure(&self.convolution(controls, true)?, controls.transposed.place),
            Figure::Generator => generator_figure(self.layers.as_ref()?),
            Figure::Discriminator => discriminator_figure(self.layers.as_ref()?),
            Figure::Ascent => ascent_figure(self.ascent.as_ref()?, controls.step),
            Figure::Parts => parts_figure(self.parts.as_ref()?),
            Figure::Losses => loss_figure(self.parts.as_ref()?, lambda()),
            Figure::Lambdas => lambda_figure(self.parts.as_ref()?),
            Figure::Plane => plane_figure(self.plane.as_ref()?, lambda(), controls.start, controls.rate),
        })
    }

    /// The convolution, or the transposed one, of the face.
    #[must_use]
    pub fn convolution(&self, controls: &Controls, is_transposed: bool) -> Option<Convolution> {
        let [large, small] = self.blocks.as_deref()?;
        let (input, sliding) = if is_transposed { (small, controls.transposed) } else { (large, controls.convolution) };
        let Sliding { kernel_side, stride, padding, .. } = sliding;
        let kernel = controls.kernel.kernel(kernel_side);
        Some(Convolution { input: input.clone(), kernel, stride, padding, is_transposed })
    }

    /// Number of frames in which a figure shows something that moves; 1 for all others.
    #[must_use]
    pub fn frames(&self, figure: Figure, controls: &Controls) -> usize {
        let places = |is_transposed| self.convolution(controls, is_transposed).map(|it| it.output_side().pow(2));
        match figure {
            Figure::Convolution => places(false).unwrap_or(1),
            Figure::Transposed => places(true).unwrap_or(1),
            Figure::Ascent => self.ascent.as_ref().map_or(1, |ascent| ascent.last_step() + 1),
            _ => 1,
        }
    }
}

impl Controls {
    /// The frame that a moving figure shows.
    #[must_use]
    pub fn frame(&self, figure: Figure) -> usize {
        match figure {
            Figure::Convolution => self.convolution.place,
            Figure::Transposed => self.transposed.place,
            Figure::Ascent => self.step,
            _ => 0,
        }
    }

    /// Moves a figure to a frame.
    pub fn set_frame(&mut self, figure: Figure, frame: usize) {
        match figure {
            Figure::Convolution => self.convolution.place = frame,
            Figure::Transposed => self.transposed.place = frame,
            Figure::Ascent => self.step = frame,
            _ => {}
        }
    }

    /// Whether something in the figure can be dragged.
    #[must_use]
    pub fn can_be_dragged(figure: Figure) -> bool {
        matches!(figure, Figure::Joint | Figure::Point | Figure::PixelPair | Figure::Plane)
    }

    /// Takes hold of what is nearest to a point of the figure.
    pub fn grab(&mut self, figure: Figure, at: At) {
        if figure == Figure::PixelPair {
            let place = in_face(at);
            let distance = |pixel: At| (pixel[0] - place[0]).hypot(pixel[1] - place[1]);
            self.grabbed = usize::from(distance(self.pixels[1]) < distance(self.pixels[0]));
        }
    }

    /// Drags it to a point of the figure.
    pub fn drag(&mut self, figure: Figure, at: At) {
        match figure {
            Figure::Joint => self.known = joint_axes().value(at)[0],
            Figure::Point => self.magnified = in_face(at),
            Figure::PixelPair => {
                if let Some(pixel) = self.pixels.get_mut(self.grabbed) {
                    *pixel = in_face(at);
                }
            }
            Figure::Plane => self.start = plane_axes().value(at).map(|value| value.clamp(-1.0, 1.0)),
            _ => {}
        }
    }
}

/// A point of a figure as a place in the face's unit square.
fn in_face(at: At) -> At {
    let (corner, side) = FACE_AT;
    std::array::from_fn(|axis| ((at[axis] - corner[axis]) / side).clamp(0.0, 0.999))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "these numbers are exact")]

    use super::*;

    #[test]
    fn dragging_moves_what_is_nearest() {
        let mut controls = Controls::default();
        controls.drag(Figure::Joint, joint_axes().place([-1.5, 2.0]));
        assert!((controls.known + 1.5).abs() < 1e-4);
        controls.drag(Figure::Plane, plane_axes().place([1.15, 0.5]));
        assert!((controls.start[0] - 1.0).abs() < 1e-6 && (controls.start[1] - 0.5).abs() < 1e-4);
        let before = controls.pixels[0];
        let at = |x: f32| [FACE_AT.0[0] + x * FACE_AT.1, FACE_AT.0[1] + 0.6 * FACE_AT.1];
        controls.grab(Figure::PixelPair, at(0.9));
        // On its way it passes the other pixel.
        for x in [0.9, 0.36, 0.1] {
            controls.drag(Figure::PixelPair, at(x));
        }
        assert!(controls.pixels[0] == before && (controls.pixels[1][0] - 0.1).abs() < 1e-4);
        controls.drag(Figure::Point, [9999.0, -5.0]);
        assert_eq!(controls.magnified, [0.999, 0.0]);
    }

    #[test]
    fn figures_wait_for_their_data() {
        let (data, controls) = (FigureData::default(), Controls::default());
        assert!(data.draw(Figure::Density, &controls).is_some());
        assert!(data.draw(Figure::Ascent, &controls).is_none() && data.draw(Figure::Transposed, &controls).is_none());
        let blocks = [5, 3].map(|side| Grid::from_fn(side, |row, _| super::super::drawing::to_f32(row)));
        let data = FigureData { blocks: Some(Arc::new(blocks)), ..data };
        assert!(data.draw(Figure::Transposed, &controls).is_some());
        assert_eq!([Figure::Convolution, Figure::Transposed].map(|it| data.frames(it, &controls)), [9, 25]);
    }
}
