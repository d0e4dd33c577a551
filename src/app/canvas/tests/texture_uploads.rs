//! Tests of texture uploads.

use super::*;
use crate::mask::{Mask, MaskEdit};

/// Runs a frame and returns the size of every texture upload in it.
fn uploads(ctx: &egui::Context, fixture: &mut CanvasFixture) -> Vec<[usize; 2]> {
    let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, vec2(800.0, 600.0)));
    let mut output = ctx.run_ui(egui::RawInput { screen_rect, ..Default::default() }, |ui| fixture.ui(ui));
    let deltas = std::mem::take(&mut output.textures_delta.set);
    output.drop_without_applying_deltas();
    deltas.into_values().flatten().map(|delta| delta.image.size()).collect()
}

#[test]
fn a_stroke_uploads_only_its_changed_rectangle() {
    let mut fixture = CanvasFixture::new(Tool::Brush);
    fixture.photo = Arc::new(Photo::from_pixels(RgbImage::new(3000, 2000).into()));
    fixture.canvas.commands.push(ViewCommand::ActualPixels);
    let mut mask = Mask::empty(3000, 2000);
    let dab = |x: f32| {
        MaskEdit::Stroke(Stroke { kind: StrokeKind::Paint, radius_px: 10.0, points_in_photo: vec![[x, 900.0]] })
    };
    mask.apply(&dab(1400.0));
    fixture.mask = mask.clone();
    let ctx = egui::Context::default();
    while !uploads(&ctx, &mut fixture).is_empty() {}
    mask.apply(&dab(1425.0));
    let changed = fixture.mask.difference(&mask);
    fixture.mask = mask;
    let uploaded = uploads(&ctx, &mut fixture);
    let texels: usize = uploaded.iter().map(|[width, height]| width * height).sum();
    assert!(texels > 0 && texels <= (changed.width as usize + 2) * (changed.height as usize + 2), "{uploaded:?}");
    assert_eq!(uploads(&ctx, &mut fixture), [[0; 2]; 0], "uploaded only once");
}

#[test]
fn a_fill_is_uploaded_once() {
    let rect_in_photo = RectPx { x: 150, y: 100, width: 64, height: 64 };
    let rgba = vec![255; 64 * 64 * 4];
    let patch = FillPatch { rect_in_photo, width: 64, height: 64, rgba, opacity: None };
    let mut fixture = CanvasFixture::new(Tool::Brush);
    let ctx = egui::Context::default();
    while !uploads(&ctx, &mut fixture).is_empty() {}
    fixture.patch = Some(Arc::new(patch.clone()));
    assert_eq!(uploads(&ctx, &mut fixture), [[64, 64]]);
    assert!(uploads(&ctx, &mut fixture).is_empty());
    fixture.patch = Some(Arc::new(patch));
    assert_eq!(uploads(&ctx, &mut fixture), [[64, 64]]);
}
