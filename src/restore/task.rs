//! The tasks and their parameters.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// What a search is asked to recover. Each task but [`Fill`](Self::Fill) restores the whole face; a painted hole is
/// filled in addition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageTask {
    /// Fill the hole. The known pixels are believed as they are.
    #[default]
    Fill,
    /// The photo is `factor` times too small: each of its pixels is the mean of a block.
    #[serde(rename = "superres")]
    SuperResolution { factor: u32 },
    /// The photo is grey: only the luminance is known.
    Colorize,
    /// The photo is blurred by a Gaussian with this standard deviation, in photo pixels.
    Deblur { radius_px: f32 },
    /// The photo has Gaussian noise with this standard deviation, in levels of 255.
    Denoise { level: f32 },
    /// The photo was compressed as a JPEG of this quality, 1 to 100 as libjpeg counts it.
    Dejpeg { quality: u32 },
}

/// The parameter of a task, as the command line and the editor show it.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskParameter {
    /// The option on the command line, without the dashes. Also its name in error messages.
    pub id: &'static str,
    /// The name in the editor.
    pub title: &'static str,
    /// What it is, in one sentence.
    pub help: &'static str,
    pub range: RangeInclusive<f32>,
    /// The only allowed values; empty if all of the range are.
    pub choices: &'static [u32],
    pub value: f32,
}

impl TaskParameter {
    /// What is allowed, to be read after "use".
    #[must_use]
    pub fn expected(&self) -> String {
        match self.choices {
            [] => format!("{} to {}", self.range.start(), self.range.end()),
            choices => choices.iter().map(u32::to_string).collect::<Vec<_>>().join(" or "),
        }
    }

    fn is_allowed(&self) -> bool {
        let is_choice =
            |choice: &u32| u8::try_from(*choice).is_ok_and(|it| f32::from(it).to_bits() == self.value.to_bits());
        self.range.contains(&self.value) && (self.choices.is_empty() || self.choices.iter().any(is_choice))
    }
}

impl ImageTask {
    /// All tasks with the default of their parameter, in the order they are offered.
    pub const ALL: [Self; 6] = [
        Self::Fill,
        Self::SuperResolution { factor: 4 },
        Self::Colorize,
        Self::Deblur { radius_px: 3.0 },
        Self::Denoise { level: 20.0 },
        Self::Dejpeg { quality: 20 },
    ];

    /// Whether only the hole is filled.
    #[must_use]
    pub fn is_fill(&self) -> bool {
        *self == Self::Fill
    }

    /// Whether both are the same task, whatever their parameters.
    #[must_use]
    pub fn is_same_kind(&self, other: &Self) -> bool {
        self.id() == other.id()
    }

    /// The name on the command line and in reports.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::Fill => "fill",
            Self::SuperResolution { .. } => "superres",
            Self::Colorize => "colorize",
            Self::Deblur { .. } => "deblur",
            Self::Denoise { .. } => "denoise",
            Self::Dejpeg { .. } => "dejpeg",
        }
    }

    /// The name in the editor.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::Fill => "Fill the hole",
            Self::SuperResolution { .. } => "Enlarge (super-resolution)",
            Self::Colorize => "Colour a grey photo",
            Self::Deblur { .. } => "Sharpen a blurred face",
            Self::Denoise { .. } => "Remove noise",
            Self::Dejpeg { .. } => "Remove JPEG artefacts",
        }
    }

    /// What it does, in one sentence.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Fill => "Replace what is painted; the rest of the photo is believed as it is",
            Self::SuperResolution { .. } => {
                "Enlarge the whole photo, and draw the face in it so that its means over blocks are the photo's pixels"
            }
            Self::Colorize => "Give the face colours; the brightness of every pixel stays as it is",
            Self::Deblur { .. } => "Draw the face sharp, so that it agrees with the photo when it is blurred again",
            Self::Denoise { .. } => "Draw the face without noise, and keep what differs more than noise does",
            Self::Dejpeg { .. } => "Draw the face without blocks, within what the JPEG's rounding leaves open",
        }
    }

    /// The task with this [`id`](Self::id) and the default of its parameter.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.id() == id)
    }

    /// The task's parameter; `None` if it has none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    pub fn parameter(&self) -> Option<TaskParameter> {
        Some(match *self {
            Self::Fill | Self::Colorize => return None,
            Self::SuperResolution { factor } => TaskParameter {
                id: "factor",
                title: "Factor",
                help: "How many times larger the result is, along each side",
                range: 2.0..=8.0,
                choices: &[2, 4, 8],
                value: factor as f32,
            },
            Self::Deblur { radius_px } => TaskParameter {
                id: "blur-radius",
                title: "Blur radius",
                help: "Standard deviation of the blur in the photo, in photo pixels",
                range: 0.5..=30.0,
                choices: &[],
                value: radius_px,
            },
            Self::Denoise { level } => TaskParameter {
                id: "noise-level",
                title: "Noise level",
                help: "Standard deviation of the noise in the photo, in levels of 255",
                range: 1.0..=100.0,
                choices: &[],
                value: level,
            },
            Self::Dejpeg { quality } => TaskParameter {
                id: "jpeg-quality",
                title: "JPEG quality of the photo",
                help: "The quality that the photo was saved with, as libjpeg counts it",
                range: 1.0..=95.0,
                choices: &[],
                value: quality as f32,
            },
        })
    }

    /// The same task with another value of its parameter. Whole numbers are rounded.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate; the range is checked")]
    pub fn with_parameter(self, value: f32) -> Self {
        match self {
            Self::Fill | Self::Colorize => self,
            Self::SuperResolution { .. } => Self::SuperResolution { factor: value.round() as u32 },
            Self::Deblur { .. } => Self::Deblur { radius_px: value },
            Self::Denoise { .. } => Self::Denoise { level: value },
            Self::Dejpeg { .. } => Self::Dejpeg { quality: value.round() as u32 },
        }
    }

    /// The parameter, if its value is not allowed.
    #[must_use]
    pub fn invalid_parameter(&self) -> Option<TaskParameter> {
        self.parameter().filter(|parameter| !parameter.is_allowed())
    }

    /// The factor by which the photo is enlarged before the search: 1 for all tasks but super-resolution.
    #[must_use]
    pub fn enlarges_by(&self) -> u32 {
        if let Self::SuperResolution { factor } = self { *factor } else { 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_survive_json_and_ids() {
        for task in ImageTask::ALL {
            let json = serde_json::to_string(&task).unwrap();
            assert_eq!(serde_json::from_str::<ImageTask>(&json).unwrap(), task, "{json}");
            assert_eq!(ImageTask::from_id(task.id()), Some(task));
        }
        let json = serde_json::to_string(&ImageTask::ALL).unwrap();
        insta::assert_snapshot!(json, @r#"["fill",{"superres":{"factor":4}},"colorize",{"deblur":{"radius_px":3.0}},{"denoise":{"level":20.0}},{"dejpeg":{"quality":20}}]"#);
    }

    #[test]
    fn parameters_outside_their_range_are_found() {
        for task in ImageTask::ALL {
            assert_eq!(task.invalid_parameter(), None);
            let Some(parameter) = task.parameter() else { continue };
            assert_eq!(task.with_parameter(parameter.value), task);
            for value in [parameter.range.start() / 4.0, parameter.range.end() * 2.0, f32::NAN] {
                assert!(task.with_parameter(value).invalid_parameter().is_some(), "{task:?} {value}");
            }
        }
        let three = ImageTask::SuperResolution { factor: 3 }.invalid_parameter().unwrap();
        assert_eq!(three.expected(), "2 or 4 or 8");
    }
}
