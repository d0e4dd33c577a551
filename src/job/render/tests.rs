use std::cell::Cell;

use image::{DynamicImage, Rgb, RgbImage};

use super::*;
use crate::model::{ModelChoice, inspect};

const SIDE_PX: u32 = 60;

fn photo(noise: u8) -> Photo {
    #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
    let known = |x: u32, y: u32| [(x * 4) as u8, (y * 4) as u8, (x ^ y) as u8];
    let pixel = |x, y| Rgb(if hole().is_hole(x, y) { [noise, noise / 3, !noise] } else { known(x, y) });
    Photo::from_pixels(DynamicImage::ImageRgb8(RgbImage::from_fn(SIDE_PX, SIDE_PX, pixel)))
}

fn hole() -> Mask {
    let is_hole = |index: u32| (20..45).contains(&(index % SIDE_PX)) && (25..50).contains(&(index / SIDE_PX));
    let pixels = (0..SIDE_PX * SIDE_PX).map(|index| if is_hole(index) { 255 } else { 0 });
    Mask::from_pixels(SIDE_PX, SIDE_PX, &pixels.collect::<Vec<u8>>()).unwrap()
}

fn frame() -> FaceFrame {
    FaceFrame { center_in_photo: [30.5, 31.0], side_px: 50.0, angle_radians: 0.1 }
}

fn blend(completion: bool) -> Blend {
    Blend { completion, ..Blend::default() }
}

fn generated(tone: f32) -> Arc<FacePicture> {
    Arc::new(FacePicture::uniform(128, [tone; 3]))
}

/// The picture to blend for face-128.
fn redrawn(photo: &Photo, drawn: &Arc<FacePicture>) -> Arc<FacePicture> {
    picture_to_blend(photo, &hole(), &frame(), blend(true), &inspect(&ModelChoice::Face128).unwrap(), drawn)
}

#[test]
fn hole_pixels_do_not_change_the_redrawn_fill() {
    let filled = [photo(0), photo(200)].map(|photo| {
        let picture = redrawn(&photo, &generated(0.2));
        assert_eq!(picture.side_px, CompletionNetwork::SIDE_PX as usize);
        crate::blend::apply(&photo, &hole(), &frame(), blend(true), &picture).to_rgb8()
    });
    assert_eq!(filled[0], filled[1]);
    let before = photo(0).pixels.to_rgb8();
    let changed = |(x, y, pixel): &(u32, u32, &Rgb<u8>)| *pixel != before.get_pixel(*x, *y);
    let changed: Vec<_> = filled[0].enumerate_pixels().filter(changed).collect();
    assert!(changed.len() > 500, "{} pixels", changed.len());
    assert!(changed.iter().all(|(x, y, _)| hole().is_hole(*x, *y)), "only the hole may change");
}

#[test]
fn redrawn_pictures_keep_the_known_crop() {
    let crop = crop(&photo(0), &hole(), &frame(), CompletionNetwork::SIDE_PX).unwrap();
    let picture = redrawn(&photo(0), &generated(0.2)).to_planes();
    let area = crop.known.len();
    let differs = |index: &usize| picture[*index].to_bits() != crop.pixels[*index].to_bits();
    let known = |index: &usize| crop.known[index % area] > 0.0;
    assert_eq!((0..3 * area).filter(known).find(differs), None);
    assert!((0..3 * area).filter(|index| !known(index)).filter(differs).count() > area / 4);
}

#[test]
fn every_input_changes_the_redrawn_picture() {
    let one = redrawn(&photo(0), &generated(0.2));
    assert_eq!(redrawn(&photo(0), &generated(0.2)), one);
    assert_ne!(redrawn(&photo(0), &generated(-0.4)), one);
    let mut pixels = photo(0).pixels.to_rgb8();
    pixels.put_pixel(30, 20, Rgb([255, 0, 9]));
    assert_ne!(redrawn(&Photo::from_pixels(pixels.into()), &generated(0.2)), one);
}

#[test]
fn without_completion_the_picture_is_unchanged() {
    let drawn = generated(0.2);
    let unchanged = |blend, choice: &ModelChoice, frame: &FaceFrame| {
        let model = inspect(choice).unwrap();
        assert!(completion_network(blend, &model).is_none() || frame.side_px == 0.0);
        Arc::ptr_eq(&picture_to_blend(&photo(0), &hole(), frame, blend, &model, &drawn), &drawn)
    };
    assert!(unchanged(blend(false), &ModelChoice::Face128, &frame()));
    assert!(unchanged(blend(true), &ModelChoice::Face64, &frame()));
    assert!(unchanged(blend(true), &ModelChoice::Face128, &FaceFrame { side_px: 0.0, ..frame() }));
}

#[test]
fn kept_pictures_are_not_drawn_again() {
    let (kept, drawn) = (RedrawnPictures::empty(), Cell::new(0_u8));
    let get = |inputs: usize| {
        kept.get_or_insert(inputs.to_string(), || {
            drawn.set(drawn.get() + 1);
            FacePicture::uniform(1, [f32::from(drawn.get()); 3])
        })
        .pixels[0][0]
    };
    assert_eq!([get(0), get(1), get(0), get(1)].map(f32::to_bits), [1.0, 2.0, 1.0, 2.0].map(f32::to_bits));
    for inputs in 2..=KEPT_PICTURES {
        get(inputs);
    }
    let count = drawn.get();
    assert_eq!(get(KEPT_PICTURES).to_bits(), f32::from(count).to_bits(), "the newest is kept");
    get(0);
    assert_eq!(drawn.get(), count + 1, "the oldest is not");
}
