//! The options of `fill` that say what is recovered.

use clap::Args;

use super::{usage_error, value_names};
use crate::restore::ImageTask;

/// The task and its parameter.
#[derive(Debug, Args)]
#[command(next_help_heading = "Task")]
pub(super) struct TaskArgs {
    /// What to recover; all but fill restore the whole face, and need no --mask
    ///
    /// superres enlarges the whole photo; the face is drawn so that its means over blocks are the photo's pixels. colorize
    /// gives a grey face colours and keeps the brightness of every pixel; a grey photo becomes RGB. deblur, denoise and
    /// dejpeg draw the face anew at the same size, and keep what the photo still tells. Outside the face frame, the photo
    /// stays as it is, or as it is enlarged. A hole in --mask is filled in addition. Masks and --frame are of the photo
    /// before it is enlarged.
    ///
    /// The preset Best has settings of its own for each task.
    #[arg(long, value_name = "NAME", value_parser = value_names::task_parser(), default_value = "fill")]
    task: ImageTask,

    /// superres: how many times larger the result is along each side, 2, 4 or 8 [default: 4]
    #[arg(long, value_name = "2|4|8")]
    factor: Option<f32>,

    /// deblur: standard deviation of the photo's blur, in photo pixels [default: 3]
    #[arg(long, value_name = "0.5..30")]
    blur_radius: Option<f32>,

    /// denoise: standard deviation of the photo's noise, in levels of 255 [default: 20]
    #[arg(long, value_name = "1..100")]
    noise_level: Option<f32>,

    /// dejpeg: the quality that the photo was saved with, as libjpeg counts it [default: 20]
    #[arg(long, value_name = "1..95")]
    jpeg_quality: Option<f32>,
}

impl TaskArgs {
    /// The task with its parameter, checked.
    pub(super) fn task(&self) -> anyhow::Result<ImageTask> {
        let mut task = self.task;
        let given = [
            ("factor", self.factor),
            ("blur-radius", self.blur_radius),
            ("noise-level", self.noise_level),
            ("jpeg-quality", self.jpeg_quality),
        ];
        for (id, value) in given.into_iter().filter_map(|(id, value)| Some((id, value?))) {
            let is_of = |task: &ImageTask| task.parameter().is_some_and(|parameter| parameter.id == id);
            if !is_of(&task) {
                let owner = ImageTask::ALL.iter().find(|task| is_of(task)).map_or("", ImageTask::id);
                return Err(usage_error(format!("--{id} has no effect here: add --task {owner}, or leave it out")));
            }
            let changed = task.with_parameter(value);
            // A whole number that was rounded would be another one than was asked for.
            let is_exact = changed.parameter().is_some_and(|parameter| parameter.value.to_bits() == value.to_bits());
            if !is_exact || changed.invalid_parameter().is_some() {
                let expected = task.parameter().map(|parameter| parameter.expected()).unwrap_or_default();
                return Err(usage_error(format!("--{id} is {value}: use {expected}")));
            }
            task = changed;
        }
        Ok(task)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        task: TaskArgs,
    }

    fn task(line: &str) -> Result<ImageTask, String> {
        let parsed = Line::try_parse_from(std::iter::once("x").chain(line.split_whitespace()));
        let parsed = parsed.map_err(|error| error.to_string())?;
        parsed.task.task().map_err(|error| error.to_string())
    }

    #[test]
    fn a_task_takes_its_own_parameter() {
        assert_eq!(task(""), Ok(ImageTask::Fill));
        assert_eq!(task("--task superres"), Ok(ImageTask::SuperResolution { factor: 4 }));
        assert_eq!(task("--task superres --factor 8"), Ok(ImageTask::SuperResolution { factor: 8 }));
        assert_eq!(task("--task deblur --blur-radius 2.5"), Ok(ImageTask::Deblur { radius_px: 2.5 }));
        assert_eq!(task("--task denoise --noise-level 12"), Ok(ImageTask::Denoise { level: 12.0 }));
        assert_eq!(task("--task dejpeg --jpeg-quality 10"), Ok(ImageTask::Dejpeg { quality: 10 }));
    }

    #[test]
    fn contradictions_are_refused() {
        let refused = |line: &str| task(line).unwrap_err();
        insta::assert_snapshot!(refused("--task colorize --factor 2"), @"--factor has no effect here: add --task superres, or leave it out");
        insta::assert_snapshot!(refused("--noise-level 9"), @"--noise-level has no effect here: add --task denoise, or leave it out");
        insta::assert_snapshot!(refused("--task superres --factor 3"), @"--factor is 3: use 2 or 4 or 8");
        insta::assert_snapshot!(refused("--task superres --factor 2.2"), @"--factor is 2.2: use 2 or 4 or 8");
        insta::assert_snapshot!(refused("--task deblur --blur-radius 90"), @"--blur-radius is 90: use 0.5 to 30");
        insta::assert_snapshot!(refused("--task dejpeg --jpeg-quality nan"), @"--jpeg-quality is NaN: use 1 to 95");
    }
}
