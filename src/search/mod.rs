//! The search of one fill: optimises latents until their faces agree with the known pixels.
//!
//! [`Settings`] says how, [`SearchProblem`] says what, and [`Search`] runs it, one gradient evaluation at a time. Only
//! the latents change; the networks are frozen. `evaluation` states the total loss in tensors of burn, whose autodiff
//! gives its gradient. The generator and both losses are custom operations over our own kernels (`operations`).
//! Latents, optimizer and the best so far stay on the device that computes; losses and pictures are read from it only
//! when somebody looks at them. [`SearchBatch`] evaluates several searches together.
//!
//! # The parts of Best
//!
//! - The encoder's starts, the gradient loss and noise tend to improve the hole PSNR.
//! - Anchor decay (`hold`) keeps the latents near their starts, the more the larger the hole. At photo size, faces near
//!   the encoder's guess look better (LPIPS) than those that fit the known pixels best.
//! - Few steps: at photo size, 10 to 20 steps look better than 60, which drift away from plausible faces.
//! - Focus weights the known pixels near the hole.
//! - Several candidates give the user a choice: the best of them is closer to the truth than the one with the lowest
//!   loss.
//! - The prior loss makes the faces sharper.
//!
//! To measure a part, switch it off and compare with Best: `countenance eval faces/ --model face-64 --count 12 --masks
//! center,half,irregular,mouth,eyes --presets
//! best,best:gradient=0,best:noise=0,best:focus=0,best:hold=0,best:candidates=1,best:lambda=0,best:starts=prior
//! --blend poisson --against best+poisson`.
//!
//! Tried without an improvement on held-out faces, and left out: learning rate warm-up, stochastic clipping, the
//! discriminator's features as a distance, the context loss in several resolutions, L-BFGS for the last steps, a
//! tournament of 64 starts, a loss that compares hidden pixels with the mirrored photo (`symmetry` in older records),
//! and fine-tuning the networks to the known pixels.

mod choices;
mod completions;
mod context_loss;
mod evaluation;
mod initial_latents;
mod latent_edit;
mod loss_maps;
mod losses_at;
mod operations;
mod optimizer;
mod preset;
mod prior_loss;
mod problem;
mod results;
mod search_batch;
mod search_loop;
mod setting_table;
mod settings;
pub mod speed;
mod task_settings;
#[cfg(test)]
mod tests;
mod total_loss;
mod variations;
mod warm_restart;

pub use choices::{Clipping, Norm, OptimizerKind, PriorForm, Reduction, Schedule, Starts};
pub use completions::{COMPLETION_COUNT, CompletionSpread};
pub use latent_edit::{LatentEdit, MAX_EDIT_AMOUNT};
pub use loss_maps::ContextMaps;
pub use preset::Preset;
pub use problem::SearchProblem;
pub use results::{BestCandidates, SearchIteration};
pub use search_batch::SearchBatch;
pub use search_loop::Search;
pub use setting_table::{Field, SETTINGS, Section, Setting, SettingsError};
pub use settings::{ContextSettings, HmcSettings, Settings};
pub use total_loss::Losses;
