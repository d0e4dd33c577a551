//! Options with a fixed set of values.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::blend::BlendMode;
use crate::restore::ImageTask;
use crate::train::TrainRecipe;

/// Name, help and value of each choice.
pub(super) type Choices<T> = &'static [(&'static str, &'static str, T)];

/// Whether the completion network redraws the hole.
pub(super) const COMPLETION: Choices<bool> =
    &[("on", "Redraw it", true), ("off", "Keep the generator's picture", false)];

/// Parses the names of blend modes.
pub(super) fn blend_parser() -> impl TypedValueParser<Value = BlendMode> {
    parser(BlendMode::ALL.map(|mode| (mode.id(), mode.help(), mode)))
}

/// Parses the names of tasks.
pub(super) fn task_parser() -> impl TypedValueParser<Value = ImageTask> {
    parser(ImageTask::ALL.map(|task| (task.id(), task.help(), task)))
}

/// Parses whether the completion network redraws the hole.
pub(super) fn completion_parser() -> impl TypedValueParser<Value = bool> {
    parser(COMPLETION.iter().copied())
}

/// Parses the names of training recipes.
pub(super) fn recipe_parser() -> impl TypedValueParser<Value = TrainRecipe> {
    parser(TrainRecipe::ALL.map(|recipe| (recipe.id(), recipe.help(), recipe)))
}

/// Parses the names of `choices`, and lists them in help and errors.
pub(super) fn parser<T: Clone + Send + Sync + 'static>(
    choices: impl IntoIterator<Item = (&'static str, &'static str, T)>,
) -> impl TypedValueParser<Value = T> {
    let choices: Vec<_> = choices.into_iter().collect();
    let names: Vec<_> = choices.iter().map(|(name, help, _)| PossibleValue::new(name).help(*help)).collect();
    PossibleValuesParser::new(names).try_map(move |name| {
        let choice = choices.iter().find(|choice| choice.0 == name);
        choice.map(|choice| choice.2.clone()).ok_or_else(|| format!("'{name}' is not one of the choices"))
    })
}

/// The name of a value.
pub(super) fn name_of<T: PartialEq>(choices: Choices<T>, value: &T) -> &'static str {
    choices.iter().find(|choice| choice.2 == *value).map_or("", |choice| choice.0)
}
