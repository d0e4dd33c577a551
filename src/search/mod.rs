//! One fill: the search for the latent whose face agrees with the known pixels.
//!
//! [`Settings`] says how, [`Problem`] says what, [`Search`] does it one gradient evaluation at a time. Only the latent is
//! changed; the networks are frozen. The CPU evaluates by hand (`host`), a GPU by shaders (`gpu`); what follows from an evaluation is
//! a few hundred numbers and is done on the CPU.
//!
//! # What each part of Best brings
//!
//! Hole PSNR in dB with one part off, less that of Best as it is, face by face with 95 % intervals (12 held-out faces, Poisson, 80
//! steps of face-64):
//! `countenance eval faces/ --model face-64 --count 12 --masks center,half,irregular,mouth,eyes --presets
//! best,best:symmetry=0,best:gradient=0,best:noise=0,best:focus=0,best:hold=0,best:candidates=1,best:lambda=0,best:starts=prior
//! --blend poisson --against best+poisson`.
//!
//! | without | centre | half | irregular | mouth | eyes |
//! | --- | --- | --- | --- | --- | --- |
//! | encoder's starts | −0.53 ± 0.54 | −0.55 ± 0.52 | −0.10 ± 0.48 | −0.46 ± 1.09 | +0.05 ± 0.93 |
//! | gradients | −0.17 ± 0.15 | −0.04 ± 0.03 | −0.16 ± 0.25 | −0.03 ± 0.25 | +0.05 ± 0.26 |
//! | noise | −0.17 ± 0.17 | −0.03 ± 0.27 | +0.04 ± 0.35 | −0.56 ± 0.63 | +0.12 ± 0.28 |
//! | focus | −0.03 ± 0.16 | +0.13 ± 0.46 | −0.28 ± 0.39 | +0.15 ± 0.26 | +0.04 ± 0.19 |
//! | hold | −0.04 ± 0.08 | −0.34 ± 0.37 | 0 | −0.01 ± 0.01 | 0 |
//! | symmetry | 0 | +0.09 ± 1.68 | −0.11 ± 0.46 | 0 | 0 |
//! | prior loss | −0.04 ± 0.14 | +0.02 ± 0.03 | +0.04 ± 0.10 | +0.21 ± 0.31 | +0.10 ± 0.34 |
//! | more than one candidate | +0.02 ± 0.24 | −0.16 ± 0.35 | +0.11 ± 0.19 | +0.09 ± 0.19 | +0.03 ± 0.26 |
//!
//! Decibels do not show what three of them are for. Candidates are there to choose from: the nearest of four is 0.4 to 1.0 dB
//! nearer than the one that the loss chooses. The prior loss sharpens (0.01 to 0.06 of the truth's sharpness). Symmetry
//! makes the halves of a face match: it adds 0.034 to the SSIM of hidden halves, and costs decibels where a head is turned away.
//!
//! Left out, since held-out faces were filled no better with them on the whole: a learning rate that rises first, stochastic clipping,
//! the discriminator's features as a distance, the context in several resolutions, L-BFGS for the last steps, a tournament of 64
//! starts (four and a half times the steps), and networks that adapt to the known pixels.

mod around;
mod edit;
mod gpu;
mod hmc;
mod host;
mod mirror;
mod optimizer;
mod problem;
mod readback;
mod run;
mod settings;
pub mod speed;
mod starts;
mod terms;
#[cfg(test)]
mod tests;
mod work;

pub use problem::Problem;
pub use readback::Best;
pub use run::Search;
pub use settings::{
    Clipping, ContextSettings, HmcSettings, Norm, OptimizerKind, Preset, PriorForm, Reduction, Schedule, Settings,
    SettingsError, Starts,
};

use serde::Serialize;

/// The losses of one candidate at one iteration, as its settings define them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Losses {
    pub context: f32,
    /// Before multiplication by λ; 0 when λ is 0, which leaves the discriminator out, or the model has none.
    pub prior: f32,
    /// `context + λ·prior`.
    pub total: f32,
}
