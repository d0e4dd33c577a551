//! Reads a hole from a picture, and tells what is wrong with a picture that is hardly meant as it is.
//!
//! Pure red means ignored. It is darker than half, so it has never meant the hole, and lossy files hardly contain it.
//!
//! Other programs save masks in other ways: as labels (0 and 1), in colours, in black, as transparency. Only white is
//! sure to mean the hole, so the others are refused with a message about what was seen, never filled by a guess.

use std::collections::BTreeSet;

use image::{DynamicImage, GenericImageView as _, GrayImage, RgbImage, Rgba};

use super::Mask;

/// A hole from this share of the picture may be upside down.
const UPSIDE_DOWN_SHARE: f64 = 0.9;
/// A hole that covers this share of the border, and [`LARGE_SHARE`] of the picture, may be upside down too: holes are
/// spots within a face.
const BORDER_SHARE: f64 = 0.98;
const LARGE_SHARE: f64 = 0.5;
/// A picture with this share of its opaque pixels between black and white, in so many greys, looks like a photo.
const PHOTO_SHARE: f64 = 0.5;
const PHOTO_GREYS: usize = 16;
/// A share of dark coloured pixels below this is noise.
const COLORED_SHARE: f64 = 0.001;
/// At most this many pixels are looked at for the shares of a usable mask.
const MAX_SAMPLES: u64 = 500_000;
/// At most this many values are listed.
const MAX_VALUES: usize = 6;

/// The pixels of a mask picture: 255 where it is opaque and at least half as bright as white, otherwise darker than
/// half.
pub(super) fn brightness(picture: DynamicImage) -> Vec<u8> {
    if picture.color().has_alpha() {
        let opaque = |[luma, alpha]: [u8; 2]| if alpha >= 128 { luma } else { 0 };
        picture.into_luma_alpha8().pixels().map(|pixel| opaque(pixel.0)).collect()
    } else {
        picture.into_luma8().into_raw()
    }
}

/// The colour of ignored pixels in mask pictures.
const IGNORED: [u8; 3] = [255, 0, 0];

/// The ignored pixels of a mask picture, as the hole of a mask.
pub(super) fn ignored_in_picture(picture: &DynamicImage) -> Mask {
    let (width, height) = (picture.width(), picture.height());
    if !picture.color().has_color() {
        return Mask::empty(width, height);
    }
    Mask::from_fn(width, height, |x, y| is_ignored_color(picture.get_pixel(x, y)))
}

fn is_ignored_color(Rgba([red, green, blue, alpha]): Rgba<u8>) -> bool {
    [red, green, blue] == IGNORED && alpha >= 128
}

/// A mask as a picture: grey, or in colour if it has ignored pixels.
pub(super) fn picture_of_mask(mask: &Mask) -> DynamicImage {
    let (width, height, hole) = (mask.width(), mask.height(), mask.to_bytes());
    if !mask.has_ignored() {
        return GrayImage::from_raw(width, height, hole).unwrap_or_default().into();
    }
    let ignored = mask.ignored().to_bytes();
    let color = |(hole, ignored): (u8, u8)| if ignored == 0 { [hole; 3] } else { IGNORED };
    let samples = hole.into_iter().zip(ignored).flat_map(color).collect();
    RgbImage::from_raw(width, height, samples).unwrap_or_default().into()
}

/// Whether the hole is nearly everywhere: black and white may have changed places.
pub(super) fn looks_upside_down(mask: &Mask) -> bool {
    let share = mask.hole_share();
    share >= UPSIDE_DOWN_SHARE || (share >= LARGE_SHARE && border_share(mask) >= BORDER_SHARE)
}

/// Share of the pixels along the border that are hole.
#[expect(clippy::cast_precision_loss, reason = "pixel counts are far below 2^52")]
fn border_share(mask: &Mask) -> f64 {
    let (width, height) = (mask.width(), mask.height());
    let columns = (0..width).flat_map(|x| [(x, 0), (x, height.saturating_sub(1))]);
    let rows = (0..height).flat_map(|y| [(0, y), (width.saturating_sub(1), y)]);
    let (mut pixels, mut holes) = (0_u64, 0_u64);
    for (x, y) in columns.chain(rows) {
        pixels += 1;
        holes += u64::from(mask.is_hole(x, y));
    }
    holes as f64 / pixels.max(1) as f64
}

/// Shares of the pixels of a picture, 0 to 1.
struct Shares {
    transparent: f64,
    /// Opaque, coloured, and darker than half, such as blue. Pure red counts too.
    dark_colored: f64,
    /// Pure red.
    ignored: f64,
    /// Of the opaque pixels: neither nearly black nor nearly white.
    between: f64,
    /// How many different greys these have.
    between_greys: usize,
}

impl Shares {
    /// Looks at every pixel, or at about `max_samples` of them.
    #[expect(clippy::cast_precision_loss, reason = "pixel counts are far below 2^52")]
    fn of(picture: &DynamicImage, max_samples: u64) -> Self {
        let pixels = u64::from(picture.width()) * u64::from(picture.height());
        let step = usize::try_from((pixels / max_samples.max(1)).isqrt() + 1).unwrap_or(usize::MAX);
        let (mut count, mut transparent, mut between) = (0_u64, 0_u64, 0_u64);
        let (mut dark_colored, mut ignored) = (0_u64, 0_u64);
        let mut greys = BTreeSet::new();
        for y in (0..picture.height()).step_by(step) {
            for x in (0..picture.width()).step_by(step) {
                let pixel @ Rgba([red, green, blue, alpha]) = picture.get_pixel(x, y);
                count += 1;
                ignored += u64::from(is_ignored_color(pixel));
                if alpha < 128 {
                    transparent += 1;
                    continue;
                }
                let (low, high) = (red.min(green).min(blue), red.max(green).max(blue));
                // ITU-R BT.709, as the brightness of the mask.
                let luma = (2126 * u32::from(red) + 7152 * u32::from(green) + 722 * u32::from(blue)) / 10_000;
                dark_colored += u64::from(luma < 128 && high - low >= 64);
                if (32..224).contains(&luma) && high - low < 192 {
                    between += 1;
                    greys.insert(luma);
                }
            }
        }
        let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
        Self {
            transparent: share(transparent, count),
            dark_colored: share(dark_colored, count),
            ignored: share(ignored, count),
            between: share(between, count - transparent),
            between_greys: greys.len(),
        }
    }

    fn look_like_a_photo(&self) -> bool {
        self.between >= PHOTO_SHARE && self.between_greys >= PHOTO_GREYS
    }
}

/// What a picture without a hole shows, for example "it has only the values 0 and 1".
pub(super) fn describe_without_hole(picture: &DynamicImage) -> String {
    let shares = Shares::of(picture, u64::MAX);
    let values = OpaqueValues::of(picture);
    match values.values.last() {
        None => "it is transparent everywhere".into(),
        Some(_) if shares.dark_colored >= COLORED_SHARE => "it is painted in a colour that is darker than half".into(),
        Some(_) if shares.transparent > 0.0 => "it is black or dark on a transparent ground".into(),
        Some(0) => "it is black everywhere".into(),
        Some(brightest) if values.values.len() > MAX_VALUES => {
            format!("its brightest pixel has the value {brightest} of {}", values.white)
        }
        Some(_) => format!("it has only the values {} of {}", values.list(), values.white),
    }
}

/// The grey values of the opaque pixels.
struct OpaqueValues {
    /// The smallest [`MAX_VALUES`], and the largest.
    values: BTreeSet<u16>,
    /// The value of white.
    white: u16,
}

impl OpaqueValues {
    fn of(picture: &DynamicImage) -> Self {
        let mut values = BTreeSet::new();
        let mut insert = |value: u16| {
            values.insert(value);
            if values.len() > MAX_VALUES + 1 {
                // The largest stays, for the brightest pixel.
                let last_but_one = values.iter().rev().nth(1).copied();
                last_but_one.map(|value| values.remove(&value));
            }
        };
        let is_deep = picture.color().bytes_per_pixel() / picture.color().channel_count() > 1;
        if is_deep {
            let pixels = picture.to_luma_alpha16();
            pixels.pixels().filter(|pixel| pixel.0[1] >= 1 << 15).for_each(|pixel| insert(pixel.0[0]));
        } else {
            let pixels = picture.to_luma_alpha8();
            pixels.pixels().filter(|pixel| pixel.0[1] >= 128).for_each(|pixel| insert(pixel.0[0].into()));
        }
        Self { values, white: if is_deep { u16::MAX } else { u8::MAX.into() } }
    }

    /// For example "0, 1 and 2".
    fn list(&self) -> String {
        let texts: Vec<String> = self.values.iter().map(ToString::to_string).collect();
        match texts.as_slice() {
            [] => String::new(),
            [only] => only.clone(),
            [first @ .., last] => format!("{} and {last}", first.join(", ")),
        }
    }
}

/// Whether a picture is a photo with a transparent part. Its bright pixels are no hole.
pub(super) fn is_photo_with_transparency(picture: &DynamicImage) -> bool {
    if !picture.color().has_alpha() {
        return false;
    }
    let shares = Shares::of(picture, MAX_SAMPLES);
    shares.transparent > 0.0 && shares.look_like_a_photo()
}

/// Doubts about a picture with a hole, as sentences for the user, without a full stop.
pub(super) fn warnings_about(picture: &DynamicImage, mask: &Mask) -> Vec<String> {
    let mut warnings = Vec::new();
    if looks_upside_down(mask) {
        warnings.push(format!(
            "the mask is white over {:.0} % of the photo, and white is filled: if its hole is drawn in black, invert it",
            (100.0 * mask.hole_share()).floor()
        ));
    }
    let shares = Shares::of(picture, MAX_SAMPLES);
    if shares.look_like_a_photo() {
        let text = "the mask looks like a photo: its pixels brighter than half are filled";
        warnings.push(text.into());
    } else if shares.dark_colored - shares.ignored >= COLORED_SHARE {
        let text = "a part of the mask is painted in a dark colour, such as blue, and is not filled: paint it white";
        warnings.push(text.into());
    }
    if mask.has_ignored() {
        let percent = 100.0 * mask.ignored().hole_share();
        warnings.push(format!(
            "{percent:.1} % of the mask is pure red: these pixels are ignored, so they stay as they are, and the fill does \
             not depend on them. If they should be filled, paint them white"
        ));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, ImageBuffer, Luma, RgbImage, RgbaImage};

    use super::*;

    const SIDE_PX: u32 = 20;

    fn byte(value: u32) -> u8 {
        u8::try_from(value).unwrap()
    }

    /// A square of `inside` on a ground of `outside`.
    fn rgba(inside: [u8; 4], outside: [u8; 4]) -> DynamicImage {
        let is_inside = |x: u32, y: u32| (6..14).contains(&x) && (6..14).contains(&y);
        let pixel = |x, y| Rgba(if is_inside(x, y) { inside } else { outside });
        RgbaImage::from_fn(SIDE_PX, SIDE_PX, pixel).into()
    }

    fn described(inside: [u8; 4], outside: [u8; 4]) -> String {
        let picture = rgba(inside, outside);
        assert!(brightness(picture.clone()).iter().all(|value| *value < 128));
        describe_without_hole(&picture)
    }

    fn warnings(picture: &DynamicImage) -> String {
        let mask = Mask::from_pixels(picture.width(), picture.height(), &brightness(picture.clone())).unwrap();
        warnings_about(picture, &mask).join("\n")
    }

    #[test]
    fn a_picture_without_hole_is_described() {
        let (black, none) = ([0, 0, 0, 255], [0; 4]);
        assert_eq!(described(black, black), "it is black everywhere");
        assert_eq!(described(none, none), "it is transparent everywhere");
        assert_eq!(described([1, 1, 1, 255], black), "it has only the values 0 and 1 of 255");
        assert_eq!(described([255, 0, 0, 255], black), "it is painted in a colour that is darker than half");
        assert_eq!(described([0, 0, 255, 255], none), "it is painted in a colour that is darker than half");
        assert_eq!(described(black, none), "it is black or dark on a transparent ground");
        let ramp = GrayImage::from_fn(SIDE_PX, SIDE_PX, |x, _| Luma([byte(x * 3)]));
        assert_eq!(describe_without_hole(&ramp.into()), "its brightest pixel has the value 57 of 255");
        let deep = ImageBuffer::from_fn(SIDE_PX, 1, |x, _| Luma([if x == 3 { 255_u16 } else { 0 }]));
        assert_eq!(describe_without_hole(&deep.into()), "it has only the values 0 and 255 of 65535");
    }

    #[test]
    fn black_and_white_may_have_changed_places() {
        let (black, white) = ([0, 0, 0, 255], [255; 4]);
        assert_eq!(warnings(&rgba(white, black)), "");
        insta::assert_snapshot!(warnings(&rgba(black, white)), @"the mask is white over 84 % of the photo, and white is filled: if its hole is drawn in black, invert it");
        // A hole that reaches one border is usual, even when it is large.
        let half = GrayImage::from_fn(SIDE_PX, SIDE_PX, |x, _| Luma([if x > 5 { 255 } else { 0 }]));
        assert_eq!(warnings(&half.into()), "");
    }

    #[test]
    fn dark_colours_beside_white_are_told() {
        let white = [255; 4];
        let mut picture = rgba(white, [0, 0, 0, 255]).into_rgba8();
        picture.put_pixel(1, 1, Rgba([200, 0, 0, 255]));
        let text = warnings(&picture.clone().into());
        assert!(text.contains("dark colour"), "{text}");
        picture.put_pixel(1, 1, Rgba([20, 0, 0, 255]));
        assert_eq!(warnings(&picture.into()), "");
    }

    #[test]
    fn photos_are_no_masks() {
        let photo = RgbImage::from_fn(SIDE_PX, SIDE_PX, |x, y| image::Rgb([byte(90 + 6 * x), byte(80 + 4 * y), 120]));
        let text = warnings(&photo.clone().into());
        assert!(text.contains("looks like a photo"), "{text}");
        let mut with_hole = DynamicImage::from(photo).into_rgba8();
        assert!(!is_photo_with_transparency(&with_hole.clone().into()));
        with_hole.put_pixel(4, 4, Rgba([0; 4]));
        assert!(is_photo_with_transparency(&with_hole.into()));
        assert_eq!(warnings(&rgba([200, 200, 200, 255], [100, 100, 100, 255])), "", "a mask in two greys");
        assert!(!is_photo_with_transparency(&rgba([255; 4], [0; 4])));
    }
}
