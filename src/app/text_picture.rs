//! Draws text into pictures, without a window.

use egui::epaint::text::Galley;
use egui::{Color32, ColorImage};
use image::{Rgba, RgbaImage};

/// Draws laid-out text. `origin_px` is a point of the picture, `at` the text's place from there in points. `atlas` holds
/// the glyphs.
pub fn paint_galley(
    picture: &mut RgbaImage,
    galley: &Galley,
    (origin_px, at): ([u32; 2], egui::Pos2),
    scale: f32,
    color: Color32,
    atlas: &ColorImage,
) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
    let to_px = |points: f32| (points * scale).round() as u32;
    for row in &galley.rows {
        for glyph in &row.row.glyphs {
            let place = at + (row.pos + glyph.pos.to_vec2() + glyph.uv_rect.offset).to_vec2();
            let (left, top) = (origin_px[0] + to_px(place.x), origin_px[1] + to_px(place.y));
            let [min, max] = [glyph.uv_rect.min, glyph.uv_rect.max].map(|corner| corner.map(usize::from));
            for (y, texel_y) in (top..).zip(min[1]..max[1]) {
                for (x, texel_x) in (left..).zip(min[0]..max[0]) {
                    let texel = atlas.pixels.get(texel_y * atlas.size[0] + texel_x);
                    let coverage = texel.map_or(0.0, |texel| f32::from(texel.a()) / 255.0);
                    mix(picture, x, y, color, coverage);
                }
            }
        }
    }
}

/// Mixes a colour into a pixel, which becomes as opaque.
pub fn mix(picture: &mut RgbaImage, x: u32, y: u32, color: Color32, share: f32) {
    let Some(Rgba(pixel)) = picture.get_pixel_mut_checked(x, y) else { return };
    for (old, new) in pixel.iter_mut().zip([color.r(), color.g(), color.b(), 255]) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
        let mixed = (f32::from(*old) + (f32::from(new) - f32::from(*old)) * share).round() as u8;
        *old = mixed;
    }
}
