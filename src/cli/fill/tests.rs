//! Complete runs with a fake search: files, messages and reports.

mod face_regions;
pub(in crate::cli) mod fake_backend;
mod formats;
mod several_faces;

use image::{DynamicImage, Rgb, RgbImage};

use super::*;
use crate::fs::Overwrite;
use crate::job::{ExportContent, Provenance};
use crate::mask::{Mask, save_mask};

use fake_backend::{FakeBackend, FillTestFolder, SIDE_PX};

#[test]
fn the_best_candidate_fills_only_the_hole() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let run =
        folder.fill(&mut FakeBackend::default(), "DIR/ann.png --mask center --blend none --steps 3 --out DIR/out.png");
    assert_eq!(run.unwrap().status, CommandStatus::Success);
    let (before, after) = (folder.pixels("ann.png"), folder.pixels("out.png"));
    for (x, y, pixel) in after.enumerate_pixels() {
        let in_hole = (SIDE_PX / 4..3 * SIDE_PX / 4).contains(&x) && (SIDE_PX / 4..3 * SIDE_PX / 4).contains(&y);
        let expected = if in_hole { Rgb([255; 3]) } else { *before.get_pixel(x, y) };
        assert_eq!(*pixel, expected, "{x}, {y}");
    }
}

#[test]
fn the_report_describes_the_fill() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let line = "DIR/ann.png --mask center --preset blog --steps 4 --seed 7 --out DIR/out.png";
    let run = folder.fill(&mut FakeBackend::default(), line).unwrap();
    insta::assert_snapshot!("report-filled", run.report);
    insta::assert_snapshot!(run.messages, @r"
    note: fake device notice
    note: fake model note
    DIR/ann.png → DIR/out.png: 4 steps in 1.5 s on Fake device, total loss 1.5000 → 0.7500
    ");
}

#[test]
fn the_reported_frame_can_be_given_back() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let frame_with = |options: &str| {
        let line = format!("DIR/ann.png --mask center --steps 1 --force --out DIR/out.png {options}");
        let run = folder.fill(&mut FakeBackend::default(), &line).unwrap();
        let report: serde_json::Value = serde_json::from_str(&run.report).unwrap();
        let provenance = Provenance::read(&std::fs::read(folder.path("out.png")).unwrap()).unwrap();
        (report["photos"][0]["frame"].to_string(), provenance.frame)
    };
    assert_eq!(frame_with("").0, "[16.0,16.0,32.0,0.0]");
    let (reported, frame) = frame_with("--frame 15.3,16.7,29.1,-12.345");
    let text = reported.trim_matches(['[', ']']);
    assert_eq!(frame_with(&format!("--frame {text}")), (reported.clone(), frame));
    assert!(reported.starts_with("[15.3,16.7,29.1,-12.34"), "{reported}");
}

#[test]
fn a_batch_continues_after_a_bad_photo() {
    let folder = FillTestFolder::new();
    folder.add_photo("in/ann.png");
    folder.add_photo("in/carl.png");
    std::fs::write(folder.path("in/bob.png"), b"no picture").unwrap();
    let run = folder.fill(&mut FakeBackend::default(), "DIR/in --mask half --steps 2 --out DIR/new/filled").unwrap();
    assert_eq!(run.status, CommandStatus::SomeFailed);
    assert_eq!(folder.files("new/filled"), ["ann.png", "carl.png"]);
    let errors: Vec<_> = run.messages.lines().filter(|line| line.starts_with("error: ")).collect();
    assert!(matches!(errors[..], [error] if error.matches("DIR/in/bob.png").count() == 1), "{errors:?}");
    assert!(run.messages.ends_with("1 of 3 photos failed\n"), "{}", run.messages);
    assert_eq!(run.messages.matches("fake device notice").count(), 1, "notes are printed once");
    let report: serde_json::Value = serde_json::from_str(&run.report).unwrap();
    let errors: Vec<bool> = (0..3).map(|index| !report["photos"][index]["error"].is_null()).collect();
    assert_eq!(errors, [false, true, false]);
    assert!(["out", "total_loss", "frame"].iter().all(|field| report["photos"][1][field].is_null()));
    assert!(report["photos"][2]["frame"].is_array());
}

#[test]
fn a_folder_tells_what_is_skipped() {
    let folder = FillTestFolder::new();
    folder.add_photo("in/ann.png");
    std::fs::write(folder.path("in/ann.cr2"), b"raw").unwrap();
    std::fs::write(folder.path("in/bob.heic"), b"\0\0\0\x18ftypheic").unwrap();
    std::fs::write(folder.path("in/notes.txt"), b"text").unwrap();
    std::fs::create_dir(folder.path("in/more")).unwrap();
    let run = folder.fill(&mut FakeBackend::default(), "DIR/in --mask half --steps 1 --out DIR/out").unwrap();
    assert_eq!(run.status, CommandStatus::SomeFailed);
    let lines: Vec<_> = run.messages.lines().collect();
    assert_eq!(lines[0], "skipped in DIR/in: ann.cr2 (beside a picture of the same name), 1 other file, 1 subfolder");
    assert!(run.messages.contains("error: DIR/in/bob.heic: this is a HEIC picture, which cannot be opened: "));
    assert_eq!(folder.files("out"), ["ann.png"]);
}

#[test]
fn subfolders_of_photos_and_masks_are_filled() {
    let folder = FillTestFolder::new();
    for name in ["in/ann.png", "in/a/ann.png", "in/a/b/bob.png"] {
        folder.add_photo(name);
    }
    let mask = RgbImage::from_fn(SIDE_PX, SIDE_PX, |x, _| Rgb([if x < 8 { 255 } else { 0 }; 3]));
    std::fs::create_dir_all(folder.path("masks/a")).unwrap();
    for name in ["masks/ann.png", "masks/a/ann.png", "masks/bob.png"] {
        mask.save(folder.path(name)).unwrap();
    }
    let line = "DIR/in --recursive --mask DIR/masks --steps 1 --hats DIR/hats --out DIR/in/out";
    let run = folder.fill(&mut FakeBackend::default(), line).unwrap();
    assert_eq!(run.status, CommandStatus::Success, "{}", run.messages);
    assert_eq!(folder.files("in/out"), ["a", "ann.png"]);
    assert_eq!(folder.files("in/out/a"), ["ann.png", "b"]);
    assert_eq!(folder.files("hats/a/b/bob"), ["0001.png"]);
    let again = folder.fill(&mut FakeBackend::default(), &format!("{line} --force")).unwrap();
    assert!(!again.messages.contains("in/out/out"), "the output folder is not read: {}", again.messages);
}

#[test]
fn hats_are_the_generated_faces() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let line = "DIR/ann.png --mask center --steps 12 --every 5 --hats DIR/hats --out DIR/out.png";
    folder.fill(&mut FakeBackend::default(), line).unwrap();
    assert_eq!(folder.files("hats"), ["0001.png", "0005.png", "0010.png", "0012.png"]);
    let face = folder.pixels("hats/0010.png");
    assert!(face.dimensions() == (SIDE_PX, SIDE_PX) && face.pixels().all(|pixel| *pixel == Rgb([128; 3])));
    // The result of the fake search is white.
    assert!(folder.pixels("hats/0012.png").pixels().all(|pixel| *pixel == Rgb([255; 3])));
}

#[test]
fn a_sheet_shows_all_photos_that_are_filled() {
    let folder = FillTestFolder::new();
    folder.add_photo("in/ann.png");
    folder.add_photo("in/carl.png");
    std::fs::write(folder.path("in/bob.png"), b"no picture").unwrap();
    let line = "DIR/in --mask center --blend none --steps 4 --every 2 --out DIR/out --sheet DIR/sheet.png \
                --sheet-gif DIR/sheet.gif";
    folder.fill(&mut FakeBackend::default(), line).unwrap();
    let sheet = folder.pixels("sheet.png");
    let middle = |place: u32| *sheet.get_pixel(10 + 162 * place + 80, 10 + 80);
    assert_eq!([middle(1), middle(2)], [Rgb([128; 3]), Rgb([255; 3])]);
    assert_eq!(sheet.dimensions(), (3 * 160 + 4 + 20, 2 * 170 + 10));
    let gif = std::io::BufReader::new(std::fs::File::open(folder.path("sheet.gif")).unwrap());
    let frames = image::AnimationDecoder::into_frames(image::codecs::gif::GifDecoder::new(gif).unwrap());
    assert_eq!(frames.count(), 4, "iterations 1, 2 and 4, and the result");
    assert!(!folder.path("out/bob.png").exists());
}

#[test]
fn the_centre_can_have_another_margin() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let line = "DIR/ann.png --mask center --center-scale 0.375 --blend none --steps 1 --out DIR/out.png";
    folder.fill(&mut FakeBackend::default(), line).unwrap();
    let white = folder.pixels("out.png").pixels().filter(|pixel| **pixel == Rgb([255; 3])).count();
    assert_eq!(white, 8 * 8);
    let other = folder.fill(&mut FakeBackend::default(), &line.replace("center ", "half ")).err().unwrap();
    insta::assert_snapshot!(other, @"--center-scale is the margin of --mask center: give that mask, or leave it out");
}

#[test]
fn folder_masks_match_photos_by_stem() {
    let folder = FillTestFolder::new();
    folder.add_photo("in/ann.png");
    folder.add_photo("in/bob.png");
    folder.add_photo("in/carl.png");
    std::fs::create_dir(folder.path("masks")).unwrap();
    let is_hole = |x: u32, y: u32| (8..20).contains(&x) && (8..20).contains(&y);
    let white = |x: u32, y: u32| Rgb([if is_hole(x, y) { 255 } else { 0 }; 3]);
    RgbImage::from_fn(SIDE_PX, SIDE_PX, white).save(folder.path("masks/ann.png")).unwrap();
    save_mask(&folder.path("masks/bob.png"), &Mask::empty(SIDE_PX, SIDE_PX), Overwrite::Refuse).unwrap();
    let run = folder.fill(&mut FakeBackend::default(), "DIR/in --mask DIR/masks --steps 1 --blend none --out DIR/out");
    insta::assert_snapshot!(run.unwrap().messages, @r"
    note: fake device notice
    note: fake model note
    DIR/in/ann.png → DIR/out/ann.png: 1 step in 1.5 s on Fake device, total loss 1.5000 → 1.5000
    error: DIR/in/bob.png: the mask DIR/masks/bob.png has no hole: it is black everywhere. White, or brighter than half (128 of 255), is filled, so draw the hole in white on black
    error: DIR/in/carl.png: there is no mask for this photo in DIR/masks: add carl.png
    2 of 3 photos failed
    ");
    assert!(
        folder
            .pixels("out/ann.png")
            .enumerate_pixels()
            .all(|(x, y, pixel)| { (*pixel == Rgb([255; 3])) == is_hole(x, y) })
    );
    assert_eq!(folder.files("out"), ["ann.png"]);
}

#[test]
fn ignored_pixels_stay_and_are_recorded() {
    let folder = FillTestFolder::new();
    folder.add_photo("in/ann.png");
    folder.add_photo("in/bob.png");
    std::fs::create_dir(folder.path("ignore")).unwrap();
    let is_ignored = |x: u32, y: u32| x > 20 && y < 20;
    let ignored = Mask::from_fn(SIDE_PX, SIDE_PX, is_ignored);
    save_mask(&folder.path("ignore/ann.png"), &ignored, Overwrite::Refuse).unwrap();
    let line = "DIR/in --mask center --ignore DIR/ignore --blend none --steps 1 --out DIR/out";
    let run = folder.fill(&mut FakeBackend::default(), line).unwrap();
    assert_eq!(run.status, CommandStatus::Success, "{}", run.messages);
    let (before, after) = (folder.pixels("in/ann.png"), folder.pixels("out/ann.png"));
    let center = SIDE_PX / 4..3 * SIDE_PX / 4;
    for (x, y, pixel) in after.enumerate_pixels() {
        let is_filled = center.contains(&x) && center.contains(&y) && !is_ignored(x, y);
        assert_eq!(*pixel, if is_filled { Rgb([255; 3]) } else { *before.get_pixel(x, y) }, "{x}, {y}");
    }
    let hole = |name: &str| Provenance::read(&std::fs::read(folder.path(name)).unwrap()).unwrap().hole().unwrap();
    assert_eq!((hole("out/ann.png").ignored(), hole("out/bob.png").has_ignored()), (ignored, false));
    let report: serde_json::Value = serde_json::from_str(&run.report).unwrap();
    assert_eq!(report["photos"][0]["ignored_share"], 220.0 / 1024.0);
    assert!(report["photos"][1].get("ignored_share").is_none());
}

#[test]
fn a_soft_edge_mixes_fill_and_photo_around_the_hole() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let line = "DIR/ann.png --mask center --soft-edge 3 --blend none --steps 1 --out DIR/out.png --layer DIR/layer.png";
    let run = folder.fill(&mut FakeBackend::default(), line).unwrap();
    assert_eq!(run.status, CommandStatus::Success, "{}", run.messages);
    let (before, after) = (folder.pixels("ann.png"), folder.pixels("out.png"));
    let layer = image::open(folder.path("layer.png")).unwrap().into_rgba8();
    let distance = |at: u32| (SIDE_PX / 4).saturating_sub(at).max((at + 1).saturating_sub(3 * SIDE_PX / 4));
    for (x, y, pixel) in after.enumerate_pixels() {
        let alpha = layer.get_pixel(x, y).0[3];
        match distance(x).pow(2) + distance(y).pow(2) {
            0 => assert_eq!((pixel, alpha), (&Rgb([255; 3]), 255), "{x}, {y}"),
            1..=9 => assert!((1..255).contains(&alpha) && pixel != before.get_pixel(x, y), "{x}, {y}: {alpha}"),
            _ => assert_eq!((pixel, alpha), (before.get_pixel(x, y), 0), "{x}, {y}"),
        }
    }
    let provenance = Provenance::read(&std::fs::read(folder.path("out.png")).unwrap()).unwrap();
    assert_eq!(provenance.blend.soft_edge_px, 3);
}

#[test]
fn a_wrong_ignore_picture_is_named() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let line = "DIR/ann.png --mask center --ignore DIR/none.png --out DIR/out.png";
    let error = folder.fill(&mut FakeBackend::default(), line).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("give --ignore a picture of the photo's size"), "{error}");
    save_mask(&folder.path("small.png"), &Mask::full(8, 9), Overwrite::Refuse).unwrap();
    let line = "DIR/ann.png --mask center --ignore DIR/small.png --out DIR/out.png";
    let messages = folder.fill(&mut FakeBackend::default(), line).unwrap().messages;
    assert!(messages.contains("--ignore: the mask DIR/small.png is 8×9 pixels"), "{messages}");
}

#[test]
fn a_size_mismatch_error_names_both_sizes() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    save_mask(&folder.path("mask.png"), &Mask::empty(8, 9), Overwrite::Refuse).unwrap();
    let run = folder.fill(&mut FakeBackend::default(), "DIR/ann.png --mask DIR/mask.png --out DIR/out.png").unwrap();
    assert!(run.messages.contains("8×9") && run.messages.contains("32×32"), "{}", run.messages);
    assert!(!folder.path("out.png").exists());
}

#[test]
fn frames_gif_and_log_end_with_the_result() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let line = "DIR/ann.png --mask full --blend none --steps 25 --frames DIR/frames --gif DIR/search.gif \
                --apng DIR/search.png --log DIR/losses.csv --out DIR/out.png";
    let run = folder.fill(&mut FakeBackend::default(), line).unwrap();
    assert_eq!(run.status, CommandStatus::Success, "{}", run.messages);
    let frames = ["frame-00001.png", "frame-00010.png", "frame-00020.png", "frame-00025.png"];
    assert_eq!(folder.files("frames"), frames);
    let grey = *folder.pixels("frames/frame-00010.png").get_pixel(5, 5);
    assert!((i32::from(grey.0[0]) - 128).abs() <= 1, "the best candidate's picture: {grey:?}");
    assert_eq!(folder.pixels("frames/frame-00025.png"), folder.pixels("out.png"));

    let gif = std::fs::read(folder.path("search.gif")).unwrap();
    let gif = image::codecs::gif::GifDecoder::new(std::io::Cursor::new(gif)).unwrap();
    assert_eq!(image::AnimationDecoder::into_frames(gif).count(), frames.len());

    let apng = std::fs::read(folder.path("search.png")).unwrap();
    let apng = image::codecs::png::PngDecoder::new(std::io::Cursor::new(apng)).unwrap().apng().unwrap();
    assert_eq!(image::AnimationDecoder::into_frames(apng).count(), frames.len());

    let csv = std::fs::read_to_string(folder.path("losses.csv")).unwrap();
    let rows: Vec<_> = csv.lines().collect();
    assert_eq!(rows.len(), 1 + 2 * 25);
    assert_eq!(rows[..3], ["iteration,candidate,context,prior,total", "1,1,2,0.5,2.5", "1,2,1,0.5,1.5"]);
    assert!(rows[50].starts_with("25,2,"));
}

#[test]
fn maps_are_pictures_values_and_a_report() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let line = "DIR/ann.png --mask center --maps DIR/maps --out DIR/out.png";
    let run = folder.fill(&mut FakeBackend::default(), line).unwrap();
    assert_eq!(run.status, CommandStatus::Success, "{}", run.messages);
    let pictures = ["context-gradient.png", "prior-gradient.png", "residual.png", "uncertainty.png", "weights.png"];
    assert_eq!(folder.files("maps"), [&pictures[..1], &["maps.safetensors"], &pictures[1..]].concat());
    let filled = folder.pixels("out.png");
    let is_changed = |map: &RgbImage, x: u32, y: u32| map.get_pixel(x, y) != filled.get_pixel(x, y);
    for (name, is_of_hole) in [("uncertainty", true), ("residual", false)] {
        let map = folder.pixels(&format!("maps/{name}.png"));
        assert_eq!((is_changed(&map, 16, 16), is_changed(&map, 2, 2)), (is_of_hole, !is_of_hole), "{name}");
    }
    let bytes = std::fs::read(folder.path("maps/maps.safetensors")).unwrap();
    let values = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(values.tensor("prior_gradient").unwrap().shape(), [32, 32]);
    let report: serde_json::Value = serde_json::from_str(&run.report).unwrap();
    let uncertainty = &report["photos"][0]["fills"][0]["uncertainty"];
    assert_eq!((uncertainty["misfit_ratio"].as_f64(), uncertainty["spread"].as_f64()), (Some(1.25), Some(15.5)));
    assert_eq!(uncertainty["certainty"], "roughly-known");

    let refused = folder.fill(&mut FakeBackend::default(), &line.replace("out.png", "other.png")).err().unwrap();
    assert!(refused.to_string().contains("holds the maps of another fill"), "{refused}");
    assert!(!folder.path("other.png").exists());
}

#[test]
fn the_latents_of_every_iteration_lie_beside_the_log() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let line = "DIR/ann.png --mask full --steps 25 --log DIR/losses.csv --out DIR/out.png";
    folder.fill(&mut FakeBackend::default(), line).unwrap();
    let bytes = std::fs::read(folder.path("losses.latents.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let tensor = |name: &str| file.tensor(name).unwrap();
    assert_eq!((tensor("latents").shape(), tensor("iterations").shape()), (&[25, 2, 1][..], &[25][..]));
    assert_eq!(tensor("result").shape(), [2, 1]);
    let numbers: Vec<f32> = bytemuck::pod_collect_to_vec(tensor("latents").data());
    assert_eq!(numbers[..4], [1.0, 0.5, 0.5, 0.25], "both candidates at the first two iterations");
}

#[test]
fn a_branch_goes_on_from_logged_latents() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let log = folder.path("first.latents.safetensors");
    let model = crate::model::inspect(&ModelChoice::Face64).unwrap();
    let outcome = FakeBackend::outcome_of(&model, 3);
    crate::cli::latent_log::write(&log, &outcome).unwrap();
    let fill = |options: &str| {
        let line = format!("DIR/ann.png --mask full --steps 4 --force --out DIR/out.png {options}");
        folder.fill(&mut FakeBackend::default(), &line)
    };
    assert_eq!(
        fill("--model face-64 --branch DIR/first.latents.safetensors@2").unwrap().status,
        CommandStatus::Success
    );
    let provenance = Provenance::read(&std::fs::read(folder.path("out.png")).unwrap()).unwrap();
    let latents = outcome.latent_history.latents(2).unwrap().to_vec();
    assert_eq!(provenance.start, crate::job::SearchStart::Continue { iteration: 2, latents });
    assert_eq!(provenance.settings.candidates, 2);
    let refused =
        |options: &str| fill(options).err().unwrap().to_string().replace(folder.0.path().to_str().unwrap(), "DIR");
    insta::assert_snapshot!(refused("--model face-64 --branch DIR/first.latents.safetensors@4"), @"--branch DIR/first.latents.safetensors: there is no iteration 4: use one from 1 to 3");
    insta::assert_snapshot!(refused("--branch DIR/first.latents.safetensors@2"), @"--branch DIR/first.latents.safetensors: the latents are of face-64, not of face-128: choose that model with --model");
    insta::assert_snapshot!(refused("--branch DIR/ann.png@2"), @"--branch DIR/ann.png: this is no file of latents: give one that --log wrote: header too large");
}

#[test]
fn any_iteration_can_be_the_result() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let fill = |options: &str| {
        let line = format!("DIR/ann.png --mask full --blend none --steps 25 --force --out DIR/out.png {options}");
        let run = folder.fill(&mut FakeBackend::default(), &line).unwrap();
        let report: serde_json::Value = serde_json::from_str(&run.report).unwrap();
        let provenance = Provenance::read(&std::fs::read(folder.path("out.png")).unwrap()).unwrap();
        let [grey, ..] = folder.pixels("out.png").get_pixel(5, 5).0;
        (grey, report["photos"][0]["at"].as_u64(), report["photos"][0]["steps"].as_u64(), provenance)
    };
    // The better candidate's latent is half of its loss.
    let (grey, at, steps, provenance) = fill("--at 5");
    assert_eq!((grey, at, steps), (140, Some(5), Some(25)), "0.1 of [-1, 1]");
    assert_eq!((provenance.kept_at, &provenance.start), (Some(5), &crate::job::SearchStart::At(vec![0.1])));
    let (grey, at, _, provenance) = fill("");
    assert_eq!((grey, at, provenance.kept_at), (255, None, None));
    let refused =
        folder.fill(&mut FakeBackend::default(), "DIR/ann.png --mask full --steps 25 --at 26 --out DIR/b.png");
    insta::assert_snapshot!(refused.err().unwrap(), @"--at 26 is beyond the 25 steps of the search: use 1 to 25");
}

#[test]
fn an_edit_changes_the_best_face_and_is_recorded() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let line = "DIR/ann.png --mask full --blend none --steps 3 --edit smile=-2 --out DIR/out.png";
    let run = folder.fill(&mut FakeBackend::default(), line).unwrap();
    let report: serde_json::Value = serde_json::from_str(&run.report).unwrap();
    let provenance = Provenance::read(&std::fs::read(folder.path("out.png")).unwrap()).unwrap();
    // The best candidate's latent is 1.
    assert_eq!(folder.pixels("out.png").get_pixel(5, 5).0[0], 191, "0.5 of [-1, 1]");
    assert_eq!(report["photos"][0]["edit"], serde_json::json!({ "smile": -2.0, "other-half": 0.0 }));
    assert_eq!(provenance.start, crate::job::SearchStart::At(vec![0.5]));
    let edit = provenance.edit.unwrap();
    assert_eq!((edit.latent, edit.amounts), (vec![1.0], [("smile".to_string(), -2.0)].into()));
    let refused = folder.fill(&mut FakeBackend::default(), "DIR/ann.png --mask full --edit hat=1 --out DIR/b.png");
    assert!(refused.err().unwrap().is::<crate::cli::UsageError>());
}

#[test]
fn the_result_is_redrawn_but_no_earlier_frame() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let fill = |completion: &str| {
        let mut backend = FakeBackend { has_completion: true, ..FakeBackend::default() };
        let line = format!(
            "DIR/ann.png --mask center --blend none --detail 0 --steps 2 --force --completion {completion} \
             --frames DIR/{completion} --out DIR/{completion}.png"
        );
        let run = folder.fill(&mut backend, &line).unwrap();
        let report: serde_json::Value = serde_json::from_str(&run.report).unwrap();
        let frame = |number: u32| folder.pixels(&format!("{completion}/frame-0000{number}.png"));
        assert_eq!(frame(2), folder.pixels(&format!("{completion}.png")));
        (frame(1), frame(2), report["photos"][0]["completion_sha256"].clone())
    };
    let ((on_first, on_last, on_sha256), (off_first, off_last, off_sha256)) = (fill("on"), fill("off"));
    assert_eq!(on_first, off_first);
    assert_ne!(on_last, off_last);
    assert!(on_sha256.is_string() && off_sha256.is_null(), "{on_sha256} {off_sha256}");
}

#[test]
fn batch_outputs_are_separate_per_photo() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    folder.add_photo("bob.png");
    let line = "DIR/ann.png DIR/bob.png --mask center --steps 2 --every 1 --frames DIR/frames --gif DIR/search.gif \
                --apng DIR/search.apng --log DIR/losses.csv --out DIR/out";
    folder.fill(&mut FakeBackend::default(), line).unwrap();
    assert_eq!(folder.files("frames"), ["ann", "bob"]);
    assert_eq!(folder.files("frames/bob"), ["frame-00001.png", "frame-00002.png"]);
    for name in ["search-ann.gif", "search-bob.gif", "search-bob.apng", "losses-ann.csv", "losses-bob.csv"] {
        assert!(folder.path(name).is_file(), "{name}");
    }
}

#[test]
fn a_failed_search_still_saves_its_fill() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let mut backend = FakeBackend { fails_at: Some(3), ..FakeBackend::default() };
    let run = folder.fill(&mut backend, "DIR/ann.png --mask center --out DIR/out.png").unwrap();
    assert_eq!(run.status, CommandStatus::SomeFailed);
    assert!(folder.path("out.png").is_file());
    let last = run.messages.lines().last().unwrap();
    insta::assert_snapshot!(last, @"error: DIR/ann.png: the search failed at iteration 3 (the device is gone): the best fill so far is saved");
    let report: serde_json::Value = serde_json::from_str(&run.report).unwrap();
    let photo = &report["photos"][0];
    assert_eq!((photo["stopped_early"].as_bool(), photo["steps"].as_u64()), (Some(true), Some(3)));
    assert!(photo["error"].is_string() && photo["out"].is_string());
}

#[test]
fn a_missing_device_is_reported_once() {
    let folder = FillTestFolder::new();
    folder.add_photo("in/ann.png");
    folder.add_photo("in/bob.png");
    let mut backend = FakeBackend { no_device: true, ..FakeBackend::default() };
    let run = folder.fill(&mut backend, "DIR/in --mask center --device gpu --out DIR/out").unwrap();
    assert_eq!(run.status, CommandStatus::SomeFailed);
    insta::assert_snapshot!(run.messages, @"error: this machine offers no GPU: use --device cpu, or install its graphics driver");
    assert!(folder.files("out").is_empty());
    insta::assert_snapshot!("report-failed", run.report);
}

#[test]
fn unwritable_frames_do_not_lose_the_fill() {
    /// Removes the frames folder after the arguments are checked.
    struct FolderRemovingBackend(FakeBackend, std::path::PathBuf);
    impl FillBackend for FolderRemovingBackend {
        fn load_model(&mut self, device: DeviceChoice, model: &ModelChoice) -> Result<(), FillError> {
            self.0.load_model(device, model)
        }

        fn run_search(
            &mut self,
            request: &FillRequest,
            observer: &mut dyn FillObserver,
        ) -> Result<FillOutcome, FillError> {
            std::fs::remove_dir(&self.1).unwrap();
            self.0.run_search(request, observer)
        }

        fn draw_maps(&mut self, request: &MapRequest) -> Result<Option<FaceMapSet>, FillError> {
            self.0.draw_maps(request)
        }

        fn reset(&mut self) {}
    }
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let mut backend = FolderRemovingBackend(FakeBackend::default(), folder.path("frames"));
    let line = "DIR/ann.png --mask center --out DIR/out.png --frames DIR/frames --every 1 --steps 2";
    let run = folder.fill(&mut backend, line).unwrap();
    assert_eq!(run.status, CommandStatus::SomeFailed);
    assert!(folder.path("out.png").is_file());
    assert!(run.messages.contains("error: DIR/ann.png: the fill is saved, but "), "{}", run.messages);
}

#[test]
fn sixteen_bit_depth_is_kept() {
    let folder = FillTestFolder::new();
    let original =
        image::ImageBuffer::from_fn(SIDE_PX, SIDE_PX, |x, y| image::Luma([u16::try_from(x * 2000 + y).unwrap()]));
    DynamicImage::ImageLuma16(original.clone()).save(folder.path("deep.png")).unwrap();
    folder
        .fill(&mut FakeBackend::default(), "DIR/deep.png --mask center --blend none --steps 1 --out DIR/out.png")
        .unwrap();
    let filled = image::open(folder.path("out.png")).unwrap();
    let DynamicImage::ImageLuma16(filled) = filled else { panic!("another colour type: {:?}", filled.color()) };
    assert_eq!(filled.get_pixel(0, 0), original.get_pixel(0, 0));
    assert_ne!(filled.get_pixel(SIDE_PX / 2, SIDE_PX / 2), original.get_pixel(SIDE_PX / 2, SIDE_PX / 2));
}

#[test]
fn invalid_arguments_are_refused_before_the_search() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let refused = |line: &str| {
        let error = folder.fill(&mut FakeBackend::default(), line).err().unwrap();
        assert!(error.is::<crate::cli::UsageError>(), "{error}");
        error.to_string().replace(folder.0.path().to_str().unwrap(), "DIR")
    };
    insta::assert_snapshot!(refused("DIR/ann.png --mask DIR/none.png --out DIR/out.png"), @"there is no mask DIR/none.png: give a picture with the hole in white, one of center, half, left, random, random-20, grid, lowres, full, or parts of the face, separated by commas: eyes, left-eye, right-eye, brows, nose, mouth, chin, left-half, right-half, skin");
    insta::assert_snapshot!(refused("DIR/ann.png --mask center --steps 0 --out DIR/out.png"), @"steps is 0: use 1 to 100000");
    assert!(refused("DIR/ann.png --mask center --model DIR/none --out DIR/out.png").starts_with("there is no model"));
    assert!(refused("DIR/ann.png --mask center --model DIR/ann.png --out DIR/out.png").contains("DIR/ann.png: "));
    assert!(refused("DIR/ann.png DIR/ann.png --mask center --out DIR/out").contains("would both become"));
    assert!(refused("DIR/ann.png DIR/bob.png --mask center --out DIR/ann.png").contains("a folder is needed here"));
    assert_eq!(folder.files(""), ["ann.png"]);
}

#[test]
fn a_missing_photo_fails_without_usage_error() {
    let folder = FillTestFolder::new();
    let run = folder.fill(&mut FakeBackend::default(), "DIR/none.png --mask center --out DIR/out.png").unwrap();
    assert_eq!(run.status, CommandStatus::SomeFailed);
    assert!(
        run.messages.starts_with("error: ") && run.messages.matches("DIR/none.png").count() == 1,
        "{}",
        run.messages
    );
    assert!(!folder.path("out.png").exists());
}

#[test]
fn batch_photos_get_own_layer_and_record() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    folder.add_photo("bob.png");
    let line = "DIR/ann.png DIR/bob.png --mask center --steps 2 --seed 4 --layer DIR/layer.png --out DIR/out";
    let run = folder.fill(&mut FakeBackend::default(), line).unwrap();
    assert_eq!(run.status, CommandStatus::Success, "{}", run.messages);
    let provenance = |name: &str| Provenance::read(&std::fs::read(folder.path(name)).unwrap()).unwrap();
    for (out, layer) in [("out/ann.png", "layer-ann.png"), ("out/bob.png", "layer-bob.png")] {
        assert_eq!((provenance(out).content, provenance(layer).content), (ExportContent::Photo, ExportContent::Layer));
        let Provenance { settings, candidate, steps, .. } = provenance(out);
        assert_eq!((settings.seed, candidate, steps), (4, 1, 2));
        assert_eq!(image::open(folder.path(layer)).unwrap().color(), image::ColorType::Rgba8);
    }
}

#[test]
fn an_unwritable_layer_does_not_lose_the_fill() {
    /// Creates the layer's file while the search runs.
    struct FileCreatingBackend(FakeBackend, std::path::PathBuf);
    impl FillBackend for FileCreatingBackend {
        fn load_model(&mut self, device: DeviceChoice, model: &ModelChoice) -> Result<(), FillError> {
            self.0.load_model(device, model)
        }

        fn run_search(
            &mut self,
            request: &FillRequest,
            observer: &mut dyn FillObserver,
        ) -> Result<FillOutcome, FillError> {
            std::fs::write(&self.1, b"precious").unwrap();
            self.0.run_search(request, observer)
        }

        fn draw_maps(&mut self, request: &MapRequest) -> Result<Option<FaceMapSet>, FillError> {
            self.0.draw_maps(request)
        }

        fn reset(&mut self) {}
    }
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let layer = folder.path("layer.png");
    let mut backend = FileCreatingBackend(FakeBackend::default(), layer.clone());
    let run = folder.fill(&mut backend, "DIR/ann.png --mask center --layer DIR/layer.png --out DIR/out.png").unwrap();
    assert_eq!(run.status, CommandStatus::SomeFailed);
    assert!(run.messages.contains("the fill is saved, but DIR/layer.png already exists"), "{}", run.messages);
    assert!(folder.path("out.png").is_file());
    assert_eq!(std::fs::read(layer).unwrap(), b"precious");
}

#[test]
fn a_panic_fails_one_photo_only() {
    let folder = FillTestFolder::new();
    for name in ["ann", "bob", "carl"] {
        folder.add_photo(&format!("in/{name}.png"));
    }
    let mut backend = FakeBackend { panics_at: Some(2), ..FakeBackend::default() };
    let run = folder.fill(&mut backend, "DIR/in --mask center --steps 1 --out DIR/out").unwrap();
    assert_eq!((run.status, backend.resets), (CommandStatus::SomeFailed, 1));
    assert_eq!(folder.files("out"), ["ann.png", "carl.png"]);
    let error = run.messages.lines().find(|line| line.starts_with("error")).unwrap();
    insta::assert_snapshot!(error, @"error: DIR/in/bob.png: the program hit an internal error (a fault in the fake search): try again, and please report it with this photo");
    let report: serde_json::Value = serde_json::from_str(&run.report).unwrap();
    assert!(report["photos"][1]["error"].is_string() && report["photos"][2]["out"].is_string());
}
