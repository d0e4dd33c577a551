//! Runs the program as a script would, with the tiny model.
#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test may panic on an error; numbers are small"
)]

#[cfg(target_os = "linux")]
#[path = "cli/jobs.rs"]
mod jobs;
#[path = "cli/record.rs"]
mod record;

use std::fs;
#[cfg(target_os = "linux")]
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use countenance::model::cpu::CpuPrecision;
use image::{DynamicImage, GenericImageView, GrayImage, ImageBuffer, Luma, Rgb, RgbImage};

fn countenance() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countenance"));
    command.env_remove("RUST_LOG").env_remove("RUST_BACKTRACE");
    command
}

fn tiny_model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures/tiny-16.safetensors")
}

/// A temporary folder with a small photo and a mask.
fn folder_with_photo() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    photo(24, 24).save(folder.path().join("photo.png")).unwrap();
    mask(24, 24).save(folder.path().join("mask.png")).unwrap();
    folder
}

fn photo(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(x * 9) as u8, (y * 8) as u8, (x * y) as u8]))
}

fn mask(width: u32, height: u32) -> GrayImage {
    let inside = |x: u32, y: u32| (8..16).contains(&x) && (9..15).contains(&y);
    GrayImage::from_fn(width, height, |x, y| Luma([if inside(x, y) { 255 } else { 0 }]))
}

/// Runs `countenance fill` in a folder, with few steps on the CPU.
fn run_fill_command(folder: &Path, arguments: &[&str]) -> Output {
    countenance()
        .current_dir(folder)
        .arg("fill")
        .args(arguments)
        .args(["--device", "cpu", "--steps", "5", "--model"])
        .arg(tiny_model())
        .output()
        .unwrap()
}

fn stderr_text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn assert_code(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", stderr_text(output));
}

#[test]
fn a_fill_changes_only_the_hole() {
    let folder = folder_with_photo();
    let output = run_fill_command(folder.path(), &["photo.png", "--mask", "mask.png", "--out", "filled.png"]);
    assert_code(&output, 0);
    let filled = image::open(folder.path().join("filled.png")).unwrap().to_rgb8();
    let (before, hole) = (photo(24, 24), mask(24, 24));
    let mut changed = 0;
    for (x, y, pixel) in filled.enumerate_pixels() {
        if hole.get_pixel(x, y).0 == [255] {
            changed += u32::from(pixel != before.get_pixel(x, y));
        } else {
            assert_eq!(pixel, before.get_pixel(x, y), "({x}, {y})");
        }
    }
    assert!(changed > 40, "{changed} of 48 pixels");
}

#[test]
fn a_part_of_the_face_is_filled() {
    let folder = tempfile::tempdir().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/astronaut.png");
    fs::copy(&sample, folder.path().join("photo.png")).unwrap();
    assert_code(&run_fill_command(folder.path(), &["photo.png", "--mask", "mouth", "--out", "filled.png"]), 0);
    let before = image::open(&sample).unwrap().to_rgb8();
    let filled = image::open(folder.path().join("filled.png")).unwrap().to_rgb8();
    let is_near_mouth = |x: u32, y: u32| (190..258).contains(&x) && (130..168).contains(&y);
    let mut changed = 0;
    for (x, y, pixel) in filled.enumerate_pixels().filter(|(x, y, pixel)| *pixel != before.get_pixel(*x, *y)) {
        assert!(is_near_mouth(x, y), "({x}, {y}): {pixel:?}");
        changed += 1;
    }
    assert!(changed > 500, "{changed} pixels");
}

#[test]
fn ignored_pixels_change_nothing_and_the_record_repeats() {
    let folder = folder_with_photo();
    let is_ignored = |x: u32, y: u32| x > 13 && y > 4;
    let red = RgbImage::from_fn(24, 24, |x, y| match (is_ignored(x, y), mask(24, 24)[(x, y)].0[0]) {
        (true, _) => Rgb([255, 0, 0]),
        (_, grey) => Rgb([grey; 3]),
    });
    red.save(folder.path().join("red.png")).unwrap();
    let noisy = RgbImage::from_fn(24, 24, |x, y| {
        if is_ignored(x, y) { Rgb([(x * 91) as u8, (y * 57) as u8, 200]) } else { photo(24, 24)[(x, y)] }
    });
    noisy.save(folder.path().join("noisy.png")).unwrap();
    let fill = |photo: &str, out: &str| {
        assert_code(&run_fill_command(folder.path(), &[photo, "--mask", "red.png", "--out", out]), 0);
        image::open(folder.path().join(out)).unwrap().to_rgb8()
    };
    let (clean, noisy_fill) = (fill("photo.png", "a.png"), fill("noisy.png", "b.png"));
    for (x, y, pixel) in noisy_fill.enumerate_pixels() {
        assert_eq!(*pixel, if is_ignored(x, y) { noisy[(x, y)] } else { clean[(x, y)] }, "({x}, {y})");
        assert!(!is_ignored(x, y) || clean[(x, y)] == photo(24, 24)[(x, y)]);
    }
    let mut replay = countenance();
    replay.current_dir(folder.path()).args(["replay", "b.png", "noisy.png", "--device", "cpu", "--model"]);
    assert_code(&replay.arg(tiny_model()).output().unwrap(), 0);
}

#[test]
fn an_enlarged_face_averages_to_the_photo_and_the_record_repeats() {
    let folder = folder_with_photo();
    let line = ["photo.png", "--task", "superres", "--factor", "2", "--out", "large.png", "--report", "report.json"];
    assert_code(&run_fill_command(folder.path(), &line), 0);
    let (small, large) = (photo(24, 24), image::open(folder.path().join("large.png")).unwrap().to_rgb8());
    assert_eq!(large.dimensions(), (48, 48));
    for (x, y, pixel) in small.enumerate_pixels() {
        for channel in 0..3 {
            let sum: u32 = (0..4).map(|i| u32::from(large[(2 * x + i % 2, 2 * y + i / 2)].0[channel])).sum();
            assert!(sum.abs_diff(4 * u32::from(pixel.0[channel])) <= 2, "({x}, {y}): {sum} and {pixel:?}");
        }
    }
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path().join("report.json")).unwrap()).unwrap();
    assert_eq!(report["photos"][0]["settings"]["task"]["superres"]["factor"], 2);
    assert_eq!(report["photos"][0]["frame"], serde_json::json!([12.0, 12.0, 24.0, 0.0]));
    let replay = |photo: &str| {
        let mut replay = countenance();
        replay.current_dir(folder.path()).args(["replay", "large.png", photo, "--device", "cpu", "--model"]);
        replay.arg(tiny_model()).output().unwrap()
    };
    assert_code(&replay("photo.png"), 0);
    assert_code(&replay("mask.png"), 1);
}

#[test]
fn a_grey_photo_is_coloured_within_its_luminance() {
    let folder = folder_with_photo();
    let grey = GrayImage::from_fn(24, 24, |x, y| Luma([(x * 7 + y * 3) as u8]));
    grey.save(folder.path().join("grey.png")).unwrap();
    let line = ["grey.png", "--task", "colorize", "--mask", "mask.png", "--out", "coloured.png"];
    assert_code(&run_fill_command(folder.path(), &line), 0);
    let coloured = image::open(folder.path().join("coloured.png")).unwrap();
    assert!(matches!(coloured, DynamicImage::ImageRgb8(_)), "{:?}", coloured.color());
    let mut hues = 0;
    for (x, y, pixel) in coloured.to_rgb8().enumerate_pixels().filter(|(x, y, _)| mask(24, 24)[(*x, *y)].0 == [0]) {
        let [red, green, blue] = pixel.0.map(f32::from);
        let luma = 0.299 * red + 0.587 * green + 0.114 * blue;
        assert!((luma - f32::from(grey[(x, y)].0[0])).abs() < 0.51, "({x}, {y}): {pixel:?}");
        hues += u32::from(pixel.0[0] != pixel.0[1]);
    }
    assert!(hues > 100, "{hues}");
    let mut replay = countenance();
    replay.current_dir(folder.path()).args(["replay", "coloured.png", "grey.png", "--device", "cpu", "--model"]);
    assert_code(&replay.arg(tiny_model()).output().unwrap(), 0);
}

#[test]
fn contradictions_of_a_task_are_usage_errors() {
    let folder = folder_with_photo();
    let refused = |arguments: &[&str]| {
        let output = run_fill_command(folder.path(), &[&["photo.png", "--out", "x.png"], arguments].concat());
        assert_code(&output, 2);
        stderr_text(&output)
    };
    assert!(refused(&[]).contains("there is no --mask"));
    assert!(refused(&["--task", "deblur", "--completion", "on"]).contains("--completion on redraws holes"));
    assert!(refused(&["--task", "denoise", "--factor", "2"]).contains("--factor has no effect here"));
}

#[test]
fn sixteen_bits_stay_sixteen() {
    let folder = folder_with_photo();
    let deep = ImageBuffer::<Rgb<u16>, _>::from_fn(24, 24, |x, y| Rgb([(x * 2000) as u16, (y * 2001) as u16, 77]));
    deep.save(folder.path().join("deep.png")).unwrap();
    assert_code(&run_fill_command(folder.path(), &["deep.png", "--mask", "mask.png", "--out", "filled.png"]), 0);
    let DynamicImage::ImageRgb16(filled) = image::open(folder.path().join("filled.png")).unwrap() else {
        panic!("not 16 bits any more")
    };
    assert_eq!(filled.get_pixel(0, 5), deep.get_pixel(0, 5));
}

#[test]
fn report_log_frames_and_gif_are_complete() {
    let folder = folder_with_photo();
    let output = run_fill_command(
        folder.path(),
        &[
            "photo.png",
            "--mask",
            "center",
            "--out",
            "filled.png",
            "--preset",
            "blog",
            "--seed",
            "9",
            "--report",
            "report.json",
            "--log",
            "log.csv",
            "--frames",
            "frames",
            "--every",
            "2",
            "--gif",
            "fill.gif",
        ],
    );
    assert_code(&output, 0);
    let text = fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let photo = &report["photos"][0];
    assert_eq!(photo["preset"], "blog");
    assert_eq!(photo["seed"], 9);
    assert_eq!(photo["steps"], 5);
    assert_eq!(photo["device"], CpuPrecision::fastest().device_name());
    assert_eq!(photo["stopped_early"], false);
    assert!(photo["error"].is_null());
    assert_eq!(photo["model_sha256"].as_str().unwrap().len(), 64);
    for loss in ["context_loss", "prior_loss", "total_loss"] {
        assert!(photo[loss]["start"].is_number() && photo[loss]["end"].is_number(), "{loss}");
    }
    let log = fs::read_to_string(folder.path().join("log.csv")).unwrap();
    assert_eq!(log.lines().next(), Some("iteration,candidate,context,prior,total"));
    assert_eq!(log.lines().count(), 1 + 5, "one candidate, five iterations");
    let frames = fs::read_dir(folder.path().join("frames")).unwrap().count();
    assert!(frames >= 3, "{frames} frames");
    assert!(fs::read(folder.path().join("fill.gif")).unwrap().starts_with(b"GIF89a"));
}

#[test]
fn the_same_seed_writes_the_same_file() {
    let folder = folder_with_photo();
    for out in ["a.png", "b.png"] {
        assert_code(&run_fill_command(folder.path(), &["photo.png", "--mask", "half", "--seed", "4", "--out", out]), 0);
    }
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert_eq!(read("a.png"), read("b.png"));
}

#[test]
fn a_batch_continues_after_a_bad_file() {
    let folder = folder_with_photo();
    fs::write(folder.path().join("broken.png"), b"\x89PNG\r\n\x1a\nand no more").unwrap();
    let output = run_fill_command(
        folder.path(),
        &["broken.png", "photo.png", "--mask", "center", "--out", "out", "--report", "report.json"],
    );
    assert_code(&output, 1);
    assert!(stderr_text(&output).contains("broken.png"), "{}", stderr_text(&output));
    assert_eq!(image::open(folder.path().join("out/photo.png")).unwrap().dimensions(), (24, 24));
    assert!(!folder.path().join("out/broken.png").exists());
    let text = fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["photos"].as_array().unwrap().len(), 2);
}

#[test]
fn usage_errors_and_failures_have_different_codes() {
    let folder = folder_with_photo();
    let code = |arguments: &[&str]| run_fill_command(folder.path(), arguments).status.code();
    assert_eq!(code(&["photo.png", "--mask", "center"]), Some(2), "no --out");
    assert_eq!(code(&["photo.png", "--mask", "center", "--out", "x.png", "--preset", "none"]), Some(2));
    assert_eq!(code(&["photo.png", "--mask", "no-such-mask.png", "--out", "x.png"]), Some(2));
    assert_eq!(code(&["no-such-photo.png", "--mask", "center", "--out", "x.png"]), Some(1));
}

#[test]
fn an_existing_file_is_kept_without_force() {
    let folder = folder_with_photo();
    fs::write(folder.path().join("filled.png"), b"precious").unwrap();
    let arguments = ["photo.png", "--mask", "center", "--out", "filled.png"];
    let output = run_fill_command(folder.path(), &arguments);
    assert!(!output.status.success());
    assert_eq!(fs::read(folder.path().join("filled.png")).unwrap(), b"precious");
    assert_code(&run_fill_command(folder.path(), &[&arguments[..], &["--force"]].concat()), 0);
    assert!(image::open(folder.path().join("filled.png")).is_ok());
}

#[test]
fn a_size_mismatch_error_names_both_sizes() {
    let folder = folder_with_photo();
    mask(10, 24).save(folder.path().join("mask.png")).unwrap();
    let output = run_fill_command(folder.path(), &["photo.png", "--mask", "mask.png", "--out", "filled.png"]);
    assert!(!output.status.success());
    assert!(
        stderr_text(&output).contains("10×24") && stderr_text(&output).contains("24×24"),
        "{}",
        stderr_text(&output)
    );
    assert!(!folder.path().join("filled.png").exists());
}

#[test]
fn devices_lists_the_cpu_and_auto() {
    let output = countenance().arg("devices").output().unwrap();
    assert_code(&output, 0);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("cpu") && text.contains("auto"), "{text}");
}

/// A machine without a Vulkan driver. It may have OpenGL, which is not for computing.
fn without_vulkan(command: &mut Command) -> &mut Command {
    command.env("VK_ICD_FILENAMES", "/nonexistent").env("VK_DRIVER_FILES", "/nonexistent")
}

/// A machine without any graphics driver.
fn without_gpu(command: &mut Command) -> &mut Command {
    let command = without_vulkan(command);
    command.env("__EGL_VENDOR_LIBRARY_FILENAMES", "/nonexistent").env("__EGL_VENDOR_LIBRARY_DIRS", "/nonexistent")
}

#[cfg(target_os = "linux")]
#[test]
fn without_vulkan_no_gpu_can_be_chosen() {
    for remove in [without_vulkan, without_gpu] {
        let output = remove(countenance().arg("devices")).output().unwrap();
        assert_code(&output, 0);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!text.contains("gpu:") && text.contains("auto picks cpu"), "{text}");
        let folder = folder_with_photo();
        let mut fill = countenance();
        fill.current_dir(folder.path()).args(["fill", "photo.png", "--mask", "center", "--out", "x.png"]);
        let output = remove(fill.args(["--device", "gpu"])).output().unwrap();
        assert_code(&output, 1);
        assert!(stderr_text(&output).contains("use --device cpu"), "{}", stderr_text(&output));
    }
}

#[test]
fn without_a_gpu_auto_uses_the_cpu() {
    let folder = folder_with_photo();
    let run = |device: &str, out: &str| {
        let mut command = countenance();
        without_gpu(&mut command)
            .current_dir(folder.path())
            .args([
                "fill",
                "photo.png",
                "--mask",
                "center",
                "--steps",
                "2",
                "--device",
                device,
                "--out",
                out,
                "--model",
            ])
            .arg(tiny_model())
            .output()
            .unwrap()
    };
    let output = run("auto", "auto.png");
    assert_code(&output, 0);
    assert!(stderr_text(&output).contains("CPU"), "{}", stderr_text(&output));
    for device in ["gpu", "gpu:7"] {
        let output = run(device, "gpu.png");
        assert_code(&output, 1);
        assert!(
            stderr_text(&output).contains("gpu") || stderr_text(&output).contains("GPU"),
            "{}",
            stderr_text(&output)
        );
        assert!(!folder.path().join("gpu.png").exists());
    }
}

#[test]
fn an_invalid_model_file_is_refused() {
    let folder = folder_with_photo();
    fs::write(folder.path().join("bad.safetensors"), b"not a model").unwrap();
    let output = countenance()
        .current_dir(folder.path())
        .args(["fill", "photo.png", "--mask", "center", "--out", "x.png", "--model", "bad.safetensors"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(stderr_text(&output).contains("safetensors"), "{}", stderr_text(&output));
}

#[test]
fn eval_measures_faces_and_reports_bad_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let faces = folder.path().join("faces");
    fs::create_dir(&faces).unwrap();
    photo(20, 20).save(faces.join("ann.png")).unwrap();
    let eval = |arguments: &[&str]| {
        countenance()
            .current_dir(folder.path())
            .args(["eval", "faces", "--device", "cpu", "--steps", "2", "--candidates", "2", "--masks", "center,eyes"])
            .args(arguments)
            .arg("--model")
            .arg(tiny_model())
            .output()
            .unwrap()
    };
    let output = eval(&["--json", "eval.json", "--sheet", "eval.png"]);
    assert_code(&output, 0);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let device = CpuPrecision::fastest().device_name();
    assert!(text.starts_with(&format!("1 face, model tiny-16, seed 0, {device}; ")), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("eval.json")).unwrap()).unwrap();
    assert_eq!(json["scores"].as_array().unwrap().len(), 2 * 2);
    assert!(image::open(folder.path().join("eval.png")).is_ok());

    photo(20, 30).save(faces.join("bob.png")).unwrap();
    let output = eval(&[]);
    assert_code(&output, 1);
    assert!(stderr_text(&output).contains("error: bob: the picture is 20×30 pixels"), "{}", stderr_text(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("eyes"), "the others are measured");
    assert_eq!(eval(&["--others", "telea"]).status.code(), Some(2));
}

/// Mounts a file system of this size; `None` if mounting is not allowed.
#[cfg(target_os = "linux")]
fn small_disk(kilobytes: u32) -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let size = format!("size={kilobytes}k");
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
    mount.is_ok_and(|output| output.status.success()).then_some(folder)
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_no_file() {
    let Some(disk) = small_disk(64) else {
        // Not `eprintln`, whose text the test runner hides when the test passes.
        let _ =
            writeln!(std::io::stderr(), "skipped: no right to mount a small file system: a_full_disk_leaves_no_file");
        return;
    };
    let folder = folder_with_photo();
    // Noise does not compress, so 300 × 300 pixels do not fit.
    let hash = |x: u32, y: u32| (x + 331 * y).wrapping_mul(2_654_435_761).rotate_left(13).wrapping_mul(2_246_822_519);
    let noise = RgbImage::from_fn(300, 300, |x, y| Rgb(hash(x, y).to_le_bytes()[1..].try_into().unwrap()));
    noise.save(folder.path().join("photo.png")).unwrap();
    mask(300, 300).save(folder.path().join("mask.png")).unwrap();
    let out = disk.path().join("filled.png");
    let output = run_fill_command(folder.path(), &["photo.png", "--mask", "mask.png", "--out", out.to_str().unwrap()]);
    let file_count = fs::read_dir(disk.path()).unwrap().count();
    Command::new("umount").arg(disk.path()).status().unwrap();
    assert_code(&output, 1);
    assert!(stderr_text(&output).contains("the disk is full: free some space"), "{}", stderr_text(&output));
    assert_eq!(file_count, 0, "no file remains");
}

/// Runs `countenance fill` with a limit on its address space, in kilobytes, and one thread for each pool: threads reserve
/// address space too.
#[cfg(target_os = "linux")]
fn run_fill_with_memory(folder: &Path, kilobytes: u32, photo: &str) -> Output {
    let limited = format!("ulimit -v {kilobytes}; exec \"$0\" \"$@\"");
    Command::new("sh")
        .current_dir(folder)
        .env("RAYON_NUM_THREADS", "1")
        .env_remove("RUST_LOG")
        .env_remove("RUST_BACKTRACE")
        .args([
            "-c",
            &limited,
            env!("CARGO_BIN_EXE_countenance"),
            "fill",
            photo,
            "--mask",
            "mask.png",
            "--out",
            "x.png",
        ])
        .args(["--device", "cpu", "--steps", "2", "--model"])
        .arg(tiny_model())
        .output()
        .unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn refused_memory_is_told_before_decoding() {
    let folder = folder_with_photo();
    // The header of a picture of 100 megapixels, and no more: the refusal must come before the pixels are read.
    let mut file = fs::read(folder.path().join("photo.png")).unwrap();
    file[16..24].copy_from_slice(&[10_000_u32.to_be_bytes(), 10_000_u32.to_be_bytes()].concat());
    let checksum = crc32(&file[12..29]).to_be_bytes();
    file[29..33].copy_from_slice(&checksum);
    fs::write(folder.path().join("large.png"), file).unwrap();
    let output = run_fill_with_memory(folder.path(), 1_100_000, "large.png");
    assert_code(&output, 1);
    let text = stderr_text(&output);
    assert!(text.contains("not enough memory for a photo of 10000×10000 pixels"), "{text}");
    assert!(!folder.path().join("x.png").exists());
    let output = run_fill_with_memory(folder.path(), 1_100_000, "photo.png");
    assert_code(&output, 0);
}

/// The checksum of PNG chunks.
#[cfg(target_os = "linux")]
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}

/// `cargo test --test cli -- --ignored a_hundred_megapixels`
#[cfg(target_os = "linux")]
#[test]
#[ignore = "takes minutes"]
fn a_hundred_megapixels_never_leave_half_a_picture() {
    let folder = folder_with_photo();
    photo(10_000, 10_000).save(folder.path().join("large.png")).unwrap();
    mask(10_000, 10_000).save(folder.path().join("mask.png")).unwrap();
    let mut outcomes = Vec::new();
    for megabytes in [200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800, 2000, 2500, 3000] {
        let output = run_fill_with_memory(folder.path(), megabytes * 1000, "large.png");
        let out = folder.path().join("x.png");
        assert_eq!(output.status.success(), out.exists(), "{}", stderr_text(&output));
        if out.exists() {
            assert_eq!(image::open(&out).unwrap().dimensions(), (10_000, 10_000));
            fs::remove_file(&out).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing else remains");
        outcomes.push((megabytes, output.status, stderr_text(&output).lines().next().map(str::to_owned)));
    }
    eprintln!("{outcomes:#?}");
    assert!(outcomes.last().unwrap().1.success());
}

fn kill_fills(count: u32) {
    let folder = folder_with_photo();
    photo(700, 700).save(folder.path().join("photo.png")).unwrap();
    mask(700, 700).save(folder.path().join("mask.png")).unwrap();
    let arguments = ["photo.png", "--mask", "mask.png", "--out", "filled.png", "--force"];
    let start = std::time::Instant::now();
    assert_code(&run_fill_command(folder.path(), &arguments), 0);
    let duration = start.elapsed();
    let out = folder.path().join("filled.png");
    for number in 1..=count {
        let _ = fs::remove_file(&out);
        let mut child = countenance()
            .current_dir(folder.path())
            .arg("fill")
            .args(arguments)
            .args(["--device", "cpu", "--steps", "5", "--model"])
            .arg(tiny_model())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(duration * number / count);
        child.kill().unwrap();
        child.wait().unwrap();
        if out.exists() {
            assert_eq!(image::open(&out).unwrap().dimensions(), (700, 700));
        }
        age_leftovers(folder.path());
    }
}

/// Makes the temporary files of killed programs old enough to be removed by the next one. At most one may be there.
fn age_leftovers(folder: &Path) {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let leftovers: Vec<_> =
        names.filter(|path| path.extension().is_some_and(|extension| extension == "part")).collect();
    assert!(leftovers.len() <= 1, "leftovers grow: {leftovers:?}");
    for path in leftovers {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_hours(1)).unwrap();
    }
}

#[test]
fn a_killed_fill_leaves_no_partial_picture() {
    kill_fills(12);
}

/// `cargo test --test cli -- --ignored a_hundred_killed`
#[test]
#[ignore = "takes a minute"]
fn a_hundred_killed_fills_leave_no_partial_picture() {
    kill_fills(100);
}
