//! Broken files: no panic, no hang, no large allocation.

use proptest::prelude::*;

use super::*;

#[test]
fn loops_of_directories_end() {
    let mut bytes = write(Form::default(), &[TestPage::new(2, 1, 1, &[5, 6])]);
    // The last four bytes are the link of the only directory: back to itself.
    let end = bytes.len() - 4;
    let first = bytes[4..8].to_vec();
    bytes[end..].copy_from_slice(&first);
    assert_eq!(opened(&bytes).pixels, grey(2, 1, vec![5, 6]));
}

#[test]
fn thousands_of_pages_open_at_once() {
    let mut pages = vec![TestPage::new(1, 1, 1, &[9]); 3000];
    pages[0] = TestPage::new(2, 2, 1, &[1, 2, 3, 4]);
    let file = opened(&write(Form::default(), &pages));
    assert_eq!(file.pixels, grey(2, 2, vec![1, 2, 3, 4]));
}

#[test]
fn absurd_sizes_are_refused() {
    let page = || TestPage::new(4, 4, 1, &varied(16));
    let huge = page().with(256, Field::Long(vec![1 << 31])).with(257, Field::Long(vec![1 << 31]));
    assert!(refusal(huge).contains("megapixels"));
    let tiles = |side| {
        page().chunks(true, vec![vec![1; 16]]).with(322, Field::Long(vec![side])).with(323, Field::Long(vec![side]))
    };
    assert!(refusal(tiles(1 << 31)).contains("broken"));
    assert!(refusal(tiles(60_000)).contains("ends in the middle"));
    assert!(refusal(page().with(278, Field::Long(vec![1]))).contains("broken"), "four strips, but one offset");
    assert!(refusal(page().with(278, Field::Long(vec![0]))).contains("broken"));
    let wide = TestPage::with_bits((4, 4), 1, (64, 1), vec![0; 128]).short(277, 64);
    assert!(decode(&write(Form::default(), &[wide]), DecodeLimits { max_pixels: 16 }).is_err());
}

#[test]
fn missing_byte_counts_are_forgiven() {
    let page = TestPage::new(2, 2, 1, &[1, 2, 3, 4]);
    assert_eq!(pixels(page.clone().with(279, Field::Long(vec![0]))), grey(2, 2, vec![1, 2, 3, 4]));
    assert_eq!(pixels(page.with(279, Field::Text("?"))), grey(2, 2, vec![1, 2, 3, 4]));
}

#[test]
fn cut_files_are_refused() {
    let bytes = write(Form::default(), &[TestPage::new(20, 20, 1, &varied(400))]);
    // The directory stands behind the pixels.
    assert!(matches!(decode(&bytes[..200], DecodeLimits::default()), Err(PhotoError::CutShort)));
    let page = TestPage::new(20, 20, 1, &varied(400)).with(273, Field::Long(vec![100_000]));
    assert!(matches!(decode(&write(Form::default(), &[page]), DecodeLimits::default()), Err(PhotoError::CutShort)));
    let page = TestPage::with_bits((20, 20), 1, (8, 1), varied(100));
    assert!(matches!(decode(&write(Form::default(), &[page]), DecodeLimits::default()), Err(PhotoError::CutShort)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_never_panic(
        form in 0..FORMS.len(),
        (tiled, planar, compression) in (any::<bool>(), 1_u16..3, prop::sample::select(vec![1_u16, 4, 5, 7, 8, 32773])),
        changes in prop::collection::vec((0usize..900, any::<u8>()), 0..8),
    ) {
        let page = TestPage::new(7, 5, 2, &varied(105)).short(284, planar).short(259, compression).short(317, 2);
        let chunks = vec![varied(64); 6];
        let page = if tiled { page.short(322, 4).short(323, 4) } else { page.short(278, 3) };
        let page = page.chunks(tiled, chunks).child(330, TestPage::new(2, 2, 1, &varied(4)).short(254, 1));
        let mut bytes = write(FORMS[form], &[page]);
        for (index, value) in changes {
            let length = bytes.len();
            bytes[index % length] = value;
        }
        if let Ok(file) = decode(&bytes, DecodeLimits { max_pixels: 100_000 }) {
            prop_assert!(file.pixels.width() > 0);
        }
    }
}
