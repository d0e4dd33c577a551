use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use image::{DynamicImage, Rgb, RgbImage};
use proptest::prelude::*;

use super::*;
use crate::blend::BlendMode;
use crate::face_picture::FacePicture;
use crate::job::{Candidate, LatentHistory, StopReason};
use crate::mask::encode_mask_png;
use crate::model::{ModelChoice, ModelInfo};
use crate::photo::{DecodeLimits, PhotoText, decode, encode_png};
use crate::search::Losses;

fn outcome(settings: Settings) -> FillOutcome {
    let losses = Losses { context: 0.1, prior: 0.2, total: 0.3 };
    let candidate = |tone| Candidate {
        latent: vec![0.5],
        picture: Arc::new(FacePicture::uniform(4, [tone; 3])),
        losses,
        is_mix: false,
        kept_at: None,
        edit: None,
    };
    FillOutcome {
        settings,
        start: SearchStart::FromSettings,
        model: ModelInfo {
            name: "tiny".into(),
            sha256: "ab".repeat(32),
            image_size_px: 4,
            latent_dim: 1,
            has_discriminator: true,
            has_encoder: true,
            metadata: std::collections::BTreeMap::new(),
        },
        device: DeviceInfo { name: "CPU".into(), is_gpu: false, notice: None },
        steps: 7,
        evaluations: 9,
        changed_during_search: true,
        search_secs: 1.0,
        stopped: Some(StopReason::Cancelled),
        explained_share: None,
        candidates: vec![candidate(-0.5), candidate(0.5)],
        best: 1,
        first_losses: losses,
        latent_history: LatentHistory::default(),
    }
}

fn photo() -> Photo {
    Photo::from_pixels(DynamicImage::ImageRgb8(RgbImage::from_fn(20, 18, |x, y| Rgb([9, 7, 100 + u8::from(x > y)]))))
}

fn hole() -> Mask {
    Mask::from_pixels(20, 18, &(0..360).map(|index| if index % 7 < 3 { 255 } else { 0 }).collect::<Vec<u8>>()).unwrap()
}

/// Calls `check` with a fill of the photo after `change`.
pub(in crate::job) fn with_fill<T>(change: impl FnOnce(&mut Photo), check: impl FnOnce(&Photo, &FillRecord) -> T) -> T {
    let (mut photo, hole) = (photo(), hole());
    change(&mut photo);
    let outcome = outcome(Settings { seed: u64::MAX, ..Preset::Paper.settings() });
    let frame = FaceFrame { center_in_photo: [9.3, 8.1], side_px: 17.7, angle_radians: 0.1 };
    let blend = Blend { mode: BlendMode::Feather, detail_percent: 40, completion: false, soft_edge_px: 0 };
    check(&photo, &FillRecord { hole, frame, outcome: Arc::new(outcome), look: FillLook { candidate: 1, blend } })
}

fn provenance() -> Provenance {
    with_fill(|_| (), |photo, fill| Provenance::new(photo, fill).unwrap())
}

/// The bytes of an exported file.
fn exported(photo: &Photo, fill: &FillRecord, content: ExportContent) -> Vec<u8> {
    let provenance = Provenance::new(photo, fill).unwrap();
    encode_png(&fill.picture(photo, content, None).unwrap(), &png_metadata(photo, content, Some(&provenance))).unwrap()
}

#[test]
fn provenance_survives_the_file() {
    with_fill(
        |_| (),
        |photo, fill| {
            let read = Provenance::read(&exported(photo, fill, ExportContent::Photo)).unwrap();
            assert_eq!(read, Provenance::new(photo, fill).unwrap());
            assert_eq!(read.hole().unwrap(), fill.hole);
            assert!(read.matches_photo(photo));
            assert_eq!((read.preset, read.settings), (Some(Preset::Paper), fill.outcome.settings));
            assert_eq!((read.frame, read.blend, read.candidate), (fill.frame, fill.look.blend, 1));
            assert_eq!((read.steps, read.evaluations, read.device.as_str()), (7, 9, "CPU"));
            assert!(read.stopped_early && read.changed_during_search);
            assert_eq!((read.model.name.as_str(), read.model.sha256), ("tiny", "ab".repeat(32)));
            assert_eq!((read.photo.color.as_str(), read.version.as_str()), ("rgb8", env!("CARGO_PKG_VERSION")));
        },
    );
}

#[test]
fn layer_keeps_only_the_colours() {
    let change = |photo: &mut Photo| {
        photo.metadata.color_encoding.gamma = Some(100_000);
        photo.metadata.iptc = Some(b"\x1C\x02\x50\0\x03Ann".to_vec());
        photo.metadata.texts = vec![PhotoText { keyword: "Author".into(), text: "Ann".into() }];
        photo.metadata.icc_profile = Some([&[0; 16][..], b"RGB "].concat());
        photo.metadata.exif = Some(b"II\x2A\0".to_vec());
        photo.metadata.xmp = Some(b"<nonsense/>".to_vec());
    };
    with_fill(change, |photo, fill| {
        let bytes = exported(photo, fill, ExportContent::Layer);
        assert_eq!(Provenance::read(&bytes).unwrap().content, ExportContent::Layer);
        let layer = decode(&bytes, DecodeLimits::default()).unwrap();
        assert_eq!(layer.color_name(), "rgba8");
        assert_eq!((layer.metadata.icc_profile, layer.metadata.exif), (photo.metadata.icc_profile.clone(), None));
        assert_eq!((layer.metadata.iptc, layer.metadata.texts), (None, Vec::new()));
        assert_eq!(layer.metadata.color_encoding, photo.metadata.color_encoding);
        let read = decode(&exported(photo, fill, ExportContent::Photo), DecodeLimits::default()).unwrap();
        assert_eq!(read.metadata.exif, photo.metadata.exif);
        assert_eq!(
            (read.metadata.iptc, read.metadata.texts),
            (photo.metadata.iptc.clone(), photo.metadata.texts.clone())
        );
    });
}

#[test]
fn xmp_gets_source_type_and_keeps_the_rest() {
    let xmp = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about='' \
                xmlns:dc='http://purl.org/dc/elements/1.1/' dc:rights='Ann'/></rdf:RDF>";
    with_fill(
        |photo| photo.metadata.xmp = Some(xmp.as_bytes().to_vec()),
        |photo, fill| {
            let read = decode(&exported(photo, fill, ExportContent::Photo), DecodeLimits::default()).unwrap();
            let packet = String::from_utf8(read.metadata.xmp.unwrap()).unwrap();
            assert!(packet.contains(&format!("<Iptc4xmpExt:DigitalSourceType>{SOURCE_TYPE}<")), "{packet}");
            assert!(packet.contains("dc:rights='Ann'"), "{packet}");
        },
    );
}

#[test]
fn nothing_is_added_without_provenance() {
    let xmp = b"<said/>".to_vec();
    with_fill(
        |photo| photo.metadata.xmp = Some(xmp.clone()),
        |photo, _| {
            let metadata = png_metadata(photo, ExportContent::Photo, None);
            assert_eq!((metadata.texts, metadata.xmp), (Vec::new(), Some(Cow::Borrowed(&xmp[..]))));
            assert_eq!(png_metadata(photo, ExportContent::Layer, None), PngMetadata::default());
        },
    );
}

#[test]
fn other_pixels_size_or_type_are_another_photo() {
    let provenance = provenance();
    let mut changed = photo().pixels.to_rgb8();
    changed.get_pixel_mut(19, 17).0[2] ^= 1;
    assert!(provenance.matches_photo(&photo()));
    assert!(!provenance.matches_photo(&Photo::from_pixels(changed.into())));
    assert!(!provenance.matches_photo(&Photo::from_pixels(photo().pixels.to_rgb16().into())));
    assert!(!provenance.matches_photo(&Photo::from_pixels(photo().pixels.rotate90())));
}

/// Provenance with one JSON field replaced.
fn tampered(pointer: &str, value: impl Into<serde_json::Value>) -> Result<Provenance, ProvenanceError> {
    let mut json: serde_json::Value = serde_json::from_str(&provenance().to_json()).unwrap();
    *json.pointer_mut(pointer).unwrap() = value.into();
    Provenance::from_json(&json.to_string())
}

#[test]
fn completion_is_recorded_only_when_used() {
    let record = |model: &ModelChoice, completion| {
        with_fill(
            |_| (),
            |photo, fill| {
                let outcome = FillOutcome { model: crate::model::inspect(model).unwrap(), ..(*fill.outcome).clone() };
                let look = FillLook { blend: Blend { completion, ..fill.look.blend }, ..fill.look };
                let fill = FillRecord { outcome: Arc::new(outcome), look, ..fill.clone() };
                Provenance::new(photo, &fill).unwrap()
            },
        )
    };
    let used = record(&ModelChoice::Face128, true);
    let sha256 = used.completion.as_ref().map(|id| id.sha256.as_str());
    assert_eq!(sha256, Some(crate::model::completion::CompletionNetwork::embedded().sha256()));
    assert!(used.blend.completion);
    assert_eq!(Provenance::from_json(&used.to_json()).unwrap(), used);
    for unused in [record(&ModelChoice::Face128, false), record(&ModelChoice::Face64, true)] {
        assert!(unused.completion.is_none() && !unused.blend.completion);
    }
}

#[test]
fn record_without_completion_means_off() {
    let mut json: serde_json::Value = serde_json::from_str(&provenance().to_json()).unwrap();
    assert!(json.get("completion").is_none());
    assert!(json["blend"].as_object_mut().unwrap().remove("completion").is_some());
    let read = Provenance::from_json(&json.to_string()).unwrap();
    assert_eq!((read.blend.completion, read.completion), (false, None));
}

#[test]
fn symmetry_of_earlier_versions_is_read() {
    let mut json: serde_json::Value = serde_json::from_str(&provenance().to_json()).unwrap();
    assert!(!json.to_string().contains("symmetry"));
    json["settings"]["context"]["symmetry"] = 0.5_f64.into();
    let read = Provenance::from_json(&json.to_string()).unwrap();
    assert_eq!(read, Provenance { symmetry: 0.5, ..provenance() });
    assert!(!read.to_json().contains("symmetry"));
}

#[test]
fn several_fills_have_a_format_of_their_own() {
    let part = Mask::from_fn(20, 18, |_, y| y < 2);
    let record = |frame: FaceFrame| {
        let (outcome, look) =
            (Arc::new(outcome(Settings::default())), FillLook { candidate: 1, blend: Blend::default() });
        FaceRecord::new(&FillRecord { hole: hole(), frame, outcome, look }, &part).unwrap()
    };
    let single = provenance();
    let several = single.clone().with_fills(vec![record(single.frame), record(FaceFrame::centered(20, 18))]);
    assert!(single.to_json().contains(r#""countenance-recipe-1""#) && !single.to_json().contains("fills"));
    assert!(several.to_json().contains(r#""countenance-recipe-2""#));
    let read = Provenance::from_json(&several.to_json()).unwrap();
    assert_eq!(read, several);
    assert_eq!((read.hole().unwrap(), read.part(&read.fills[1]).unwrap()), (hole(), part));
    let FaceRecord { candidate, steps, evaluations, stopped_early, .. } = read.fills[1];
    assert_eq!((candidate, steps, evaluations, stopped_early), (1, 7, 9, true));
    assert_eq!(read.with_fills(Vec::new()), single);
}

#[test]
fn ignored_pixels_have_a_format_of_their_own() {
    let ignored = Mask::from_fn(20, 18, |x, _| x > 15);
    let record = |photo: &Photo, fill: &FillRecord| {
        let fill = FillRecord { hole: fill.hole.clone().with_ignored(&ignored), ..fill.clone() };
        let several = vec![FaceRecord::new(&fill, &hole()).unwrap()];
        (Provenance::new(photo, &fill).unwrap(), several)
    };
    let (single, several) = with_fill(|_| (), record);
    for provenance in [single.clone(), single.with_fills(several)] {
        assert!(provenance.to_json().contains(r#""countenance-recipe-3""#));
        let read = Provenance::from_json(&provenance.to_json()).unwrap();
        assert_eq!((&read, read.hole().unwrap()), (&provenance, hole().with_ignored(&ignored)));
    }
}

#[test]
fn a_soft_edge_is_recorded() {
    let record = |photo: &Photo, fill: &FillRecord| {
        let look = FillLook { blend: Blend { soft_edge_px: 20, ..fill.look.blend }, ..fill.look };
        Provenance::new(photo, &FillRecord { look, ..fill.clone() }).unwrap()
    };
    let json = with_fill(|_| (), record).to_json();
    assert!(json.contains(r#""countenance-recipe-3""#) && !provenance().to_json().contains("soft_edge"));
    assert_eq!(Provenance::from_json(&json).unwrap().blend.soft_edge_px, 20);
}

#[test]
fn wrong_formats_and_damage_give_different_errors() {
    let newer = tampered("/format", "countenance-recipe-99").unwrap_err();
    insta::assert_snapshot!(newer, @"the file was made by a newer Countenance (countenance-recipe-99): update this one and try again");
    assert!(matches!(tampered("/format", "other-1"), Err(ProvenanceError::Missing)));
    assert!(matches!(tampered("/settings/optimizer", "magic"), Err(ProvenanceError::Damaged { .. })));
    assert!(matches!(Provenance::from_json("no JSON"), Err(ProvenanceError::Damaged { .. })));
    let plain = encode_png(&photo().pixels, &PngMetadata::default()).unwrap();
    assert!(matches!(Provenance::read(&plain), Err(ProvenanceError::Missing)));
    assert!(matches!(Provenance::read(b"GIF89a"), Err(ProvenanceError::Text(PngTextError::NotPng))));
}

#[test]
fn changed_mask_is_refused() {
    let hole = |provenance: Result<Provenance, ProvenanceError>| provenance.unwrap().hole();
    let mut other = super::tests::hole();
    other.invert();
    let png = BASE64.encode(encode_mask_png(&other).unwrap());
    assert!(matches!(hole(tampered("/mask/png", png)), Err(ProvenanceError::MaskChanged)));
    assert!(matches!(hole(tampered("/mask/png", "!")), Err(ProvenanceError::MaskChanged)));
    assert!(matches!(hole(tampered("/mask/png", "AAAA")), Err(ProvenanceError::UnreadableMask { .. })));
    assert!(matches!(hole(tampered("/photo/width", 21)), Err(ProvenanceError::UnreadableMask { .. })));
    assert!(matches!(hole(tampered("/mask/sha256", "00")), Err(ProvenanceError::MaskChanged)));
}

#[test]
fn changed_settings_have_no_preset() {
    with_fill(
        |_| (),
        |photo, fill| {
            let outcome = outcome(Settings { steps: 77, ..Preset::Best.settings() });
            let fill = FillRecord { outcome: Arc::new(outcome), ..fill.clone() };
            assert_eq!(Provenance::new(photo, &fill).unwrap().preset, None);
        },
    );
}

proptest! {
    #[test]
    fn every_number_survives(x in -1e5f32..1e5, side_px in 16f32..1e5, lambda in 0f32..1000.0, rate in 1e-9f32..10.0, seed: u64) {
        let mut provenance = provenance();
        provenance.frame = FaceFrame { center_in_photo: [x, -x], side_px, angle_radians: x / 7e4 };
        provenance.settings = Settings { lambda, learning_rate: rate, seed, ..provenance.settings };
        prop_assert_eq!(Provenance::from_json(&provenance.to_json()).unwrap(), provenance);
    }
}
