//! Cache of face thumbnails, and the request for missing ones.
//!
//! Only one request is pending at a time. The next one asks for the faces shown at that moment, so a fast slider builds
//! up no queue.

use std::collections::HashMap;
use std::sync::Arc;

use super::ExploreFace;
use super::face::LatentHash;
use crate::face_picture::FacePicture;
use crate::job::{FacesId, GeneratedFaces};

/// Maximum number of faces in one request. The fill thread cannot interrupt a request.
const MAX_REQUEST_FACES: usize = 32;

/// Thumbnails by latent.
#[derive(Default)]
pub struct ThumbnailCache {
    pictures: HashMap<LatentHash, Arc<FacePicture>>,
    pending: Option<(FacesId, Vec<LatentHash>)>,
    /// Why no thumbnail can be drawn.
    error: Option<String>,
}

impl ThumbnailCache {
    pub fn get(&self, face: &ExploreFace) -> Option<&FacePicture> {
        self.pictures.get(&face.latent_hash()).map(Arc::as_ref)
    }

    /// Whether a request is pending.
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    pub fn set_error(&mut self, error: Option<String>) {
        self.error = error;
    }

    /// The shown faces without a thumbnail, each once, up to one request's size. Empty while a request is pending.
    pub fn missing<'a>(&self, shown: impl Iterator<Item = &'a ExploreFace>) -> Vec<&'a ExploreFace> {
        let mut missing: Vec<&ExploreFace> = Vec::new();
        if self.pending.is_some() || self.error.is_some() {
            return missing;
        }
        for face in shown {
            let is_new = missing.iter().all(|other| other.latent_hash() != face.latent_hash());
            if is_new && missing.len() < MAX_REQUEST_FACES && !self.pictures.contains_key(&face.latent_hash()) {
                missing.push(face);
            }
        }
        missing
    }

    /// Notes a pending request.
    pub fn set_pending(&mut self, id: FacesId, keys: Vec<LatentHash>) {
        self.pending = Some((id, keys));
    }

    /// Stores the pictures of the pending request, and drops thumbnails that are no longer shown.
    pub fn insert(&mut self, faces: GeneratedFaces, shown: &[LatentHash]) {
        let Some((_, keys)) = self.pending.take_if(|(id, _)| *id == faces.id) else { return };
        self.pictures.retain(|key, _| shown.contains(key));
        self.pictures.extend(keys.into_iter().zip(faces.pictures));
    }

    /// The pending request failed.
    pub fn request_failed(&mut self, id: FacesId, message: String) {
        if self.pending.take_if(|(pending, _)| *pending == id).is_some() {
            self.error = Some(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faces(numbers: std::ops::Range<u64>) -> Vec<ExploreFace> {
        numbers.map(|number| ExploreFace::sample(number, 4)).collect()
    }

    fn generated(id: FacesId, count: usize) -> GeneratedFaces {
        let picture = Arc::new(FacePicture::uniform(2, [0.0; 3]));
        GeneratedFaces { id, pictures: vec![picture; count] }
    }

    #[test]
    fn missing_faces_are_requested_once_in_one_request() {
        let mut cache = ThumbnailCache::default();
        let shown = [faces(0..3), faces(1..4)].concat();
        let keys: Vec<LatentHash> = cache.missing(shown.iter()).iter().map(|face| face.latent_hash()).collect();
        assert_eq!(keys.len(), 4);
        cache.set_pending(7, keys.clone());
        assert!(cache.is_pending() && cache.missing(faces(8..9).iter()).is_empty());
        cache.insert(generated(6, 4), &keys);
        assert!(cache.is_pending(), "an outdated answer changes nothing");
        cache.insert(generated(7, 4), &keys);
        assert!(cache.missing(shown.iter()).is_empty() && cache.get(&shown[0]).is_some());
        assert_eq!(cache.missing(faces(0..100).iter()).len(), MAX_REQUEST_FACES);
    }

    #[test]
    fn thumbnails_that_are_not_shown_are_dropped() {
        let mut cache = ThumbnailCache::default();
        let [old, new] = [faces(0..1), faces(1..2)].map(|mut one| one.remove(0));
        cache.set_pending(1, vec![old.latent_hash()]);
        cache.insert(generated(1, 1), &[old.latent_hash()]);
        cache.set_pending(2, vec![new.latent_hash()]);
        cache.insert(generated(2, 1), &[new.latent_hash()]);
        assert!(cache.get(&old).is_none() && cache.get(&new).is_some());
    }

    #[test]
    fn an_error_stops_requests_until_it_is_cleared() {
        let mut cache = ThumbnailCache::default();
        cache.set_pending(1, Vec::new());
        cache.request_failed(9, "of another request".to_owned());
        assert!(cache.is_pending() && cache.error().is_none());
        cache.request_failed(1, "the device is lost".to_owned());
        assert_eq!(cache.error(), Some("the device is lost"));
        assert!(cache.missing(faces(0..1).iter()).is_empty());
        cache.set_error(None);
        assert_eq!(cache.missing(faces(0..1).iter()).len(), 1);
    }
}
