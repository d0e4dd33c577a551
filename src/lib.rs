//! Content-aware fill for faces.
//!
//! The user paints over part of a face. The program searches the latent space of a face generator for a picture that
//! matches the unpainted pixels, and blends it into the photo (Yeh, Chen et al., arXiv 1607.07539).
//!
//! # Data flow
//!
//! ```text
//! photo ──face──▶ crop ──mask──▶ known pixels ──search──▶ ẑ, G(ẑ) ──(completion)──▶ picture ──blend──▶ photo
//! ```
//!
//! # Modules
//!
//! | module | what it does | may use |
//! | --- | --- | --- |
//! | [`fs`] | atomic file writing | nothing |
//! | [`geometry`] | coordinate spaces: rectangles, transforms, the face frame | nothing |
//! | [`catch_panic`] | turns panics into errors | nothing |
//! | [`hash`], [`serde_floats`] | SHA-256 of files; lists of numbers in JSON | nothing |
//! | [`linear_algebra`], [`shard`] | small dense matrices; shares of work | nothing |
//! | [`face_picture`] | generated pictures, from the networks to the screen | nothing |
//! | [`photo`] | decodes and saves photos | nothing else |
//! | [`mask`] | strokes, copy-on-write tiles, edits, presets, context weights | `photo` |
//! | [`face`] | finds faces; crops a face for the networks | `mask`, `photo` |
//! | [`restore`] | restoration tasks: degradation operators, enlarging | `photo` |
//! | [`blend`] | blends the fill into the photo | `mask`, `photo`, `restore` |
//! | [`dataset`] | training datasets: aligned faces in one file | nothing else |
//! | [`device`] | lists and opens compute devices | nothing else |
//! | [`model`] | the networks on the CPU and GPU, and their weight files | `device` |
//! | [`search`] | the latent search of one fill: losses, optimisers, candidates | `model`, `mask`, `restore` |
//! | [`explore`] | samples, interpolates and combines faces in latent space | `search`, `model`, `face`, `mask`, `photo` |
//! | [`job`] | the background thread, the complete fill, and its provenance record | all of the above but `dataset` |
//! | [`explain`] | the method in figures, computed from a model and a photo | `job`, `explore`, `search`, `model`, `blend`, `face`, `mask`, `photo` |
//! | [`project`] | project files: photo, mask, settings and fill | all of the above but `dataset`, `explore`, `explain` |
//! | [`metrics`] | metrics of a fill against the true picture | nothing else |
//! | [`perceptual`] | perceptual features and the LPIPS distance | `model` |
//! | [`evaluation`] | evaluation protocol: faces × holes × fill methods | all of the above but `explore`, `explain`, `project` |
//! | [`prepare`] | makes a dataset from a folder of photos | `dataset`, `face`, `mask`, `photo` |
//! | [`train`] | trains a generator: recipes, checkpoints, quality measurements | `model`, `dataset`, `device`, `photo`, `mask`, `metrics`, `perceptual`, `search` |
//! | [`app`] | the editor | all of the above but `metrics`, `perceptual`, `evaluation`, `dataset`, `prepare` |
//! | [`cli`] | the command line | all of the above but `project` |
//!
//! Every other module may use `catch_panic`, `face_picture`, `fs`, `geometry`, `hash`, `linear_algebra`, `serde_floats` and
//! `shard`. Only `app` uses egui, only `cli` uses clap, and only `device`, `model`, `perceptual`, `search` and `train` use burn.

mod app;
pub mod blend;
mod catch_panic;
pub mod cli;
mod dataset;
pub mod device;
mod evaluation;
mod explain;
mod explore;
pub mod face;
pub mod face_picture;
mod fs;
pub mod geometry;
mod hash;
pub mod job;
mod linear_algebra;
pub mod mask;
mod metrics;
pub mod model;
mod perceptual;
pub mod photo;
mod prepare;
mod project;
pub mod restore;
pub mod search;
mod serde_floats;
mod shard;
mod train;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod layer_rule;
