//! The page of faces, the selected faces, and the face combined from them.
//!
//! Buttons for one face act on the active face: the last average or interpolation, otherwise the face selected last.

use super::ExploreFace;
use crate::app::language::t;

/// Faces on a page.
pub const PAGE_SIZE: usize = 24;
/// The largest number that a page can start with.
pub const MAX_FIRST_NUMBER: u64 = 999_999_999;

/// What a page shows.
#[derive(Clone, Debug, PartialEq)]
pub enum FacePage {
    /// Samples by number.
    Samples,
    /// A face and others near it in latent space.
    Variations { source: Box<ExploreFace>, batch: u64 },
}

/// A linear interpolation between the latents of two selected faces.
#[derive(Clone, Debug, PartialEq)]
pub struct FaceInterpolation {
    pub from: ExploreFace,
    pub to: ExploreFace,
    /// 0 at `from`, 1 at `to`.
    pub position: f32,
}

/// The page, the selection, and the face combined from it.
#[derive(Default)]
pub struct FaceBrowser {
    /// 0 until a model is loaded.
    latent_dim: usize,
    /// Number of the first sample on the page.
    first_number: u64,
    page: Option<FacePage>,
    faces: Vec<ExploreFace>,
    selected: Vec<ExploreFace>,
    interpolation: Option<FaceInterpolation>,
    /// The average or interpolation of selected faces.
    combined_face: Option<ExploreFace>,
}

impl FaceBrowser {
    /// A browser for the faces of a model, showing the samples from `first` on.
    pub fn new(latent_dim: usize, first: u64) -> Self {
        let mut browser = Self { latent_dim, first_number: first, ..Self::default() };
        browser.show_page(FacePage::Samples);
        browser
    }

    pub fn first_number(&self) -> u64 {
        self.first_number
    }

    pub fn page(&self) -> &FacePage {
        self.page.as_ref().unwrap_or(&FacePage::Samples)
    }

    /// The faces on the page.
    pub fn faces(&self) -> &[ExploreFace] {
        &self.faces
    }

    /// The selected faces, in selection order.
    pub fn selected(&self) -> &[ExploreFace] {
        &self.selected
    }

    pub fn interpolation(&self) -> Option<&FaceInterpolation> {
        self.interpolation.as_ref()
    }

    /// The active face: the one that buttons act on.
    pub fn active_face(&self) -> Option<&ExploreFace> {
        self.combined_face.as_ref().or_else(|| self.selected.last())
    }

    /// Position of a face in the selection.
    pub fn selection_index(&self, face: &ExploreFace) -> Option<usize> {
        self.selected.iter().position(|selected| selected.latent_hash() == face.latent_hash())
    }

    fn show_page(&mut self, page: FacePage) {
        self.faces = match &page {
            FacePage::Samples if self.latent_dim == 0 => Vec::new(),
            FacePage::Samples => (self.first_number..)
                .take(PAGE_SIZE)
                .map(|number| ExploreFace::sample(number, self.latent_dim))
                .collect(),
            FacePage::Variations { source, batch } => {
                std::iter::once((**source).clone()).chain(source.variations(PAGE_SIZE - 1, *batch)).collect()
            }
        };
        self.page = Some(page);
    }

    /// Shows the samples from number `first` on.
    pub fn show_from(&mut self, first: u64) {
        self.first_number = first.min(MAX_FIRST_NUMBER);
        self.show_page(FacePage::Samples);
    }

    /// Goes back from variations to the samples.
    pub fn show_samples(&mut self) {
        self.show_page(FacePage::Samples);
    }

    /// Shows the next page.
    pub fn show_next_page(&mut self) {
        match self.page().clone() {
            FacePage::Samples => self.show_from(self.first_number.saturating_add(PAGE_SIZE as u64)),
            FacePage::Variations { source, batch } => self.show_page(FacePage::Variations { source, batch: batch + 1 }),
        }
    }

    /// Selects or deselects a face.
    pub fn toggle_selected(&mut self, face: ExploreFace) {
        match self.selection_index(&face) {
            Some(index) => drop(self.selected.remove(index)),
            None => self.selected.push(face),
        }
        (self.interpolation, self.combined_face) = (None, None);
    }

    pub fn deselect_all(&mut self) {
        self.selected.clear();
        (self.interpolation, self.combined_face) = (None, None);
    }

    /// Averages the selected faces, if there are at least two.
    pub fn make_average(&mut self) {
        if self.average_disabled_reason().is_none() {
            self.interpolation = None;
            self.combined_face = ExploreFace::average(&self.selected);
        }
    }

    /// Shows variations of the active face.
    pub fn show_variations(&mut self) {
        if let Some(source) = self.active_face() {
            self.show_page(FacePage::Variations { source: Box::new(source.clone()), batch: 0 });
        }
    }

    /// Starts an interpolation between the two selected faces, or ends it.
    pub fn toggle_interpolation(&mut self) {
        if self.interpolation.take().is_some() {
            self.combined_face = None;
        } else if let [from, to] = self.selected.as_slice() {
            self.interpolation = Some(FaceInterpolation { from: from.clone(), to: to.clone(), position: 0.0 });
            self.set_interpolation_position(0.5);
        }
    }

    /// Moves the interpolation slider.
    pub fn set_interpolation_position(&mut self, position: f32) {
        if let Some(interpolation) = self.interpolation.as_mut().filter(|_| position.is_finite()) {
            let FaceInterpolation { from, to, position: current } = interpolation;
            *current = position.clamp(0.0, 1.0);
            self.combined_face = Some(ExploreFace::interpolate(from, to, *current));
        }
    }

    /// Updates names and `is_saved` of the selected, combined and source faces from the saved faces.
    pub fn update_saved_names(&mut self, saved_faces: &[ExploreFace]) {
        let variations = match &mut self.page {
            Some(FacePage::Variations { source, .. }) => Some(&mut **source),
            _ => None,
        };
        for face in self.selected.iter_mut().chain(&mut self.combined_face).chain(variations) {
            let mut same_latent = saved_faces.iter().filter(|saved| saved.latent_hash() == face.latent_hash());
            // One latent can be saved under several names.
            let saved = same_latent.clone().find(|saved| saved.name == face.name).or_else(|| same_latent.next());
            face.is_saved = saved.is_some();
            if let Some(saved) = saved {
                saved.name.clone_into(&mut face.name);
            }
        }
    }

    pub fn average_disabled_reason(&self) -> Option<&'static str> {
        (self.selected.len() < 2).then_some(t!("Select two or more faces first"))
    }

    pub fn interpolation_disabled_reason(&self) -> Option<&'static str> {
        (self.selected.len() != 2).then_some(t!("Select exactly two faces first"))
    }

    pub fn no_active_face_reason(&self) -> Option<&'static str> {
        self.active_face().is_none().then_some(t!("Select a face first"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn browser_with(numbers: &[u64]) -> FaceBrowser {
        let mut browser = FaceBrowser::new(8, 0);
        for &number in numbers {
            browser.toggle_selected(ExploreFace::sample(number, 8));
        }
        browser
    }

    fn active_name(browser: &FaceBrowser) -> &str {
        browser.active_face().map_or("nothing", |face| face.name.as_str())
    }

    #[test]
    fn pages_show_numbered_samples_up_to_the_last() {
        let mut browser = FaceBrowser::new(8, 48);
        assert_eq!((browser.faces().len(), &browser.faces()[1]), (24, &ExploreFace::sample(49, 8)));
        browser.show_next_page();
        assert_eq!(browser.faces()[0], ExploreFace::sample(72, 8));
        browser.show_from(u64::MAX);
        assert_eq!(browser.first_number(), MAX_FIRST_NUMBER);
        browser.show_next_page();
        assert_eq!(browser.faces()[0].name, "face 999999999");
    }

    #[test]
    fn without_a_model_there_are_no_faces() {
        assert!(FaceBrowser::default().faces().is_empty());
        assert!(FaceBrowser::new(0, 5).faces().is_empty());
    }

    #[test]
    fn the_last_selected_face_or_average_is_active() {
        let mut browser = browser_with(&[3, 7]);
        assert_eq!(active_name(&browser), "face 7");
        browser.make_average();
        assert_eq!(active_name(&browser), "average of face 3, face 7");
        browser.toggle_selected(ExploreFace::sample(7, 8));
        assert_eq!((active_name(&browser), browser.selected().len()), ("face 3", 1));
        browser.make_average();
        assert_eq!(active_name(&browser), "face 3", "one face has no average");
        browser.deselect_all();
        assert_eq!(active_name(&browser), "nothing");
    }

    #[test]
    fn interpolation_needs_two_faces_and_ends_on_selection() {
        let mut browser = browser_with(&[3]);
        browser.toggle_interpolation();
        assert!(browser.interpolation().is_none());
        browser.toggle_selected(ExploreFace::sample(7, 8));
        browser.toggle_interpolation();
        assert_eq!(active_name(&browser), "50 % from face 3 to face 7");
        browser.set_interpolation_position(4.0);
        assert_eq!(browser.active_face().unwrap().latent, ExploreFace::sample(7, 8).latent);
        browser.set_interpolation_position(f32::NAN);
        assert_eq!(active_name(&browser), "100 % from face 3 to face 7");
        browser.toggle_selected(ExploreFace::sample(9, 8));
        assert!(browser.interpolation().is_none() && browser.interpolation_disabled_reason().is_some());
    }

    #[test]
    fn selected_faces_take_their_saved_names() {
        let mut browser = browser_with(&[3, 7]);
        let ann = ExploreFace::saved("ann", ExploreFace::sample(7, 8).latent);
        browser.update_saved_names(&[ExploreFace::saved("alias", ann.latent.clone()), ann.clone()]);
        assert_eq!(active_name(&browser), "alias");
        browser.update_saved_names(std::slice::from_ref(&ann));
        assert_eq!(
            (active_name(&browser), browser.active_face().unwrap().is_saved, browser.selected()[0].is_saved),
            ("ann", true, false)
        );
        browser.update_saved_names(&[ExploreFace::saved("alias", ann.latent.clone()), ann]);
        assert_eq!(active_name(&browser), "ann", "a name that is still right stays");
        browser.update_saved_names(&[]);
        assert!(!browser.active_face().unwrap().is_saved);
    }

    #[test]
    fn variation_pages_start_with_their_face() {
        let mut browser = browser_with(&[3]);
        browser.show_variations();
        assert_eq!((browser.faces().len(), browser.faces()[0].name.as_str()), (24, "face 3"));
        let before = browser.faces().to_vec();
        browser.show_next_page();
        assert_eq!(browser.faces()[0], before[0]);
        assert!(browser.faces()[1..].iter().all(|face| !before.contains(face)));
        assert_eq!(browser.faces()[1].name, "variation 24 of face 3");
        browser.show_samples();
        assert_eq!(browser.faces()[0].name, "face 0");
    }
}
