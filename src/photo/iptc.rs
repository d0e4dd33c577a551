//! Removes previews from IPTC records.
//!
//! Records are a series of data sets: a mark, two numbers, a length, and data (IPTC-IIM 4.2, chapter 1.5).

use super::embedded_picture::blank_pictures;

const MARK: u8 = 0x1C;

/// Whether a data set holds a picture: its preview with format and version (2:200 to 2:202), or the picture itself
/// (records 7 to 9).
fn is_picture(record: u8, data_set: u8) -> bool {
    (record == 2 && (200..=202).contains(&data_set)) || (7..=9).contains(&record)
}

/// The records without previews. What cannot be read is kept, with blanked pictures.
pub(super) fn without_previews(records: &[u8]) -> Vec<u8> {
    let (mut kept, mut rest) = (Vec::new(), records);
    while let Some((is_picture, data_set, behind)) = split_data_set(rest) {
        if !is_picture {
            kept.extend(data_set);
        }
        rest = behind;
    }
    kept.extend(rest);
    blank_pictures(&mut kept);
    kept
}

/// Splits off the first data set, and tells whether it holds a picture.
fn split_data_set(records: &[u8]) -> Option<(bool, &[u8], &[u8])> {
    let &[MARK, record, data_set, high, low, ..] = records else { return None };
    let length = usize::from(u16::from_be_bytes([high, low]));
    // The highest bit tells that this is the length of the length.
    let (header, length) = if length & 0x8000 == 0 {
        (5, length)
    } else {
        let bytes = length & 0x7FFF;
        let digits = records.get(5..5 + bytes)?.iter();
        (5 + bytes, digits.fold(0_usize, |length, digit| length.saturating_mul(256).saturating_add((*digit).into())))
    };
    let (data, behind) = records.split_at_checked(header.saturating_add(length))?;
    Some((is_picture(record, data_set), data, behind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photo::embedded_picture::tests::{holds_picture, old_face};

    fn data_set(record: u8, number: u8, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        [&[MARK, record, number][..], &length, data].concat()
    }

    #[test]
    fn previews_are_left_out_and_captions_stay() {
        let caption = data_set(2, 120, b"Ann, laughing");
        let long = [&[MARK, 2, 202, 0x80, 4, 0, 0, 0, 6][..], b"pixels"].concat();
        let keyword = data_set(2, 25, b"party");
        let picture = data_set(8, 10, b"pixels");
        let version = data_set(2, 200, &[0, 11]);
        let before = [caption.clone(), version, long, keyword.clone(), picture].concat();
        assert_eq!(without_previews(&before), [caption, keyword].concat());
    }

    #[test]
    fn unreadable_records_are_kept_without_pictures() {
        let jpeg = old_face(image::ImageFormat::Jpeg);
        let before = [&[MARK, 2, 120, 0xFF, 0xFF][..], b"cut short", &jpeg].concat();
        let after = without_previews(&before);
        assert!(after.starts_with(&before[..14]) && after.len() == before.len() && !holds_picture(&after));
        for length in 0..20 {
            assert_eq!(without_previews(&before[..length.min(14)]), &before[..length.min(14)]);
        }
    }
}
