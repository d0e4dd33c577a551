//! Tests of the search: against `PyTorch`'s numbers, and with tiny networks.

mod course;
mod golden;
mod gpu;
pub(super) mod reference;
mod rules;
