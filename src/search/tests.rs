//! Tests of the search: against `PyTorch`'s numbers, and with tiny networks.

mod golden;
mod gpu_agreement;
mod joint_searches;
mod noise_and_hold;
pub(super) mod rules;
