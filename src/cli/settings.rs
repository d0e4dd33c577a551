//! The search's settings as options: a preset, then single settings on top of it.

use clap::{Args, FromArgMatches as _};

use super::choices::{
    self, CLIPPINGS, NORMS, OPTIMIZERS, PRESETS, PRIORS, REDUCTIONS, SCHEDULES, STARTS, name_of, parser,
};
use super::usage;
use crate::search::{Clipping, Norm, OptimizerKind, Preset, PriorForm, Reduction, Schedule, Settings, Starts};

/// What may be changed about a search.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Search")]
pub(super) struct SettingsArgs {
    /// Named settings to start from; the options below change single ones
    #[arg(long, value_name = "NAME", value_parser = parser(PRESETS), default_value = "best")]
    pub(super) preset: Preset,

    /// Iterations
    #[arg(long, value_name = "N")]
    pub(super) steps: Option<u32>,

    /// Weight of the prior loss against the context loss (the lambda of the paper)
    ///
    /// 0 only agrees with the known pixels, in half the time; more insists on a plausible face.
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(super) lambda: Option<f32>,

    /// Latents searched together; the one with the least total loss is used
    #[arg(long, value_name = "K")]
    pub(super) candidates: Option<u32>,

    /// Seed of every random draw: the same seed on the same device gives the same fill [default: 0]
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,

    /// Size of the optimiser's steps
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(super) learning_rate: Option<f32>,

    /// How the learning rate changes over the steps
    #[arg(long, value_parser = parser(SCHEDULES))]
    pub(super) schedule: Option<Schedule>,

    /// How a step changes the latent
    #[arg(long, value_parser = parser(OPTIMIZERS))]
    pub(super) optimizer: Option<OptimizerKind>,

    /// Noise on the latents at the start, falling to none at three quarters of the steps (standard deviation)
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(super) noise: Option<f32>,

    /// How strongly the latents are held near their starts, times the share of the face that lies deep in the hole
    ///
    /// What is known of half a face says too little about the rest, and the encoder's guess is the better part. Starts from
    /// the prior are not held.
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(super) hold: Option<f32>,

    /// Where the candidates start
    #[arg(long, value_parser = parser(STARTS))]
    pub(super) starts: Option<Starts>,

    /// How far the last candidate starts from the encoder's guess: 0 at it, 1 anywhere
    ///
    /// It is the share of a random face in the start. The first candidate starts at the guess, the others evenly between: the more, the
    /// more they differ in what is hidden. Matters only when the candidates start from the encoder.
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(super) start_spread: Option<f32>,

    /// How the differences of the known pixels become one number
    #[arg(long, value_parser = parser(REDUCTIONS))]
    pub(super) context: Option<Reduction>,

    /// The difference of a pixel
    #[arg(long, value_parser = parser(NORMS))]
    pub(super) norm: Option<Norm>,

    /// Side of the window that weighs a known pixel by the hole around it, odd, in crop pixels (CVPR 2017, section 3.2: 7)
    ///
    /// Matters only with a focus above 0.
    #[arg(long, value_name = "N")]
    pub(super) window: Option<u32>,

    /// 0: every known pixel counts the same (blog); 1: only those near the hole, by the hole around them (CVPR 2017)
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(super) focus: Option<f32>,

    /// Weight of the differences between neighbouring known pixels beside those of single ones; 0 leaves them out
    ///
    /// They make edges and textures count, beside colours (gradient difference loss, Mathieu et al. 2016). Much of it comes nearer to the
    /// truth on average, and blurs.
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(super) gradient: Option<f32>,

    /// Weight of hidden pixels whose mirror image is known, beside known pixels; 0 leaves them out
    ///
    /// The halves of a face are alike but for the light: a hidden eye is drawn to match the other one.
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(super) symmetry: Option<f32>,

    /// The prior loss: how implausible the discriminator finds the face
    #[arg(long, value_parser = parser(PRIORS))]
    pub(super) prior: Option<PriorForm>,

    /// What happens to latent values that leave [-1, 1]
    #[arg(long, value_parser = parser(CLIPPINGS))]
    pub(super) clipping: Option<Clipping>,

    /// Hamiltonian Monte Carlo: gradient evaluations in a trajectory (L in Amos's code)
    #[arg(long, value_name = "N")]
    pub(super) hmc_steps: Option<u32>,

    /// Hamiltonian Monte Carlo: length of one of them (epsilon)
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(super) hmc_step_size: Option<f32>,

    /// Hamiltonian Monte Carlo: inverse temperature; more stays nearer to the best fill (beta)
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(super) hmc_beta: Option<f32>,

    /// Hamiltonian Monte Carlo: beta is multiplied by this after each trajectory
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(super) hmc_anneal: Option<f32>,
}

/// Puts `Some` values in place.
fn set<T: Copy>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

impl SettingsArgs {
    /// A preset by name, with changes as in `best:noise=0:hold=0`, where settings are called as the options are.
    pub(super) fn changed(text: &str) -> anyhow::Result<Self> {
        let mut parts = text.split(':');
        let mut words = vec!["--preset".to_string(), parts.next().unwrap_or_default().to_string()];
        for change in parts {
            let Some((name, value)) = change.split_once('=') else {
                return Err(usage(format!("'{change}' of '{text}' changes nothing: write noise=0, for example")));
            };
            words.push(format!("--{name}={value}"));
        }
        let command = Self::augment_args(clap::Command::new("settings").no_binary_name(true));
        let read = command.try_get_matches_from(words).and_then(|matches| Self::from_arg_matches(&matches));
        // clap's first line says what is wrong; what follows tells of a command that nobody typed.
        let read = read.map_err(|error| {
            let text = error.to_string();
            usage(text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_string())
        })?;
        read.settings()?;
        Ok(read)
    }

    /// The preset's settings with the changes, checked.
    pub(super) fn settings(&self) -> anyhow::Result<Settings> {
        let mut settings = self.preset.settings();
        set(&mut settings.steps, self.steps);
        set(&mut settings.lambda, self.lambda);
        set(&mut settings.candidates, self.candidates);
        set(&mut settings.seed, self.seed);
        set(&mut settings.learning_rate, self.learning_rate);
        set(&mut settings.schedule, self.schedule);
        set(&mut settings.optimizer, self.optimizer);
        set(&mut settings.noise, self.noise);
        set(&mut settings.hold, self.hold);
        set(&mut settings.starts, self.starts);
        set(&mut settings.start_spread, self.start_spread);
        set(&mut settings.context.reduction, self.context);
        set(&mut settings.context.norm, self.norm);
        set(&mut settings.context.window_px, self.window);
        set(&mut settings.context.focus, self.focus);
        set(&mut settings.context.gradient, self.gradient);
        set(&mut settings.context.symmetry, self.symmetry);
        set(&mut settings.prior, self.prior);
        set(&mut settings.clipping, self.clipping);
        set(&mut settings.hmc.leapfrog_steps, self.hmc_steps);
        set(&mut settings.hmc.step_size, self.hmc_step_size);
        set(&mut settings.hmc.beta, self.hmc_beta);
        set(&mut settings.hmc.anneal, self.hmc_anneal);
        settings.validate().map_err(|error| usage(error.to_string()))?;
        self.check_effect(&settings)?;
        Ok(settings)
    }

    /// Refuses the options of an optimiser that is not used: whoever writes them expects that they do something.
    fn check_effect(&self, settings: &Settings) -> anyhow::Result<()> {
        let hmc = [
            ("--hmc-steps", self.hmc_steps.is_some()),
            ("--hmc-step-size", self.hmc_step_size.is_some()),
            ("--hmc-beta", self.hmc_beta.is_some()),
            ("--hmc-anneal", self.hmc_anneal.is_some()),
        ];
        if settings.optimizer != OptimizerKind::Hmc
            && let Some((option, _)) = hmc.iter().find(|(_, given)| *given)
        {
            return Err(usage(format!("{option} has no effect here: add --optimizer hmc, or take --preset hmc")));
        }
        Ok(())
    }
}

/// Reads one setting's value, as it would be typed.
type ReadValue = fn(&Settings) -> String;

/// How to read a setting's value out of a preset, by the option's id.
const PRESET_VALUES: [(&str, ReadValue); 22] = [
    ("steps", |settings| settings.steps.to_string()),
    ("lambda", |settings| settings.lambda.to_string()),
    ("candidates", |settings| settings.candidates.to_string()),
    ("learning_rate", |settings| settings.learning_rate.to_string()),
    ("schedule", |settings| name_of(SCHEDULES, &settings.schedule).into()),
    ("optimizer", |settings| name_of(OPTIMIZERS, &settings.optimizer).into()),
    ("noise", |settings| settings.noise.to_string()),
    ("hold", |settings| settings.hold.to_string()),
    ("starts", |settings| name_of(STARTS, &settings.starts).into()),
    ("start_spread", |settings| settings.start_spread.to_string()),
    ("context", |settings| name_of(REDUCTIONS, &settings.context.reduction).into()),
    ("norm", |settings| name_of(NORMS, &settings.context.norm).into()),
    ("window", |settings| settings.context.window_px.to_string()),
    ("focus", |settings| settings.context.focus.to_string()),
    ("gradient", |settings| settings.context.gradient.to_string()),
    ("symmetry", |settings| settings.context.symmetry.to_string()),
    ("prior", |settings| name_of(PRIORS, &settings.prior).into()),
    ("clipping", |settings| name_of(CLIPPINGS, &settings.clipping).into()),
    ("hmc_steps", |settings| settings.hmc.leapfrog_steps.to_string()),
    ("hmc_step_size", |settings| settings.hmc.step_size.to_string()),
    ("hmc_beta", |settings| settings.hmc.beta.to_string()),
    ("hmc_anneal", |settings| settings.hmc.anneal.to_string()),
];

/// Adds to each setting's help what the presets set it to, read off the presets themselves.
pub(super) fn with_preset_values(command: clap::Command) -> clap::Command {
    PRESET_VALUES.iter().fold(command, |command, &(id, value)| {
        command.mut_arg(id, |arg| {
            let defaults = preset_values(value);
            let short = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let long = arg.get_long_help().map_or_else(|| short.clone(), ToString::to_string);
            arg.help(format!("{short} {defaults}")).long_help(format!("{long}\n\n{defaults}"))
        })
    })
}

/// As in `[default: 150; blog, hmc: 1000; paper: 1500]`: what the default preset has, then the others that differ.
fn preset_values(value: ReadValue) -> String {
    let default = value(&Settings::default());
    let mut others: Vec<(String, Vec<&str>)> = Vec::new();
    for preset in Preset::ALL {
        let own = value(&preset.settings());
        if own == default {
            continue;
        }
        let name = choices::name_of(PRESETS, &preset);
        match others.iter_mut().find(|(known, _)| *known == own) {
            Some((_, names)) => names.push(name),
            None => others.push((own, vec![name])),
        }
    }
    let others: Vec<_> = others.iter().map(|(value, names)| format!("; {}: {value}", names.join(", "))).collect();
    format!("[default: {default}{}]", others.concat())
}

#[cfg(test)]
mod tests;
