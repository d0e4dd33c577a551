//! Parts of the face as masks.

use super::*;
use crate::face::{detect, find_frame, template_landmarks};
use crate::geometry::{FaceFrame, FrameNumbers};
use crate::mask::FaceRegion;
use crate::photo::{DecodeLimits, open};

const SAMPLES: [&str; 2] = ["astronaut.png", "grace_hopper.jpg"];

/// The pixels that differ between `before` and DIR/out.png.
fn changed(folder: &FillTestFolder, before: &RgbImage) -> Mask {
    let after = folder.pixels("out.png");
    Mask::from_fn(before.width(), before.height(), |x, y| before.get_pixel(x, y) != after.get_pixel(x, y))
}

#[test]
fn without_a_face_parts_follow_the_frame() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let line = "DIR/ann.png --mask eyes,mouth --blend none --detail 0 --steps 2 --out DIR/out.png";
    let run = folder.fill(&mut FakeBackend::default(), line).unwrap();
    assert_eq!(run.status, CommandStatus::Success, "{}", run.messages);
    let landmarks = template_landmarks(&FaceFrame::centered(SIDE_PX, SIDE_PX));
    let mut expected = FaceRegion::Eyes.hole_in_photo(SIDE_PX, SIDE_PX, &landmarks);
    expected.add(&FaceRegion::Mouth.hole_in_photo(SIDE_PX, SIDE_PX, &landmarks));
    assert_eq!(changed(&folder, &folder.pixels("ann.png")), expected);
    assert!(expected.hole_count() > 100);
}

/// Each photo of a folder has its own face, and the frame is the one found beside the hole.
#[test]
fn parts_follow_the_face_of_each_photo() {
    let folder = FillTestFolder::new();
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples");
    std::fs::create_dir(folder.path("in")).unwrap();
    for name in SAMPLES {
        std::fs::copy(samples.join(name), folder.path("in").join(name)).unwrap();
    }
    let line = "DIR/in --mask mouth --face auto --blend none --detail 0 --steps 2 --out DIR/filled";
    let run = folder.fill(&mut FakeBackend::default(), line).unwrap();
    assert_eq!(run.status, CommandStatus::Success, "{}", run.messages);
    let report: serde_json::Value = serde_json::from_str(&run.report).unwrap();
    for (index, name) in SAMPLES.into_iter().enumerate() {
        let photo = open(&folder.path("in").join(name), DecodeLimits::default()).unwrap();
        let filled = folder.path("filled").join(name).with_extension("png");
        let hole = Provenance::read(&std::fs::read(filled).unwrap()).unwrap().hole().unwrap();
        let [.., left_corner, right_corner] = detect(&photo).unwrap()[0].landmarks_in_photo;
        for [x, y] in [left_corner, right_corner] {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "inside the photo")]
            let (x, y) = (x as u32, y as u32);
            assert!(hole.is_hole(x, y), "{name}: {x}, {y}");
        }
        assert!(hole.hole_share() < 0.04, "{name}");
        let frame = find_frame(&photo, &hole).unwrap().unwrap();
        let reported: FrameNumbers = serde_json::from_value(report["photos"][index]["frame"].clone()).unwrap();
        assert_eq!(reported, frame.numbers(), "{name}");
    }
}
