//! Finds the end of a scan's entropy-coded data and its restart intervals.
//!
//! Within the data, FF 00 is the byte FF, and FF D0 to FF D7 are restart marks (ITU-T T.81, section B.1.1.5). Other
//! marks end the scan, unless they cannot be one: damage may look like a mark.

/// The bytes of a scan, before they are matched with the picture's intervals.
pub(super) struct ScanData {
    start: usize,
    /// The mark behind the scan, or the end of the file.
    pub end: usize,
    restarts: Vec<Restart>,
}

#[derive(Clone, Copy)]
struct Restart {
    /// The first byte FF.
    start: usize,
    /// Behind the mark.
    end: usize,
    /// 0 to 7.
    number: u8,
}

/// The intervals of a scan in the order of the picture.
pub(super) struct Intervals<'a> {
    /// `None` for lost intervals.
    pub data: Vec<Option<&'a [u8]>>,
    /// Whether data are left that belong to no interval.
    pub has_surplus: bool,
}

impl ScanData {
    /// Looks for the end of the data that begin at `start`. `interval_count` is how many restart intervals there should
    /// be: none for a file without restart marks.
    pub fn find(bytes: &[u8], start: usize, interval_count: Option<usize>) -> Self {
        let mut found = Self { start, end: bytes.len(), restarts: Vec::new() };
        let mut at = start;
        while let Some((mark_start, mark, behind)) = next_mark(bytes, at) {
            at = behind;
            match mark {
                0 => {}
                0xD0..=0xD7 if interval_count.is_some() => {
                    found.restarts.push(Restart { start: mark_start, end: behind, number: mark & 7 });
                }
                _ if can_end_scan(bytes, mark, behind) && !found.goes_on(bytes, behind, interval_count) => {
                    found.end = mark_start;
                    return found;
                }
                _ => {}
            }
        }
        // A single byte FF at the end of the file is the start of a mark.
        let filling = bytes.get(start..).map_or(0, |data| data.iter().rev().take_while(|byte| **byte == 0xFF).count());
        found.end = bytes.len() - filling;
        found
    }

    /// Whether the next restart mark is the one that is due. Then what looked like the scan's end is damage.
    fn goes_on(&self, bytes: &[u8], at: usize, interval_count: Option<usize>) -> bool {
        let Some(count) = interval_count else { return false };
        let due = 0xD0 + number_of(self.restarts.len());
        let mut at = at;
        while self.restarts.len() + 1 < count
            && let Some((_, mark, behind)) = next_mark(bytes, at)
        {
            if mark != 0 {
                return mark == due;
            }
            at = behind;
        }
        false
    }

    /// Matches the data with `count` intervals. A restart mark has the number of the interval before it, modulo 8:
    /// lost and surplus marks show.
    pub fn intervals<'a>(&self, bytes: &'a [u8], count: usize) -> Intervals<'a> {
        let mut found = Intervals { data: vec![None; count], has_surplus: false };
        let (mut interval, mut start) = (0, self.start);
        // Marks that the file should have, but has not.
        let mut absent = count.saturating_sub(1 + self.restarts.len());
        let has_all = self.restarts.len() + 1 == count;
        for (index, restart) in self.restarts.iter().enumerate() {
            let due = number_of(interval);
            let ahead = usize::from(restart.number.wrapping_sub(due) & 7);
            let is_next_due = self.restarts.get(index + 1).is_some_and(|next| next.number == due);
            let lost = if ahead == 0 || has_all {
                // Where no mark is missing, a wrong number is the only damage.
                0
            } else if !is_next_due && absent % 8 == ahead {
                absent
            } else if !is_next_due && absent > ahead {
                ahead
            } else {
                // No mark of the file: damage that looks like one.
                continue;
            };
            absent = absent.saturating_sub(lost);
            found.put(interval, bytes.get(start..restart.start).unwrap_or_default());
            interval += 1 + lost;
            start = restart.end;
        }
        found.put(interval, bytes.get(start..self.end).unwrap_or_default());
        found
    }
}

impl<'a> Intervals<'a> {
    fn put(&mut self, interval: usize, data: &'a [u8]) {
        if let Some(slot) = self.data.get_mut(interval) {
            *slot = Some(data);
        } else {
            self.has_surplus |= data.iter().any(|byte| !matches!(byte, 0 | 0xFF));
        }
    }
}

/// The number of the restart mark behind an interval.
fn number_of(interval: usize) -> u8 {
    interval.to_le_bytes()[0] & 7
}

/// The next byte FF, the first other byte after it (0 where it is no mark), and what is behind that.
pub(super) fn next_mark(bytes: &[u8], at: usize) -> Option<(usize, u8, usize)> {
    let start = at + bytes.get(at..)?.iter().position(|byte| *byte == 0xFF)?;
    let fill = bytes.get(start..)?.iter().position(|byte| *byte != 0xFF)?;
    let mark = *bytes.get(start + fill)?;
    Some((start, mark, start + fill + 1))
}

/// Whether a mark may stand behind a scan and what follows it looks like its segment.
fn can_end_scan(bytes: &[u8], mark: u8, behind: usize) -> bool {
    let byte = |at: usize| bytes.get(at).copied();
    let (Some(high), Some(low)) = (byte(behind), byte(behind + 1)) else { return mark == 0xD9 };
    let length = usize::from(u16::from_be_bytes([high, low]));
    let is_before_mark = || byte(behind + length) == Some(0xFF) && byte(behind + length + 1) != Some(0);
    match mark {
        // The end of the picture.
        0xD9 => true,
        // Another picture begins.
        0xD8 => high == 0xFF,
        // The next scan.
        0xDA => byte(behind + 2).is_some_and(|parts| length == 6 + 2 * usize::from(parts) && (1..=4).contains(&parts)),
        // The number of lines; a new restart interval.
        0xDC | 0xDD => length == 4 && is_before_mark(),
        // Tables, comments, data of programs.
        0xC4 | 0xCC | 0xDB | 0xE0..=0xEF | 0xFE => length > 2 && is_before_mark(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Intervals of 1 byte each, with restart marks of these numbers between them.
    fn with_restarts(numbers: &[u8]) -> Vec<u8> {
        let mut bytes = vec![100];
        for (index, number) in numbers.iter().enumerate() {
            bytes.extend([0xFF, 0xD0 + number, 101 + u8::try_from(index).unwrap()]);
        }
        bytes.extend([0xFF, 0xD9, 0x55]);
        bytes
    }

    fn matched(numbers: &[u8], count: usize) -> (Vec<Option<u8>>, bool) {
        let bytes = with_restarts(numbers);
        let data = ScanData::find(&bytes, 0, Some(count));
        assert_eq!(data.end, bytes.len() - 3);
        let found = data.intervals(&bytes, count);
        (found.data.iter().map(|data| data.and_then(|data| data.first().copied())).collect(), found.has_surplus)
    }

    #[test]
    fn lost_and_surplus_restart_marks_show() {
        let some = |values: &[u8]| values.iter().map(|value| (*value > 0).then_some(*value)).collect::<Vec<_>>();
        assert_eq!(matched(&[0, 1, 2], 4), (some(&[100, 101, 102, 103]), false));
        assert_eq!(matched(&[0, 2, 3], 5), (some(&[100, 101, 0, 102, 103]), false));
        assert_eq!(matched(&[0, 5, 1, 2], 4), (some(&[100, 101, 103, 104]), false));
        assert_eq!(matched(&[0, 0, 1, 2], 4), (some(&[100, 101, 103, 104]), false));
        assert_eq!(matched(&[0, 1, 2], 2), (some(&[100, 101]), true));
        assert_eq!(matched(&[0], 3), (some(&[100, 101, 0]), false));
        assert_eq!(matched(&[0, 6, 2], 4), (some(&[100, 101, 102, 103]), false));
        // Ten marks in a row are lost: the number of intervals tells that it was not two.
        assert_eq!(matched(&[0, 3], 13), (some(&[100, 101, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 102]), false));
    }

    #[test]
    fn marks_that_cannot_be_are_data() {
        let end = |bytes: &[u8], count| ScanData::find(bytes, 0, count).end;
        assert_eq!(end(&[1, 0xFF, 0x9F, 2, 0xFF, 0, 0xFF, 0xD3, 3, 0xFF, 0xD9], None), 9);
        // Tables are believed when a mark follows them.
        assert_eq!(end(&[1, 0xFF, 0xC4, 0, 4, 9, 9, 0xFF, 0xDA, 0], None), 1);
        assert_eq!(end(&[1, 0xFF, 0xC4, 0, 4, 9, 9, 9, 0xFF, 0xD9], None), 8);
        assert_eq!(end(&[1, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 5], None), 1);
        assert_eq!(end(&[1, 0xFF, 0xDA, 0, 9, 1, 1, 0, 0, 63, 0, 5], None), 12);
        // The file ends.
        assert_eq!(end(&[1, 2, 0xFF], None), 2);
        // The mark behind the end mark is the restart that is due.
        let cut = [1, 0xFF, 0xD9, 2, 0xFF, 0xD0, 3, 0xFF, 0xD9];
        assert_eq!((end(&cut, Some(2)), end(&cut, Some(1)), end(&cut, None)), (7, 1, 1));
    }
}
