//! Shares of work that machines do at once, without knowing of each other.

use std::path::{Path, PathBuf};

/// The I-th of N shares: every N-th item, from the I-th on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    pub index: u64,
    pub count: u64,
}

impl Shard {
    /// All items.
    pub const WHOLE: Self = Self { index: 1, count: 1 };

    /// Reads `I/N`.
    ///
    /// # Errors
    /// Says what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        match numbers {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Self { index, count }),
            _ => Err("give I/N with I from 1 to N, for example 2/8".into()),
        }
    }

    /// Whether the item with this number, from 1, is in the share.
    #[must_use]
    pub fn holds(self, number: u64) -> bool {
        (number - 1) % self.count == self.index - 1
    }

    /// For file names, for example `2-of-8`.
    #[must_use]
    pub fn name(self) -> String {
        format!("{}-of-{}", self.index, self.count)
    }
}

/// The files of shares in a folder: `PREFIX-2-of-8.EXTENSION`, sorted.
#[must_use]
pub fn share_files(folder: &Path, prefix: &str, extension: &str) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let is_share = |path: &PathBuf| {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
        let name = stem.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-'));
        let is_name = name.is_some_and(|name| Shard::parse(&name.replace("-of-", "/")).is_ok());
        is_name && path.extension().is_some_and(|found| found == extension)
    };
    let mut files: Vec<PathBuf> = paths.filter(is_share).collect();
    files.sort();
    files
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
        assert!(Shard::WHOLE.holds(7) && shards[1].name() == "2-of-3");
        for text in ["0/3", "4/3", "1/0", "2", "a/b", "1/2/3"] {
            assert!(Shard::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn share_files_have_the_prefix_and_a_share() {
        let folder = tempfile::tempdir().unwrap();
        for name in
            ["a-1-of-2.jsonl", "a-2-of-2.jsonl", "a-3-of-2.jsonl", "a.jsonl", "a-b-1-of-2.jsonl", "a-1-of-2.json"]
        {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = share_files(folder.path(), "a", "jsonl");
        assert_eq!(found, ["a-1-of-2.jsonl", "a-2-of-2.jsonl"].map(|name| folder.path().join(name)));
    }
}
