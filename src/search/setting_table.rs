//! The search settings, described once. The panel, the command line, its help and the range check all read this table.

use std::fmt;
use std::ops::RangeInclusive;

use Section::{Basic, Hmc, Losses, Search};

use super::choices::{CLIPPINGS, Choice, NORMS, OPTIMIZERS, PRIORS, REDUCTIONS, SCHEDULES, STARTS};
use super::{OptimizerKind, Preset, Settings, Starts};

/// One setting: its names, its help, its range or choices, and where its value is.
pub struct Setting {
    /// The option on the command line, without the dashes. Also its name in error messages.
    pub id: &'static str,
    /// The name in the editor.
    pub title: &'static str,
    /// What it does, in one sentence.
    pub help: &'static str,
    /// More about it. May be empty.
    pub details: &'static str,
    pub section: Section,
    /// Whether it has an effect, given the other settings.
    pub applies: fn(&Settings) -> bool,
    pub field: Field,
}

/// Settings that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The few that everybody needs. They can be changed during a search.
    Basic,
    /// Optimiser and starts.
    Search,
    /// Hamiltonian Monte Carlo.
    Hmc,
    /// The terms of the loss.
    Losses,
}

/// Type, range and place of a setting's value.
pub enum Field {
    Integer {
        range: RangeInclusive<u32>,
        /// Only odd values are allowed.
        odd: bool,
        at: fn(&mut Settings) -> &mut u32,
    },
    Seed {
        at: fn(&mut Settings) -> &mut u64,
    },
    Number {
        range: RangeInclusive<f32>,
        /// The lower end of the range itself is not allowed.
        open: bool,
        at: fn(&mut Settings) -> &mut f32,
    },
    Choice(&'static (dyn ChoiceField + Sync)),
}

/// A setting with a fixed set of values, whatever their type.
pub trait ChoiceField {
    /// All values, in the order they are offered.
    fn options(&self) -> Vec<ChoiceOption>;
    /// The index of the current value in [`options`](Self::options).
    fn selected(&self, settings: &Settings) -> usize;
    /// Stores the value with this index. An index out of range changes nothing.
    fn select(&self, settings: &mut Settings, index: usize);
}

/// The names and the help of one value.
#[derive(Clone, Copy)]
pub struct ChoiceOption {
    pub id: &'static str,
    pub title: &'static str,
    pub help: &'static str,
}

struct Choices<T: 'static> {
    options: &'static [Choice<T>],
    at: fn(&mut Settings) -> &mut T,
}

impl<T: Copy + PartialEq> ChoiceField for Choices<T> {
    fn options(&self) -> Vec<ChoiceOption> {
        self.options.iter().map(|&(_, id, title, help)| ChoiceOption { id, title, help }).collect()
    }

    fn selected(&self, settings: &Settings) -> usize {
        let mut copy = *settings;
        let value = *(self.at)(&mut copy);
        self.options.iter().position(|option| option.0 == value).unwrap_or_default()
    }

    fn select(&self, settings: &mut Settings, index: usize) {
        if let Some(option) = self.options.get(index) {
            *(self.at)(settings) = option.0;
        }
    }
}

/// Why a setting cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{name} is {value}: use {expected}")]
pub struct SettingsError {
    pub name: &'static str,
    pub value: String,
    pub expected: String,
}

impl Setting {
    const fn new(id: &'static str, title: &'static str, section: Section, field: Field) -> Self {
        Self { id, title, help: "", details: "", section, applies: |_| true, field }
    }

    const fn help(self, help: &'static str) -> Self {
        Self { help, ..self }
    }

    const fn details(self, details: &'static str) -> Self {
        Self { details, ..self }
    }

    const fn applies(self, applies: fn(&Settings) -> bool) -> Self {
        Self { applies, ..self }
    }

    /// The setting with this [`id`](Self::id).
    #[must_use]
    pub fn from_id(id: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.id == id)
    }

    /// The value as text, as the command line takes it.
    #[must_use]
    pub fn value(&self, settings: &Settings) -> String {
        let mut copy = *settings;
        match &self.field {
            Field::Integer { at, .. } => at(&mut copy).to_string(),
            Field::Seed { at } => at(&mut copy).to_string(),
            Field::Number { at, .. } => at(&mut copy).to_string(),
            Field::Choice(choice) => {
                choice.options().get(choice.selected(settings)).map_or("", |option| option.id).to_owned()
            }
        }
    }

    /// Stores a value that is given as text.
    ///
    /// # Errors
    /// When the text is no such value or is out of range; the settings are then unchanged.
    pub fn set(&self, settings: &mut Settings, text: &str) -> Result<(), SettingsError> {
        let mut changed = *settings;
        match &self.field {
            Field::Integer { at, .. } => *at(&mut changed) = text.parse().map_err(|_| self.error(text))?,
            Field::Seed { at } => *at(&mut changed) = text.parse().map_err(|_| self.error(text))?,
            Field::Number { at, .. } => *at(&mut changed) = text.parse().map_err(|_| self.error(text))?,
            Field::Choice(choice) => {
                let index = choice.options().iter().position(|option| option.id == text);
                choice.select(&mut changed, index.ok_or_else(|| self.error(text))?);
            }
        }
        self.check(&changed)?;
        *settings = changed;
        Ok(())
    }

    /// Checks the range of the value.
    ///
    /// # Errors
    /// When it is out of range.
    pub fn check(&self, settings: &Settings) -> Result<(), SettingsError> {
        let mut copy = *settings;
        let ok = match &self.field {
            Field::Integer { range, odd, at } => {
                let value = *at(&mut copy);
                range.contains(&value) && (!odd || value % 2 == 1)
            }
            Field::Number { range, open, at } => {
                let value = *at(&mut copy);
                range.contains(&value) && !(*open && value <= *range.start())
            }
            Field::Seed { .. } | Field::Choice(_) => true,
        };
        if ok { Ok(()) } else { Err(self.error(&self.value(settings))) }
    }

    fn error(&self, value: &str) -> SettingsError {
        SettingsError { name: self.id, value: value.to_owned(), expected: self.expected() }
    }

    /// What is allowed, to be read after "use".
    fn expected(&self) -> String {
        match &self.field {
            Field::Integer { range, odd: true, .. } => {
                format!("an odd number from {} to {}", range.start(), range.end())
            }
            Field::Integer { range, .. } => format!("{} to {}", range.start(), range.end()),
            Field::Seed { .. } => format!("0 to {}", u64::MAX),
            Field::Number { range, open: true, .. } => {
                format!("a number above {} and up to {}", range.start(), range.end())
            }
            Field::Number { range, .. } => format!("{} to {}", range.start(), range.end()),
            Field::Choice(choice) => choice.options().iter().map(|option| option.id).collect::<Vec<_>>().join(" or "),
        }
    }

    /// The values in the presets, each with the presets that have it; the default preset's value comes first.
    #[must_use]
    pub fn preset_values(&self) -> Vec<(String, Vec<Preset>)> {
        let mut values: Vec<(String, Vec<Preset>)> = Vec::new();
        for preset in Preset::ALL {
            let value = self.value(&preset.settings());
            match values.iter_mut().find(|(known, _)| *known == value) {
                Some((_, presets)) => presets.push(preset),
                None => values.push((value, vec![preset])),
            }
        }
        values
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Setting").field(&self.id).finish()
    }
}

const fn integer(range: RangeInclusive<u32>, at: fn(&mut Settings) -> &mut u32) -> Field {
    Field::Integer { range, odd: false, at }
}

const fn odd(range: RangeInclusive<u32>, at: fn(&mut Settings) -> &mut u32) -> Field {
    Field::Integer { range, odd: true, at }
}

const fn number(range: RangeInclusive<f32>, at: fn(&mut Settings) -> &mut f32) -> Field {
    Field::Number { range, open: false, at }
}

const fn choice(field: &'static (dyn ChoiceField + Sync)) -> Field {
    Field::Choice(field)
}

const fn positive(max: f32, at: fn(&mut Settings) -> &mut f32) -> Field {
    Field::Number { range: 0.0..=max, open: true, at }
}

fn is_hmc(settings: &Settings) -> bool {
    settings.optimizer == OptimizerKind::Hmc
}

fn is_gradient_descent(settings: &Settings) -> bool {
    !is_hmc(settings)
}

/// Every setting, in the order of the panel and of the help.
pub static SETTINGS: [Setting; 22] = [
    Setting::new("lambda", "λ", Basic, number(0.0..=1000.0, |s| &mut s.lambda))
        .help("Weight of the prior loss: how much a plausible face counts against agreement with the photo")
        .details(
            "More is sharper, less is nearer to the truth on average. 0 turns it off and halves the time of a step.",
        ),
    Setting::new("steps", "Steps", Basic, integer(1..=Settings::MAX_STEPS, |s| &mut s.steps))
        .help("Number of iterations"),
    Setting::new("optimizer", "Optimiser", Search, choice(&Choices { options: &OPTIMIZERS, at: |s| &mut s.optimizer }))
        .help("How each iteration changes the latents"),
    Setting::new("hmc-steps", "L", Hmc, integer(1..=1000, |s| &mut s.hmc.leapfrog_steps))
        .help("Leapfrog steps in one trajectory of Hamiltonian Monte Carlo")
        .applies(is_hmc),
    Setting::new("hmc-step-size", "ε", Hmc, positive(1.0, |s| &mut s.hmc.step_size))
        .help("Length of one leapfrog step of Hamiltonian Monte Carlo")
        .applies(is_hmc),
    Setting::new("hmc-beta", "β", Hmc, positive(1e6, |s| &mut s.hmc.beta))
        .help("Inverse temperature of Hamiltonian Monte Carlo")
        .details("More stays nearer to the best fill, less makes the fills differ more.")
        .applies(is_hmc),
    Setting::new("hmc-anneal", "Anneal", Hmc, number(0.5..=2.0, |s| &mut s.hmc.anneal))
        .help("Factor on β after each trajectory of Hamiltonian Monte Carlo")
        .details("1 keeps β as it is.")
        .applies(is_hmc),
    Setting::new("learning-rate", "Learning rate", Search, positive(10.0, |s| &mut s.learning_rate))
        .help("Size of the optimiser's steps")
        .applies(is_gradient_descent),
    Setting::new("schedule", "Schedule", Search, choice(&Choices { options: &SCHEDULES, at: |s| &mut s.schedule }))
        .help("How the learning rate changes over the steps")
        .applies(is_gradient_descent),
    Setting::new("clipping", "Clipping", Search, choice(&Choices { options: &CLIPPINGS, at: |s| &mut s.clipping }))
        .help("What happens to latent values outside [-1, 1], the range the generator was trained on"),
    Setting::new("noise", "Noise", Search, number(0.0..=2.0, |s| &mut s.noise))
        .help("Standard deviation of random noise on the latents, which helps to find better fills")
        .details("It falls to zero at three quarters of the steps.")
        .applies(is_gradient_descent),
    Setting::new("hold", "Stay near guess", Search, number(0.0..=100.0, |s| &mut s.anchor_decay))
        .help("How strongly the fill is kept near the encoder's guess when much of the face is hidden")
        .details("The pull grows with the share of the face that lies deep in the hole. Random starts are not pulled."),
    Setting::new("candidates", "Candidates", Search, integer(1..=Settings::MAX_CANDIDATES, |s| &mut s.candidates))
        .help("Number of fills searched together; the one with the lowest total loss is shown")
        .details("More take longer and give more to choose from."),
    Setting::new("starts", "Starts", Search, choice(&Choices { options: &STARTS, at: |s| &mut s.starts }))
        .help("Where the candidates start"),
    Setting::new("start-spread", "Variety", Search, number(0.0..=1.0, |s| &mut s.start_spread))
        .help("How far the last candidate starts from the encoder's guess: 0 at the guess, 1 at a random face")
        .details("The others start evenly between. More makes the candidates differ more in what is hidden.")
        .applies(|s| s.starts == Starts::Encoder),
    Setting::new("seed", "Seed", Search, Field::Seed { at: |s| &mut s.seed })
        .help("Seed of every random draw")
        .details("The same seed, settings, model and device give the same fill."),
    Setting::new("focus", "Focus on edge", Losses, number(0.0..=1.0, |s| &mut s.context.focus))
        .help("How much more the known pixels near the hole count: 0 all the same, 1 only those near it")
        .details("A pixel counts by the share of hole in the window around it (CVPR 2017, section 3.2)."),
    Setting::new("window", "Window", Losses, odd(1..=63, |s| &mut s.context.window_px))
        .help("Side of the window that the focus looks at, an odd number of crop pixels")
        .details("Has an effect only when the focus is above 0.")
        .applies(|s| s.context.focus > 0.0),
    Setting::new("gradient", "Edges", Losses, number(0.0..=1000.0, |s| &mut s.context.gradient))
        .help("How much edges and textures of the known pixels count beside their colours")
        .details("The differences between neighbouring pixels (Mathieu et al. 2016). Much of it blurs."),
    Setting::new(
        "context",
        "Reduction",
        Losses,
        choice(&Choices { options: &REDUCTIONS, at: |s| &mut s.context.reduction }),
    )
    .help("How the differences of the known pixels become one number"),
    Setting::new("norm", "Difference", Losses, choice(&Choices { options: &NORMS, at: |s| &mut s.context.norm }))
        .help("How the difference between a pixel of the fill and of the photo is measured"),
    Setting::new("prior", "Prior loss", Losses, choice(&Choices { options: &PRIORS, at: |s| &mut s.prior }))
        .help("How the prior loss is computed from the discriminator D, which tells real faces from drawn ones"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_were_set() {
        for setting in &SETTINGS {
            for preset in Preset::ALL {
                let value = setting.value(&preset.settings());
                let mut settings = Preset::default().settings();
                setting.set(&mut settings, &value).unwrap();
                assert_eq!(setting.value(&settings), value, "{setting:?} of {preset:?}");
            }
        }
    }

    #[test]
    fn each_setting_changes_one_value() {
        let base = serde_json::to_value(Settings::default()).unwrap();
        let mut changed = Vec::new();
        for setting in &SETTINGS {
            let mut settings = Settings::default();
            let text = match &setting.field {
                Field::Choice(choice) => {
                    let other = (choice.selected(&settings) + 1) % choice.options().len();
                    choice.options()[other].id.to_owned()
                }
                Field::Integer { .. } | Field::Seed { .. } => "17".to_owned(),
                Field::Number { .. } => "0.625".to_owned(),
            };
            setting.set(&mut settings, &text).unwrap();
            changed.extend(changed_paths("", &base, &serde_json::to_value(settings).unwrap()));
        }
        assert_eq!(changed.len(), SETTINGS.len(), "{changed:?}");
        changed.sort();
        changed.dedup();
        assert_eq!(changed.len(), SETTINGS.len(), "{changed:?}");
    }

    /// The names of the values that differ.
    fn changed_paths(path: &str, a: &serde_json::Value, b: &serde_json::Value) -> Vec<String> {
        match (a.as_object(), b.as_object()) {
            (Some(a), Some(b)) => {
                a.iter().flat_map(|(key, value)| changed_paths(&format!("{path}.{key}"), value, &b[key])).collect()
            }
            _ if a == b => Vec::new(),
            _ => vec![path.to_owned()],
        }
    }

    #[test]
    fn choices_are_named_as_in_reports() {
        for setting in &SETTINGS {
            let Field::Choice(choice) = &setting.field else { continue };
            for (index, option) in choice.options().iter().enumerate() {
                let mut settings = Settings::default();
                choice.select(&mut settings, index);
                let json = serde_json::to_string(&settings).unwrap();
                assert!(json.contains(&format!(":\"{}\"", option.id)), "{} in {json}", option.id);
            }
        }
    }

    #[test]
    fn refused_text_changes_nothing() {
        for setting in &SETTINGS {
            let mut settings = Settings::default();
            let error = setting.set(&mut settings, "many").unwrap_err();
            assert_eq!((error.name, error.value.as_str()), (setting.id, "many"));
            assert_eq!(settings, Settings::default());
        }
    }

    #[test]
    fn errors_say_what_is_allowed() {
        let refused = |id: &str, text: &str| {
            Setting::from_id(id).unwrap().set(&mut Settings::default(), text).unwrap_err().to_string()
        };
        assert_eq!(refused("steps", "0"), "steps is 0: use 1 to 100000");
        assert_eq!(refused("lambda", "NaN"), "lambda is NaN: use 0 to 1000");
        assert_eq!(refused("learning-rate", "0"), "learning-rate is 0: use a number above 0 and up to 10");
        assert_eq!(refused("window", "8"), "window is 8: use an odd number from 1 to 63");
        assert_eq!(refused("norm", "l3"), "norm is l3: use l1 or l2");
    }

    #[test]
    fn preset_values_start_with_the_default() {
        let steps = Setting::from_id("steps").unwrap().preset_values();
        let expected = [
            ("20".to_owned(), vec![Preset::Best]),
            ("1000".to_owned(), vec![Preset::Blog, Preset::BlogMomentum, Preset::Hmc]),
            ("1500".to_owned(), vec![Preset::Paper]),
        ];
        assert_eq!(steps, expected);
    }
}
