//! `--edit NAME=AMOUNT,…`: changes attributes of a face after its search.

use std::collections::BTreeMap;

use super::usage_error;
use crate::model::ModelInfo;
use crate::search::{LatentEdit, MAX_EDIT_AMOUNT};

/// Name of the edit that makes the hole resemble the other half of the face.
const OTHER_HALF: &str = "other-half";

/// The amounts of an edit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct EditArg {
    amounts: BTreeMap<String, f32>,
    other_half: f32,
}

impl EditArg {
    /// Reads `NAME=AMOUNT,…`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut edit = Self { amounts: BTreeMap::new(), other_half: 0.0 };
        for part in text.split(',') {
            let pair = part.split_once('=').and_then(|(name, amount)| Some((name.trim(), amount.trim().parse().ok()?)));
            let Some((name, amount)) = pair else {
                return Err("give names and amounts, for example smile=1.5,age=-1".into());
            };
            let (lowest, highest) = if name == OTHER_HALF { (0.0, 1.0) } else { (-MAX_EDIT_AMOUNT, MAX_EDIT_AMOUNT) };
            if !(lowest..=highest).contains(&amount) {
                return Err(format!("{name} is {amount}: use {lowest} to {highest}"));
            }
            let is_first = match name {
                OTHER_HALF => std::mem::replace(&mut edit.other_half, amount) == 0.0,
                _ => edit.amounts.insert(name.to_string(), amount).is_none(),
            };
            if !is_first {
                return Err(format!("{name} is there twice: give one amount"));
            }
        }
        Ok(edit)
    }

    /// Checks that the model has the directions.
    pub(super) fn check(&self, model: &ModelInfo) -> anyhow::Result<()> {
        let known: Vec<&str> = model.direction_names().collect();
        if let Some(name) = self.amounts.keys().find(|name| !known.contains(&name.as_str())) {
            let names = known.into_iter().chain(model.has_encoder.then_some(OTHER_HALF)).collect::<Vec<_>>().join(", ");
            let has = if names.is_empty() { "nothing to edit".to_string() } else { names };
            return Err(usage_error(format!(
                "--edit {name}: {} has {has}; `countenance directions` adds directions to a model",
                model.name
            )));
        }
        if self.other_half > 0.0 && !model.has_encoder {
            return Err(usage_error(format!("--edit {OTHER_HALF}: {} has no encoder, which it needs", model.name)));
        }
        Ok(())
    }

    /// The edit of this latent.
    pub(super) fn of(&self, latent: &[f32]) -> LatentEdit {
        LatentEdit { amounts: self.amounts.clone(), other_half: self.other_half, ..LatentEdit::of(latent) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ModelChoice, inspect};

    #[test]
    fn names_have_amounts() {
        let edit = EditArg::parse("smile=1.5, age=-1,other-half=0.5").unwrap();
        let amounts = BTreeMap::from([("age".to_string(), -1.0), ("smile".to_string(), 1.5)]);
        assert_eq!(edit.of(&[0.5, 1.25]), LatentEdit { latent: vec![0.5, 1.0], amounts, other_half: 0.5 });
    }

    #[test]
    fn invalid_edits_are_refused() {
        let refused = |text: &str| EditArg::parse(text).unwrap_err();
        for text in ["", "smile", "smile=", "smile=much", "smile=1,,age=1"] {
            insta::allow_duplicates! {
                insta::assert_snapshot!(refused(text), @"give names and amounts, for example smile=1.5,age=-1");
            }
        }
        insta::assert_snapshot!(refused("smile=4"), @"smile is 4: use -3 to 3");
        insta::assert_snapshot!(refused("smile=NaN"), @"smile is NaN: use -3 to 3");
        insta::assert_snapshot!(refused("other-half=-1"), @"other-half is -1: use 0 to 1");
        insta::assert_snapshot!(refused("age=1,age=2"), @"age is there twice: give one amount");
    }

    #[test]
    fn directions_must_be_in_the_model() {
        let model = inspect(&ModelChoice::Face64).unwrap();
        assert!(EditArg::parse("smile=1,other-half=1").unwrap().check(&model).is_ok());
        let error = EditArg::parse("smile=1,nose=2").unwrap().check(&model).unwrap_err().to_string();
        insta::assert_snapshot!(error, @"--edit nose: face-64 has smile, turn, light, age, gender, other-half; `countenance directions` adds directions to a model");
    }
}
