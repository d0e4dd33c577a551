use image::{ColorType, Rgba, RgbaImage};

use super::super::provenance::tests::with_fill;
use super::*;
use crate::fs::WriteError;
use crate::photo::encode_png;

/// Saves the fill of the test photo under this name. Returns the file and the notes.
fn saved(
    name: &str,
    content: ExportContent,
    record: bool,
    change: impl FnOnce(&mut Photo),
) -> Result<(Vec<u8>, Vec<String>), SaveError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    with_fill(change, |photo, fill| {
        let pixels = fill.picture(photo, content, None).unwrap();
        let filled = crate::blend::filled_pixels(&fill.hole, &fill.frame, 0);
        let provenance = Provenance::new(photo, fill).unwrap();
        let provenance = record.then_some(&provenance);
        let file = ExportFile { photo, pixels: &pixels, filled: &filled, content, provenance };
        let notes = file.save(&path, 92, Overwrite::Refuse)?;
        let again = file.save(&path, 92, Overwrite::Refuse);
        assert!(matches!(again, Err(SaveError::Write(WriteError::Exists { .. }))), "{again:?}");
        file.save(&path, 92, Overwrite::Allow)?;
        Ok((std::fs::read(&path).unwrap(), notes))
    })
}

fn photo_saved(name: &str) -> (Vec<u8>, Vec<String>) {
    saved(name, ExportContent::Photo, true, |_| ()).unwrap()
}

#[test]
fn a_png_is_what_it_always_was() {
    for name in ["a.png", "a.PNG", "a"] {
        let (file, notes) = photo_saved(name);
        assert_eq!(notes, [""; 0]);
        with_fill(
            |_| (),
            |photo, fill| {
                let provenance = Provenance::new(photo, fill).unwrap();
                let metadata = png_metadata(photo, ExportContent::Photo, Some(&provenance));
                let pixels = fill.picture(photo, ExportContent::Photo, None).unwrap();
                assert!(file == encode_png(&pixels, &metadata).unwrap(), "{name}");
            },
        );
    }
}

#[test]
fn the_extension_decides_and_the_notes_tell_the_difference() {
    let starts: [(&str, &[u8]); 3] = [("a.jpeg", b"\xFF\xD8"), ("a.tiff", b"II\x2A\0"), ("a.WEBP", b"RIFF")];
    for (name, start) in starts {
        let (file, notes) = photo_saved(name);
        assert!(file.starts_with(start), "{name}");
        assert_eq!(notes.last().unwrap(), "Only a PNG keeps the record that `countenance replay` needs", "{name}");
        let packet = decode(&file, DecodeLimits::default()).unwrap().metadata.xmp.unwrap();
        assert!(String::from_utf8(packet).unwrap().contains(SOURCE_TYPE), "{name}: it has generated parts");
        assert!(!file.windows(11).any(|bytes| bytes == Provenance::KEYWORD.as_bytes()), "{name}: no record");
        let unrecorded = saved(name, ExportContent::Photo, false, |_| ()).unwrap();
        assert_eq!(unrecorded.1[..], notes[..notes.len() - 1], "{name}");
        assert_eq!(decode(&unrecorded.0, DecodeLimits::default()).unwrap().metadata.xmp, None, "{name}");
    }
    assert_eq!(photo_saved("a.tif").1[0], "TIFF: every pixel outside the fill is exactly the photo's");
    assert_eq!(photo_saved("a.webp").1[0], "WebP: every pixel outside the fill is exactly the photo's");
    let deep = |photo: &mut Photo| photo.pixels = photo.pixels.to_rgb16().into();
    let notes = |name: &str| saved(name, ExportContent::Photo, false, deep).unwrap().1;
    assert_eq!(notes("a.tif"), ["TIFF: every pixel outside the fill is exactly the photo's"]);
    assert_eq!(notes("a.webp"), ["WebP holds 8 bits per channel: the 16 of the photo are rounded"]);
}

#[test]
fn the_difference_of_a_jpeg_is_measured() {
    let (file, notes) = photo_saved("a.jpg");
    let read = decode(&file, DecodeLimits::default()).unwrap().pixels.into_rgb8();
    let expected = with_fill(
        |_| (),
        |photo, fill| {
            let filled = crate::blend::filled_pixels(&fill.hole, &fill.frame, 0);
            let before = photo.pixels.to_rgb8();
            let outside = before.enumerate_pixels().filter(|(x, y, _)| !filled.is_hole(*x, *y));
            let differences: Vec<u8> = outside
                .flat_map(|(x, y, pixel)| {
                    let read = read.get_pixel(x, y).0;
                    [0, 1, 2].map(|channel| pixel.0[channel].abs_diff(read[channel]))
                })
                .collect();
            let sum: u32 = differences.iter().map(|value| u32::from(*value)).sum();
            let mean = f64::from(sum) / f64::from(u32::try_from(differences.len()).unwrap());
            let most = differences.into_iter().max().unwrap();
            assert!(most > 0, "a JPEG loses something");
            format!("JPEG: pixels outside the fill differ by {mean:.1} levels on average, at most {most}")
        },
    );
    assert_eq!(notes[0], expected);
}

#[test]
fn a_layer_keeps_its_transparency_or_is_refused() {
    for name in ["a.tif", "a.webp"] {
        let (file, notes) = saved(name, ExportContent::Layer, true, |_| ()).unwrap();
        assert_eq!(notes, ["Only a PNG keeps the record that `countenance replay` needs"]);
        let png = saved("a.png", ExportContent::Layer, true, |_| ()).unwrap().0;
        let pixels = |bytes: &[u8]| decode(bytes, DecodeLimits::default()).unwrap().pixels;
        assert!(pixels(&file) == pixels(&png), "{name}");
    }
    let error = saved("a.jpg", ExportContent::Layer, true, |_| ()).unwrap_err();
    assert!(matches!(error, SaveError::Transparency));
}

#[test]
fn transparency_is_refused_before_the_search() {
    let mut hole = Mask::empty(6, 4);
    hole.draw_segment([1.5, 1.5], [1.5, 1.5], 0.5, crate::mask::StrokeKind::Paint);
    let photo = |transparent: (u32, u32), color: ColorType| {
        let mut pixels = RgbaImage::from_pixel(6, 4, Rgba([9, 9, 9, 255]));
        pixels.get_pixel_mut(transparent.0, transparent.1).0[3] = 0;
        let pixels = crate::photo::test_pictures::to_color_type(pixels.into(), color);
        Photo::from_pixels(pixels)
    };
    for color in [ColorType::Rgba8, ColorType::La16] {
        let check = |at, content, name: &str| check_export(&photo(at, color), &hole, content, Path::new(name));
        let (whole, layer) = (ExportContent::Photo, ExportContent::Layer);
        check((1, 1), whole, "a.jpg").unwrap();
        assert!(matches!(check((2, 1), whole, "a.jpg"), Err(SaveError::Transparency)));
        assert!(matches!(check((1, 1), layer, "a.jpg"), Err(SaveError::Transparency)));
        for name in ["a.png", "a.tif", "a.webp"] {
            check((2, 1), whole, name).unwrap();
            check((1, 1), layer, name).unwrap();
        }
    }
    let long = Photo::from_pixels(DynamicImage::new_luma8(20_000, 1));
    let error = check_export(&long, &Mask::empty(20_000, 1), ExportContent::Photo, Path::new("a.webp")).unwrap_err();
    assert!(matches!(error, SaveError::SideTooLong { .. }));
}

#[test]
fn a_long_packet_gives_way_to_the_generated_mark() {
    let long = |photo: &mut Photo| {
        let packet = with_source_type(None, "camera");
        photo.metadata.xmp =
            Some(packet.replace("<?xpacket end", &(" ".repeat(70_000) + "<?xpacket end")).into_bytes());
    };
    let (file, notes) = saved("a.jpg", ExportContent::Photo, true, long).unwrap();
    assert!(notes.iter().any(|note| note.ends_with("the photo's XMP (longer than 64 KB)")), "{notes:?}");
    let packet = decode(&file, DecodeLimits::default()).unwrap().metadata.xmp.unwrap();
    assert!(String::from_utf8(packet).unwrap().contains(SOURCE_TYPE));
    let (file, _) = saved("a.tif", ExportContent::Photo, true, long).unwrap();
    assert!(decode(&file, DecodeLimits::default()).unwrap().metadata.xmp.unwrap().len() > 70_000);
}
