//! Tests of the search: against `PyTorch`'s numbers, and with tiny networks.

pub(super) mod burn_losses;
mod golden;
mod gpu_agreement;
mod noise_and_hold;
mod rules;
