//! Latent arithmetic: parses and evaluates sums of named faces.

use std::fmt;

use super::{Latent, LatentLibraryError};

/// Refers to a latent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LatentSource {
    /// The sample with this number.
    Sample(u64),
    /// A name in the library.
    Name(String),
}

/// One term of a sum.
#[derive(Clone, Debug, PartialEq)]
pub struct LatentTerm {
    /// Signed weight.
    pub weight: f32,
    pub source: LatentSource,
}

/// A sum of latents, for example `smiling woman - neutral woman + 0.5 * 12`.
#[derive(Clone, Debug, PartialEq)]
pub struct LatentExpression {
    pub terms: Vec<LatentTerm>,
}

/// Why a sum cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LatentExpressionError {
    #[error("there is no name after {sign} in '{text}': write it as in smiling woman - neutral woman + neutral man")]
    MissingName { sign: char, text: String },
    #[error("'{factor}' is not a number: write a weight as in 0.5 * neutral man")]
    InvalidWeight { factor: String },
    #[error("there is nothing to add up: name faces as in smiling woman - neutral woman + neutral man")]
    Empty,
}

impl LatentSource {
    /// Parses digits as a sample number, everything else as a name.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        text.parse().map_or_else(|_| Self::Name(text.to_string()), Self::Sample)
    }
}

impl fmt::Display for LatentSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sample(number) => write!(f, "sample {number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for LatentTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.weight < 0.0 { "− " } else { "+ " };
        let size = self.weight.abs();
        if (size - 1.0).abs() < f32::EPSILON {
            write!(f, "{sign}{}", self.source)
        } else {
            write!(f, "{sign}{size} × {}", self.source)
        }
    }
}

impl LatentExpression {
    /// Parses names and sample numbers with + and − between them. A sign must have spaces on both sides or be at the
    /// start, so that names may contain hyphens.
    ///
    /// # Errors
    /// When a sign has no name, or a weight is not a number.
    pub fn parse(text: &str) -> Result<Self, LatentExpressionError> {
        let mut terms = Vec::new();
        let (mut sign, mut words): (Option<char>, Vec<&str>) = (None, Vec::new());
        for word in text.split_whitespace() {
            match parse_sign(word) {
                Some(next) => {
                    // A sign at the very start belongs to the first name.
                    if sign.is_some() || !words.is_empty() {
                        terms.push(parse_term(sign, &words, text)?);
                    }
                    (sign, words) = (Some(next), Vec::new());
                }
                None => words.push(word),
            }
        }
        if sign.is_none() && words.is_empty() {
            return Err(LatentExpressionError::Empty);
        }
        terms.push(parse_term(sign, &words, text)?);
        Ok(Self { terms })
    }

    /// Adds up the latents from `find` and clamps each value to [-1, 1], the range of the prior.
    ///
    /// # Errors
    /// The errors of `find`.
    pub fn evaluate(
        &self,
        mut find: impl FnMut(&LatentSource) -> Result<Latent, LatentLibraryError>,
    ) -> Result<Latent, LatentLibraryError> {
        let mut sum: Latent = Vec::new();
        for term in &self.terms {
            let latent = find(&term.source)?;
            sum.resize(latent.len().max(sum.len()), 0.0);
            sum.iter_mut().zip(latent).for_each(|(sum, value)| *sum += term.weight * value);
        }
        Ok(sum.into_iter().map(|value| value.clamp(-1.0, 1.0)).collect())
    }
}

/// Parses a sign. Accepts typographic minus signs too, because people copy them from papers.
fn parse_sign(word: &str) -> Option<char> {
    match word {
        "+" => Some('+'),
        "-" | "−" | "–" => Some('-'),
        _ => None,
    }
}

fn parse_term(sign: Option<char>, words: &[&str], text: &str) -> Result<LatentTerm, LatentExpressionError> {
    let sign = sign.unwrap_or('+');
    let words = words.join(" ");
    let (factor, name) = match words.split_once('*') {
        Some((factor, name)) => {
            let factor = factor.trim();
            let number = factor.parse().ok().filter(|number: &f32| number.is_finite());
            (number.ok_or_else(|| LatentExpressionError::InvalidWeight { factor: factor.into() })?, name.trim())
        }
        None => (1.0, words.as_str()),
    };
    if name.is_empty() {
        return Err(LatentExpressionError::MissingName { sign, text: text.trim().into() });
    }
    Ok(LatentTerm { weight: if sign == '-' { -factor } else { factor }, source: LatentSource::parse(name) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formatted(text: &str) -> String {
        let terms = LatentExpression::parse(text).unwrap().terms;
        terms.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn names_of_several_words_are_added_and_subtracted() {
        assert_eq!(
            formatted("smiling woman - neutral woman + neutral man"),
            "+ smiling woman − neutral woman + neutral man"
        );
        assert_eq!(formatted("smiling  woman −  12"), "+ smiling woman − sample 12");
        assert_eq!(formatted("- long-haired + 0.5 * x"), "− long-haired + 0.5 × x");
        assert_eq!(formatted("2*a"), "+ 2 × a");
        assert_eq!(formatted("a"), "+ a");
    }

    #[test]
    fn malformed_sums_are_refused() {
        let refused = |text: &str| LatentExpression::parse(text).unwrap_err().to_string();
        insta::assert_snapshot!(refused("a - + b"), @"there is no name after - in 'a - + b': write it as in smiling woman - neutral woman + neutral man");
        insta::assert_snapshot!(refused("a +"), @"there is no name after + in 'a +': write it as in smiling woman - neutral woman + neutral man");
        insta::assert_snapshot!(refused("half * a"), @"'half' is not a number: write a weight as in 0.5 * neutral man");
        insta::assert_snapshot!(refused("  "), @"there is nothing to add up: name faces as in smiling woman - neutral woman + neutral man");
    }

    #[test]
    fn sums_are_weighted_and_clamped() {
        let find = |source: &LatentSource| match source {
            LatentSource::Sample(_) => Ok(vec![0.5, -0.5, 1.0]),
            LatentSource::Name(_) => Ok(vec![0.25, 0.75, -1.0]),
        };
        let sum = |text: &str| LatentExpression::parse(text).unwrap().evaluate(find).unwrap();
        assert_eq!(sum("7 + a"), [0.75, 0.25, 0.0]);
        assert_eq!(sum("7 - a"), [0.25, -1.0, 1.0]);
        assert_eq!(sum("0.5 * 7 + 0.5 * a"), [0.375, 0.125, 0.0]);
    }
}
