//! The method, explained by figures that the program computes from its own models and a photo.
//!
//! The figures follow Amos 2016, *Image Completion with Deep Learning in TensorFlow*. Each is computed as data first, so
//! that tests can check it, and then drawn as a [`Drawing`]: the editor's window and `countenance explain` show the same
//! one.
//!
//! | file | figures |
//! | --- | --- |
//! | `normal` | 1: densities, samples, the conditional maximum |
//! | `faces` | 2: a photo as a point among faces and noise |
//! | `convolution`, `convolution_figure` | 3: convolution and transposed convolution |
//! | `layers` | 4: both networks, layer by layer |
//! | `ascent` | 5: gradient ascent of D beside the search |
//! | `parts`, `loss_plane`, `contour` | 6: the parts of a fill, λ, the loss around ẑ |
//! | `subject` | the photo, its hole and the way of its search |
//! | `chapters` | titles and captions |
//! | `controls` | what a reader can play with |
//! | `drawing` | lines, texts and pictures |
//!
//! No value under a hole that the user has painted is read.

mod ascent;
mod chapters;
mod contour;
mod controls;
mod convolution;
mod convolution_figure;
mod drawing;
mod faces;
mod layers;
mod loss_plane;
mod normal;
mod parts;
mod subject;

pub use ascent::Ascent;
pub use chapters::{Chapter, Figure};
pub use controls::{Controls, FigureData, Sliding};
pub use convolution::{Grid, KernelKind};
pub use drawing::{At, Drawing, Ink, Label, Shape};
pub use faces::FaceCloud;
pub use layers::NetworkLayers;
pub use loss_plane::LossPlane;
pub use parts::FillParts;
pub use subject::{FaceProblem, FinishedSearch, SearchWay, Subject};
