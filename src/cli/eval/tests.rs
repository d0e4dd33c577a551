//! Complete runs with the tiny model: files, messages and refusals.

mod shares;

use clap::Parser as _;
use std::path::PathBuf;

use image::{Rgb, RgbImage};

use super::*;
use crate::cli::args;
use crate::cli::console::CapturedConsole;
use crate::dataset::{DatasetInfo, FaceDatasetWriter};
use crate::model::cpu::CpuPrecision;
use crate::perceptual::test_weights::{synthetic_heads, write_synthetic, write_synthetic_with_heads};

/// A temporary folder with faces.
struct EvalTestFolder(tempfile::TempDir);

/// The result of a run, with the folder's path replaced by DIR.
struct EvalTestRun {
    status: CommandStatus,
    text: String,
    messages: String,
}

impl EvalTestFolder {
    fn with_faces(names: &[&str]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(folder.path("faces")).unwrap();
        for (name, base) in names.iter().zip((0_u32..).step_by(50)) {
            let slope = 9 - base / 25;
            let rgb = |x: u32, y: u32| [base + 5 * x, slope * y, x * y / 2 + base];
            let value = |x: u32, y: u32| Rgb(rgb(x, y).map(|value| u8::try_from(value).unwrap()));
            RgbImage::from_fn(16, 16, value).save(folder.path("faces").join(name)).unwrap();
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `eval` on the faces with these arguments; `DIR` stands for this folder.
    fn eval(&self, line: &str) -> anyhow::Result<EvalTestRun> {
        self.eval_of("DIR/faces", line)
    }

    fn eval_of(&self, faces: &str, line: &str) -> anyhow::Result<EvalTestRun> {
        let folder = self.0.path().to_str().unwrap();
        let model = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/fixtures/tiny-16.safetensors");
        let start = ["countenance", "eval", faces, "--device", "cpu", "--model", model];
        let words = start.into_iter().chain(line.split_whitespace()).map(|word| word.replace("DIR", folder));
        let Some(args::Command::Eval(args)) = args::Cli::try_parse_from(words)?.command else { panic!("not an eval") };
        let plan = EvalPlan::new(&args)?;
        let captured = CapturedConsole::default();
        let result = run_evaluation(&plan, &mut captured.console())?;
        let messages = captured.take().replace(folder, "DIR");
        Ok(EvalTestRun { status: result.status, text: result.text.replace(folder, "DIR"), messages })
    }

    fn refusal(&self, line: &str) -> String {
        let error = self.eval(line).err().unwrap();
        assert!(error.is::<crate::cli::UsageError>(), "{error}");
        error.to_string().replace(self.0.path().to_str().unwrap(), "DIR")
    }

    fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(self.path(name)).unwrap()).unwrap()
    }
}

#[test]
fn the_table_shows_means_and_intervals() {
    let folder = EvalTestFolder::with_faces(&["ann.png", "bob.png", "carl.png"]);
    let run = folder.eval("--presets none --masks center,eyes").unwrap();
    assert_eq!(run.status, CommandStatus::Success, "{}", run.messages);
    insta::assert_snapshot!("table-of-the-floor", run.text);
    assert!(run.messages.contains("2 of 3 faces done, about "), "{}", run.messages);
}

#[test]
fn a_dataset_scores_like_its_pictures() {
    let folder = EvalTestFolder::with_faces(&["ann.png", "bob.png", "carl.png"]);
    let mut writer =
        FaceDatasetWriter::create(&folder.path("all.safetensors"), 16, DatasetInfo::default(), Overwrite::Refuse)
            .unwrap();
    for name in ["ann.png", "bob.png", "carl.png"] {
        writer.push(image::open(folder.path("faces").join(name)).unwrap().to_rgb8().as_raw()).unwrap();
    }
    writer.finish().unwrap();
    let line = "--presets none --masks center,eyes --count 2 --cases DIR/cases";
    let [pictures, dataset] =
        ["DIR/faces", "DIR/all.safetensors"].map(|faces| folder.eval_of(faces, line).unwrap().text);
    assert_eq!(pictures, dataset);
    assert!(folder.path("cases/face-00001-eyes.png").exists() && !folder.path("cases/face-00002-eyes.png").exists());

    let error = folder.eval_of("DIR/all.safetensors", "--presets none --json DIR/all.safetensors").err().unwrap();
    assert!(error.to_string().contains("is the same file as an input"), "{error}");
    let error = folder.eval_of("DIR/faces/ann.png", "").err().unwrap();
    assert!(error.is::<crate::cli::UsageError>(), "{error}");
    let error = error.to_string();
    assert!(error.contains("ann.png is not a dataset") && error.ends_with(", or give a folder of faces"), "{error}");
}

#[test]
fn differences_to_one_method_have_signs() {
    let folder = EvalTestFolder::with_faces(&["ann.png", "bob.png"]);
    let line = "--presets blog --steps 1 --masks center --against blog --json DIR/eval.json";
    let text = folder.eval(line).unwrap().text;
    let lines: Vec<_> = text.split("\nIn the hole, paired difference to blog\n").nth(1).unwrap().lines().collect();
    assert!(lines[1].starts_with("center     mean ") && lines[2].is_empty(), "{text}");
    let json = folder.json("eval.json");
    let mean = json["differences"][0]["psnr_hole_db"]["mean"].as_f64().unwrap();
    assert!(lines[1].contains(&format!(" {mean:+.2} ± ")), "{mean}: {text}");
    assert!(json["differences"][0]["seconds"].is_null(), "the mean has no time");
}

#[test]
fn searches_have_their_own_table() {
    let folder = EvalTestFolder::with_faces(&["ann.png"]);
    let line = "--presets best,blog --steps 2 --candidates 2 --masks mouth --blend none,poisson";
    let text = folder.eval(line).unwrap().text;
    let searches: Vec<_> = text.split("\nSearch\n").nth(1).unwrap().lines().skip(1).collect();
    let method = |line: &&str| line[11..].split_whitespace().next().unwrap().to_string();
    assert_eq!(searches.iter().map(method).collect::<Vec<_>>(), ["best", "best+poisson", "blog", "blog+poisson"]);
    let device = CpuPrecision::fastest().device_name();
    assert!(text.starts_with(&format!("1 face, model tiny-16, seed 0, {device}; ")), "{text}");
}

#[test]
fn the_json_has_cells_scores_and_settings() {
    let folder = EvalTestFolder::with_faces(&["ann.png", "bob.png"]);
    folder.eval("--presets blog --steps 3 --candidates 2 --masks center,half --seed 5 --json DIR/eval.json").unwrap();
    let json = folder.json("eval.json");
    assert_eq!(json["masks"], serde_json::json!(["center", "half"]));
    assert_eq!(json["methods"], serde_json::json!(["mean", "blog"]));
    assert_eq!((json["seed"].as_u64(), json["size_px"].as_u64()), (Some(5), Some(16)));
    assert_eq!((json["faces"].as_u64(), json["faces_done"].as_u64()), (Some(2), Some(2)));
    assert_eq!(json["searches"][0]["settings"]["steps"], 3);
    let scores = json["scores"].as_array().unwrap();
    assert_eq!(scores.len(), 2 * 2 * 2);
    let last = &scores[7];
    assert_eq!([&last["face"], &last["mask"], &last["method"]], ["bob", "half", "blog"]);
    assert_eq!(last["steps"], 3);
    let psnr = |index: usize| scores[index]["psnr_hole_db"].as_f64().unwrap();
    let cell = &json["cells"][1]["psnr_hole_db"];
    let mean = f64::midpoint(psnr(1), psnr(5));
    assert!((cell["mean"].as_f64().unwrap() - mean).abs() < 1e-9 && cell["count"] == 2, "{cell}");
}

#[test]
fn json_on_standard_output_replaces_the_table() {
    let folder = EvalTestFolder::with_faces(&["ann.png"]);
    let text = folder.eval("--presets none --masks center --json -").unwrap().text;
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(json["device"].is_null() && json["cells"][0]["method"] == "mean");
}

#[test]
fn the_sheet_has_one_row_per_face() {
    let folder = EvalTestFolder::with_faces(&["ann.png", "bob.png"]);
    let run = folder.eval("--presets none --masks center,mouth --sheet DIR/sheet.png").unwrap();
    assert!(run.messages.ends_with(
        "DIR/sheet.png shows, from the left: truth, center: hole, center: mean, mouth: hole, mouth: mean\n"
    ));
    let sheet = image::open(folder.path("sheet.png")).unwrap().into_rgb8();
    assert_eq!(sheet.dimensions(), (5 * 130 + 2, 2 * 130 + 2));
    let first = image::open(folder.path("faces/ann.png")).unwrap().into_rgb8();
    assert_eq!(sheet.get_pixel(2, 2), first.get_pixel(0, 0));
}

#[test]
fn other_programs_are_scored_and_missing_cases_reported() {
    let folder = EvalTestFolder::with_faces(&["ann.png", "bob.png"]);
    folder.eval("--presets none --masks center --cases DIR/new/cases").unwrap();
    std::fs::create_dir(folder.path("grey")).unwrap();
    std::fs::copy(folder.path("new/cases/ann-center.png"), folder.path("grey/ann-center.png")).unwrap();
    let run = folder.eval("--presets none --masks center --others grey=DIR/grey --json DIR/eval.json").unwrap();
    assert_eq!(run.status, CommandStatus::SomeFailed);
    let errors: Vec<_> = run.messages.lines().filter(|line| !line.contains("faces done")).collect();
    insta::assert_snapshot!(errors.join("\n"), @r"
    error: bob, center, grey: DIR/grey/bob-center.png is missing: add the filled picture, or leave this mask out
    1 could not be scored: see the errors above
    ");
    let json = folder.json("eval.json");
    assert_eq!((json["cells"][1]["method"].as_str(), json["cells"][1]["faces"].as_u64()), (Some("grey"), Some(1)));
    assert_eq!(json["problems"][0]["mask"], "center");
}

#[test]
fn photos_get_lpips_and_a_row_for_all_masks() {
    let folder = EvalTestFolder::with_faces(&[]);
    let [photos, features] = ["faces/ann.jpg", "features.safetensors"].map(|name| folder.path(name));
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/samples/grace_hopper.jpg"), photos).unwrap();
    write_synthetic(&features);
    let line =
        "--photos --presets none --masks mouth,scratches --features DIR/features.safetensors --json DIR/eval.json";
    let run = folder.eval(line).unwrap();
    assert_eq!(run.status, CommandStatus::Success, "{}", run.messages);
    let lines: Vec<_> = run.text.lines().collect();
    assert!(lines[0].starts_with("1 photo, model tiny-16, seed 0; "), "{}", run.text);
    assert_eq!(lines[2], "In the hole; AlexNet's features of the whole face, without LPIPS's weights");
    assert!(lines[3].ends_with("features ×1000   median"), "{}", run.text);
    let starts = [4, 5, 6].map(|line: usize| lines[line].split_whitespace().take(2).collect::<Vec<_>>().join(" "));
    assert_eq!((starts, lines.len()), (["mouth mean", "scratches mean", "all masks"].map(String::from), 7));
    let json = folder.json("eval.json");
    assert_eq!(json["protocol"], "photos");
    assert_eq!(json["perceptual_metric"], "feature-distance");
    assert!(json["size_px"].is_null() && json["scores"][0]["frame"].as_array().unwrap().len() == 4);
    let distance = |score: usize| json["scores"][score]["feature_distance"].as_f64().unwrap();
    let (cell, mean) = (&json["cells"][2], f64::midpoint(distance(0), distance(1)));
    assert_eq!((cell["mask"].as_str(), cell["faces"].as_u64()), (Some("all"), Some(1)));
    assert!((cell["feature_distance"]["mean"].as_f64().unwrap() - mean).abs() < 1e-12);
    assert!((cell["feature_distance_median"].as_f64().unwrap() - mean).abs() < 1e-12);
}

#[test]
fn crops_get_lpips_with_learned_weights() {
    let folder = EvalTestFolder::with_faces(&["ann.png"]);
    write_synthetic_with_heads(&folder.path("features.safetensors"), &synthetic_heads());
    let line = "--presets none --masks center --features DIR/features.safetensors --json DIR/eval.json";
    let text = folder.eval(line).unwrap().text;
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[2], "In the hole; LPIPS of the whole face");
    let json = folder.json("eval.json");
    let (score, median) = (&json["scores"][0], json["cells"][0]["lpips_median"].as_f64().unwrap());
    let distance = score["lpips"].as_f64().unwrap();
    assert!(distance > 0.0 && score["frame"].is_null() && json["perceptual_metric"] == "lpips");
    assert_eq!(distance.to_bits(), median.to_bits());
    let shown = format!("{:.1}", 1000.0 * distance);
    assert!(lines[3].ends_with("LPIPS ×1000      median") && lines[4].ends_with(&shown), "{text}");
}

#[test]
fn invalid_arguments_are_refused_before_the_search() {
    let folder = EvalTestFolder::with_faces(&["ann.png", "ann.bmp"]);
    std::fs::create_dir(folder.path("empty")).unwrap();
    insta::assert_snapshot!(folder.refusal("--presets none"), @"DIR/faces/ann.bmp and DIR/faces/ann.png would have the same name: rename one");
    insta::assert_snapshot!(folder.refusal("--count 1 --steps 0"), @"steps is 0: use 1 to 100000");
    insta::assert_snapshot!(folder.refusal("--count 1 --others best=DIR/empty"), @"two methods are called best: give --others another name");
    insta::assert_snapshot!(folder.refusal("--count 1 --against telea"), @"there is no method telea for --against: use mean, best");
    insta::assert_snapshot!(folder.refusal("--count 1 --others telea=DIR/none"), @"there is no folder DIR/none for --others telea: check the name");
    insta::assert_snapshot!(folder.refusal("--count 1 --cases DIR/faces"), @"--cases DIR/faces is the folder of the faces: choose another");
    insta::assert_snapshot!(folder.refusal("--count 1 --cases DIR/empty --others telea=DIR/empty"), @"--cases DIR/empty is also a folder of --others: choose another");
    insta::assert_snapshot!(folder.refusal("--count 1 --sheet DIR/faces/sheet.png"), @"--sheet DIR/faces/sheet.png lies in the folder of the faces: choose another folder");
    insta::assert_snapshot!(folder.refusal("--count 1 --sheet DIR/sheet.jpg"), @"--sheet DIR/sheet.jpg does not end in .png: the sheet is saved as PNG");
    insta::assert_snapshot!(folder.refusal("--count 1 --json DIR/faces/ann.bmp"), @"--json DIR/faces/ann.bmp is the same file as an input: choose another name");
    insta::assert_snapshot!(folder.refusal("--count 1 --features DIR/none.pth"), @"DIR/none.pth does not hold AlexNet's convolutions (cannot read DIR/none.pth: check that the file exists and can be read): use torchvision's alexnet-owt-7be5be79.pth, or the same tensors as .safetensors");
    insta::assert_snapshot!(folder.refusal("--count 1 --photos --masks center"), @"there is no mask center with --photos: use mouth, eye, eyes, nose, lower-half, half, scratches, glasses; or all");
    assert!(folder.eval("--count 1 --frame found").err().unwrap().to_string().contains("--photos"));
    std::fs::remove_dir_all(folder.path("faces")).unwrap();
    assert!(folder.refusal("").starts_with("cannot list the folder DIR/faces"));
}
