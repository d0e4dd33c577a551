//! What strokes cost in a large photo:
//!
//! ```sh
//! cargo test --lib app::tests::stroke_costs -- --ignored --nocapture
//! ```

use std::sync::Arc;
use std::time::{Duration, Instant};

use image::{DynamicImage, RgbImage};

use crate::app::document::{DocumentAction, PhotoDocument};
use crate::fuzz::heap::held_bytes;
use crate::mask::{Stroke, StrokeKind};
use crate::photo::Photo;
use crate::project::PhotoOrigin;

const STROKES: u16 = 200;
/// Every tenth stroke is filled; a fill keeps a copy of the mask.
const STROKES_PER_FILL: u16 = 10;

#[test]
#[ignore = "prints numbers"]
fn costs_of_strokes_at_24_and_100_megapixels() {
    for (width, height) in [(6000, 4000), (12_000, 8334)] {
        let photo = Arc::new(Photo::from_pixels(DynamicImage::ImageRgb8(RgbImage::new(width, height))));
        let mut document = PhotoDocument::new(photo, "photo".to_owned(), None, PhotoOrigin::Sample("blank".to_owned()));
        let held_before = held_bytes();
        let (mut ends, mut undos, mut filled_masks) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..STROKES {
            let point = |index: u16| [f32::from(index * 37 % 4000 + 1000), f32::from(number * 17 % 3000 + 500)];
            let points_in_photo = vec![point(number)];
            let stroke = Stroke { kind: StrokeKind::Paint, radius_px: 40.0, points_in_photo };
            document.update(DocumentAction::BeginStroke(stroke), false);
            for index in number..number + 30 {
                document.update(DocumentAction::ExtendStroke(point(index)), false);
            }
            // What the editor does after a stroke: it looks at the hole, and sends a copy of it.
            let started = Instant::now();
            document.update(DocumentAction::EndStroke, false);
            assert!(document.has_hole());
            let copy = document.mask().clone();
            ends.push(started.elapsed());
            if number % STROKES_PER_FILL == 0 {
                filled_masks.push(copy);
            }
        }
        let held = held_bytes() - held_before;
        for _ in 0..STROKES {
            let started = Instant::now();
            document.update(DocumentAction::Undo, false);
            undos.push(started.elapsed());
        }
        assert!(!document.has_hole());
        eprintln!(
            "{width}×{height}: {:?} for a stroke's end, {:?} for undo, {} MB after {STROKES} strokes and {} fills",
            median(ends),
            median(undos),
            held / 1_000_000,
            filled_masks.len(),
        );
    }
}

fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort();
    durations[durations.len() / 2]
}
