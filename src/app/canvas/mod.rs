//! The canvas widget: shows the photo with zoom and pan, brush, face frame, live preview and before/after divider.
//!
//! The canvas holds no document. It draws a [`CanvasScene`] and returns [`CanvasAction`]s. Its own state is the view
//! (zoom and pan), the textures and the drag in progress. Photo textures are tiles, so that only the visible part of a
//! large photo is uploaded. A stroke uploads only the rectangle that it changed. The canvas notices itself that the photo,
//! the mask or the fill is another one than in the last frame: what is unchanged is shared, so comparing is cheap.
//!
//! | file | purpose |
//! | --- | --- |
//! | `zoom_pan`, `scroll_gestures` | zoom and pan |
//! | `pointer_input`, `brush`, `area_tool`, `frame_overlay`, `divider` | pointer input, and what it can drag |
//! | `mip_pyramid`, `color_conversion`, `photo_tiles` | the photo's mip levels and textures |
//! | `mask_layers` | the overlays of the hole and of the ignored pixels |
//! | `mask_overlay`, `mask_texels`, `mask_outline`, `clip_polygon` | one overlay of the mask: tint and outline |
//! | `fill_overlay` | the fill overlay |
//! | `canvas_style` | colours and sizes |
//! | `tile_grid`, `tile_cache`, `upload_budget` | tile layout, tile cache, upload time per frame |
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "integer coordinates are far below 2^24, and fractional coordinates are clamped before they are cast"
)]

mod area_tool;
mod brush;
mod canvas_style;
mod clip_polygon;
mod color_conversion;
mod divider;
mod fill_overlay;
mod frame_overlay;
mod mask_layers;
mod mask_outline;
mod mask_overlay;
mod mask_texels;
mod mip_pyramid;
mod photo_tiles;
mod pointer_input;
mod scroll_gestures;
mod tile_cache;
mod tile_grid;
mod upload_budget;
mod zoom_pan;

#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;
use std::sync::{Arc, Weak};

use egui::{CursorIcon, Key, Painter, Pos2, Rect, Role, Sense, StrokeKind as Align, Ui, WidgetInfo, vec2};

use crate::app::accessibility;
use crate::app::document::DocumentAction;
use crate::app::language::t;
use crate::blend::FillPatch;
use crate::geometry::FaceFrame;
use crate::mask::{Mask, StrokeKind};
use crate::photo::Photo;

use divider::Divider;
use fill_overlay::FillOverlay;
use frame_overlay::{FrameAppearance, FrameGlide};
use mask_layers::MaskLayers;
use photo_tiles::PhotoTiles;
use pointer_input::{PointerContext, PointerInput};
use upload_budget::UploadBudget;
use zoom_pan::{CanvasView, ScreenFromPhoto};

pub use canvas_style::CanvasStyle;
pub use mask_layers::MaskDisplay;

/// Allowed brush radii, in photo pixels.
pub const BRUSH_RADIUS_RANGE_PX: RangeInclusive<f32> = 1.0..=2000.0;

/// The tool of the primary pointer button.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    #[default]
    Brush,
    Eraser,
    /// Marks pixels as ignored: kept in the photo, but not believed.
    Ignore,
    Rectangle,
    Ellipse,
    Lasso,
    Polygon,
    /// Moves, resizes and rotates the face frame.
    Frame,
}

impl Tool {
    /// Whether it draws an area with an outline.
    pub fn draws_area(self) -> bool {
        matches!(self, Self::Rectangle | Self::Ellipse | Self::Lasso | Self::Polygon)
    }

    /// What it makes of the pixels under it. `area_kind` is what the area tools draw.
    fn stroke_kind(self, area_kind: StrokeKind) -> StrokeKind {
        match self {
            Self::Eraser => StrokeKind::Erase,
            Self::Ignore => StrokeKind::Ignore,
            _ if self.draws_area() => area_kind,
            _ => StrokeKind::Paint,
        }
    }
}

/// Everything to draw, borrowed for one frame.
pub struct CanvasScene<'a> {
    /// Shared with the thread that builds the mip levels.
    pub photo: &'a Arc<Photo>,
    pub mask: &'a Mask,
    pub face_frame: FaceFrame,
    /// The frames of the detected faces; one of them may be `face_frame`.
    pub faces: &'a [FaceFrame],
    pub tool: Tool,
    /// What the area tools draw.
    pub area_kind: StrokeKind,
    pub brush_radius_px: f32,
    /// The fills, as live preview or finished, drawn over the photo and one over the other.
    pub patches: &'a [&'a Arc<FillPatch>],
    pub mask_display: MaskDisplay,
    pub show_frame: bool,
    /// Draws what is before the fill (while the "before" key is held): the photo, or the fill that it is compared with.
    pub show_before: bool,
    /// The fill that the shown one is compared with; `None` compares it with the photo.
    pub before: Option<ComparedFill<'a>>,
    /// Position of the before/after divider as a share of the visible photo's width; `None` when off. Not drawn without
    /// a patch.
    pub divider: Option<f32>,
    /// The frame cannot be moved, because a search is using it.
    pub is_frame_locked: bool,
}

impl CanvasScene<'_> {
    /// What can be seen, for screen readers.
    fn description(&self) -> String {
        let (width, height) = (self.photo.width(), self.photo.height());
        let painted =
            if self.mask.hole_bounds().is_some() { t!("part of it is painted") } else { t!("nothing is painted") };
        let filled =
            if !self.patches.is_empty() && !self.show_before { t!(", the painted part is filled") } else { "" };
        t!("A photo of {width} × {height} pixels, {painted}{filled}", width, height, painted, filled)
    }

    /// The whole photo, in photo pixels.
    fn photo_rect(&self) -> Rect {
        Rect::from_min_size(Pos2::ZERO, vec2(self.photo.width() as f32, self.photo.height() as f32))
    }
}

/// A fill in the place of the photo without a fill.
#[derive(Clone, Copy)]
pub struct ComparedFill<'a> {
    /// None until it is composed.
    pub patches: &'a [Arc<FillPatch>],
    /// Words on the divider: of this fill and of the shown one.
    pub names: [&'a str; 2],
}

/// What the user did.
#[derive(Clone, Debug, PartialEq)]
pub enum CanvasAction {
    /// A stroke, or a change of the face frame.
    Edit(DocumentAction),
    SetBrushRadius(f32),
    SetDivider(f32),
}

/// A command that changes the view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ViewCommand {
    /// Fit the whole photo.
    Fit,
    /// Zoom to this face, or fit the photo when the view shows the face already.
    ZoomToFace(FaceFrame),
    /// This face was chosen: show it if the view showed the face chosen before.
    FollowFace(FaceFrame),
    /// This face was found: zoom to it if it is small on the screen and the user has not moved the view.
    ShowFoundFace(FaceFrame),
    /// Show one photo pixel per physical screen pixel.
    ActualPixels,
    /// Zoom by this factor around the middle.
    ZoomBy(f32),
}

/// The canvas widget: its view, its textures and the drag in progress.
#[derive(Default)]
pub struct Canvas {
    /// Colours and line widths.
    pub style: CanvasStyle,
    /// To run before the next frame is drawn.
    pub commands: Vec<ViewCommand>,
    view: CanvasView,
    /// The photo and the mask of the last frame.
    last_photo: Weak<Photo>,
    last_mask: Option<Mask>,
    last_screen_from_photo: Option<ScreenFromPhoto>,
    pointer: PointerInput,
    frame_glide: FrameGlide,
    photo_tiles: PhotoTiles,
    mask_layers: MaskLayers,
    /// One for each patch.
    fill_overlays: Vec<FillOverlay>,
    compared_overlays: Vec<FillOverlay>,
}

impl Canvas {
    /// Runs the commands, draws the scene into all of `ui`, and returns the user's actions, in order.
    pub fn ui(&mut self, ui: &mut Ui, scene: &CanvasScene<'_>) -> Vec<CanvasAction> {
        self.notice_changes(scene);
        for command in std::mem::take(&mut self.commands) {
            self.run(command);
        }
        // Not focusable: the window handles the keys, and Tab moves between the window's buttons.
        let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::CLICK | Sense::DRAG);
        response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, t!("Canvas")));
        accessibility::describe(&response, || scene.description());
        self.view.update_layout(scene.photo_rect().size(), rect, ui.pixels_per_point());
        let mut actions = Vec::new();
        actions.extend(scroll_gestures::handle(ui, &response, &mut self.view, scene.brush_radius_px));

        let context = self.pointer_context(ui, scene, rect);
        actions.extend(self.pointer.handle_events(ui, &response, &mut self.view, &context));

        let context = self.pointer_context(ui, scene, rect);
        self.last_screen_from_photo = Some(context.screen_from_photo);
        let hovered_at = response.contains_pointer().then(|| ui.input(|input| input.pointer.latest_pos())).flatten();
        if let Some(icon) = self.pointer.cursor_icon(hovered_at, &context) {
            ui.ctx().set_cursor_icon(icon);
        }
        if ui.is_rect_visible(rect) {
            self.paint(&ui.painter_at(rect), ui, &context, hovered_at);
        }
        if !actions.is_empty() {
            // The actions change the scene, which the next frame draws.
            ui.ctx().request_repaint();
        }
        actions
    }

    /// Drops everything that belongs to another photo, and marks the changed part of the mask.
    fn notice_changes(&mut self, scene: &CanvasScene<'_>) {
        let photo = Arc::downgrade(scene.photo);
        if !self.last_photo.ptr_eq(&photo) {
            let (style, commands) = (self.style.clone(), std::mem::take(&mut self.commands));
            *self = Self { style, commands, last_photo: photo, ..Self::default() };
        }
        let last_mask = self.last_mask.replace(scene.mask.clone());
        let changed = last_mask.map_or_else(|| scene.mask.rect(), |last| last.difference(scene.mask));
        if !changed.is_empty() {
            self.mask_layers.mark_changed(changed);
        }
    }

    fn run(&mut self, command: ViewCommand) {
        match command {
            ViewCommand::Fit => self.view.fit(),
            ViewCommand::ZoomToFace(frame) => self.view.fit_face_or_photo(frame),
            ViewCommand::FollowFace(frame) => self.view.follow_face(frame),
            ViewCommand::ShowFoundFace(_) if self.is_dragging() => {}
            ViewCommand::ShowFoundFace(frame) => self.view.offer_face(frame),
            ViewCommand::ActualPixels => self.view.zoom_to(1.0),
            ViewCommand::ZoomBy(factor) => self.view.zoom_to(self.view.zoom() * factor),
        }
    }

    /// Physical screen pixels per photo pixel.
    #[must_use]
    pub fn zoom(&self) -> f32 {
        self.view.zoom()
    }

    /// Whether a drag is in progress (a stroke, the frame, a pan or the divider).
    #[must_use]
    pub fn is_dragging(&self) -> bool {
        self.pointer.is_dragging()
    }

    /// Cancels the drag in progress without further actions. The caller must undo what the drag did so far.
    pub fn cancel_drag(&mut self) {
        self.pointer.cancel_drag();
    }

    /// The screen position at which a point of the photo was last drawn; `None` before the first frame.
    #[cfg(test)]
    pub fn screen_from_photo(&self, point_in_photo: crate::geometry::Point) -> Option<Pos2> {
        self.last_screen_from_photo.map(|map| map.apply(point_in_photo))
    }

    fn pointer_context<'a>(&self, ui: &Ui, scene: &'a CanvasScene<'a>, viewport: Rect) -> PointerContext<'a> {
        let screen_from_photo = self.view.screen_from_photo();
        let is_fill_shown = !scene.patches.is_empty() && !scene.show_before;
        let photo_on_screen = screen_from_photo.rect(scene.photo_rect());
        let share = scene.divider.filter(|_| is_fill_shown);
        let divider = share.and_then(|share| Divider::at_share(share, photo_on_screen, viewport));
        let is_pan_key_held = ui.input(|input| input.key_down(Key::Space)) && !ui.ctx().text_edit_focused();
        PointerContext { scene, screen_from_photo, divider, is_pan_key_held }
    }

    fn paint(&mut self, painter: &Painter, ui: &Ui, context: &PointerContext<'_>, hovered_at: Option<Pos2>) {
        let PointerContext { scene, screen_from_photo: map, divider, .. } = context;
        let style = &self.style;
        let mut budget = UploadBudget::for_this_frame();
        painter.rect_filled(painter.clip_rect(), 0.0, style.background);
        self.photo_tiles.paint(painter, scene, map, style, &mut budget);
        self.fill_overlays.resize_with(scene.patches.len(), FillOverlay::default);
        if !scene.show_before {
            let fill_clip = divider.map_or(painter.clip_rect(), |divider| divider.after_rect());
            for (overlay, patch) in self.fill_overlays.iter_mut().zip(scene.patches) {
                overlay.paint(&painter.with_clip_rect(fill_clip), patch, map, style);
            }
        }
        let compared = scene.before.map_or(&[][..], |before| before.patches);
        self.compared_overlays.resize_with(compared.len(), FillOverlay::default);
        if scene.show_before || divider.is_some() {
            let clip = divider.map_or(painter.clip_rect(), |divider| divider.before_rect());
            for (overlay, patch) in self.compared_overlays.iter_mut().zip(compared) {
                overlay.paint(&painter.with_clip_rect(clip), patch, map, style);
            }
        }
        self.mask_layers.paint(painter, scene, map, style, &mut budget);
        let border = egui::Stroke::new(1.0, style.photo_border);
        painter.rect_stroke(map.rect(scene.photo_rect()), 0.0, border, Align::Outside);
        if scene.show_frame {
            frame_overlay::paint_other_faces(painter, scene, map, style);
            let appearance = if scene.tool == Tool::Frame && !scene.is_frame_locked {
                FrameAppearance::Active { highlighted: self.pointer.highlighted_handle(hovered_at, context) }
            } else {
                FrameAppearance::Inactive
            };
            let frame = self.frame_glide.shown_frame(painter.ctx(), scene.face_frame, self.pointer.is_dragging());
            frame_overlay::paint_frame(painter, &frame, map, style, appearance);
        }
        if let Some(divider) = divider {
            let names = scene.before.map_or([t!("Before"), t!("After")], |before| before.names);
            divider.paint(painter, names, style);
        }
        self.pointer.paint_area(painter, hovered_at, map, style);
        self.paint_brush(painter, ui, context, hovered_at);
        if budget.is_exhausted() {
            painter.ctx().request_repaint();
        }
    }

    fn paint_brush(&self, painter: &Painter, ui: &Ui, context: &PointerContext<'_>, hovered_at: Option<Pos2>) {
        let PointerContext { scene, screen_from_photo: map, .. } = context;
        let (latest_at, is_shift_held) = ui.input(|input| (input.pointer.latest_pos(), input.modifiers.shift));
        let active_kind = self.pointer.stroke_kind();
        let at = if active_kind.is_some() { latest_at } else { hovered_at };
        let Some(at) = at.filter(|_| self.pointer.cursor_icon(at, context) == Some(CursorIcon::None)) else { return };
        if is_shift_held
            && active_kind.is_none()
            && let Some(from) = self.pointer.last_stroke_end_in_photo()
        {
            brush::paint_line_preview(painter, map.apply(from), at, &self.style);
        }
        let kind = active_kind.unwrap_or(scene.tool.stroke_kind(scene.area_kind));
        brush::paint_cursor(painter, at, scene.brush_radius_px * map.scale, kind, &self.style);
    }
}
