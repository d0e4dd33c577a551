//! The commands `sample`, `interpolate` and `latent` with the tiny model.

use std::path::{Path, PathBuf};

use image::codecs::gif::GifDecoder;
use image::{AnimationDecoder as _, Rgb, RgbImage};

use super::*;
use crate::cli::UsageError;
use crate::cli::args::{self, Command};
use crate::cli::console::CapturedConsole;

/// Distance between pictures in a grid: the tiny model's side enlarged eight times, plus the gap.
const PITCH_PX: u32 = 130;

/// A temporary folder, and the messages.
struct ExploreTestFolder {
    folder: tempfile::TempDir,
    console: CapturedConsole,
}

impl ExploreTestFolder {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), console: CapturedConsole::default() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command. Arguments are separated by `|`, DIR is the folder; model and library are added.
    fn run(&self, line: &str) -> anyhow::Result<CommandStatus> {
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures/tiny-16.safetensors");
        let line = format!("{line}|--library|DIR/latents.json|--model|{}", model.display());
        let line = line.replace("DIR", &self.folder.path().display().to_string());
        let cli = args::parse(args::build_command(), ["countenance"].into_iter().chain(line.split('|')))?;
        let console = &mut self.console.console();
        match cli.command {
            Some(Command::Sample(args)) => sample::run(&args, console),
            Some(Command::Interpolate(args)) => interpolate::run(&args, console),
            Some(Command::Latent(args)) => latent::run(&args, console),
            other => panic!("another command: {other:?}"),
        }
    }

    /// Takes the messages since the last call, with this folder as DIR.
    fn take_messages(&self) -> String {
        self.console.take().replace(&self.folder.path().display().to_string(), "DIR")
    }

    fn picture(&self, name: &str) -> RgbImage {
        image::open(self.path(name)).unwrap().into_rgb8()
    }
}

/// One picture of a grid at its original size.
fn cell(grid: &RgbImage, column: u32, row: u32) -> Vec<Rgb<u8>> {
    let at = |x: u32, y: u32| *grid.get_pixel(2 + column * PITCH_PX + 8 * x, 2 + row * PITCH_PX + 8 * y);
    (0..16).flat_map(|y| (0..16).map(move |x| at(x, y))).collect()
}

#[test]
fn a_sample_number_always_gives_the_same_face() {
    let place = ExploreTestFolder::new();
    place.run("sample|--count|6|--columns|3|--out|DIR/a.png").unwrap();
    place.run("sample|--count|2|--seed|4|--out|DIR/b.png").unwrap();
    let (a, b) = (place.picture("a.png"), place.picture("b.png"));
    assert_eq!(a.dimensions(), (3 * PITCH_PX + 2, 2 * PITCH_PX + 2));
    assert_eq!(cell(&a, 1, 1), cell(&b, 0, 0));
    assert_ne!(cell(&a, 0, 0), cell(&a, 1, 0));
    insta::assert_snapshot!(place.take_messages(), @r"
    DIR/a.png shows samples 0 to 5, row by row
    DIR/b.png shows samples 4 to 5, row by row
    ");
}

#[test]
fn samples_are_saved_and_added() {
    let place = ExploreTestFolder::new();
    place.run("sample|--save|smiling woman=3,7").unwrap();
    place.run("sample|--save|woman=8|--out|DIR/picked.png").unwrap();
    let sum = "sample|--expr|smiling woman - woman + 8|--save|result|--count|3|--out|DIR/sum.png";
    place.run(sum).unwrap();
    insta::assert_snapshot!(place.take_messages(), @r"
    saved 'smiling woman' in DIR/latents.json: mean of samples 3, 7
    DIR/picked.png shows samples 8, then their average
    saved 'woman' in DIR/latents.json: mean of samples 8
    DIR/sum.png shows, from the left: + smiling woman, − woman, + sample 8, the result; below, 3 variations by up to 0.25
    saved 'result' in DIR/latents.json: sum smiling woman - woman + 8
    ");

    let picture = place.picture("sum.png");
    assert_eq!(picture.dimensions(), (4 * PITCH_PX + 2, 2 * PITCH_PX + 2));
    assert_eq!(cell(&picture, 1, 0), cell(&picture, 2, 0), "woman is sample 8");
    assert_eq!(cell(&picture, 1, 0), cell(&place.picture("picked.png"), 0, 0));
    let library = LatentLibrary::open(&place.path("latents.json")).unwrap();
    let model = model::load(&model_choice::find_model(Some(&tiny())).unwrap().0).unwrap().info;
    let latent = |name: &str| library.find_latent(&LatentSource::parse(name), &model).unwrap();
    let furthest = latent("result").iter().zip(latent("smiling woman")).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(furthest < 1e-6, "subtracting and adding sample 8 changes nothing");
}

fn tiny() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures/tiny-16.safetensors")
}

#[test]
fn interpolation_writes_a_gif_or_a_png() {
    let place = ExploreTestFolder::new();
    place.run("interpolate|--from|3|--to|5|--steps|4|--out|DIR/walk.png").unwrap();
    place.run("interpolate|--from|3|--to|5|--steps|4|--out|DIR/walk.gif").unwrap();
    place.run("sample|--seed|3|--count|3|--columns|3|--out|DIR/samples.png").unwrap();
    let (strip, samples) = (place.picture("walk.png"), place.picture("samples.png"));
    assert_eq!(strip.dimensions(), (4 * PITCH_PX + 2, PITCH_PX + 2));
    assert_eq!(cell(&strip, 0, 0), cell(&samples, 0, 0));
    assert_eq!(cell(&strip, 3, 0), cell(&samples, 2, 0));
    let bytes = std::fs::read(place.path("walk.gif")).unwrap();
    let frames = GifDecoder::new(std::io::Cursor::new(bytes)).unwrap().into_frames().collect_frames().unwrap();
    assert_eq!((frames.len(), frames[0].buffer().dimensions()), (4, (256, 256)));
}

#[test]
fn latents_of_photos_are_averaged_and_saved() {
    let place = ExploreTestFolder::new();
    place.run("sample|--seed|5|--count|1|--out|DIR/drawn.png").unwrap();
    let drawn = place.picture("drawn.png");
    std::fs::create_dir(place.path("photos")).unwrap();
    let face = RgbImage::from_fn(16, 16, |x, y| *drawn.get_pixel(2 + 8 * x, 2 + 8 * y));
    face.save(place.path("photos/a.png")).unwrap();
    face.save(place.path("photos/b.png")).unwrap();
    std::fs::write(place.path("photos/broken.png"), b"no picture").unwrap();
    place.take_messages();
    let line = "latent|ann|DIR/photos|--face|none|--steps|120|--candidates|6|--out|DIR/found.png";
    assert_eq!(place.run(line).unwrap(), CommandStatus::SomeFailed);
    let told = place.take_messages();
    assert!(told.contains("error: DIR/photos/broken.png: this is not a picture"), "{told}");
    assert!(told.ends_with("saved 'ann' in DIR/latents.json: mean of 2 faces in photos\n"), "{told}");
    assert_eq!(place.picture("found.png").dimensions(), (3 * PITCH_PX + 2, 2 * PITCH_PX + 2));

    let error = place.run("latent|bob|DIR/photos/broken.png").unwrap_err();
    assert_eq!(crate::cli::exit_code_for(&error), 1);
}

#[test]
fn invalid_arguments_are_usage_errors() {
    let place = ExploreTestFolder::new();
    place.run("sample|--save|ann=1|--out|DIR/there.png").unwrap();
    let refused = |line: &str| {
        let error = place.run(line).unwrap_err();
        assert!(error.is::<UsageError>(), "{error}");
        error.to_string().replace(&place.folder.path().display().to_string(), "DIR")
    };
    insta::assert_snapshot!(refused("sample|--expr|ann - bob|--out|DIR/a.png"), @"DIR/latents.json: there is no latent named 'bob': the library has ann");
    insta::assert_snapshot!(refused("sample|--expr|ann -|--out|DIR/a.png"), @"--expr: there is no name beside - in 'ann -': write it as in smiling woman - neutral woman + neutral man");
    insta::assert_snapshot!(refused("sample|--save|ann=2"), @"DIR/latents.json already has 'ann': choose another name, or add --force");
    insta::assert_snapshot!(refused("sample|--save|bob=2,x"), @r#"--save bob=2,x: give a name and sample numbers, for example "smiling woman=3,7,12""#);
    insta::assert_snapshot!(refused("sample|--save|7=2"), @"DIR/latents.json: '7' is not a valid name: use words without * or =, without + or - between spaces, and not only a number");
    insta::assert_snapshot!(refused("sample|--expr|ann|--save|bob=2"), @"with --expr, --save takes only a name for the result");
    insta::assert_snapshot!(refused("sample|--out|DIR/there.png"), @"DIR/there.png already exists: choose another name, or add --force");
    insta::assert_snapshot!(refused("sample|--out|DIR/a.jpg"), @"--out DIR/a.jpg does not end in .png: choose a name that does");
    insta::assert_snapshot!(refused("interpolate|--from|1|--to|bob|--out|DIR/a.gif"), @"DIR/latents.json: there is no latent named 'bob': the library has ann");
    insta::assert_snapshot!(refused("interpolate|--from|1|--to|2|--out|DIR/a.webp"), @"--out DIR/a.webp does not end in .gif or .png: choose a name that does");
    insta::assert_snapshot!(refused("latent|a - b|DIR/there.png"), @"DIR/latents.json: 'a - b' is not a valid name: use words without * or =, without + or - between spaces, and not only a number");
    place.run("sample|--out|DIR/there.png|--force").unwrap();
}
