//! Content-aware fill for faces.
//!
//! A person paints over part of a face; the program searches the latent space of a face generator for the picture that
//! agrees with every unpainted pixel, and blends it in (Yeh, Chen et al., arXiv 1607.07539).
//!
//! # The way of the data
//!
//! ```text
//! photo ──face──▶ crop ──mask──▶ known pixels ──search──▶ ẑ, G(ẑ) ──blend──▶ photo
//! ```
//!
//! # Where things are
//!
//! | module | what it does | may use |
//! | --- | --- | --- |
//! | [`photo`] | decode and save photos; coordinate spaces | nothing here |
//! | [`mask`] | strokes, raster, history, presets, context weights | `photo` |
//! | [`face`] | find faces; cut one out for the network | `mask`, `photo` |
//! | [`blend`] | put the fill back into the photo | `mask`, `photo` |
//! | [`dataset`] | aligned faces to train on, packed in one file | `photo` |
//! | [`device`] | the one place that picks a compute device | nothing here |
//! | [`model`] | the networks, on the CPU and on a GPU, and their weight files | `device`, `photo` (to save) |
//! | [`search`] | losses, optimisers, candidates: one fill | `model`, `mask` |
//! | [`explore`] | samples, walks and sums of faces | `search`, `model`, `face`, `mask`, `photo` |
//! | [`job`] | the background thread, the fill as a whole, and the recipe to repeat it | all of the above |
//! | [`project`] | the work on a photo as a file | all of the above |
//! | [`metrics`] | how near a fill comes to the truth | nothing here |
//! | [`evaluation`] | one protocol: faces × holes × ways to fill | all of the above but `project` |
//! | [`prepare`] | from a folder of photos to a dataset | `dataset`, `face`, `mask`, `photo` |
//! | [`train`] | train a generator: recipes, checkpoints, quality over time | `model`, `dataset`, `device`, `photo`, `mask`, `metrics`, `search` |
//! | [`app`] | the editor | all above but `metrics`, `evaluation`, `dataset`, `prepare` |
//! | [`cli`] | the command line | all of the above |
//!
//! Only `app` knows egui, only `cli` knows clap, and only `device`, `model`, `search` and `train` know burn.

pub mod app;
pub mod blend;
pub mod cli;
pub mod dataset;
pub mod device;
pub mod evaluation;
pub mod explore;
pub mod face;
pub mod job;
pub mod mask;
pub mod metrics;
pub mod model;
pub mod photo;
pub mod prepare;
pub mod project;
pub mod search;
pub mod train;

#[cfg(test)]
mod layers;
