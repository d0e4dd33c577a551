//! Figure 2: a photo as one point among faces and noise.
//!
//! Generated faces stand for the distribution of faces. In each, two pixels are compared: in faces they depend on each
//! other, in noise they do not.

use std::sync::Arc;

use image::RgbImage;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use super::drawing::{At, Axes, Drawing, Ink, Label, Shape, number, to_f32};
use super::subject::{Subject, noise_picture};
use crate::explore::sample_latent;
use crate::face::CropError;
use crate::face_picture::{FacePicture, to_byte};
use crate::linear_algebra;
use crate::model::cpu::CpuActivations;
use crate::model::{NetworkBackend, Networks};

/// Generated faces that are compared.
const FACES: u64 = 160;
/// Faces in one forward pass.
const BATCH: u64 = 16;
/// Pixels in a row of the magnified part.
const MAGNIFIED: usize = 6;

/// Pictures from two distributions.
#[derive(Clone, Debug)]
pub struct FaceCloud {
    /// The photo's face; grey where the user has painted.
    pub photo: Arc<RgbImage>,
    /// Examples, each with its name and the discriminator's logit.
    pub examples: Vec<Example>,
    /// Brightness of the generated faces and of as many pictures of noise, 0 to 255, `[side, side]` each.
    faces: Vec<Vec<f32>>,
    noise: Vec<Vec<f32>>,
    photo_luma: Vec<f32>,
    is_known: Vec<bool>,
}

/// A picture and what the discriminator says.
#[derive(Clone, Debug)]
pub struct Example {
    pub name: &'static str,
    pub picture: Arc<RgbImage>,
    /// `None` without a discriminator, and for a face with a hole.
    pub logit: Option<f32>,
}

impl FaceCloud {
    /// Draws the faces. `progress` gets the share that is done, and returns whether to go on. `None` when it did not.
    ///
    /// # Errors
    /// When the frame is too small.
    pub fn draw(
        networks: &Networks,
        subject: &Subject,
        progress: &mut dyn FnMut(f32) -> bool,
    ) -> Result<Option<Self>, CropError> {
        let size_px = networks.info.image_size_px;
        let crop = subject.visible_face(size_px)?;
        let photo = FacePicture::from_planes(&crop.pixels);
        let is_known: Vec<bool> = crop.known.iter().map(|known| *known > 0.0).collect();
        let mut activations = CpuActivations::default();
        let (mut faces, mut shown) = (Vec::new(), Vec::new());
        for first in (0..FACES).step_by(usize::try_from(BATCH).unwrap_or(1)) {
            let done = to_f32(faces.len());
            if !progress(done / 160.0) {
                return Ok(None);
            }
            let latents: Vec<f32> =
                (first..first + BATCH).flat_map(|seed| sample_latent(seed, networks.info.latent_dim)).collect();
            let pictures = networks.generate(16, &latents, &mut activations);
            for picture in FacePicture::of_batch(&pictures, size_px as usize, 3) {
                faces.push(luma(&picture));
                if shown.len() < 2 {
                    shown.push(picture);
                }
            }
        }
        let noise = (0..FACES).map(|seed| luma(&noise_picture(size_px as usize, seed))).collect();
        let has_hole = is_known.contains(&false);
        let example = |name, picture: &FacePicture, is_whole: bool| Example {
            name,
            picture: Arc::new(picture.to_rgb8()),
            logit: is_whole.then(|| logit_of(networks, picture)).flatten(),
        };
        let mut examples = vec![example("Photo", &photo, !has_hole)];
        examples.extend(shown.iter().map(|picture| example("Generated", picture, true)));
        examples.push(example("Its pixels, shuffled", &shuffled(&photo), !has_hole));
        examples.push(example("Noise", &noise_picture(size_px as usize, 1), true));
        let photo_luma = luma(&photo);
        Ok(Some(Self { photo: Arc::new(photo.to_rgb8()), examples, faces, noise, photo_luma, is_known }))
    }

    fn side(&self) -> usize {
        self.photo_luma.len().isqrt()
    }

    /// The index of the pixel at a place in the unit square.
    fn pixel_at(&self, [x, y]: At) -> usize {
        let side = self.side();
        pixel_index(y, side) * side + pixel_index(x, side)
    }

    /// How much the brightness of two pixels, given in the unit square, depends on each other in generated faces: the
    /// correlation, -1 to 1.
    #[must_use]
    pub fn correlation(&self, pixels: [At; 2]) -> f32 {
        let at = pixels.map(|place| self.pixel_at(place));
        correlation(&pairs(&self.faces, at))
    }
}

/// The discriminator's logit of a picture. `None` without a discriminator, and on a GPU.
#[must_use]
pub fn logit_of(networks: &Networks, picture: &FacePicture) -> Option<f32> {
    let NetworkBackend::Cpu(cpu) = &networks.backend else { return None };
    cpu.discriminate(1, picture.pixels.as_flattened(), &mut CpuActivations::default())?.first().copied()
}

/// The brightness of each pixel, 0 to 255.
fn luma(picture: &FacePicture) -> Vec<f32> {
    let weighted = |[red, green, blue]: &[f32; 3]| 0.299 * red + 0.587 * green + 0.114 * blue;
    picture.pixels.iter().map(|pixel| f32::from(to_byte(weighted(pixel)))).collect()
}

/// The same pixels in another order.
fn shuffled(picture: &FacePicture) -> FacePicture {
    let mut pixels = picture.pixels.clone();
    pixels.shuffle(&mut ChaCha8Rng::seed_from_u64(0));
    FacePicture { pixels, ..*picture }
}

fn pairs(pictures: &[Vec<f32>], at: [usize; 2]) -> Vec<[f32; 2]> {
    pictures.iter().map(|picture| at.map(|pixel| picture.get(pixel).copied().unwrap_or_default())).collect()
}

fn correlation(pairs: &[[f32; 2]]) -> f32 {
    let pairs: Vec<(f64, f64)> = pairs.iter().map(|[a, b]| (f64::from(*a), f64::from(*b))).collect();
    #[expect(clippy::cast_possible_truncation, reason = "-1 to 1")]
    let correlation = linear_algebra::correlation(&pairs) as f32;
    correlation
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the picture")]
fn pixel_index(share: f32, side: usize) -> usize {
    let last = to_f32(side.saturating_sub(1));
    (share * to_f32(side)).floor().clamp(0.0, last) as usize
}

/// Where the face lies in [`point_figure`] and in [`pixel_pair_figure`]: its upper left corner and its side.
pub const FACE_AT: (At, f32) = ([8.0, 24.0], 256.0);

/// Draws the face, a few of its pixels magnified with their numbers, and the list that they begin.
#[must_use]
pub fn point_figure(cloud: &FaceCloud, place: At) -> Drawing {
    let mut drawing = Drawing::new(620.0, 330.0);
    let (at, face_side) = FACE_AT;
    let side = cloud.side();
    let pixels = format!("{side} × {side}");
    drawing.small([at[0], at[1] - 4.0], [0.0, 1.0], Ink::Weak, format!("Pixels: {pixels}"));
    drawing.pixels(at, face_side, &cloud.photo);
    let last = side.saturating_sub(MAGNIFIED);
    let corner = place.map(|share| pixel_index(share, side).saturating_sub(MAGNIFIED / 2).min(last));
    let scale = face_side / to_f32(side.max(1));
    let min = [at[0] + scale * to_f32(corner[0]), at[1] + scale * to_f32(corner[1])];
    let max = min.map(|value| value + scale * to_f32(MAGNIFIED));
    drawing.outline(min, max, 2.0, Ink::Warning);
    let cell = face_side / to_f32(MAGNIFIED);
    let origin = [356.0, at[1]];
    drawing.line(vec![[max[0], min[1]], origin], 1.0, Ink::Warning);
    drawing.line(vec![[max[0], max[1]], [origin[0], origin[1] + face_side]], 1.0, Ink::Warning);
    drawing.small([origin[0], at[1] - 4.0], [0.0, 1.0], Ink::Weak, "Red, green and blue of each pixel, 0 to 255");
    let part = image::imageops::crop_imm(&*cloud.photo, to_u32(corner[0]), to_u32(corner[1]), 6, 6).to_image();
    let part = Arc::new(part);
    drawing.pixels(origin, face_side, &part);
    for (row, column) in (0..MAGNIFIED).flat_map(|row| (0..MAGNIFIED).map(move |column| (row, column))) {
        let Some(pixel) = part.get_pixel_checked(to_u32(column), to_u32(row)) else { continue };
        pixel_numbers(&mut drawing, [origin[0] + cell * to_f32(column), origin[1] + cell * to_f32(row)], cell, pixel.0);
    }
    drawing.outline(origin, origin.map(|value| value + face_side), 2.0, Ink::Warning);
    let values = part.as_raw().iter().take(12).map(u8::to_string).collect::<Vec<_>>().join(", ");
    let count = 3 * side * side;
    drawing.text([8.0, 294.0], [0.0, 0.0], Ink::Strong, format!("The photo as a point: (…, {values}, …)"));
    drawing.small([8.0, 312.0], [0.0, 0.0], Ink::Weak, format!("{count} numbers in all"));
    drawing
}

/// The three numbers of a magnified pixel.
fn pixel_numbers(drawing: &mut Drawing, min: At, cell: f32, color: [u8; 3]) {
    let center = [min[0] + cell / 2.0, min[1] + cell / 2.0];
    // A plate, so that the numbers can be read on light and on dark pixels.
    drawing.area([center[0] - 11.0, center[1] - 17.0], [center[0] + 11.0, center[1] + 17.0], Ink::Field, 0.75);
    for (line, value) in color.into_iter().enumerate() {
        let at = [center[0], center[1] + 11.0 * (to_f32(line) - 1.0)];
        let label = Label { at, anchor: [0.5, 0.5], size: 9.5, ink: Ink::Strong, text: value.to_string() };
        drawing.shapes.push(Shape::Text(label));
    }
}

/// Draws the examples with what the discriminator says of each.
#[must_use]
pub fn example_figure(cloud: &FaceCloud) -> Drawing {
    let mut drawing = Drawing::new(620.0, 170.0);
    let side = 112.0;
    for (index, Example { name, picture, logit }) in cloud.examples.iter().enumerate() {
        let at = [8.0 + 123.0 * to_f32(index), 4.0];
        drawing.pixels(at, side, picture);
        drawing.small([at[0], side + 8.0], [0.0, 0.0], Ink::Text, *name);
        let verdict = logit.map_or_else(|| "D: –".to_owned(), |logit| format!("D: {}", number(logit)));
        drawing.text([at[0], side + 24.0], [0.0, 0.0], Ink::Accent, verdict);
    }
    drawing
}

/// Draws the photo with two marked pixels, given in the unit square, and their brightness in faces and in noise.
#[must_use]
pub fn pixel_pair_figure(cloud: &FaceCloud, pixels: [At; 2]) -> Drawing {
    let mut drawing = Drawing::new(620.0, 322.0);
    let (at, face_side) = FACE_AT;
    drawing.pixels(at, face_side, &cloud.photo);
    for (name, place) in ["A", "B"].into_iter().zip(pixels) {
        let center = [at[0] + place[0] * face_side, at[1] + place[1] * face_side];
        drawing.disc(center, 8.0, Ink::Field, 0.8);
        drawing.disc(center, 6.0, Ink::Warning, 1.0);
        drawing.small([center[0], center[1]], [0.5, 0.5], Ink::Field, name);
    }
    let axes = Axes { min: [324.0, 24.0], max: [580.0, 280.0], x: 0.0..255.0, y: 0.0..255.0 };
    axes.draw(&mut drawing, "Brightness of A", "Brightness of B");
    let indices = pixels.map(|place| cloud.pixel_at(place));
    for (pictures, ink, opacity) in [(&cloud.noise, Ink::Weak, 0.5), (&cloud.faces, Ink::Accent, 0.9)] {
        for pair in pairs(pictures, indices) {
            drawing.disc(axes.place(pair), 2.2, ink, opacity);
        }
    }
    if indices.iter().all(|pixel| cloud.is_known.get(*pixel) == Some(&true)) {
        let own = indices.map(|pixel| cloud.photo_luma.get(pixel).copied().unwrap_or_default());
        drawing.disc(axes.place(own), 5.0, Ink::Warning, 1.0);
    }
    let mut legend = |x: f32, ink, name: &str| {
        drawing.disc([x, 308.0], 4.0, ink, 1.0);
        drawing.small([x + 8.0, 308.0], [0.0, 0.5], Ink::Text, name);
    };
    legend(330.0, Ink::Accent, "Generated faces");
    legend(440.0, Ink::Weak, "Noise");
    legend(500.0, Ink::Warning, "This photo");
    let text = format!("Correlation in faces: {}", number(cloud.correlation(pixels)));
    drawing.small([8.0, 308.0], [0.0, 0.5], Ink::Strong, text);
    drawing
}

fn to_u32(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::subject::tests::{subject, tiny_networks};

    fn cloud() -> FaceCloud {
        FaceCloud::draw(&tiny_networks(), &subject(), &mut |_| true).unwrap().unwrap()
    }

    #[test]
    fn a_pixel_tells_about_itself_in_faces_and_nothing_in_noise() {
        let cloud = cloud();
        assert!((cloud.correlation([[0.3, 0.3]; 2]) - 1.0).abs() < 1e-3);
        let at = [[0.3, 0.3], [0.6, 0.8]].map(|place| cloud.pixel_at(place));
        let of_noise = correlation(&pairs(&cloud.noise, at));
        assert!(of_noise.abs() < 0.25, "{of_noise}");
        assert_eq!(cloud.faces.len(), 160);
    }

    #[test]
    fn a_face_with_a_hole_gets_no_verdict() {
        let verdicts = |cloud: &FaceCloud| cloud.examples.iter().map(|it| it.logit.is_some()).collect::<Vec<_>>();
        assert_eq!(verdicts(&cloud()), [false, true, true, false, true]);
        let whole = Subject { is_example: true, ..subject() };
        let whole = FaceCloud::draw(&tiny_networks(), &whole, &mut |_| true).unwrap().unwrap();
        assert_eq!(verdicts(&whole), [true; 5]);
    }

    #[test]
    fn shuffling_keeps_the_pixels() {
        let picture = noise_picture(8, 3);
        let sorted = |picture: &FacePicture| {
            let mut bytes = picture.to_rgb8().into_raw().chunks(3).map(<[u8]>::to_vec).collect::<Vec<_>>();
            bytes.sort();
            bytes
        };
        let other = shuffled(&picture);
        assert!(other != picture && sorted(&other) == sorted(&picture));
    }

    #[test]
    fn figures_show_the_numbers_of_the_pixels() {
        let cloud = cloud();
        let drawing = point_figure(&cloud, [0.0, 0.0]);
        let first = cloud.photo.get_pixel(0, 0).0;
        let texts: Vec<&str> = drawing.texts().collect();
        let begins = format!("The photo as a point: (…, {}, {}, {}, ", first[0], first[1], first[2]);
        assert!(texts.iter().any(|text| text.starts_with(&begins)), "{texts:?}");
        assert!(texts.contains(&"768 numbers in all"));
        assert!(pixel_pair_figure(&cloud, [[0.1, 0.1]; 2]).texts().any(|text| text == "Correlation in faces: 1"));
    }
}
