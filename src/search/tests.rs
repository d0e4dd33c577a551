//! The search against another implementation's numbers, and its rules with tiny networks.

mod course;
mod golden;
mod gpu;
pub(super) mod reference;
mod rules;
