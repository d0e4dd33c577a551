//! The files of `assets/linux`, Cargo.toml and the release workflow agree with each other and with the program.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use image::ImageFormat;
use roxmltree::Document;

use crate::app::{APP_ID, window_error};
use crate::photo::PHOTO_EXTENSIONS;
use crate::project::PROJECT_EXTENSION;

const DESKTOP_ENTRY: &str = include_str!("../../../assets/linux/share/applications/countenance.desktop");
const METAINFO: &str = include_str!("../../../assets/linux/share/metainfo/org.countenance.countenance.metainfo.xml");
const MIME_INFO: &str = include_str!("../../../assets/linux/share/mime/packages/countenance.xml");
const MANIFEST: &str = include_str!("../../../Cargo.toml");
const WORKFLOW: &str = include_str!("../../../.github/workflows/release.yml");
const README: &str = include_str!("../../../README.md");

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The rest of the first line that starts with `start`.
fn value_of<'a>(text: &'a str, start: &str) -> &'a str {
    let value = text.lines().find_map(|line| line.trim_start().strip_prefix(start));
    value.unwrap_or_else(|| panic!("no line starts with {start}"))
}

/// The parts of a list in the desktop entry, which ends with a semicolon.
fn list_of<'a>(key: &str) -> BTreeSet<&'a str> {
    value_of(DESKTOP_ENTRY, key).trim_end_matches(';').split(';').collect()
}

/// Texts of all elements of this name.
fn texts_of<'a>(document: &'a Document<'_>, name: &str) -> Vec<&'a str> {
    document.descendants().filter(|node| node.has_tag_name(name)).filter_map(|node| node.text()).collect()
}

/// The value of an attribute of the first element of this name.
fn attribute_of<'a>(document: &'a Document<'_>, name: &str, attribute: &str) -> &'a str {
    let element = document.descendants().find(|node| node.tag_name().name() == name);
    element.and_then(|node| node.attribute(attribute)).unwrap_or_else(|| panic!("no {name} with {attribute}"))
}

#[test]
fn the_desktop_entry_belongs_to_the_window() {
    assert!(repository().join(format!("assets/linux/share/applications/{APP_ID}.desktop")).exists());
    assert_eq!(value_of(DESKTOP_ENTRY, "StartupWMClass="), APP_ID);
    assert_eq!(value_of(DESKTOP_ENTRY, "Exec="), concat!(env!("CARGO_PKG_NAME"), " %f"));
}

#[test]
fn the_desktop_entry_names_all_types_that_open() {
    let types = list_of("MimeType=");
    let mut expected: BTreeSet<_> =
        PHOTO_EXTENSIONS.iter().filter_map(ImageFormat::from_extension).map(|format| format.to_mime_type()).collect();
    assert!(expected.len() >= 5, "{expected:?}");
    let mime_info = Document::parse(MIME_INFO).expect("XML");
    expected.insert(attribute_of(&mime_info, "mime-type", "type"));
    let missing: Vec<_> = expected.difference(&types).collect();
    assert!(missing.is_empty(), "{missing:?} not in {types:?}");
    assert_eq!(attribute_of(&mime_info, "glob", "pattern"), format!("*.{PROJECT_EXTENSION}"));
}

#[test]
fn program_and_project_have_icons_of_all_sizes() {
    let mime_info = Document::parse(MIME_INFO).expect("XML");
    let project = attribute_of(&mime_info, "mime-type", "type").replace('/', "-");
    let icons = [format!("apps/{}", value_of(DESKTOP_ENTRY, "Icon=")), format!("mimetypes/{project}")];
    let folder = repository().join("assets/linux/share/icons/hicolor");
    for icon in icons {
        assert!(folder.join(format!("scalable/{icon}.svg")).exists(), "{icon}");
        for side in [16, 22, 24, 32, 48, 64, 128, 256, 512] {
            let path = folder.join(format!("{side}x{side}/{icon}.png"));
            assert_eq!(image::image_dimensions(&path).expect("a picture"), (side, side), "{}", path.display());
        }
    }
    let read = |path: PathBuf| std::fs::read(path).expect("a file");
    let of_window = read(repository().join("assets/icon.png"));
    assert!(of_window == read(folder.join(format!("256x256/apps/{APP_ID}.png"))), "run assets/linux/icons.sh");
}

#[test]
fn the_metainfo_describes_this_version() {
    let metainfo = Document::parse(METAINFO).expect("XML");
    assert_eq!(attribute_of(&metainfo, "release", "version"), env!("CARGO_PKG_VERSION"), "add the new release first");
    assert_eq!(texts_of(&metainfo, "launchable"), [format!("{APP_ID}.desktop")]);
    assert_eq!(texts_of(&metainfo, "binary"), [env!("CARGO_PKG_NAME")]);
    assert_eq!(texts_of(&metainfo, "summary"), [value_of(DESKTOP_ENTRY, "Comment=")]);
    assert_eq!(texts_of(&metainfo, "category").into_iter().collect::<BTreeSet<_>>(), list_of("Categories="));
    assert!(texts_of(&metainfo, "project_license")[0].contains(env!("CARGO_PKG_LICENSE")));
}

#[test]
fn the_package_needs_what_the_readme_lists() {
    let listed = value_of(README, "apt-get install ").split(' ');
    let depends: BTreeSet<_> = value_of(MANIFEST, "depends = ").trim_matches('"').split(", ").collect();
    let recommends = value_of(MANIFEST, "recommends = ");
    for package in listed.filter(|package| !["gcc", "libc6-dev"].contains(package)) {
        assert!(depends.contains(package) || recommends.contains(package), "{package}");
    }
}

#[test]
fn the_workflow_uses_the_tools_of_the_manifest() {
    let dist = value_of(MANIFEST, "cargo-dist-version = ").trim_matches('"');
    assert!(WORKFLOW.contains(&format!("cargo-dist@{dist}\n")), "cargo-dist {dist}");
    let rust = concat!("rustup toolchain install ", env!("CARGO_PKG_RUST_VERSION"), ".0 ");
    assert!(WORKFLOW.contains(rust), "{rust}");
    let targets = MANIFEST.split_once("\ntargets = [").and_then(|(_, rest)| rest.split_once(']')).expect("a list").0;
    for target in targets.split('"').filter(|text| text.contains('-')) {
        assert!(WORKFLOW.contains(&format!("target: {target},")), "{target}");
    }
}

#[test]
fn a_missing_driver_is_named_as_packaged() {
    let missing = eframe::egui_wgpu::WgpuError::NoSurfaceFormatsAvailable;
    let message = window_error(&eframe::Error::Wgpu(missing)).to_string();
    let driver = value_of(MANIFEST, "recommends = ").trim_matches('"').split(' ').next().expect("a package");
    assert!(message.contains(&format!("({driver} on Debian")), "{message}");
}
