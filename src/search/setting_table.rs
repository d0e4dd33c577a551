//! The search settings, described once. The panel, the command line, its help and the range check all read this table.

use std::fmt;
use std::ops::RangeInclusive;

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
    /// The few that everybody needs.
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
        self.options.iter().map(|&Choice { id, title, help, .. }| ChoiceOption { id, title, help }).collect()
    }

    fn selected(&self, settings: &Settings) -> usize {
        let mut copy = *settings;
        let value = *(self.at)(&mut copy);
        self.options.iter().position(|option| option.value == value).unwrap_or_default()
    }

    fn select(&self, settings: &mut Settings, index: usize) {
        if let Some(option) = self.options.get(index) {
            *(self.at)(settings) = option.value;
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

fn always(_: &Settings) -> bool {
    true
}

fn is_hmc(settings: &Settings) -> bool {
    settings.optimizer == OptimizerKind::Hmc
}

fn is_gradient_descent(settings: &Settings) -> bool {
    !is_hmc(settings)
}

/// Every setting, in the order of the panel and of the help.
pub static SETTINGS: [Setting; 23] = [
    Setting {
        id: "lambda",
        title: "λ",
        help: "Weight of the prior loss: how much a plausible face counts against agreement with the photo",
        details: "More makes the fill sharper, less brings it nearer to the truth on average. 0 turns the prior off and halves the time of a step.",
        section: Section::Basic,
        applies: always,
        field: Field::Number { range: 0.0..=1000.0, open: false, at: |settings| &mut settings.lambda },
    },
    Setting {
        id: "steps",
        title: "Steps",
        help: "Number of iterations",
        details: "",
        section: Section::Basic,
        applies: always,
        field: Field::Integer { range: 1..=Settings::MAX_STEPS, odd: false, at: |settings| &mut settings.steps },
    },
    Setting {
        id: "optimizer",
        title: "Optimiser",
        help: "How each iteration changes the latents",
        details: "",
        section: Section::Search,
        applies: always,
        field: Field::Choice(&Choices { options: &OPTIMIZERS, at: |settings| &mut settings.optimizer }),
    },
    Setting {
        id: "hmc-steps",
        title: "L",
        help: "Leapfrog steps in one trajectory of Hamiltonian Monte Carlo",
        details: "",
        section: Section::Hmc,
        applies: is_hmc,
        field: Field::Integer { range: 1..=1000, odd: false, at: |settings| &mut settings.hmc.leapfrog_steps },
    },
    Setting {
        id: "hmc-step-size",
        title: "ε",
        help: "Length of one leapfrog step of Hamiltonian Monte Carlo",
        details: "",
        section: Section::Hmc,
        applies: is_hmc,
        field: Field::Number { range: 0.0..=1.0, open: true, at: |settings| &mut settings.hmc.step_size },
    },
    Setting {
        id: "hmc-beta",
        title: "β",
        help: "Inverse temperature of Hamiltonian Monte Carlo",
        details: "More stays nearer to the best fill, less makes the fills differ more.",
        section: Section::Hmc,
        applies: is_hmc,
        field: Field::Number { range: 0.0..=1e6, open: true, at: |settings| &mut settings.hmc.beta },
    },
    Setting {
        id: "hmc-anneal",
        title: "Anneal",
        help: "Factor on β after each trajectory of Hamiltonian Monte Carlo",
        details: "1 keeps β as it is.",
        section: Section::Hmc,
        applies: is_hmc,
        field: Field::Number { range: 0.5..=2.0, open: false, at: |settings| &mut settings.hmc.anneal },
    },
    Setting {
        id: "learning-rate",
        title: "Learning rate",
        help: "Size of the optimiser's steps",
        details: "",
        section: Section::Search,
        applies: is_gradient_descent,
        field: Field::Number { range: 0.0..=10.0, open: true, at: |settings| &mut settings.learning_rate },
    },
    Setting {
        id: "schedule",
        title: "Schedule",
        help: "How the learning rate changes over the steps",
        details: "",
        section: Section::Search,
        applies: is_gradient_descent,
        field: Field::Choice(&Choices { options: &SCHEDULES, at: |settings| &mut settings.schedule }),
    },
    Setting {
        id: "clipping",
        title: "Clipping",
        help: "What happens to latent values outside [-1, 1], the range the generator was trained on",
        details: "",
        section: Section::Search,
        applies: always,
        field: Field::Choice(&Choices { options: &CLIPPINGS, at: |settings| &mut settings.clipping }),
    },
    Setting {
        id: "noise",
        title: "Noise",
        help: "Random noise added to the latents at the start, which helps to find better fills (standard deviation)",
        details: "It falls to zero at three quarters of the steps.",
        section: Section::Search,
        applies: is_gradient_descent,
        field: Field::Number { range: 0.0..=2.0, open: false, at: |settings| &mut settings.noise },
    },
    Setting {
        id: "hold",
        title: "Stay near guess",
        help: "How strongly the fill is kept near the encoder's guess when much of the face is hidden",
        details: "The pull grows with the share of the face that lies deep in the hole: there the known pixels say too little, and the guess is better. Random starts are not pulled.",
        section: Section::Search,
        applies: always,
        field: Field::Number { range: 0.0..=100.0, open: false, at: |settings| &mut settings.anchor_decay },
    },
    Setting {
        id: "candidates",
        title: "Candidates",
        help: "Number of fills searched together; the one with the lowest total loss is shown",
        details: "More take longer and give more to choose from.",
        section: Section::Search,
        applies: always,
        field: Field::Integer {
            range: 1..=Settings::MAX_CANDIDATES,
            odd: false,
            at: |settings| &mut settings.candidates,
        },
    },
    Setting {
        id: "starts",
        title: "Starts",
        help: "Where the candidates start",
        details: "",
        section: Section::Search,
        applies: always,
        field: Field::Choice(&Choices { options: &STARTS, at: |settings| &mut settings.starts }),
    },
    Setting {
        id: "start-spread",
        title: "Variety",
        help: "How far the last candidate starts from the encoder's guess: 0 at the guess, 1 at a random face",
        details: "The first candidate starts at the guess and the others evenly between. More makes them differ more in what is hidden.",
        section: Section::Search,
        applies: |settings| settings.starts == Starts::Encoder,
        field: Field::Number { range: 0.0..=1.0, open: false, at: |settings| &mut settings.start_spread },
    },
    Setting {
        id: "seed",
        title: "Seed",
        help: "Seed of every random draw",
        details: "The same seed, settings, model and device give the same fill.",
        section: Section::Search,
        applies: always,
        field: Field::Seed { at: |settings| &mut settings.seed },
    },
    Setting {
        id: "focus",
        title: "Focus on edge",
        help: "How much more the known pixels near the hole count: 0 all the same, 1 only those near it",
        details: "A pixel counts by the share of hole in the window around it (CVPR 2017, section 3.2).",
        section: Section::Losses,
        applies: always,
        field: Field::Number { range: 0.0..=1.0, open: false, at: |settings| &mut settings.context.focus },
    },
    Setting {
        id: "window",
        title: "Window",
        help: "Side of that window around a known pixel: an odd number of crop pixels",
        details: "Has an effect only when the focus is above 0.",
        section: Section::Losses,
        applies: |settings| settings.context.focus > 0.0,
        field: Field::Integer { range: 1..=63, odd: true, at: |settings| &mut settings.context.window_px },
    },
    Setting {
        id: "gradient",
        title: "Edges",
        help: "How much edges and textures of the known pixels count beside their colours",
        details: "It weighs the differences between neighbouring pixels (gradient difference loss, Mathieu et al. 2016). Much of it comes nearer to the truth on average, but blurs.",
        section: Section::Losses,
        applies: always,
        field: Field::Number { range: 0.0..=1000.0, open: false, at: |settings| &mut settings.context.gradient },
    },
    Setting {
        id: "symmetry",
        title: "Symmetry",
        help: "How much the other half of the face counts for what is hidden: a hidden eye is drawn to match the visible one",
        details: "Differences in light between the halves do not count.",
        section: Section::Losses,
        applies: always,
        field: Field::Number { range: 0.0..=1000.0, open: false, at: |settings| &mut settings.context.symmetry },
    },
    Setting {
        id: "context",
        title: "Reduction",
        help: "How the differences of the known pixels become one number",
        details: "",
        section: Section::Losses,
        applies: always,
        field: Field::Choice(&Choices { options: &REDUCTIONS, at: |settings| &mut settings.context.reduction }),
    },
    Setting {
        id: "norm",
        title: "Difference",
        help: "How the difference between a pixel of the fill and of the photo is measured",
        details: "",
        section: Section::Losses,
        applies: always,
        field: Field::Choice(&Choices { options: &NORMS, at: |settings| &mut settings.context.norm }),
    },
    Setting {
        id: "prior",
        title: "Prior loss",
        help: "How the prior loss is computed from the discriminator D, which tells real faces from drawn ones",
        details: "",
        section: Section::Losses,
        applies: always,
        field: Field::Choice(&Choices { options: &PRIORS, at: |settings| &mut settings.prior }),
    },
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
            ("60".to_owned(), vec![Preset::Best]),
            ("1000".to_owned(), vec![Preset::Blog, Preset::BlogMomentum, Preset::Hmc]),
            ("1500".to_owned(), vec![Preset::Paper]),
        ];
        assert_eq!(steps, expected);
    }
}
