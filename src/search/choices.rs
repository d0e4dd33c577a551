//! The named values of the search settings.

use serde::{Deserialize, Serialize};

/// One value of a setting: value, id on the command line and in reports, title in the editor, help.
pub(super) type Choice<T> = (T, &'static str, &'static str, &'static str);

/// How a step changes the latents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerKind {
    /// Adam, β 0.9 and 0.999, ε 1e-8 (Kingma & Ba 2015).
    Adam,
    /// Projected gradient with Nesterov momentum 0.9, as in the blog's code.
    Momentum,
    /// Hamiltonian Monte Carlo: one iteration is a whole leapfrog trajectory, which is accepted or rejected.
    Hmc,
}

pub(super) static OPTIMIZERS: [Choice<OptimizerKind>; 3] = [
    (OptimizerKind::Adam, "adam", "Adam", "Adam (Kingma & Ba 2015), as in the blog's text"),
    (OptimizerKind::Momentum, "momentum", "Momentum", "Gradient descent with momentum, as in the blog's code"),
    (OptimizerKind::Hmc, "hmc", "HMC", "Draws different fills instead of one optimum, as in the blog's code"),
];

/// How the learning rate changes over the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    Constant,
    /// Half a cosine from the full rate down to zero at the last step.
    Cosine,
}

pub(super) static SCHEDULES: [Choice<Schedule>; 2] = [
    (Schedule::Constant, "constant", "Constant", "The same rate at every step (blog, paper)"),
    (Schedule::Cosine, "cosine", "Cosine", "Half a cosine, down to zero at the last step"),
];

/// What happens to latent values that leave [-1, 1].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clipping {
    /// Set to the nearest bound.
    Hard,
    /// Drawn again, uniform in [-1, 1] (Lipton & Tripathi 2017, arXiv 1702.04782).
    Stochastic,
}

pub(super) static CLIPPINGS: [Choice<Clipping>; 2] = [
    (Clipping::Hard, "hard", "Hard", "Set to the nearest bound (blog, paper)"),
    (Clipping::Stochastic, "stochastic", "Stochastic", "Drawn again at random (Lipton & Tripathi 2017)"),
];

/// Where the candidates start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Starts {
    /// Draws from the prior of the generator: uniform in [-1, 1].
    Prior,
    /// The encoder's guess, and mixtures of it with random latents, up to `start_spread`. Without an encoder: as `Prior`.
    Encoder,
}

pub(super) static STARTS: [Choice<Starts>; 2] = [
    (Starts::Encoder, "encoder", "Encoder", "The encoder's guess, and mixtures of it with random faces"),
    (Starts::Prior, "prior", "Random", "Random faces, as in the blog and the paper"),
];

/// How the weighted differences become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduction {
    /// `Σ W|G(z) − y|`, as in the blog and the paper. It starts near 1400, so that λ = 0.1 hardly counts.
    Sum,
    /// `Σ W|G(z) − y| / Σ W` over known pixels and channels: near 0.2, whatever the size of the hole.
    Mean,
}

pub(super) static REDUCTIONS: [Choice<Reduction>; 2] = [
    (Reduction::Mean, "mean", "Mean", "The weighted mean, near 0.2 whatever the size of the hole"),
    (Reduction::Sum, "sum", "Sum", "The sum (blog, paper): near 1400 at the start, so λ = 0.1 hardly counts"),
];

/// How the difference between two pixels is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Norm {
    L1,
    L2,
}

pub(super) static NORMS: [Choice<Norm>; 2] = [
    (Norm::L1, "l1", "L1", "Absolute differences (blog, paper)"),
    (Norm::L2, "l2", "L2", "Squared differences: smoother fills"),
];

/// The form of the prior loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriorForm {
    /// `softplus(−D(G(z)))`: the blog's perceptual loss.
    NonSaturating,
    /// `log(1 − sigmoid(D(G(z))))`: CVPR 2017.
    Saturating,
}

pub(super) static PRIORS: [Choice<PriorForm>; 2] = [
    (PriorForm::NonSaturating, "non-saturating", "−log D", "softplus(−D(G(z))), the blog's perceptual loss"),
    (PriorForm::Saturating, "saturating", "log(1 − D)", "log(1 − sigmoid(D(G(z)))), as in CVPR 2017"),
];
