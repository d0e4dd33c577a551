//! Draws a map of the face over the photo, on the face frame.

use std::sync::{Arc, Weak};

use egui::{Color32, ColorImage, Mesh, Painter, Shape, TextureHandle, TextureOptions, pos2};

use super::zoom_pan::ScreenFromPhoto;
use crate::geometry::FaceFrame;
use crate::job::FaceMap;

/// A map and its place.
pub struct PlacedMap<'a> {
    pub map: &'a Arc<FaceMap>,
    pub frame: FaceFrame,
}

/// The texture of the map drawn last.
#[derive(Default)]
pub(super) struct MapOverlay {
    uploaded: Option<(Weak<FaceMap>, TextureHandle)>,
}

impl MapOverlay {
    pub fn paint(&mut self, painter: &Painter, placed: &PlacedMap<'_>, screen: &ScreenFromPhoto) {
        let map = Arc::downgrade(placed.map);
        let texture = match self.uploaded.take().filter(|(uploaded, _)| uploaded.ptr_eq(&map)) {
            Some((_, texture)) => texture,
            // A map has the pixels of a crop: few, and interpolated.
            None => painter.ctx().load_texture("map", map_image(placed.map), TextureOptions::LINEAR),
        };
        let mut mesh = Mesh::with_texture(texture.id());
        let corners_in_texture = [pos2(0.0, 0.0), pos2(1.0, 0.0), pos2(1.0, 1.0), pos2(0.0, 1.0)];
        for (corner, uv) in placed.frame.corners_in_photo().into_iter().zip(corners_in_texture) {
            mesh.vertices.push(egui::epaint::Vertex { pos: screen.apply(corner), uv, color: Color32::WHITE });
        }
        mesh.add_triangle(0, 1, 2);
        mesh.add_triangle(0, 2, 3);
        painter.add(Shape::mesh(mesh));
        self.uploaded = Some((map, texture));
    }
}

fn map_image(map: &FaceMap) -> ColorImage {
    let colors = map.colors();
    let color = |[red, green, blue, opacity]: &[u8; 4]| Color32::from_rgba_unmultiplied(*red, *green, *blue, *opacity);
    ColorImage::new([colors.side_px, colors.side_px], colors.pixels.iter().map(color).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::MapKind;

    #[test]
    fn hidden_pixels_are_transparent() {
        let map = FaceMap::new(MapKind::Residual, 2, vec![64.0; 4], vec![true, false, true, true]);
        let image = map_image(&map);
        assert_eq!((image.size, image.pixels[1]), ([2, 2], Color32::TRANSPARENT));
        assert!(image.pixels[0].a() > 200 && image.pixels[0].r() > 200, "the brightest colour");
    }
}
