//! A face: a latent with a name.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::app::language::translate_message;
use crate::explore::{Latent, lerp, mean_latent, sample_latent, variations};

/// Hash of a latent: faces with the same latent have the same picture.
pub type LatentHash = u64;

/// A latent and its name.
#[derive(Clone, Debug, PartialEq)]
pub struct ExploreFace {
    /// As in "face 12" or "average of face 3, face 7", in English. A saved face has the name it is saved under.
    pub name: String,
    pub latent: Latent,
    /// It is in the library, under its name.
    pub is_saved: bool,
    latent_hash: LatentHash,
}

impl ExploreFace {
    pub fn new(name: String, latent: Latent) -> Self {
        let mut hasher = DefaultHasher::new();
        for value in &latent {
            value.to_bits().hash(&mut hasher);
        }
        Self { name, latent, is_saved: false, latent_hash: hasher.finish() }
    }

    /// The sample with this number, the same as on the command line.
    pub fn sample(number: u64, latent_dim: usize) -> Self {
        Self::new(format!("face {number}"), sample_latent(number, latent_dim))
    }

    /// A face from the library.
    pub fn saved(name: &str, latent: Latent) -> Self {
        Self { is_saved: true, ..Self::new(name.to_owned(), latent) }
    }

    /// The mean of faces of one model; `None` for an empty slice.
    pub fn average(faces: &[Self]) -> Option<Self> {
        let latents: Vec<Latent> = faces.iter().map(|face| face.latent.clone()).collect();
        let names: Vec<&str> = faces.iter().map(|face| face.name.as_str()).collect();
        Some(Self::new(format!("average of {}", names.join(", ")), mean_latent(&latents)?))
    }

    /// `count` faces near this one. Numbers continue from batch to batch.
    pub fn variations(&self, count: usize, batch: u64) -> impl Iterator<Item = Self> {
        let first = batch.saturating_mul(count as u64).saturating_add(1);
        let numbered = (first..).zip(variations(&self.latent, count, batch));
        numbered.map(|(number, latent)| Self::new(format!("variation {number} of {}", self.name), latent))
    }

    /// Interpolates linearly between two latents: `position` 0 is `from`, 1 is `to`.
    pub fn interpolate(from: &Self, to: &Self, position: f32) -> Self {
        let name = format!("{:.0} % from {} to {}", position * 100.0, from.name, to.name);
        Self::new(name, lerp(&from.latent, &to.latent, position))
    }

    pub fn latent_hash(&self) -> LatentHash {
        self.latent_hash
    }

    /// The name in the language of the interface. Names of saved faces are the user's and stay as they are.
    pub fn display_name(&self) -> Cow<'_, str> {
        if self.is_saved { Cow::Borrowed(&self.name) } else { translate_message(&self.name) }
    }

    /// The name with a capital letter, as in "Face 12". Names of saved faces stay as they are.
    pub fn title(&self) -> String {
        let name = self.display_name();
        let mut letters = name.chars();
        match letters.next() {
            Some(first) if !self.is_saved => first.to_uppercase().chain(letters).collect(),
            _ => name.into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_latents_have_equal_hashes() {
        let face = ExploreFace::sample(7, 100);
        assert_eq!(ExploreFace::saved("ann", face.latent.clone()).latent_hash(), face.latent_hash());
        assert_ne!(ExploreFace::sample(8, 100).latent_hash(), face.latent_hash());
    }

    #[test]
    fn names_say_how_a_face_was_made() {
        let [three, seven] = [3, 7].map(|number| ExploreFace::sample(number, 4));
        let average = ExploreFace::average(&[three.clone(), seven.clone()]).unwrap();
        assert_eq!(
            (average.name.as_str(), average.title().as_str()),
            ("average of face 3, face 7", "Average of face 3, face 7")
        );
        assert_eq!(ExploreFace::interpolate(&three, &seven, 0.4).name, "40 % from face 3 to face 7");
        let names: Vec<String> = three.variations(2, 1).map(|face| face.name).collect();
        assert_eq!(names, ["variation 3 of face 3", "variation 4 of face 3"]);
        assert_eq!(ExploreFace::saved("ann", vec![0.0]).title(), "ann");
    }

    #[test]
    fn interpolation_ends_are_the_two_faces() {
        let [from, to] = [3, 7].map(|number| ExploreFace::sample(number, 4));
        assert_eq!(ExploreFace::interpolate(&from, &to, 0.0).latent, from.latent);
        assert_eq!(ExploreFace::interpolate(&from, &to, 1.0).latent, to.latent);
    }
}
