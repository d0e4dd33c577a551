//! Everything a person can set about a fill, with the presets that name good combinations.

use serde::{Deserialize, Serialize};

/// A named set of settings. The first four reproduce published methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Amos 2016: summed L1, λ 0.1, Adam, 1000 steps from one draw of the prior.
    Blog,
    /// Amos 2016 with the code's default optimiser: projected gradient with momentum.
    BlogMomentum,
    /// Yeh, Chen et al., CVPR 2017: weighted context, λ 0.003 on `log(1 − D)`, Adam at 0.03, 1500 steps.
    Paper,
    /// Hamiltonian Monte Carlo, as in the blog's code: completions drawn rather than one optimum.
    Hmc,
    /// The default: several starts around the encoder's guess, mean losses, a falling learning rate.
    #[default]
    Best,
}

impl Preset {
    /// All, in the order they are offered.
    pub const ALL: [Self; 5] = [Self::Best, Self::Blog, Self::BlogMomentum, Self::Paper, Self::Hmc];

    /// The name on the command line and in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Blog => "blog",
            Self::BlogMomentum => "blog-momentum",
            Self::Paper => "paper",
            Self::Hmc => "hmc",
            Self::Best => "best",
        }
    }

    /// The name in the editor.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Blog => "Blog, Amos 2016",
            Self::BlogMomentum => "Blog, momentum",
            Self::Paper => "Paper, CVPR 2017",
            Self::Hmc => "Sampling (HMC)",
            Self::Best => "Best",
        }
    }

    /// The preset with this [`id`](Self::id).
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.id() == id)
    }

    /// What the preset sets. The seed is 0.
    #[must_use]
    pub fn settings(self) -> Settings {
        let blog = Settings {
            steps: 1000,
            lambda: 0.1,
            learning_rate: 0.01,
            schedule: Schedule::Constant,
            optimizer: OptimizerKind::Adam,
            noise: 0.0,
            hold: 0.0,
            candidates: 1,
            starts: Starts::Prior,
            start_spread: 0.0,
            seed: 0,
            context: ContextSettings {
                reduction: Reduction::Sum,
                norm: Norm::L1,
                window_px: 7,
                focus: 0.0,
                gradient: 0.0,
                symmetry: 0.0,
            },
            prior: PriorForm::NonSaturating,
            clipping: Clipping::Hard,
            hmc: HmcSettings { leapfrog_steps: 100, step_size: 0.001, beta: 0.2, anneal: 1.002 },
        };
        match self {
            Self::Blog => blog,
            Self::BlogMomentum => Settings { optimizer: OptimizerKind::Momentum, ..blog },
            Self::Paper => Settings {
                steps: 1500,
                lambda: 0.003,
                learning_rate: 0.03,
                context: ContextSettings { focus: 1.0, ..blog.context },
                prior: PriorForm::Saturating,
                ..blog
            },
            Self::Hmc => Settings { optimizer: OptimizerKind::Hmc, candidates: 4, ..blog },
            Self::Best => Settings {
                steps: 60,
                lambda: 0.02,
                learning_rate: 0.02,
                schedule: Schedule::Cosine,
                noise: 0.15,
                hold: 5.0,
                candidates: 4,
                starts: Starts::Encoder,
                start_spread: 0.8,
                context: ContextSettings {
                    reduction: Reduction::Mean,
                    norm: Norm::L1,
                    window_px: 15,
                    focus: 0.8,
                    gradient: 1.0,
                    symmetry: 1.0,
                },
                ..blog
            },
        }
    }
}

/// How the step changes the latent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerKind {
    /// Adam, β 0.9 and 0.999, ε 1e-8 (Kingma & Ba 2015).
    Adam,
    /// Projected gradient with Nesterov momentum 0.9, as in the blog's code.
    Momentum,
    /// Hamiltonian Monte Carlo: one iteration is a whole leapfrog trajectory, accepted or refused.
    Hmc,
}

/// How the learning rate changes over the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    Constant,
    /// Half a cosine from the full rate down to zero at the last step.
    Cosine,
}

/// Where the candidates start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Starts {
    /// Draws from the prior the generator was trained on: uniform in [-1, 1].
    Prior,
    /// The encoder's guess, then mixtures of it with draws of the prior, up to `start_spread`. Without an encoder: as `Prior`.
    Encoder,
}

/// How the weighted differences become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduction {
    /// `Σ W|G(z) − y|`: the blog and the paper. Near 1400 at the start, so λ = 0.1 hardly counts.
    Sum,
    /// `Σ W|G(z) − y| / Σ W` over known pixels and channels: near 0.2, independent of the size of the hole.
    Mean,
}

/// The difference of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Norm {
    L1,
    L2,
}

/// The prior loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriorForm {
    /// `softplus(−D(G(z)))`: the blog's perceptual loss.
    NonSaturating,
    /// `log(1 − sigmoid(D(G(z))))`: CVPR 2017.
    Saturating,
}

/// What happens to latent values that leave [-1, 1].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clipping {
    /// Set to the border.
    Hard,
    /// Drawn anew, uniform in [-1, 1] (Lipton & Tripathi 2017, arXiv 1702.04782).
    Stochastic,
}

/// The context loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContextSettings {
    pub reduction: Reduction,
    pub norm: Norm,
    /// Side of the window that counts hole pixels, odd, in crop pixels.
    pub window_px: u32,
    /// 0: every known pixel counts the same; 1: only those near the hole (CVPR 2017).
    pub focus: f32,
    /// How much the differences between neighbours count beside those of single pixels, by the same norm and reduction: textures
    /// and edges beside colours (the gradient difference loss of Mathieu et al. 2016, arXiv 1511.05440; in a latent search,
    /// arXiv 1812.01071). 0 for not at all. Much of it comes nearer to the truth on average and blurs: small differences cost it least.
    #[serde(default)]
    pub gradient: f32,
    /// How much a hidden pixel whose mirror image is known counts, beside a known one of weight 1: it is to differ from the mirrored
    /// photo as those around it do, since the halves of a face are alike but for the light. 0 for not at all. Pixels near the hole's
    /// edge are left to what is known beside them.
    #[serde(default)]
    pub symmetry: f32,
}

/// Hamiltonian Monte Carlo, in the blog's notation L, ε, β.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HmcSettings {
    /// L: gradient evaluations in one trajectory.
    pub leapfrog_steps: u32,
    /// ε: length of one of them.
    pub step_size: f32,
    /// β: inverse temperature; larger stays nearer to the best fill.
    pub beta: f32,
    /// β is multiplied by this after each trajectory.
    pub anneal: f32,
}

/// Everything about one search.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Iterations.
    pub steps: u32,
    /// λ, the weight of the prior loss. With 0 the discriminator is not asked, which takes half the time.
    pub lambda: f32,
    pub learning_rate: f32,
    pub schedule: Schedule,
    pub optimizer: OptimizerKind,
    /// Standard deviation of the noise that is added to the latents at the start; it falls to nothing at three quarters of
    /// the steps (`StyleGAN2`'s projector). 0 for none.
    #[serde(default)]
    pub noise: f32,
    /// How strongly the latents are held near where they began, times the share of the crop that lies deep in the hole: what is
    /// known of half a face says too little. A latent value ends at most about one over that product from there. 0 for not at
    /// all; starts from the prior are not held, since they know nothing.
    #[serde(default)]
    pub hold: f32,
    /// Latents optimised together.
    pub candidates: u32,
    pub starts: Starts,
    /// The share that a draw of the prior has in the last candidate's start, 0 to 1: the first begins at the encoder's guess, the
    /// others lie evenly between.
    pub start_spread: f32,
    pub seed: u64,
    pub context: ContextSettings,
    pub prior: PriorForm,
    pub clipping: Clipping,
    pub hmc: HmcSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Preset::default().settings()
    }
}

/// Why settings cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{name} is {value}: {expected}")]
pub struct SettingsError {
    pub name: &'static str,
    pub value: String,
    pub expected: &'static str,
}

impl Settings {
    /// The most candidates one batch may hold.
    pub const MAX_CANDIDATES: u32 = 256;
    /// The most steps a search may be asked for.
    pub const MAX_STEPS: u32 = 100_000;

    /// Without the prior, the differences between neighbours and the mirrored photo: the loss is then a mean or sum of known pixels'
    /// differences, and so can be told and compared as what it is.
    #[must_use]
    pub fn of_pixels_alone(self) -> Self {
        Self { lambda: 0.0, context: ContextSettings { gradient: 0.0, symmetry: 0.0, ..self.context }, ..self }
    }

    /// Whether the discriminator has a say. Asking it takes half of a step's time.
    pub(super) fn asks_discriminator(&self) -> bool {
        self.lambda > 0.0
    }

    /// Checks every range.
    ///
    /// # Errors
    /// Names the first setting that is out of range, its value and what is allowed.
    pub fn validate(&self) -> Result<(), SettingsError> {
        fn check(
            ok: bool,
            name: &'static str,
            value: &dyn std::fmt::Display,
            expected: &'static str,
        ) -> Result<(), SettingsError> {
            if ok { Ok(()) } else { Err(SettingsError { name, value: value.to_string(), expected }) }
        }
        check((1..=Self::MAX_STEPS).contains(&self.steps), "steps", &self.steps, "use 1 to 100000")?;
        check((0.0..=1000.0).contains(&self.lambda), "lambda", &self.lambda, "use 0 to 1000")?;
        check(
            self.learning_rate > 0.0 && self.learning_rate <= 10.0,
            "learning rate",
            &self.learning_rate,
            "use a positive number up to 10",
        )?;
        check((0.0..=2.0).contains(&self.noise), "noise", &self.noise, "use 0 to 2")?;
        check((0.0..=100.0).contains(&self.hold), "hold", &self.hold, "use 0 to 100")?;
        check((1..=Self::MAX_CANDIDATES).contains(&self.candidates), "candidates", &self.candidates, "use 1 to 256")?;
        check((0.0..=1.0).contains(&self.start_spread), "start spread", &self.start_spread, "use 0 to 1")?;
        let window = self.context.window_px;
        check(window % 2 == 1 && window <= 63, "context window", &window, "use an odd number from 1 to 63")?;
        check((0.0..=1.0).contains(&self.context.focus), "focus", &self.context.focus, "use 0 to 1")?;
        check((0.0..=1000.0).contains(&self.context.gradient), "gradient", &self.context.gradient, "use 0 to 1000")?;
        check((0.0..=1000.0).contains(&self.context.symmetry), "symmetry", &self.context.symmetry, "use 0 to 1000")?;
        check(
            (1..=1000).contains(&self.hmc.leapfrog_steps),
            "leapfrog steps",
            &self.hmc.leapfrog_steps,
            "use 1 to 1000",
        )?;
        check(
            self.hmc.step_size > 0.0 && self.hmc.step_size <= 1.0,
            "HMC step size",
            &self.hmc.step_size,
            "use a positive number up to 1",
        )?;
        check(self.hmc.beta > 0.0 && self.hmc.beta <= 1e6, "HMC beta", &self.hmc.beta, "use a positive number")?;
        check((0.5..=2.0).contains(&self.hmc.anneal), "HMC anneal", &self.hmc.anneal, "use 0.5 to 2")
    }
}
