//! `--shard I/N`: a share of the jobs.

/// The I-th of N shares, by turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Shard {
    /// From 1.
    pub(super) index: u64,
    pub(super) count: u64,
}

impl Shard {
    /// All jobs.
    pub(super) const WHOLE: Self = Self { index: 1, count: 1 };

    /// Reads `I/N`.
    pub(in crate::cli) fn parse(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        match numbers {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Self { index, count }),
            _ => Err("give I/N with I from 1 to N, for example 2/8".into()),
        }
    }

    /// Whether the job with this number, from 1, is in the share.
    pub(super) fn holds(self, number: u64) -> bool {
        (number - 1) % self.count == self.index - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_hold_every_job_once() {
        let shards = [1, 2, 3].map(|index| Shard::parse(&format!("{index}/3")).unwrap());
        for number in 1..20 {
            assert_eq!(shards.iter().filter(|shard| shard.holds(number)).count(), 1, "{number}");
        }
        assert!(Shard::WHOLE.holds(7));
        for text in ["0/3", "4/3", "1/0", "2", "a/b", "1/2/3"] {
            assert!(Shard::parse(text).is_err(), "{text}");
        }
    }
}
