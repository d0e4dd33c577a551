//! Documents that must be refused.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

use super::project;
use crate::project::{FORMAT, Project, ProjectError};

fn json_of(project: &Project) -> Value {
    serde_json::from_str(&project.to_json(None).unwrap()).unwrap()
}

fn read(json: &Value) -> Result<Project, ProjectError> {
    Project::from_json(&json.to_string())
}

fn base64_of(values: &[f32]) -> Value {
    BASE64_STANDARD.encode(values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>()).into()
}

#[test]
fn truncated_document_is_refused_as_broken() {
    let text = project().to_json(None).unwrap();
    for end in (0..text.len()).step_by(61) {
        let error = Project::from_json(&text[..end]).unwrap_err();
        let named = end > text.find(FORMAT).unwrap() + FORMAT.len();
        assert!(
            if named {
                matches!(error, ProjectError::Broken { .. })
            } else {
                matches!(error, ProjectError::NotAProject)
            },
            "{end}: {error}"
        );
    }
}

#[test]
fn newer_versions_and_other_files_give_different_errors() {
    let with_format = |format: &str| {
        let mut json = json_of(&project());
        json["format"] = json!(format);
        read(&json).unwrap_err().to_string()
    };
    let newer = with_format("countenance-project-99");
    assert!(newer.contains("newer program (countenance-project-99)") && newer.contains("update"), "{newer}");
    for format in ["countenance-gan-1", "countenance-project-x", ""] {
        let text = with_format(format);
        assert!(text.contains("not a project file"), "{format}: {text}");
    }
    for text in ["", "[]", "{}", "null", "\u{89}PNG"] {
        assert!(matches!(Project::from_json(text), Err(ProjectError::NotAProject)), "{text}");
    }
}

#[test]
fn invalid_values_are_named() {
    let huge = json!(1e30);
    let cases: Vec<(&str, Value, &str)> = vec![
        ("/photo/width_px", json!(41), "a mask of 40×30 on a photo of 41×30"),
        ("/photo/width_px", json!(4_000_000_000_u32), "a photo of 4000000000×30"),
        ("/photo/height_px", json!(0), "a photo of 40×0"),
        ("/photo/path", Value::Null, "which photo"),
        ("/frame/side_px", json!(0), "frame"),
        ("/frame/side_px", huge.clone(), "frame"),
        ("/frame/center_in_photo/1", huge.clone(), "frame"),
        ("/frame/angle_radians", huge.clone(), "frame"),
        ("/fill/frame/side_px", json!(-3.0), "frame"),
        ("/settings/lambda", huge, "lambda is 1"),
        ("/settings/steps", json!(0), "steps is 0"),
        ("/fill/settings/candidates", json!(100_000), "candidates is 100000"),
        ("/blend/detail_percent", json!(101), "101 %"),
        ("/fill/blend/detail_percent", json!(255), "255 %"),
        ("/fill/candidate", json!(3), "candidate 4 of 3"),
        ("/fill/best", json!(u64::MAX), "of 3"),
        ("/fill/candidates", json!([]), "0 candidates"),
        ("/fill/size_px", json!(0), "0 pixels wide"),
        ("/fill/size_px", json!(u32::MAX), "pixels wide"),
        ("/fill/size_px", json!(5), "picture of candidate 1 has 48 numbers instead of 75"),
        ("/fill/seconds", json!(-1.0), "seconds"),
        ("/fill/steps", json!(u32::MAX), "iterations"),
        ("/fill/candidates/1/latent", base64_of(&[0.0; 4]), "latent of candidate 2 has 4 numbers instead of 5"),
        ("/fill/candidates/1/latent", base64_of(&[0.0, 0.0, f32::NAN, 0.0, 0.0]), "latent of candidate 2 is not"),
        ("/fill/candidates/2/pixels", base64_of(&[f32::INFINITY; 48]), "picture of candidate 3 is not"),
        ("/fill/curves/iterations/1", json!(1), "curves"),
        ("/fill/curves/losses", base64_of(&[0.0; 7]), "curves"),
    ];
    for (pointer, value, expected) in cases {
        let mut json = json_of(&project());
        *json.pointer_mut(pointer).unwrap() = value;
        let error = read(&json).unwrap_err();
        assert!(matches!(error, ProjectError::Invalid { .. }), "{pointer}: {error:?}");
        assert!(error.to_string().contains(expected), "{pointer}: {error}");
    }
}

#[test]
fn unparsable_fields_are_refused_as_broken() {
    let cases = [
        ("/mask", json!("%%%")),
        ("/mask", json!(BASE64_STANDARD.encode("no picture"))),
        ("/fill/hole", json!(17)),
        ("/fill/candidates/0/latent", json!("AAAA")),
        ("/fill/candidates/0/pixels", Value::Null),
        ("/device", json!("abacus")),
        ("/photo/width_px", json!(-1)),
        ("/fill/steps", json!(1.5)),
        // Beyond the range of an f32.
        ("/frame/side_px", json!(1e300)),
        ("/settings/lambda", json!(-1e300)),
        ("/fill/seconds", json!(1e300)),
    ];
    for (pointer, value) in cases {
        let mut json = json_of(&project());
        *json.pointer_mut(pointer).unwrap() = value;
        assert!(matches!(read(&json), Err(ProjectError::Broken { .. })), "{pointer}");
    }
}

#[test]
fn wrong_mixes_and_start_latents_are_refused() {
    let mut json = json_of(&project());
    json["fill"]["start"] = json!({ "around": base64_of(&[0.0; 4]) });
    assert!(read(&json).unwrap_err().to_string().contains("the start latents do not fit"));
    let mut json = json_of(&project());
    for candidate in json["fill"]["candidates"].as_array_mut().unwrap() {
        candidate["mixed"] = json!(true);
    }
    assert!(read(&json).unwrap_err().to_string().contains("mixes without candidates"));
}
