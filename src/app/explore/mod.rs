//! The Explore window: browse faces that the model generates, average, vary, interpolate and save them, or start a fill
//! from one.
//!
//! | file | content |
//! | --- | --- |
//! | `face` | a face: its latent and name |
//! | `desk` | the page of faces, the selected faces, and the faces made from them |
//! | `album` | cache of thumbnails, and the request for missing ones |
//! | `shelf` | the faces saved in a library file |
//! | `window`, `grid`, `chosen` | drawing |
//!
//! Latents are computed on the UI thread, which is fast. The fill thread generates their pictures.

mod album;
mod chosen;
mod desk;
mod face;
mod grid;
mod shelf;
mod window;

pub use album::Album;
pub use desk::Desk;
pub use face::Face;
pub use shelf::{Shelf, ShelfChange, change_shelf, default_path};
pub use window::ExploreWindow;

use crate::explore::Library;
use crate::model::ModelInfo;

/// An action in the Explore window.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// Show the page of samples that starts with this number.
    ShowFrom(u64),
    /// Show the next page.
    More,
    /// Go back from variations to samples.
    ShowSamples,
    /// Select or deselect this face.
    Toggle(Box<Face>),
    LetAllGo,
    Average,
    Vary,
    Walk,
    /// Position of the Morph slider, 0 to 1.
    SetShare(f32),
    TypeName(String),
    /// Save the active face under the typed name.
    Keep,
    /// Rename the active face to the typed name.
    Rename,
    /// Delete the active face from the library.
    Remove,
    UseAsStart,
    /// Fills use the start from the settings again.
    DropStart,
    /// Load the model again after an error.
    TryAgain,
}

/// The Explore window's data.
#[derive(Default)]
pub struct Explorer {
    /// The model that generates the faces; `None` until one is loaded for the first time.
    model: Option<ModelInfo>,
    pub desk: Desk,
    pub album: Album,
    pub shelf: Shelf,
    /// The face that fills start from.
    start: Option<Face>,
    /// Text of the name field.
    pub name: String,
}

impl Explorer {
    /// The model that generates the faces.
    pub fn model(&self) -> Option<&ModelInfo> {
        self.model.as_ref()
    }

    /// Switches to this model, unless it is in use already. Latents of one model have no meaning for another, so
    /// everything but the library is cleared. Returns the start face that is lost.
    pub fn settle_on(&mut self, model: &ModelInfo) -> Option<Face> {
        if self.model.as_ref().is_some_and(|known| known.sha256 == model.sha256) {
            return None;
        }
        self.model = Some(model.clone());
        self.desk = Desk::new(model.latent_dim, self.desk.first());
        self.album = Album::default();
        self.shelf.settle_on(model);
        self.name.clear();
        self.start.take()
    }

    /// Stores the library read from the file.
    pub fn take_library(&mut self, library: Library) {
        self.shelf.take(library, self.model.as_ref());
    }

    /// Updates the names of the selected faces from the library.
    pub fn follow_shelf(&mut self) {
        self.desk.follow(self.shelf.faces());
    }

    /// The face that fills start from, if the user has chosen one.
    pub fn start(&self) -> Option<&Face> {
        self.start.as_ref()
    }

    pub fn set_start(&mut self, start: Option<Face>) {
        self.start = start;
    }

    /// The faces that the window shows, most important thumbnails first.
    pub fn shown(&self) -> impl Iterator<Item = &Face> {
        self.desk.chosen().into_iter().chain(self.desk.faces()).chain(self.desk.picks()).chain(self.shelf.faces())
    }

    /// Why the active face cannot be saved under the typed name; `None` when it can.
    pub fn obstacle_to_name(&self) -> Option<String> {
        let Some(chosen) = self.desk.chosen() else { return Some("Select a face first".to_owned()) };
        self.shelf.obstacle().map(str::to_owned).or_else(|| self.shelf.obstacle_to_name(&self.name, chosen))
    }
}
