//! Tasks other than a fill, from the request to the picture, with the tiny model.

use image::Rgb;

use super::*;
use crate::job::FillRecord;
use crate::restore::{ImageTask, prepare_photo};

fn task_request(task: ImageTask) -> FillRequest {
    let request = request();
    let photo = prepare_photo(&request.photo, task).unwrap();
    let factor = task.enlarges_by();
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let frame = request.frame.scaled(factor as f32);
    FillRequest {
        photo,
        hole: request.hole.enlarged(factor),
        frame,
        settings: Settings { task, ..request.settings },
        ..request
    }
}

#[test]
fn no_task_reads_under_the_hole() {
    for task in ImageTask::ALL {
        let clean = task_request(task);
        let mut noisy = clean.photo.pixels.to_rgb8();
        for (x, y, pixel) in noisy.enumerate_pixels_mut().filter(|(x, y, _)| clean.hole.is_hole(*x, *y)) {
            #[expect(clippy::cast_possible_truncation, reason = "any value will do")]
            let color = [(x * 71) as u8, (y * 37) as u8, 255];
            *pixel = Rgb(color);
        }
        let noisy = FillRequest { photo: Arc::new(Photo::from_pixels(noisy.into())), ..clean.clone() };
        let [clean, noisy] = [clean, noisy].map(|request| {
            let outcome = fill(&request, &mut RecordingObserver::default()).unwrap();
            let record = FillRecord::of_best(&request, outcome);
            let latent = record.shown_candidate().unwrap().latent.clone();
            let picture = record.picture(&request.photo, ExportContent::Photo, None).unwrap();
            // The patch on the screen is the exported picture.
            assert_eq!(record.compose(&request.photo).unwrap().paste(&request.photo).unwrap(), picture, "{task:?}");
            (latent, picture)
        });
        assert!(clean == noisy, "{task:?}");
    }
}

#[test]
fn a_task_needs_no_hole_and_changes_the_face_only() {
    for task in ImageTask::ALL.into_iter().skip(1) {
        let request = task_request(task);
        let request = FillRequest { hole: Mask::empty(request.hole.width(), request.hole.height()), ..request };
        let outcome = fill(&request, &mut RecordingObserver::default()).unwrap();
        let record = FillRecord::of_best(&request, outcome);
        let (picture, changed) = (
            record.picture(&request.photo, ExportContent::Photo, None).unwrap().to_rgb8(),
            record.changed_pixels(&request.photo),
        );
        assert!(changed.hole_count() > 400, "{task:?}");
        for (x, y, pixel) in picture.enumerate_pixels().filter(|(x, y, _)| !changed.is_hole(*x, *y)) {
            assert_eq!(pixel, request.photo.pixels.to_rgb8().get_pixel(x, y), "{task:?} {x} {y}");
        }
        let layer = record.picture(&request.photo, ExportContent::Layer, None).unwrap().to_rgba8();
        assert!(layer.enumerate_pixels().all(|(x, y, pixel)| (pixel.0[3] == 255) == changed.is_hole(x, y)), "{task:?}");
        let provenance = Provenance::new(&request.photo, &record).unwrap();
        assert!(provenance.to_json().contains("countenance-recipe-5"), "{task:?}");
    }
    let empty = FillRequest { hole: Mask::empty(40, 30), ..request() };
    assert!(matches!(fill(&empty, &mut RecordingObserver::default()), Err(FillError::EmptyHole)));
}
