//! The named values of the search settings.

use serde::{Deserialize, Serialize};

/// One value of a setting that has a fixed set of them.
pub struct Choice<T> {
    pub value: T,
    /// Its name on the command line and in reports.
    pub id: &'static str,
    /// Its name in the editor.
    pub title: &'static str,
    /// What it does, in one sentence.
    pub help: &'static str,
}

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
    Choice {
        value: OptimizerKind::Adam,
        id: "adam",
        title: "Adam",
        help: "Adam, β 0.9 and 0.999 (Kingma & Ba 2015), as in the blog's text",
    },
    Choice {
        value: OptimizerKind::Momentum,
        id: "momentum",
        title: "Momentum",
        help: "Projected gradient with Nesterov momentum 0.9, the default of the blog's code",
    },
    Choice {
        value: OptimizerKind::Hmc,
        id: "hmc",
        title: "HMC",
        help: "Hamiltonian Monte Carlo (blog's code): draws different fills instead of one optimum",
    },
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
    Choice {
        value: Schedule::Constant,
        id: "constant",
        title: "Constant",
        help: "The same rate at every step (blog, paper)",
    },
    Choice {
        value: Schedule::Cosine,
        id: "cosine",
        title: "Cosine",
        help: "Half a cosine, down to zero at the last step",
    },
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
    Choice { value: Clipping::Hard, id: "hard", title: "Hard", help: "Set to the nearest bound (blog, paper)" },
    Choice {
        value: Clipping::Stochastic,
        id: "stochastic",
        title: "Stochastic",
        help: "Drawn again at random (Lipton & Tripathi 2017, arXiv 1702.04782)",
    },
];

/// Where the candidates start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Starts {
    /// Draws from the prior of the generator: uniform in [-1, 1].
    Prior,
    /// The encoder's guess, and mixtures of it with draws from the prior, up to `start_spread`. Without an encoder: as `Prior`.
    Encoder,
}

pub(super) static STARTS: [Choice<Starts>; 2] = [
    Choice {
        value: Starts::Encoder,
        id: "encoder",
        title: "Encoder",
        help: "The encoder's guess, and mixtures of it with random faces: much nearer to a good fill",
    },
    Choice {
        value: Starts::Prior,
        id: "prior",
        title: "Random",
        help: "Random faces: draws from the generator's prior, uniform in [-1, 1] (blog, paper)",
    },
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
    Choice {
        value: Reduction::Mean,
        id: "mean",
        title: "Mean",
        help: "The weighted mean: some tenths, whatever the size of the hole",
    },
    Choice {
        value: Reduction::Sum,
        id: "sum",
        title: "Sum",
        help: "The sum (blog, paper): over a thousand at the start, so that λ = 0.1 hardly counts",
    },
];

/// How the difference between two pixels is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Norm {
    L1,
    L2,
}

pub(super) static NORMS: [Choice<Norm>; 2] = [
    Choice { value: Norm::L1, id: "l1", title: "L1", help: "Absolute differences (blog, paper)" },
    Choice {
        value: Norm::L2,
        id: "l2",
        title: "L2",
        help: "Squared differences: large errors count more, fills are smoother",
    },
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
    Choice {
        value: PriorForm::NonSaturating,
        id: "non-saturating",
        title: "−log D",
        help: "softplus(−D(G(z))): the blog's perceptual loss",
    },
    Choice {
        value: PriorForm::Saturating,
        id: "saturating",
        title: "log(1 − D)",
        help: "log(1 − sigmoid(D(G(z)))), as in CVPR 2017: negative, and flat where D is sure",
    },
];
