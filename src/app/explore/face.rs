//! A face: a latent with a name.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::explore::{Latent, between, mean, sample, varied};

/// Hash of a latent: faces with the same latent have the same picture.
pub type FaceKey = u64;

/// A latent and its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Face {
    /// As in "face 12" or "average of face 3, face 7". A saved face has the name it is saved under.
    pub name: String,
    pub latent: Latent,
    /// It is in the library, under its name.
    pub is_kept: bool,
    key: FaceKey,
}

impl Face {
    pub fn new(name: String, latent: Latent) -> Self {
        let mut hasher = DefaultHasher::new();
        for value in &latent {
            value.to_bits().hash(&mut hasher);
        }
        Self { name, latent, is_kept: false, key: hasher.finish() }
    }

    /// The sample with this number, the same as on the command line.
    pub fn sample(number: u64, latent_dim: usize) -> Self {
        Self::new(format!("face {number}"), sample(number, latent_dim))
    }

    /// A face from the library.
    pub fn kept(name: &str, latent: Latent) -> Self {
        Self { is_kept: true, ..Self::new(name.to_owned(), latent) }
    }

    /// The mean of faces of one model; `None` for an empty slice.
    pub fn average(faces: &[Self]) -> Option<Self> {
        let latents: Vec<Latent> = faces.iter().map(|face| face.latent.clone()).collect();
        let names: Vec<&str> = faces.iter().map(|face| face.name.as_str()).collect();
        Some(Self::new(format!("average of {}", names.join(", ")), mean(&latents)?))
    }

    /// `count` faces near this one. Numbers continue from batch to batch.
    pub fn variations(&self, count: usize, batch: u64) -> impl Iterator<Item = Self> {
        let first = batch.saturating_mul(count as u64).saturating_add(1);
        let numbered = (first..).zip(varied(&self.latent, count, batch));
        numbered.map(|(number, latent)| Self::new(format!("variation {number} of {}", self.name), latent))
    }

    /// Interpolates linearly between two latents: `share` 0 is `from`, 1 is `to`.
    pub fn between(from: &Self, to: &Self, share: f32) -> Self {
        let name = format!("{:.0} % from {} to {}", share * 100.0, from.name, to.name);
        Self::new(name, between(&from.latent, &to.latent, share))
    }

    pub fn key(&self) -> FaceKey {
        self.key
    }

    /// The name with a capital letter, as in "Face 12". Names of saved faces are the user's and stay as they are.
    pub fn title(&self) -> String {
        let mut letters = self.name.chars();
        match letters.next() {
            Some(first) if !self.is_kept => first.to_uppercase().chain(letters).collect(),
            _ => self.name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_latents_have_equal_keys() {
        let face = Face::sample(7, 100);
        assert_eq!(Face::kept("ann", face.latent.clone()).key(), face.key());
        assert_ne!(Face::sample(8, 100).key(), face.key());
    }

    #[test]
    fn names_say_how_a_face_was_made() {
        let [three, seven] = [3, 7].map(|number| Face::sample(number, 4));
        let average = Face::average(&[three.clone(), seven.clone()]).unwrap();
        assert_eq!(
            (average.name.as_str(), average.title().as_str()),
            ("average of face 3, face 7", "Average of face 3, face 7")
        );
        assert_eq!(Face::between(&three, &seven, 0.4).name, "40 % from face 3 to face 7");
        let names: Vec<String> = three.variations(2, 1).map(|face| face.name).collect();
        assert_eq!(names, ["variation 3 of face 3", "variation 4 of face 3"]);
        assert_eq!(Face::kept("ann", vec![0.0]).title(), "ann");
    }

    #[test]
    fn interpolation_ends_are_the_two_faces() {
        let [from, to] = [3, 7].map(|number| Face::sample(number, 4));
        assert_eq!(Face::between(&from, &to, 0.0).latent, from.latent);
        assert_eq!(Face::between(&from, &to, 1.0).latent, to.latent);
    }
}
