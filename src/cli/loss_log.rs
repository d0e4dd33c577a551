//! Writes the losses of every iteration as CSV.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;

use crate::search::Losses;

const HEADER: &str = "iteration,candidate,context,prior,total";

/// Writes during the search, so the log also shows a running or failed search.
pub(super) struct LossLog<W: Write> {
    writer: W,
}

impl LossLog<BufWriter<File>> {
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot write the log {}", path.display()))?;
        Self::new(BufWriter::new(file))
    }
}

impl<W: Write> LossLog<W> {
    fn new(mut writer: W) -> anyhow::Result<Self> {
        writeln!(writer, "{HEADER}").context("cannot write the log")?;
        Ok(Self { writer })
    }

    /// Adds one row per candidate; iterations and candidates count from 1.
    pub(super) fn add_iteration(&mut self, iteration: u32, losses: &[Losses]) -> anyhow::Result<()> {
        for (index, Losses { context, prior, total }) in losses.iter().enumerate() {
            writeln!(self.writer, "{iteration},{},{context},{prior},{total}", index + 1)
                .context("cannot write the log")?;
        }
        Ok(())
    }

    /// Writes the buffered rows.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.writer.flush().context("cannot write the log")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_count_iterations_and_candidates_from_one() {
        let mut csv = Vec::new();
        let mut log = LossLog::new(&mut csv).unwrap();
        let first = Losses { context: 0.25, prior: 1.5, total: 0.28 };
        let second = Losses { context: 1400.0, prior: f32::NAN, total: f32::NAN };
        log.add_iteration(1, &[first, second]).unwrap();
        log.add_iteration(2, &[first]).unwrap();
        log.finish().unwrap();
        insta::assert_snapshot!(String::from_utf8(csv).unwrap(), @r"
        iteration,candidate,context,prior,total
        1,1,0.25,1.5,0.28
        1,2,1400,NaN,NaN
        2,1,0.25,1.5,0.28
        ");
    }
}
