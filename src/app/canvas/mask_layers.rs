//! What is drawn of the mask: the hole, and the ignored pixels in a colour of their own.

use egui::Painter;

use super::canvas_style::CanvasStyle;
use super::mask_overlay::MaskOverlay;
use super::upload_budget::UploadBudget;
use super::zoom_pan::ScreenFromPhoto;
use super::{CanvasScene, Tool};
use crate::geometry::RectPx;
use crate::mask::Mask;

/// How the hole and the ignored pixels are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MaskDisplay {
    Hidden,
    /// Outline only, so that a preview inside the hole stays visible.
    Outlined,
    #[default]
    Tinted,
}

/// The overlays of the hole and of the ignored pixels.
#[derive(Default)]
pub(super) struct MaskLayers {
    hole: MaskLayer,
    ignored: MaskLayer,
}

impl MaskLayers {
    /// Marks a part of the photo as changed.
    pub fn mark_changed(&mut self, part: RectPx) {
        self.hole.mark_changed(part);
        self.ignored.mark_changed(part);
    }

    /// Draws the visible part of the mask as [`CanvasScene::mask_display`] says. While the ignore brush is selected, the
    /// ignored pixels are outlined at least.
    pub fn paint(
        &mut self,
        painter: &Painter,
        scene: &CanvasScene<'_>,
        map: &ScreenFromPhoto,
        style: &CanvasStyle,
        budget: &mut UploadBudget,
    ) {
        self.hole.paint(painter, scene.mask, scene, scene.mask_display, map, style, budget);
        if !scene.mask.has_ignored() {
            return;
        }
        let must_show = scene.tool == Tool::Ignore && !scene.show_before && scene.mask_display == MaskDisplay::Hidden;
        let display = if must_show { MaskDisplay::Outlined } else { scene.mask_display };
        let style = CanvasStyle { accent: style.ignored, warning: style.ignored, ..style.clone() };
        self.ignored.paint(painter, &scene.mask.ignored(), scene, display, map, &style, budget);
    }
}

/// The tinted and the outlined overlay. Both keep their textures, because every stroke switches between them.
#[derive(Default)]
struct MaskLayer {
    tint_overlay: MaskOverlay,
    outline_overlay: MaskOverlay,
}

impl MaskLayer {
    fn mark_changed(&mut self, part: RectPx) {
        self.tint_overlay.mark_changed(part);
        self.outline_overlay.mark_changed(part);
    }

    #[expect(clippy::too_many_arguments, reason = "what the canvas draws with, and two of its own")]
    fn paint(
        &mut self,
        painter: &Painter,
        mask: &Mask,
        scene: &CanvasScene<'_>,
        display: MaskDisplay,
        map: &ScreenFromPhoto,
        style: &CanvasStyle,
        budget: &mut UploadBudget,
    ) {
        match display {
            MaskDisplay::Hidden => {}
            MaskDisplay::Outlined => {
                let style = CanvasStyle { tint_opacity: 0.0, ..style.clone() };
                self.outline_overlay.paint(painter, mask, scene, map, &style, budget);
            }
            MaskDisplay::Tinted => self.tint_overlay.paint(painter, mask, scene, map, style, budget),
        }
    }
}
