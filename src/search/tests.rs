//! The search against another implementation's numbers, and its rules with tiny networks.

mod course;
mod golden;
mod gpu;
mod rules;
