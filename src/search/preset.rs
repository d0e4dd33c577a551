//! Presets: named settings that go well together.

use serde::{Deserialize, Serialize};

use super::task_settings;
use super::{
    Clipping, ContextSettings, HmcSettings, Norm, OptimizerKind, PriorForm, Reduction, Schedule, Settings, Starts,
};
use crate::restore::ImageTask;

/// A named set of settings. All but [`Best`](Self::Best) reproduce published methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Amos 2016: summed L1, λ 0.1, Adam, 1000 steps from one draw of the prior.
    Blog,
    /// Amos 2016 with the default optimiser of its code: projected gradient with momentum.
    BlogMomentum,
    /// Yeh, Chen et al., CVPR 2017: weighted context, λ 0.003 on `log(1 − D)`, Adam at 0.03, 1500 steps.
    Paper,
    /// Hamiltonian Monte Carlo, as in the blog's code: draws different fills instead of one optimum.
    Hmc,
    /// The default: several starts around the encoder's guess, mean losses, a falling learning rate.
    #[default]
    Best,
}

impl Preset {
    /// All presets, in the order they are offered.
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

    /// What it does, in one sentence.
    #[must_use]
    pub fn help(self) -> &'static str {
        match self {
            Self::Best => "Several starts around the encoder's guess, mean losses, a falling learning rate",
            Self::Blog => "Amos 2016, “Image Completion with Deep Learning in TensorFlow”: summed L1, Adam, one start",
            Self::BlogMomentum => "As Blog, with the optimiser of its code: projected gradient with momentum",
            Self::Paper => "Yeh, Chen et al., CVPR 2017: known pixels near the hole count most",
            Self::Hmc => "Hamiltonian Monte Carlo, as in the blog's code: draws different fills instead of one optimum",
        }
    }

    /// The preset with this [`id`](Self::id).
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.id() == id)
    }

    /// The settings of the preset for a task, with seed 0. Only Best has others for another task than a fill.
    #[must_use]
    pub fn settings_for(self, task: ImageTask) -> Settings {
        let settings = Settings { task, ..self.settings() };
        if self == Self::Best { task_settings::adapted(settings) } else { settings }
    }

    /// The settings of the preset for a fill, with seed 0.
    #[must_use]
    pub fn settings(self) -> Settings {
        let blog = Settings {
            steps: 1000,
            lambda: 0.1,
            learning_rate: 0.01,
            schedule: Schedule::Constant,
            optimizer: OptimizerKind::Adam,
            noise: 0.0,
            anchor_decay: 0.0,
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
            },
            prior: PriorForm::NonSaturating,
            clipping: Clipping::Hard,
            hmc: HmcSettings { leapfrog_steps: 100, step_size: 0.001, beta: 0.2, anneal: 1.002 },
            task: ImageTask::Fill,
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
                steps: 20,
                lambda: 0.02,
                learning_rate: 0.02,
                schedule: Schedule::Cosine,
                noise: 0.15,
                anchor_decay: 60.0,
                candidates: 4,
                starts: Starts::Encoder,
                start_spread: 0.8,
                context: ContextSettings {
                    reduction: Reduction::Mean,
                    norm: Norm::L1,
                    window_px: 15,
                    focus: 0.8,
                    gradient: 1.0,
                },
                ..blog
            },
        }
    }
}
