//! One fill: the search for the latent whose face agrees with the known pixels.
//!
//! [`Settings`] says how, [`Problem`] says what, [`Search`] does it one gradient evaluation at a time. Only the latent is
//! changed; the networks are frozen. Losses stay on the device until somebody asks for them.

mod around;
mod edit;
mod hmc;
mod host;
mod losses;
mod mirror;
mod optimizer;
mod problem;
mod readback;
mod run;
mod settings;
pub mod speed;
mod starts;
#[cfg(test)]
mod tests;

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
