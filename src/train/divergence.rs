//! Detects divergence: values that are not finite, a discriminator that always wins, and mode collapse.

/// D is certain when its mean output is above this on real faces, and below one minus this on generated ones.
const CERTAIN: f32 = 0.99;
/// The run has failed after this many consecutive log rows with a certain D, because G gets no useful gradients.
const MAX_CERTAIN_ROWS: u32 = 50;
/// The generator has collapsed when the diversity falls below this share of its highest value.
const COLLAPSE_RATIO: f64 = 0.1;
/// Collapse is only checked once the diversity has exceeded this share of the full range, because that of an untrained
/// generator is low.
const MIN_PEAK_DIVERSITY: f64 = 0.03;

/// The history that the checks need.
#[derive(Clone, Debug, Default)]
pub(super) struct DivergenceMonitor {
    certain_rows: u32,
    peak_diversity: f64,
}

impl DivergenceMonitor {
    /// Checks a row of the log. Returns the reason if training has diverged.
    pub fn check_metrics(&mut self, metrics: &[(&'static str, f32)]) -> Option<String> {
        if let Some((name, _)) = metrics.iter().find(|(_, value)| !value.is_finite()) {
            return Some(format!("{name} is NaN or infinite: continue with a lower learning rate or a larger batch"));
        }
        let get = |name: &str| metrics.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        let is_certain =
            get("d_real").is_some_and(|real| real > CERTAIN) && get("d_fake").is_some_and(|fake| fake < 1.0 - CERTAIN);
        self.certain_rows = if is_certain { self.certain_rows + 1 } else { 0 };
        (self.certain_rows >= MAX_CERTAIN_ROWS).then(|| {
            "the discriminator has won and the generator no longer learns: start a new run with another seed, more \
             faces, or a larger --r1"
                .into()
        })
    }

    /// Checks the mean difference between two samples, 0 to 1. Returns the reason if the generator has collapsed.
    pub fn check_diversity(&mut self, diversity: f64) -> Option<String> {
        self.peak_diversity = self.peak_diversity.max(diversity);
        let peak = self.peak_diversity;
        (peak > MIN_PEAK_DIVERSITY && diversity < COLLAPSE_RATIO * peak).then(|| {
            "the generator has collapsed, its samples are nearly identical: start a new run with another seed, more \
             faces, or a larger --r1"
                .into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_that_are_not_finite_are_named() {
        let mut monitor = DivergenceMonitor::default();
        assert_eq!(monitor.check_metrics(&[("d_loss", 1.0), ("g_loss", 2.0)]), None);
        assert!(monitor.check_metrics(&[("d_loss", 1.0), ("g_loss", f32::NAN)]).unwrap().starts_with("g_loss"));
    }

    #[test]
    fn only_a_constantly_certain_discriminator_has_won() {
        let row =
            |monitor: &mut DivergenceMonitor, fake: f32| monitor.check_metrics(&[("d_real", 0.999), ("d_fake", fake)]);
        let mut monitor = DivergenceMonitor::default();
        for index in 1..MAX_CERTAIN_ROWS {
            assert_eq!(row(&mut monitor, 0.001), None, "row {index}");
        }
        let mut wavering = monitor.clone();
        assert!(row(&mut monitor, 0.001).unwrap().contains("has won"));
        assert_eq!(row(&mut wavering, 0.1), None);
        assert_eq!(row(&mut wavering, 0.001), None);
    }

    #[test]
    fn only_a_loss_of_diversity_is_collapse() {
        let mut monitor = DivergenceMonitor::default();
        assert_eq!(monitor.check_diversity(0.001), None);
        assert_eq!(monitor.check_diversity(0.15), None);
        assert_eq!(monitor.check_diversity(0.05), None);
        assert!(monitor.check_diversity(0.01).unwrap().contains("collapsed"));
    }
}
