use super::*;
use crate::cli::console::CapturedConsole;

fn args(out: &Path) -> ExplainArgs {
    ExplainArgs {
        out: out.to_path_buf(),
        photo: None,
        mask: "mouth".into(),
        face: FaceChoice::Auto,
        frame: None,
        model: Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures/tiny-16.safetensors")),
        force: false,
    }
}

/// Runs the command and returns what it prints.
fn run_with(args: &ExplainArgs) -> anyhow::Result<String> {
    let captured = CapturedConsole::default();
    explain(args, &mut captured.console()).map(|()| captured.take())
}

#[test]
fn the_page_shows_every_figure_that_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("how");
    let printed = run_with(&args(&out)).unwrap();
    assert!(printed.ends_with("index.html explains the method in 14 figures\n"), "{printed}");
    let page = std::fs::read_to_string(out.join("index.html")).unwrap();
    let mut written: Vec<String> =
        std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    written.retain(|name| name != "index.html");
    assert_eq!(written.len(), 14);
    for name in &written {
        assert!(page.contains(&format!("<img src=\"{name}\"")), "{name}");
        let picture = image::open(out.join(name)).unwrap();
        assert!(picture.width() >= 512, "{name}: {}", picture.width());
    }
    assert_eq!(written.iter().filter(|name| name.contains(".gif")).count(), 3, "{written:?}");
    for chapter in Chapter::ALL {
        assert!(page.contains(chapter.title()), "{chapter:?}");
    }
    assert!(page.contains("the model tiny-16 and the portrait of Eileen Collins"));
    let again = run_with(&args(&out)).unwrap_err();
    assert!(again.is::<crate::cli::UsageError>());
    run_with(&ExplainArgs { force: true, ..args(&out) }).unwrap();
}

#[test]
fn what_a_mask_picture_hides_is_in_no_figure() {
    let folder = tempfile::tempdir().unwrap();
    let written = |hidden: u8| {
        let path = folder.path().join("face.png");
        let pixel = |x: u32, y: u32| {
            let is_hidden = (30..60).contains(&x) && (40..70).contains(&y);
            image::Rgb(if is_hidden { [hidden; 3] } else { [90 + u8::try_from(x).unwrap(), 120, 80] })
        };
        image::RgbImage::from_fn(96, 96, pixel).save(&path).unwrap();
        let mask = folder.path().join("mask.png");
        let white = |x: u32, y: u32| (30..60).contains(&x) && (40..70).contains(&y);
        image::GrayImage::from_fn(96, 96, |x, y| image::Luma([if white(x, y) { 255 } else { 0 }])).save(&mask).unwrap();
        let out = folder.path().join(format!("how-{hidden}"));
        run_with(&ExplainArgs { photo: Some(path), mask, face: FaceChoice::None, ..args(&out) }).unwrap();
        let figures = Chapter::ALL.iter().flat_map(|chapter| chapter.figures());
        let mut files: Vec<_> = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert_eq!(files.len(), figures.count() + 1);
        files.iter().map(|file| std::fs::read(file).unwrap()).collect::<Vec<_>>()
    };
    assert!(written(0) == written(255));
}

#[test]
fn a_missing_mask_is_a_usage_error() {
    let folder = tempfile::tempdir().unwrap();
    let args = ExplainArgs { mask: "no-such-part".into(), ..args(&folder.path().join("how")) };
    assert!(run_with(&args).unwrap_err().is::<crate::cli::UsageError>());
    assert!(!folder.path().join("how").exists());
}
