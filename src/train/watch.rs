//! Notices when a run goes wrong: numbers that are none, and collapse.

/// D is nearly always sure from here on, as a mean over many faces.
const SURE: f32 = 0.99;
/// So many rows of the log in a row in which D is sure are a defeat of G: nothing is learned from such a D any more.
const SURE_ROWS: u32 = 50;
/// Samples this much less diverse than they once were are one face.
const DIVERSITY_LEFT: f64 = 0.1;
/// Diversity that a generator must have reached before it can lose it, as a share of full range: untrained ones have none.
const DIVERSE: f64 = 0.03;

/// What is known about the course of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    sure_rows: u32,
    most_diverse: f64,
}

impl Watch {
    /// Looks at a row of the log. `Some` says what went wrong.
    pub fn row(&mut self, numbers: &[(&'static str, f32)]) -> Option<String> {
        if let Some((name, _)) = numbers.iter().find(|(_, value)| !value.is_finite()) {
            return Some(format!(
                "{name} is not a number any more: go on with a lower learning rate or a larger batch"
            ));
        }
        let get = |name: &str| numbers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let is_sure =
            matches!((get("d_real"), get("d_fake")), (Some(real), Some(fake)) if real > SURE && fake < 1.0 - SURE);
        self.sure_rows = if is_sure { self.sure_rows + 1 } else { 0 };
        (self.sure_rows >= SURE_ROWS).then(|| {
            "the discriminator has won and the generator learns nothing any more: start anew with another seed, more faces, \
             or a larger --r1"
                .into()
        })
    }

    /// Looks at the mean difference between two samples, 0 to 1.
    pub fn diversity(&mut self, diversity: f64) -> Option<String> {
        self.most_diverse = self.most_diverse.max(diversity);
        let is_lost = self.most_diverse > DIVERSE && diversity < DIVERSITY_LEFT * self.most_diverse;
        is_lost.then(|| {
            "the generator has collapsed, its samples are nearly one face: start anew with another seed, more faces, or a \
             larger --r1"
                .into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_none_are_named() {
        let mut watch = Watch::default();
        assert_eq!(watch.row(&[("d_loss", 1.0), ("g_loss", 2.0)]), None);
        assert!(watch.row(&[("d_loss", 1.0), ("g_loss", f32::NAN)]).unwrap().starts_with("g_loss"));
    }

    #[test]
    fn a_discriminator_that_is_sure_for_long_has_won_and_one_that_wavers_has_not() {
        let row = |watch: &mut Watch, fake: f32| watch.row(&[("d_real", 0.999), ("d_fake", fake)]);
        let mut watch = Watch::default();
        for index in 1..SURE_ROWS {
            assert_eq!(row(&mut watch, 0.001), None, "row {index}");
        }
        let mut wavering = watch.clone();
        assert!(row(&mut watch, 0.001).unwrap().contains("has won"));
        assert_eq!(row(&mut wavering, 0.1), None);
        assert_eq!(row(&mut wavering, 0.001), None);
    }

    #[test]
    fn diversity_that_is_lost_is_a_collapse_and_none_at_the_start_is_not() {
        let mut watch = Watch::default();
        assert_eq!(watch.diversity(0.001), None);
        assert_eq!(watch.diversity(0.15), None);
        assert_eq!(watch.diversity(0.05), None);
        assert!(watch.diversity(0.01).unwrap().contains("collapsed"));
    }
}
