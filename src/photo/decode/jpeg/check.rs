//! Counts what is missing or damaged in a picture.

use super::coefficients::{Blocks, NonZero, Nothing};
use super::frame::Process;
use super::picture::Picture;
use super::scan::{Scan, decode_scan};

/// With more than this share missing there is no picture to work with.
const MOST_MISSING: f64 = 0.95;

/// Shares of the picture, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Damage {
    /// Grey, or without colours.
    missing: f64,
    /// Behind damaged data, as far as these reach.
    doubtful: f64,
    /// Without fine detail: later scans of a progressive file are missing.
    coarse: f64,
}

/// What to do with a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Whole,
    /// Opens with a warning: a sentence without a full stop.
    Warn(String),
    CutShort,
    Broken,
}

/// Walks through all data without keeping coefficients.
pub(super) fn check(picture: &Picture) -> Damage {
    match picture.frame.process {
        Process::Sequential => decode(picture, &mut Nothing),
        Process::Progressive => decode(picture, &mut NonZero::new(&picture.frame)),
    }
}

/// Decodes all scans into `blocks`.
pub(super) fn decode(picture: &Picture, blocks: &mut impl Blocks) -> Damage {
    let mut damage = Damage::default();
    for scan in &picture.scans {
        let found = decode_scan(&picture.frame, &picture.tables, scan, blocks);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let share = |count: usize| count as f64 / found.units.max(1) as f64;
        let lacks = if scan.starts_blocks() { &mut damage.missing } else { &mut damage.coarse };
        *lacks = lacks.max(share(found.missing));
        damage.doubtful = damage.doubtful.max(share(found.doubtful));
    }
    let components = 0..picture.frame.components.len();
    if components.clone().any(|component| !picture.scans.iter().any(|scan| scan.starts_blocks() && scan.has(component)))
    {
        damage.missing = 1.0;
    }
    if picture.frame.process == Process::Progressive && components.into_iter().any(|c| is_unrefined(&picture.scans, c))
    {
        damage.coarse = 1.0;
    }
    damage
}

/// Whether the last bits of some coefficients of a component are in no scan.
fn is_unrefined(scans: &[Scan], component: usize) -> bool {
    let mut shifts = [Some(0); 64];
    for scan in scans.iter().filter(|scan| scan.has(component)) {
        if let Some(band) = shifts.get_mut(scan.band.first..=scan.band.last) {
            band.fill(Some(scan.band.shift));
        }
    }
    shifts.iter().any(|shift| *shift != Some(0))
}

impl Damage {
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// A file that just ends is cut short: another copy is likely whole. With an end mark this is all there is.
    pub fn verdict(self, has_end_mark: bool) -> Verdict {
        if (self.missing > 0.0 || self.coarse > 0.0) && !has_end_mark {
            return Verdict::CutShort;
        }
        if self.missing > MOST_MISSING {
            return Verdict::Broken;
        }
        let mut parts = Vec::new();
        if self.missing > 0.0 {
            parts.push(format!("{} of the picture is missing (grey)", percent(self.missing)));
        }
        if self.doubtful > 0.0 {
            parts.push(format!("{} of the picture may be wrong", percent(self.doubtful)));
        }
        if self.coarse > 0.0 {
            parts.push(format!("{} of the picture lacks fine detail", percent(self.coarse)));
        }
        if parts.is_empty() {
            Verdict::Whole
        } else {
            Verdict::Warn(format!("the file is damaged: {}", parts.join(", ")))
        }
    }
}

fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent < 1.0 { "less than 1 %".into() } else { format!("{percent:.0} %") }
}
