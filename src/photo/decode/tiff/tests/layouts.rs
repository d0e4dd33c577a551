//! Pixels of every layout, depth and meaning of channels.

use std::io::Cursor;

use ::tiff::encoder::{Compression, DeflateLevel, Predictor, TiffEncoder, colortype};
use image::{GrayAlphaImage, ImageBuffer, RgbaImage};

use super::*;

/// Values of `bits` bits, packed from the highest bit on; each row starts at a byte.
fn packed(rows: &[&[u16]], bits: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in rows {
        let row: Vec<bool> =
            row.iter().flat_map(|value| (0..bits).rev().map(move |bit| value >> bit & 1 == 1)).collect();
        let to_byte = |bits: &[bool]| (0..).zip(bits).fold(0, |byte, (bit, set)| byte | u8::from(*set) << (7 - bit));
        bytes.extend(row.chunks(8).map(to_byte));
    }
    bytes
}

fn grey16(width: u32, height: u32, values: Vec<u16>) -> DynamicImage {
    DynamicImage::ImageLuma16(ImageBuffer::from_raw(width, height, values).unwrap())
}

#[test]
fn every_form_of_file_opens() {
    let (eight, sixteen) = (varied(7 * 5 * 3), varied(7 * 5 * 3 * 2));
    for form in FORMS {
        let page = TestPage::new(7, 5, 2, &eight);
        assert_eq!(opened(&write(form, &[page])).pixels, rgb(7, 5, eight.clone()), "{form:?}");
        let page = TestPage::with_bits((7, 5), 2, (16, 3), sixteen.clone());
        let convert = if form.is_big_endian { u16::from_be_bytes } else { u16::from_le_bytes };
        let values = sixteen.as_chunks().0.iter().map(|pair| convert(*pair)).collect();
        let expected = DynamicImage::ImageRgb16(ImageBuffer::from_raw(7, 5, values).unwrap());
        assert_eq!(opened(&write(form, &[page])).pixels, expected, "{form:?}");
    }
}

#[test]
fn tiles_and_planes_are_put_together() {
    let samples = varied(7 * 5 * 3);
    let page = TestPage::new(7, 5, 2, &samples);
    let sample = |x: usize, y: usize, channel: usize| samples[(y.min(4) * 7 + x.min(6)) * 3 + channel];
    // The chunk at a place: `channels` of `width` × `height` pixels, padded beyond the edges.
    let chunk = |left: usize, top: usize, (width, height): (usize, usize), channels: std::ops::Range<usize>| {
        let pixels = (top..top + height).flat_map(|y| (left..left + width).map(move |x| (x, y)));
        pixels.flat_map(|(x, y)| channels.clone().map(move |channel| sample(x, y, channel))).collect::<Vec<u8>>()
    };
    let tiles = |channels: &std::ops::Range<usize>| {
        [(0, 0), (4, 0), (0, 4), (4, 4)].map(|(left, top)| chunk(left, top, (4, 4), channels.clone()))
    };
    let strips = |channels: &std::ops::Range<usize>| {
        [(0, 2), (2, 2), (4, 1)].map(|(top, rows)| chunk(0, top, (7, rows), channels.clone()))
    };
    let planes = [0..1, 1..2, 2..3];
    let in_tiles = page.clone().short(322, 4).short(323, 4);
    let in_strips = page.short(278, 2);
    for page in [
        in_tiles.clone().chunks(true, tiles(&(0..3)).to_vec()),
        in_tiles.clone().chunks(false, tiles(&(0..3)).to_vec()),
        in_tiles.short(284, 2).chunks(true, planes.iter().flat_map(tiles).collect()),
        in_strips.clone().chunks(false, strips(&(0..3)).to_vec()),
        in_strips.short(284, 2).chunks(false, planes.iter().flat_map(strips).collect()),
    ] {
        assert_eq!(pixels(page), rgb(7, 5, samples.clone()));
    }
}

#[test]
fn few_bits_are_scaled_to_full_range() {
    for bits in [1_u16, 2, 4, 6, 8, 10, 12, 14, 16] {
        let most = u16::MAX >> (16 - bits);
        let rows = [[0, most, 1], [most / 2, 0, most]];
        let strip = |rows: [[u16; 3]; 2]| match bits {
            16 => rows.as_flattened().iter().flat_map(|value| value.to_le_bytes()).collect(),
            _ => packed(&rows.each_ref().map(|row| &row[..]), bits.into()),
        };
        let full: u32 = if bits > 8 { 65_535 } else { 255 };
        let scale = |value: u16| (u32::from(value) * full + u32::from(most / 2)) / u32::from(most);
        let scaled = rows.as_flattened().iter().map(|value| scale(*value));
        let expected = match bits {
            9.. => grey16(3, 2, scaled.map(|value| u16::try_from(value).unwrap()).collect()),
            _ => grey(3, 2, scaled.map(|value| u8::try_from(value).unwrap()).collect()),
        };
        assert_eq!(pixels(TestPage::with_bits((3, 2), 1, (bits, 1), strip(rows))), expected, "{bits} bits");
        let inverted = strip(rows.map(|row| row.map(|value| most - value)));
        assert_eq!(pixels(TestPage::with_bits((3, 2), 0, (bits, 1), inverted)), expected, "{bits} bits, zero is white");
        let reversed = strip(rows).into_iter().map(u8::reverse_bits).collect();
        let page = TestPage::with_bits((3, 2), 1, (bits, 1), reversed).short(266, 2);
        assert_eq!(pixels(page), expected, "{bits} bits, reversed");
    }
}

#[test]
fn long_numbers_become_sixteen_bits() {
    let check = |page: TestPage, expected: &[u16], warning: &str| {
        let file = opened(&write(Form::default(), &[page]));
        assert_eq!(file.pixels, grey16(2, 1, expected.to_vec()));
        assert_eq!(file.warnings.join("; "), warning);
    };
    let whole = [0x1234_8000_u32, u32::MAX].iter().flat_map(|value| value.to_le_bytes()).collect();
    let reduced = "the 32 bits per channel of the file are reduced to 16";
    check(TestPage::with_bits((2, 1), 1, (32, 1), whole), &[0x1234, 0xFFFF], reduced);
    let float = |values: [f32; 2]| {
        let strip = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        TestPage::with_bits((2, 1), 1, (32, 1), strip).short(339, 3)
    };
    check(float([0.25, 1.01]), &[16_384, 0xFFFF], reduced);
    let cut =
        format!("{reduced}; 50.0 % of the file's numbers are darker than black or brighter than white, and are cut");
    check(float([0.5, 4.0]), &[32_768, 0xFFFF], &cut);
    check(float([f32::NAN, 1.0]), &[0, 0xFFFF], &cut);
    let half = [0x3800_u16, 0x3C00].iter().flat_map(|value| value.to_le_bytes()).collect();
    check(TestPage::with_bits((2, 1), 1, (16, 1), half).short(339, 3), &[32_768, 0xFFFF], "");
}

#[test]
fn opacity_is_told_from_other_channels() {
    let rgba = |samples: [u8; 8]| DynamicImage::from(RgbaImage::from_raw(2, 1, samples.to_vec()).unwrap());
    let samples = [10, 20, 30, 51, 40, 50, 60, 0];
    let page = TestPage::new(2, 1, 2, &samples);
    assert_eq!(pixels(page.clone()), rgba(samples));
    assert_eq!(pixels(page.clone().short(338, 2)), rgba(samples));
    // Multiplied by an opacity of a fifth.
    assert_eq!(pixels(page.clone().short(338, 1)), rgba([50, 100, 150, 51, 40, 50, 60, 0]));
    let file = opened(&write(Form::default(), &[page.short(338, 0)]));
    assert_eq!(file.pixels, rgb(2, 1, vec![10, 20, 30, 40, 50, 60]));
    assert_eq!(file.warnings, ["the file has an extra channel, which is left out"]);

    let page = TestPage::new(2, 1, 0, &[10, 99, 7, 40, 98, 8]).with(338, Field::Short(vec![0, 2]));
    let file = opened(&write(Form::default(), &[page]));
    assert_eq!(file.pixels, GrayAlphaImage::from_raw(2, 1, vec![245, 7, 215, 8]).unwrap().into());
    assert_eq!(file.warnings.len(), 1);
}

#[test]
fn colour_tables_give_their_colours() {
    let table: Vec<u16> = (0..12).map(|value| value * 5000 + 255).collect();
    let page = TestPage::with_bits((4, 1), 3, (2, 1), vec![0b00_11_01_10]);
    let expected =
        [0, 3, 1, 2].iter().flat_map(|index| [0, 4, 8].map(|plane| (table[plane + index] >> 8) as u8)).collect();
    assert_eq!(pixels(page.clone().with(320, Field::Short(table))), rgb(4, 1, expected));
    // Tables of 8-bit values.
    let small: Vec<u16> = (100..112).collect();
    let expected = vec![100, 104, 108, 103, 107, 111, 101, 105, 109, 102, 106, 110];
    assert_eq!(pixels(page.clone().with(320, Field::Short(small))), rgb(4, 1, expected));
    assert!(refusal(page).contains("broken"));
}

#[test]
fn ycbcr_and_inks_become_rgb() {
    let page = TestPage::new(3, 1, 6, &[76, 85, 255, 150, 44, 21, 128, 128, 128]).with(530, Field::Short(vec![1, 1]));
    assert_eq!(pixels(page), rgb(3, 1, vec![254, 0, 0, 0, 255, 1, 128, 128, 128]));
    let page = TestPage::new(2, 1, 5, &[0, 255, 255, 0, 0, 0, 0, 204]);
    assert_eq!(pixels(page), rgb(2, 1, vec![255, 0, 0, 51, 51, 51]));
    let sixteen = [0_u16, 65_535, 65_535, 0].iter().flat_map(|value| value.to_le_bytes()).collect();
    let file = opened(&write(Form::default(), &[TestPage::with_bits((1, 1), 5, (16, 4), sixteen)]));
    assert_eq!(file.pixels, rgb(1, 1, vec![255, 0, 0]));
    assert_eq!(file.warnings, ["the 16 bits per channel of the file are reduced to 8"]);
}

#[test]
fn every_compression_gives_the_same_pixels() {
    let samples = varied(40 * 30 * 3);
    let compressions = [
        ("LZW", Compression::Lzw),
        ("Deflate", Compression::Deflate(DeflateLevel::Fast)),
        ("PackBits", Compression::Packbits),
    ];
    for (name, compression) in compressions {
        let can_predict = !matches!(compression, Compression::Packbits);
        for predictor in [Predictor::None, Predictor::Horizontal].into_iter().take(if can_predict { 2 } else { 1 }) {
            let mut bytes = Cursor::new(Vec::new());
            let encoder = TiffEncoder::new(&mut bytes).unwrap().with_compression(compression);
            encoder.with_predictor(predictor).write_image::<colortype::RGB8>(40, 30, &samples).unwrap();
            let found = opened(&bytes.into_inner()).pixels;
            assert_eq!(found, rgb(40, 30, samples.clone()), "{name}, {predictor:?}");
        }
    }
}

#[test]
fn differences_are_summed_with_extra_channels() {
    let samples = [10, 20, 30, 99, 1, 2, 3, 5, 255, 0, 1, 7];
    let page = TestPage::new(3, 1, 2, &samples).short(338, 0).short(317, 2);
    // LZW as plain as possible: clear code, the bytes, end code.
    let codes: Vec<u16> = [256].into_iter().chain(samples.map(u16::from)).chain([257]).collect();
    let compressed = page.clone().short(259, 5).chunks(false, vec![packed(&[&codes], 9)]);
    assert_eq!(pixels(compressed), rgb(3, 1, vec![10, 20, 30, 11, 22, 33, 10, 22, 34]));
    // Without compression the tag does not count.
    assert_eq!(pixels(page), rgb(3, 1, vec![10, 20, 30, 1, 2, 3, 255, 0, 1]));
}

#[test]
fn jpeg_tiles_open_in_both_colour_spaces() {
    let samples: Vec<u8> = (0..=u8::MAX).flat_map(|index| [index % 16 * 12, index / 16 * 12, 90]).collect();
    let mut jpeg = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 98)
        .encode(&samples, 16, 16, image::ExtendedColorType::Rgb8)
        .unwrap();
    let page =
        |photometric| TestPage::new(16, 16, photometric, &samples).short(259, 7).chunks(false, vec![jpeg.clone()]);
    let close = |found: DynamicImage, expected: &[u8]| {
        found.as_bytes().iter().zip(expected).all(|(one, other)| one.abs_diff(*other) < 12)
    };
    assert!(close(pixels(page(6)), &samples));
    // Taken as RGB, the same numbers are brightness and colour differences.
    let ycbcr = pixels(page(2)).into_bytes();
    let brightness: Vec<u8> = samples.chunks(3).map(|rgb| rgb[0] / 10 * 3 + rgb[1] / 10 * 6 + 9).collect();
    let first: Vec<u8> = ycbcr.chunks(3).map(|pixel| pixel[0]).collect();
    assert!(close(grey(16, 16, first), &brightness));
}

#[test]
fn what_would_come_out_wrong_is_refused() {
    let page = |photometric| TestPage::new(2, 1, photometric, &[1, 2, 3, 4, 5, 6]);
    let eight = |tag, value| refusal(page(2).short(tag, value));
    for (message, reason) in [
        (refusal(page(8)), "its colours are CIE Lab"),
        (refusal(page(6)), "its colours are YCbCr with fewer values than pixels, without JPEG"),
        (eight(259, 50000), "its compression is Zstandard"),
        (eight(259, 6), "its compression is an old kind of JPEG in TIFF"),
        (eight(259, 777), "its compression (number 777) is not known"),
        (refusal(page(2).with(339, Field::Short(vec![2; 3]))), "its numbers have a sign"),
        (refusal(page(2).with(258, Field::Short(vec![5, 6, 5]))), "its channels differ in their number of bits"),
        (eight(258, 24), "it has 24 bits per channel"),
        (refusal(TestPage::new(1, 1, 2, &[1; 4]).short(259, 7)), "its compression is JPEG, with 4 × 8 bits"),
        (refusal(TestPage::new(1, 1, 1, &[0, 1]).short(277, 1).short(259, 5)), "its compression is an old kind of LZW"),
        (eight(277, 2), "it has 2 channels, fewer than its colours need"),
        (
            refusal(TestPage::with_bits((1, 1), 1, (32, 1), vec![200, 0, 0, 0])),
            "its numbers of 32 bits use so little of their range that it would be black",
        ),
    ] {
        assert!(message.contains(&format!("this TIFF file cannot be opened, because {reason}")), "{message}");
        assert!(message.ends_with("save the picture as RGB with 8 or 16 bits and open that"), "{message}");
    }
}
