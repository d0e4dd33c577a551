//! Turns pointer events into drags: pan, stroke, area, face frame and divider.
//!
//! Every pointer event of a frame is handled, not only the last position, so that a fast stroke stays smooth at any
//! frame rate. Only one drag is active at a time, and the button that began it ends it.

use egui::{CursorIcon, Event, Modifiers, Painter, PointerButton, Pos2, Response, Ui};

use super::area_tool::AreaInProgress;
use super::brush::ActiveStroke;
use super::canvas_style::CanvasStyle;
use super::divider::Divider;
use super::frame_overlay::{self, FrameDrag, FrameHandle};
use super::zoom_pan::{CanvasView, ScreenFromPhoto};
use super::{CanvasAction, CanvasScene, Tool};
use crate::app::document::DocumentAction;
use crate::geometry::{FaceFrame, Point};
use crate::mask::{MaskEdit, StrokeKind};

#[derive(Clone, Copy, Debug, PartialEq)]
enum ActiveDrag {
    Pan {
        last: Pos2,
    },
    Stroke(ActiveStroke),
    /// A rectangle, an ellipse or a lasso: see [`PointerInput::area`].
    Area,
    Frame(FrameDrag),
    /// `offset`: distance from the pointer to the line, in points.
    Divider {
        offset: f32,
    },
}

/// The state of pointer input.
#[derive(Debug, Default)]
pub(super) struct PointerInput {
    active_drag: Option<(PointerButton, ActiveDrag)>,
    /// The area that is being drawn. A polygon is drawn by clicks, without a drag.
    area: Option<AreaInProgress>,
    /// The end of the last stroke. Shift and a click draw a straight line from there.
    last_stroke_end_in_photo: Option<Point>,
}

/// What the pointer can act on in this frame.
pub(super) struct PointerContext<'a> {
    pub scene: &'a CanvasScene<'a>,
    pub screen_from_photo: ScreenFromPhoto,
    pub divider: Option<Divider>,
    /// Space is held, so the primary button pans.
    pub is_pan_key_held: bool,
}

impl PointerContext<'_> {
    fn is_frame_editable(&self) -> bool {
        self.scene.tool == Tool::Frame && self.scene.show_frame && !self.scene.is_frame_locked
    }

    fn handle_at(&self, pos: Pos2) -> Option<FrameHandle> {
        let frame = self.is_frame_editable().then_some(&self.scene.face_frame)?;
        frame_overlay::handle_at(frame, &self.screen_from_photo, pos)
    }

    /// The detected face at a position outside the frame, as an index.
    fn detected_face_at(&self, pos: Pos2) -> Option<usize> {
        let is_outside_frame = self.is_frame_editable() && self.handle_at(pos).is_none();
        is_outside_frame.then(|| frame_overlay::detected_face_at(self.scene, &self.screen_from_photo, pos)).flatten()
    }
}

impl PointerInput {
    /// Cancels the active drag without further actions.
    pub fn cancel_drag(&mut self) {
        (self.active_drag, self.area) = (None, None);
    }

    /// Whether a drag is active, or a polygon is being drawn.
    pub fn is_dragging(&self) -> bool {
        self.active_drag.is_some() || self.area.is_some()
    }

    /// The kind of the active stroke.
    pub fn stroke_kind(&self) -> Option<StrokeKind> {
        match self.active_drag {
            Some((_, ActiveDrag::Stroke(stroke))) => Some(stroke.kind),
            _ => None,
        }
    }

    pub fn last_stroke_end_in_photo(&self) -> Option<Point> {
        self.last_stroke_end_in_photo
    }

    /// Handles this frame's pointer events.
    pub fn handle_events(
        &mut self,
        ui: &Ui,
        response: &Response,
        view: &mut CanvasView,
        context: &PointerContext<'_>,
    ) -> Vec<CanvasAction> {
        let mut actions = Vec::new();
        let (events, modifiers, is_multi_touch) = ui.input(|input| {
            let pointer_event = |event: &&Event| matches!(event, Event::PointerMoved(_) | Event::PointerButton { .. });
            let events: Vec<Event> = input.events.iter().filter(pointer_event).cloned().collect();
            (events, input.modifiers, input.multi_touch().is_some())
        });
        // Another tool was chosen while a polygon was drawn.
        self.area.take_if(|area| area.tool != context.scene.tool);
        let moves_frame = matches!(self.active_drag, Some((_, ActiveDrag::Frame(_))));
        if is_multi_touch || (moves_frame && context.scene.is_frame_locked) {
            self.end_drag(None, modifiers, context, &mut actions);
        }
        for event in events {
            match event {
                Event::PointerMoved(to) => self.drag_to(to, modifiers, view, context, &mut actions),
                Event::PointerButton { pos, button, pressed: true, modifiers }
                    if self.active_drag.is_none() && response.contains_pointer() && response.rect.contains(pos) =>
                {
                    self.active_drag =
                        self.begin_drag(pos, button, modifiers, context, &mut actions).map(|drag| (button, drag));
                }
                Event::PointerButton { pos, button, pressed: false, modifiers }
                    if self.active_drag.is_some_and(|(drag_button, _)| drag_button == button) =>
                {
                    self.end_drag(Some(pos), modifiers, context, &mut actions);
                }
                _ => {}
            }
        }
        // The release event is missing, for example because another window took the pointer.
        if let Some((button, _)) = self.active_drag
            && !ui.input(|input| input.pointer.button_down(button))
        {
            self.end_drag(None, modifiers, context, &mut actions);
        }
        actions
    }

    fn begin_drag(
        &mut self,
        pos: Pos2,
        button: PointerButton,
        modifiers: Modifiers,
        context: &PointerContext<'_>,
        actions: &mut Vec<CanvasAction>,
    ) -> Option<ActiveDrag> {
        let scene = context.scene;
        let pan = ActiveDrag::Pan { last: pos };
        match button {
            PointerButton::Middle => return Some(pan),
            PointerButton::Primary if context.is_pan_key_held => return Some(pan),
            PointerButton::Primary => {
                if let Some(divider) = context.divider.filter(|divider| divider.is_hit(pos)) {
                    return Some(ActiveDrag::Divider { offset: divider.x - pos.x });
                }
                if scene.tool == Tool::Frame {
                    if let Some(face) = context.detected_face_at(pos) {
                        actions.push(CanvasAction::Edit(DocumentAction::PickFace(face)));
                        return None;
                    }
                    let start_in_photo = context.screen_from_photo.invert(pos);
                    return Some(context.handle_at(pos).map_or(pan, |handle| {
                        ActiveDrag::Frame(FrameDrag { start_frame: scene.face_frame, handle, start_in_photo })
                    }));
                }
            }
            PointerButton::Secondary => {}
            _ => return None,
        }
        let kind = match button {
            PointerButton::Secondary => StrokeKind::Erase,
            _ => scene.tool.stroke_kind(scene.area_kind),
        };
        let at_in_photo = context.screen_from_photo.invert(pos);
        if scene.tool.draws_area() {
            return self.begin_area(pos, kind, context, actions);
        }
        let from = self.last_stroke_end_in_photo.filter(|_| modifiers.shift).unwrap_or(at_in_photo);
        let mut stroke = ActiveStroke::begin(kind, scene.brush_radius_px, from, actions);
        stroke.extend(at_in_photo, actions);
        Some(ActiveDrag::Stroke(stroke))
    }

    /// Begins an area, or adds a corner to the polygon.
    fn begin_area(
        &mut self,
        pos: Pos2,
        kind: StrokeKind,
        context: &PointerContext<'_>,
        actions: &mut Vec<CanvasAction>,
    ) -> Option<ActiveDrag> {
        let tool = context.scene.tool;
        let map = &context.screen_from_photo;
        let is_closed = self.area.as_mut().is_some_and(|polygon| polygon.click(pos, map));
        self.area.get_or_insert_with(|| AreaInProgress::begin(tool, kind, map.invert(pos)));
        if is_closed {
            self.finish_area(actions);
        }
        (tool != Tool::Polygon).then_some(ActiveDrag::Area)
    }

    fn finish_area(&mut self, actions: &mut Vec<CanvasAction>) {
        let area = self.area.take().and_then(AreaInProgress::finish);
        actions.extend(area.map(|area| CanvasAction::Edit(DocumentAction::EditMask(MaskEdit::Area(area)))));
    }

    /// Draws the area in progress.
    pub fn paint_area(&self, painter: &Painter, hovered_at: Option<Pos2>, map: &ScreenFromPhoto, style: &CanvasStyle) {
        if let Some(area) = &self.area {
            area.paint(painter, hovered_at, map, style);
        }
    }

    fn drag_to(
        &mut self,
        to: Pos2,
        modifiers: Modifiers,
        view: &mut CanvasView,
        context: &PointerContext<'_>,
        actions: &mut Vec<CanvasAction>,
    ) {
        match &mut self.active_drag {
            Some((_, ActiveDrag::Pan { last })) => {
                view.pan(to - *last);
                *last = to;
            }
            Some((_, ActiveDrag::Stroke(stroke))) => stroke.extend(context.screen_from_photo.invert(to), actions),
            Some((_, ActiveDrag::Area)) => {
                if let Some(area) = &mut self.area {
                    area.drag_to(to, modifiers, &context.screen_from_photo);
                }
            }
            Some((_, ActiveDrag::Frame(drag))) => {
                actions.push(CanvasAction::Edit(DocumentAction::SetFrame(dragged_frame(drag, to, modifiers, context))));
            }
            Some((_, ActiveDrag::Divider { offset })) => {
                if let Some(divider) = context.divider {
                    actions.push(CanvasAction::SetDivider(divider.share_at(to.x + *offset)));
                }
            }
            None => {}
        }
    }

    /// Ends the drag, at `pos` if the position is known.
    fn end_drag(
        &mut self,
        pos: Option<Pos2>,
        modifiers: Modifiers,
        context: &PointerContext<'_>,
        actions: &mut Vec<CanvasAction>,
    ) {
        match self.active_drag.take() {
            Some((_, ActiveDrag::Stroke(mut stroke))) => {
                let end = pos.map_or(stroke.last_point_in_photo, |pos| context.screen_from_photo.invert(pos));
                stroke.end(end, actions);
                self.last_stroke_end_in_photo = Some(stroke.last_point_in_photo);
            }
            Some((_, ActiveDrag::Frame(drag))) => {
                let frame = pos.map_or(context.scene.face_frame, |pos| dragged_frame(&drag, pos, modifiers, context));
                if frame != context.scene.face_frame {
                    actions.push(CanvasAction::Edit(DocumentAction::SetFrame(frame)));
                }
                if frame != drag.start_frame {
                    actions.push(CanvasAction::Edit(DocumentAction::FrameChanged { before: drag.start_frame }));
                }
            }
            Some((_, ActiveDrag::Area)) => {
                if let (Some(area), Some(pos)) = (&mut self.area, pos) {
                    area.drag_to(pos, modifiers, &context.screen_from_photo);
                }
                self.finish_area(actions);
            }
            Some((_, ActiveDrag::Pan { .. } | ActiveDrag::Divider { .. })) | None => {}
        }
    }

    /// The frame's handle that is dragged or under the pointer.
    pub fn highlighted_handle(&self, hovered_at: Option<Pos2>, context: &PointerContext<'_>) -> Option<FrameHandle> {
        match self.active_drag {
            Some((_, ActiveDrag::Frame(drag))) => Some(drag.handle),
            Some(_) => None,
            None => hovered_at.and_then(|pos| context.handle_at(pos)),
        }
    }

    /// The cursor icon; `None` leaves it unchanged. [`CursorIcon::None`] hides it under the drawn brush.
    pub fn cursor_icon(&self, hovered_at: Option<Pos2>, context: &PointerContext<'_>) -> Option<CursorIcon> {
        let frame = &context.scene.face_frame;
        match self.active_drag {
            Some((_, ActiveDrag::Pan { .. })) => Some(CursorIcon::Grabbing),
            Some((_, ActiveDrag::Stroke(_))) => Some(CursorIcon::None),
            Some((_, ActiveDrag::Area)) => Some(CursorIcon::Crosshair),
            Some((_, ActiveDrag::Frame(drag))) => Some(frame_overlay::cursor_icon(frame, drag.handle, true)),
            Some((_, ActiveDrag::Divider { .. })) => Some(CursorIcon::ResizeHorizontal),
            None => {
                let pos = hovered_at?;
                if context.is_pan_key_held {
                    Some(CursorIcon::Grab)
                } else if context.divider.is_some_and(|divider| divider.is_hit(pos)) {
                    Some(CursorIcon::ResizeHorizontal)
                } else if context.scene.tool == Tool::Frame {
                    let over_face = context.detected_face_at(pos).map(|_| CursorIcon::PointingHand);
                    over_face.or_else(|| Some(frame_overlay::cursor_icon(frame, context.handle_at(pos)?, false)))
                } else if context.scene.tool.draws_area() {
                    Some(CursorIcon::Crosshair)
                } else {
                    Some(CursorIcon::None)
                }
            }
        }
    }
}

fn dragged_frame(drag: &FrameDrag, to: Pos2, modifiers: Modifiers, context: &PointerContext<'_>) -> FaceFrame {
    drag.frame_at(context.screen_from_photo.invert(to), context.scene.photo_rect().size(), modifiers)
}
