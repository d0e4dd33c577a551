//! Portraits bundled with the program, for trying it without a photo. Credits: `assets/samples/CREDITS.md`.

use crate::geometry::FaceFrame;

/// A bundled portrait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SamplePortrait {
    Astronaut,
    GraceHopper,
}

impl SamplePortrait {
    pub const ALL: [Self; 2] = [Self::Astronaut, Self::GraceHopper];

    /// The person's name.
    pub fn person_name(self) -> &'static str {
        match self {
            Self::Astronaut => "Eileen Collins",
            Self::GraceHopper => "Grace Hopper",
        }
    }

    /// The stem of suggested file names, and the portrait's name in project files.
    pub fn file_stem(self) -> &'static str {
        match self {
            Self::Astronaut => "astronaut",
            Self::GraceHopper => "grace_hopper",
        }
    }

    /// The encoded image file.
    pub fn image_bytes(self) -> &'static [u8] {
        match self {
            Self::Astronaut => include_bytes!("../../assets/samples/astronaut.png"),
            Self::GraceHopper => include_bytes!("../../assets/samples/grace_hopper.jpg"),
        }
    }

    /// The face frame, placed so that eyes and mouth lie where the model's training faces have them (eyes at 0.30 and
    /// 0.70 of the width and 0.30 of the height, mouth at 0.71 of the height).
    pub fn face_frame(self) -> FaceFrame {
        let (center_in_photo, side_px) = match self {
            Self::Astronaut => ([224.0, 124.0], 112.0),
            Self::GraceHopper => ([264.0, 230.0], 212.0),
        };
        FaceFrame { center_in_photo, side_px, angle_radians: 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_frames_lie_inside_their_photos() {
        for sample in SamplePortrait::ALL {
            let pixels = image::load_from_memory(sample.image_bytes()).expect("bundled image");
            for [x, y] in sample.face_frame().corners_in_photo() {
                #[expect(clippy::cast_precision_loss, reason = "512 pixels")]
                let (width, height) = (pixels.width() as f32, pixels.height() as f32);
                assert!((0.0..=width).contains(&x) && (0.0..=height).contains(&y), "{sample:?}: {x} {y}");
            }
        }
    }
}
