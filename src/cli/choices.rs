//! Options with a fixed set of values: their names and what each of them means.
//!
//! The library's types know nothing of clap, so the names are written here; a test holds them to those in the report.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::blend::BlendMode;
use crate::search::{Clipping, Norm, OptimizerKind, Preset, PriorForm, Reduction, Schedule, Starts};
use crate::train::Recipe;

/// Name, help and value of each choice.
pub(super) type Choices<T> = &'static [(&'static str, &'static str, T)];

pub(super) const BLENDS: Choices<BlendMode> = &[
    (
        "poisson",
        "The fill keeps its gradients and meets the known pixels at the hole's edge (Pérez et al. 2003)",
        BlendMode::Poisson,
    ),
    ("feather", "Bend the fill's colour to the known pixels at the hole's edge, fading inwards", BlendMode::Feather),
    ("none", "The generator's pixels as they are", BlendMode::None),
];

pub(super) const PRESETS: Choices<Preset> = &[
    ("best", "Several starts around the encoder's guess, mean losses, a falling learning rate", Preset::Best),
    ("blog", "Amos 2016: summed L1, Adam, one start from the prior", Preset::Blog),
    ("blog-momentum", "Amos 2016 with projected gradient and momentum, his code's default", Preset::BlogMomentum),
    ("paper", "Yeh, Chen et al., CVPR 2017: context weighted towards the hole", Preset::Paper),
    ("hmc", "Hamiltonian Monte Carlo, as in Amos's code: fills drawn rather than one optimum", Preset::Hmc),
];

pub(super) const RECIPES: Choices<Recipe> = &[
    ("encoder", "With an encoder of masked faces, random views and averaged weights", Recipe::Encoder),
    ("blog", "Amos 2016: DCGAN, the generator moved twice for each move of the discriminator", Recipe::Blog),
];

pub(super) const SCHEDULES: Choices<Schedule> = &[
    ("constant", "The same rate at every step", Schedule::Constant),
    ("cosine", "Half a cosine, down to zero at the last step", Schedule::Cosine),
];

pub(super) const OPTIMIZERS: Choices<OptimizerKind> = &[
    ("adam", "Adam (Kingma & Ba 2015)", OptimizerKind::Adam),
    ("momentum", "Projected gradient with Nesterov momentum 0.9 (Amos's code)", OptimizerKind::Momentum),
    ("hmc", "Hamiltonian Monte Carlo (Amos's code): an iteration is a whole trajectory", OptimizerKind::Hmc),
];

pub(super) const STARTS: Choices<Starts> = &[
    ("prior", "Draws from the generator's prior, uniform in [-1, 1]", Starts::Prior),
    ("encoder", "The encoder's guess, then mixtures of it with random faces", Starts::Encoder),
];

pub(super) const REDUCTIONS: Choices<Reduction> = &[
    ("sum", "Added up, as the blog and the paper do: in the hundreds, so that lambda counts little", Reduction::Sum),
    ("mean", "The weighted mean: the same scale whatever the size of the hole", Reduction::Mean),
];

pub(super) const NORMS: Choices<Norm> =
    &[("l1", "Absolute differences, as in the blog and the paper", Norm::L1), ("l2", "Squared differences", Norm::L2)];

pub(super) const PRIORS: Choices<PriorForm> = &[
    ("non-saturating", "softplus(-D(G(z))), the blog's perceptual loss", PriorForm::NonSaturating),
    ("saturating", "log(1 - sigmoid(D(G(z)))), CVPR 2017", PriorForm::Saturating),
];

pub(super) const CLIPPINGS: Choices<Clipping> = &[
    ("hard", "Set to the border", Clipping::Hard),
    ("stochastic", "Drawn anew (Lipton & Tripathi 2017)", Clipping::Stochastic),
];

/// Parses the names of `choices`, and lists them in help and errors.
pub(super) fn parser<T: Copy + Send + Sync + 'static>(choices: Choices<T>) -> impl TypedValueParser<Value = T> {
    let names = choices.iter().map(|&(name, help, _)| PossibleValue::new(name).help(help));
    PossibleValuesParser::new(names).try_map(move |name| {
        choices
            .iter()
            .find(|choice| choice.0 == name)
            .map(|choice| choice.2)
            .ok_or_else(|| format!("'{name}' is no choice here"))
    })
}

/// The name of a value.
pub(super) fn name_of<T: PartialEq>(choices: Choices<T>, value: &T) -> &'static str {
    choices.iter().find(|choice| choice.2 == *value).map_or("", |choice| choice.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_named_as_in_reports<T: serde::Serialize>(choices: Choices<T>) {
        for (name, _, value) in choices {
            assert_eq!(serde_json::to_value(value).unwrap(), *name);
        }
    }

    #[test]
    fn every_choice_is_named_as_in_the_report() {
        assert_named_as_in_reports(BLENDS);
        assert_named_as_in_reports(PRESETS);
        assert_named_as_in_reports(SCHEDULES);
        assert_named_as_in_reports(OPTIMIZERS);
        assert_named_as_in_reports(STARTS);
        assert_named_as_in_reports(REDUCTIONS);
        assert_named_as_in_reports(NORMS);
        assert_named_as_in_reports(PRIORS);
        assert_named_as_in_reports(CLIPPINGS);
    }

    #[test]
    fn presets_and_blends_are_offered_completely_and_in_order() {
        let names = |ids: &[&'static str]| ids.to_vec();
        assert_eq!(names(&Preset::ALL.map(Preset::id)), PRESETS.iter().map(|preset| preset.0).collect::<Vec<_>>());
        assert_eq!(names(&BlendMode::ALL.map(BlendMode::id)), BLENDS.iter().map(|blend| blend.0).collect::<Vec<_>>());
    }
}
