//! The page of faces, the selected faces, and the faces made from them.
//!
//! Buttons for one face act on the active face: the result of the last average or interpolation, otherwise the face
//! selected last.

use super::Face;

/// Faces on a page.
pub const PAGE: usize = 24;
/// The largest number that a page can start with.
pub const LAST_FIRST: u64 = 999_999_999;

/// What a page shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Page {
    /// Samples by number.
    Samples,
    /// A face and others near it in latent space.
    Variations { of: Box<Face>, batch: u64 },
}

/// A linear interpolation between the latents of two selected faces.
#[derive(Clone, Debug, PartialEq)]
pub struct Walk {
    pub from: Face,
    pub to: Face,
    /// 0 at `from`, 1 at `to`.
    pub share: f32,
}

/// The page, the selection, and the face made from it.
#[derive(Default)]
pub struct Desk {
    /// 0 until a model is loaded.
    latent_dim: usize,
    /// Number of the first sample on the page.
    first: u64,
    page: Option<Page>,
    faces: Vec<Face>,
    picks: Vec<Face>,
    walk: Option<Walk>,
    result: Option<Face>,
}

impl Desk {
    /// Faces of a model, showing the samples from `first` on.
    pub fn new(latent_dim: usize, first: u64) -> Self {
        let mut desk = Self { latent_dim, first, ..Self::default() };
        desk.turn_to(Page::Samples);
        desk
    }

    pub fn first(&self) -> u64 {
        self.first
    }

    pub fn page(&self) -> &Page {
        self.page.as_ref().unwrap_or(&Page::Samples)
    }

    /// The faces on the page.
    pub fn faces(&self) -> &[Face] {
        &self.faces
    }

    /// The selected faces, in selection order.
    pub fn picks(&self) -> &[Face] {
        &self.picks
    }

    pub fn walk(&self) -> Option<&Walk> {
        self.walk.as_ref()
    }

    /// The active face: the one that buttons act on.
    pub fn chosen(&self) -> Option<&Face> {
        self.result.as_ref().or_else(|| self.picks.last())
    }

    /// Position of a face in the selection.
    pub fn place(&self, face: &Face) -> Option<usize> {
        self.picks.iter().position(|pick| pick.key() == face.key())
    }

    fn turn_to(&mut self, page: Page) {
        self.faces = match &page {
            Page::Samples if self.latent_dim == 0 => Vec::new(),
            Page::Samples => (self.first..).take(PAGE).map(|number| Face::sample(number, self.latent_dim)).collect(),
            Page::Variations { of, batch } => {
                std::iter::once((**of).clone()).chain(of.variations(PAGE - 1, *batch)).collect()
            }
        };
        self.page = Some(page);
    }

    /// Shows the samples from number `first` on.
    pub fn show_from(&mut self, first: u64) {
        self.first = first.min(LAST_FIRST);
        self.turn_to(Page::Samples);
    }

    /// Goes back from variations to the samples.
    pub fn show_samples(&mut self) {
        self.turn_to(Page::Samples);
    }

    /// Shows the next page.
    pub fn more(&mut self) {
        match self.page().clone() {
            Page::Samples => self.show_from(self.first.saturating_add(PAGE as u64)),
            Page::Variations { of, batch } => self.turn_to(Page::Variations { of, batch: batch + 1 }),
        }
    }

    /// Selects or deselects a face.
    pub fn toggle(&mut self, face: Face) {
        match self.place(&face) {
            Some(place) => drop(self.picks.remove(place)),
            None => self.picks.push(face),
        }
        (self.walk, self.result) = (None, None);
    }

    pub fn let_all_go(&mut self) {
        self.picks.clear();
        (self.walk, self.result) = (None, None);
    }

    /// Averages the selected faces, if there are at least two.
    pub fn average(&mut self) {
        if self.obstacle_to_average().is_none() {
            self.walk = None;
            self.result = Face::average(&self.picks);
        }
    }

    /// Shows variations of the active face.
    pub fn vary(&mut self) {
        if let Some(chosen) = self.chosen() {
            self.turn_to(Page::Variations { of: Box::new(chosen.clone()), batch: 0 });
        }
    }

    /// Starts an interpolation between the two selected faces, or ends it.
    pub fn toggle_walk(&mut self) {
        if self.walk.take().is_some() {
            self.result = None;
        } else if let [from, to] = self.picks.as_slice() {
            self.walk = Some(Walk { from: from.clone(), to: to.clone(), share: 0.0 });
            self.set_share(0.5);
        }
    }

    /// Moves the interpolation slider.
    pub fn set_share(&mut self, share: f32) {
        if let Some(walk) = self.walk.as_mut().filter(|_| share.is_finite()) {
            walk.share = share.clamp(0.0, 1.0);
            self.result = Some(Face::between(&walk.from, &walk.to, walk.share));
        }
    }

    /// Updates names and `is_kept` of the faces from the saved faces.
    pub fn follow(&mut self, kept_faces: &[Face]) {
        let variations = match &mut self.page {
            Some(Page::Variations { of, .. }) => Some(&mut **of),
            _ => None,
        };
        for face in self.picks.iter_mut().chain(&mut self.result).chain(variations) {
            let mut same = kept_faces.iter().filter(|kept| kept.key() == face.key());
            // One latent can be saved under several names.
            let kept = same.clone().find(|kept| kept.name == face.name).or_else(|| same.next());
            face.is_kept = kept.is_some();
            if let Some(kept) = kept {
                kept.name.clone_into(&mut face.name);
            }
        }
    }

    pub fn obstacle_to_average(&self) -> Option<&'static str> {
        (self.picks.len() < 2).then_some("Select two or more faces first")
    }

    pub fn obstacle_to_walk(&self) -> Option<&'static str> {
        (self.picks.len() != 2).then_some("Select exactly two faces first")
    }

    pub fn obstacle_to_one(&self) -> Option<&'static str> {
        self.chosen().is_none().then_some("Select a face first")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk_with(picks: &[u64]) -> Desk {
        let mut desk = Desk::new(8, 0);
        for &number in picks {
            desk.toggle(Face::sample(number, 8));
        }
        desk
    }

    fn chosen(desk: &Desk) -> &str {
        desk.chosen().map_or("nothing", |face| face.name.as_str())
    }

    #[test]
    fn pages_show_samples_by_number_up_to_the_last() {
        let mut desk = Desk::new(8, 48);
        assert_eq!((desk.faces().len(), &desk.faces()[1]), (24, &Face::sample(49, 8)));
        desk.more();
        assert_eq!(desk.faces()[0], Face::sample(72, 8));
        desk.show_from(u64::MAX);
        assert_eq!(desk.first(), LAST_FIRST);
        desk.more();
        assert_eq!(desk.faces()[0].name, "face 999999999");
    }

    #[test]
    fn without_a_model_there_are_no_faces() {
        assert!(Desk::default().faces().is_empty());
        assert!(Desk::new(0, 5).faces().is_empty());
    }

    #[test]
    fn the_last_selected_face_or_average_is_active() {
        let mut desk = desk_with(&[3, 7]);
        assert_eq!(chosen(&desk), "face 7");
        desk.average();
        assert_eq!(chosen(&desk), "average of face 3, face 7");
        desk.toggle(Face::sample(7, 8));
        assert_eq!((chosen(&desk), desk.picks().len()), ("face 3", 1));
        desk.average();
        assert_eq!(chosen(&desk), "face 3", "one face has no average");
        desk.let_all_go();
        assert_eq!(chosen(&desk), "nothing");
    }

    #[test]
    fn interpolation_needs_two_faces_and_ends_on_selection() {
        let mut desk = desk_with(&[3]);
        desk.toggle_walk();
        assert!(desk.walk().is_none());
        desk.toggle(Face::sample(7, 8));
        desk.toggle_walk();
        assert_eq!(chosen(&desk), "50 % from face 3 to face 7");
        desk.set_share(4.0);
        assert_eq!(desk.chosen().unwrap().latent, Face::sample(7, 8).latent);
        desk.set_share(f32::NAN);
        assert_eq!(chosen(&desk), "100 % from face 3 to face 7");
        desk.toggle(Face::sample(9, 8));
        assert!(desk.walk().is_none() && desk.obstacle_to_walk().is_some());
    }

    #[test]
    fn selected_faces_take_the_names_they_are_saved_under() {
        let mut desk = desk_with(&[3, 7]);
        let ann = Face::kept("ann", Face::sample(7, 8).latent);
        desk.follow(&[Face::kept("alias", ann.latent.clone()), ann.clone()]);
        assert_eq!(chosen(&desk), "alias");
        desk.follow(std::slice::from_ref(&ann));
        assert_eq!((chosen(&desk), desk.chosen().unwrap().is_kept, desk.picks()[0].is_kept), ("ann", true, false));
        desk.follow(&[Face::kept("alias", ann.latent.clone()), ann]);
        assert_eq!(chosen(&desk), "ann", "a name that is still right stays");
        desk.follow(&[]);
        assert!(!desk.chosen().unwrap().is_kept);
    }

    #[test]
    fn variation_pages_start_with_their_face() {
        let mut desk = desk_with(&[3]);
        desk.vary();
        assert_eq!((desk.faces().len(), desk.faces()[0].name.as_str()), (24, "face 3"));
        let before = desk.faces().to_vec();
        desk.more();
        assert_eq!(desk.faces()[0], before[0]);
        assert!(desk.faces()[1..].iter().all(|face| !before.contains(face)));
        assert_eq!(desk.faces()[1].name, "variation 24 of face 3");
        desk.show_samples();
        assert_eq!(desk.faces()[0].name, "face 0");
    }
}
