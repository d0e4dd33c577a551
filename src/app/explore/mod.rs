//! The Explore window: faces that the model makes up, to look at, average, vary, walk between, keep under names, and begin a fill
//! at.
//!
//! | file | what |
//! | --- | --- |
//! | `face` | a face that can be drawn: its latent and what it is called |
//! | `desk` | the page of faces, the picked ones and what is made of them |
//! | `album` | the pictures, and which of them are asked for |
//! | `shelf` | the faces kept in a library file |
//! | `window`, `grid`, `chosen` | how it looks |
//!
//! What would surprise: nothing is drawn here. Latents are made on this thread, which is a matter of microseconds; their pictures
//! come from the fill thread, one request at a time, so that a slider asks for its next picture when the last one is there.

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

/// What the user does in the window.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// The page of samples that begins with this number.
    ShowFrom(u64),
    /// The next page.
    More,
    /// Back from variations to samples.
    ShowSamples,
    /// Pick this face, or let it go.
    Toggle(Box<Face>),
    LetAllGo,
    Average,
    Vary,
    Walk,
    /// Where the walk stands, 0 to 1.
    SetShare(f32),
    TypeName(String),
    /// Keep the chosen face under the name that was typed.
    Keep,
    /// Give the chosen face the name that was typed.
    Rename,
    /// Take the chosen face off the shelf.
    Remove,
    UseAsStart,
    /// Fills start where the settings say again.
    DropStart,
    /// After trouble with the model.
    TryAgain,
}

/// Everything behind the window.
#[derive(Default)]
pub struct Explorer {
    /// What the faces belong to; `None` until a model is ready for the first time.
    model: Option<ModelInfo>,
    pub desk: Desk,
    pub album: Album,
    pub shelf: Shelf,
    /// Where the next fills start.
    start: Option<Face>,
    /// What stands in the field for names.
    pub name: String,
}

impl Explorer {
    /// The model whose faces these are.
    pub fn model(&self) -> Option<&ModelInfo> {
        self.model.as_ref()
    }

    /// Turns to another model, or does nothing. Faces of one model mean nothing to another: all but the shelf is cleared. Answers the
    /// start that is lost.
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

    /// Takes in what the library file holds.
    pub fn take_library(&mut self, library: Library) {
        self.shelf.take(library, self.model.as_ref());
    }

    /// Calls faces what the shelf calls them.
    pub fn follow_shelf(&mut self) {
        self.desk.follow(self.shelf.faces());
    }

    /// Where the next fills start, if the user has chosen a face.
    pub fn start(&self) -> Option<&Face> {
        self.start.as_ref()
    }

    pub fn set_start(&mut self, start: Option<Face>) {
        self.start = start;
    }

    /// The faces that the window shows, those that are waited for most impatiently first.
    pub fn shown(&self) -> impl Iterator<Item = &Face> {
        self.desk.chosen().into_iter().chain(self.desk.faces()).chain(self.desk.picks()).chain(self.shelf.faces())
    }

    /// Why the chosen face cannot be given the typed name; `None` when it can.
    pub fn obstacle_to_name(&self) -> Option<String> {
        let Some(chosen) = self.desk.chosen() else { return Some("Pick a face first".to_owned()) };
        self.shelf.obstacle().map(str::to_owned).or_else(|| self.shelf.obstacle_to_name(&self.name, chosen))
    }
}
