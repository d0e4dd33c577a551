//! Cache of face thumbnails, and the request for missing ones.
//!
//! Only one request is pending at a time. The next one asks for the faces shown at that moment, so a fast slider builds
//! up no queue.

use std::collections::HashMap;

use image::RgbImage;

use super::Face;
use super::face::FaceKey;
use crate::job::{Faces, FacesId};

/// Most faces in one request: the fill thread draws a request without interruption.
const BATCH: usize = 32;

/// Thumbnails by latent.
#[derive(Default)]
pub struct Album {
    pictures: HashMap<FaceKey, RgbImage>,
    waits_for: Option<(FacesId, Vec<FaceKey>)>,
    /// Why no thumbnail can be drawn.
    trouble: Option<String>,
}

impl Album {
    pub fn picture(&self, face: &Face) -> Option<&RgbImage> {
        self.pictures.get(&face.key())
    }

    /// Whether a request is pending.
    pub fn is_waiting(&self) -> bool {
        self.waits_for.is_some()
    }

    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    pub fn set_trouble(&mut self, trouble: Option<String>) {
        self.trouble = trouble;
    }

    /// The shown faces without a thumbnail, each once, up to one request's size. Empty while a request is pending.
    pub fn missing<'a>(&self, shown: impl Iterator<Item = &'a Face>) -> Vec<&'a Face> {
        let mut missing: Vec<&Face> = Vec::new();
        if self.waits_for.is_some() || self.trouble.is_some() {
            return missing;
        }
        for face in shown {
            let is_new = missing.iter().all(|other| other.key() != face.key());
            if is_new && missing.len() < BATCH && !self.pictures.contains_key(&face.key()) {
                missing.push(face);
            }
        }
        missing
    }

    /// Notes a pending request.
    pub fn wait_for(&mut self, id: FacesId, keys: Vec<FaceKey>) {
        self.waits_for = Some((id, keys));
    }

    /// Stores the pictures of the pending request, and drops thumbnails that are no longer shown.
    pub fn take(&mut self, faces: Faces, shown: &[FaceKey]) {
        let Some((_, keys)) = self.waits_for.take_if(|(id, _)| *id == faces.id) else { return };
        self.pictures.retain(|key, _| shown.contains(key));
        self.pictures.extend(keys.into_iter().zip(faces.pictures));
    }

    /// The pending request failed.
    pub fn lose(&mut self, id: FacesId, message: String) {
        if self.waits_for.take_if(|(waited, _)| *waited == id).is_some() {
            self.trouble = Some(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faces(numbers: std::ops::Range<u64>) -> Vec<Face> {
        numbers.map(|number| Face::sample(number, 4)).collect()
    }

    fn drawn(id: FacesId, count: usize) -> Faces {
        Faces { id, pictures: vec![RgbImage::new(2, 2); count] }
    }

    #[test]
    fn missing_faces_are_requested_once_in_one_request() {
        let mut album = Album::default();
        let shown = [faces(0..3), faces(1..4)].concat();
        let keys: Vec<FaceKey> = album.missing(shown.iter()).iter().map(|face| face.key()).collect();
        assert_eq!(keys.len(), 4);
        album.wait_for(7, keys.clone());
        assert!(album.is_waiting() && album.missing(faces(8..9).iter()).is_empty());
        album.take(drawn(6, 4), &keys);
        assert!(album.is_waiting(), "an outdated answer changes nothing");
        album.take(drawn(7, 4), &keys);
        assert!(album.missing(shown.iter()).is_empty() && album.picture(&shown[0]).is_some());
        assert_eq!(album.missing(faces(0..100).iter()).len(), BATCH);
    }

    #[test]
    fn thumbnails_that_are_not_shown_are_dropped() {
        let mut album = Album::default();
        let [old, new] = [faces(0..1), faces(1..2)].map(|mut one| one.remove(0));
        album.wait_for(1, vec![old.key()]);
        album.take(drawn(1, 1), &[old.key()]);
        album.wait_for(2, vec![new.key()]);
        album.take(drawn(2, 1), &[new.key()]);
        assert!(album.picture(&old).is_none() && album.picture(&new).is_some());
    }

    #[test]
    fn an_error_stops_requests_until_it_is_cleared() {
        let mut album = Album::default();
        album.wait_for(1, Vec::new());
        album.lose(9, "of another request".to_owned());
        assert!(album.is_waiting() && album.trouble().is_none());
        album.lose(1, "the device is lost".to_owned());
        assert_eq!(album.trouble(), Some("the device is lost"));
        assert!(album.missing(faces(0..1).iter()).is_empty());
        album.set_trouble(None);
        assert_eq!(album.missing(faces(0..1).iter()).len(), 1);
    }
}
