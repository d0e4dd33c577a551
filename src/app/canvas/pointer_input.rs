//! Turns pointer events into drags: pan, stroke, face frame and divider.
//!
//! Every pointer event of a frame is handled, not only the last position, so that a fast stroke stays smooth at any
//! frame rate. Only one drag is active at a time, and the button that began it ends it.

use egui::{CursorIcon, Event, Key, Modifiers, PointerButton, Pos2, Response, Ui, vec2};

use super::brush::ActiveStroke;
use super::divider::Divider;
use super::frame_overlay::{self, FrameDrag, FrameHandle};
use super::zoom_pan::{CanvasView, ScreenFromPhoto};
use super::{CanvasAction, CanvasScene, Tool};
use crate::geometry::Point;
use crate::mask::StrokeKind;

#[derive(Clone, Copy, Debug, PartialEq)]
enum ActiveDrag {
    Pan {
        last: Pos2,
    },
    Stroke(ActiveStroke),
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

impl<'a> PointerContext<'a> {
    pub fn new(
        ui: &Ui,
        scene: &'a CanvasScene<'a>,
        screen_from_photo: ScreenFromPhoto,
        divider: Option<Divider>,
    ) -> Self {
        let is_pan_key_held = ui.input(|input| input.key_down(Key::Space)) && !ui.ctx().text_edit_focused();
        Self { scene, screen_from_photo, divider, is_pan_key_held }
    }

    fn handle_at(&self, on_screen: Pos2) -> Option<FrameHandle> {
        let usable = self.scene.tool == Tool::Frame && self.scene.show_frame && !self.scene.is_frame_locked;
        usable.then(|| frame_overlay::handle_at(&self.scene.face_frame, &self.screen_from_photo, on_screen)).flatten()
    }
}

impl PointerContext<'_> {
    /// The detected face at a position outside the frame, as an index.
    fn detected_face_at(&self, on_screen: Pos2) -> Option<usize> {
        let usable = self.scene.tool == Tool::Frame && self.scene.show_frame && !self.scene.is_frame_locked;
        let free = usable && self.handle_at(on_screen).is_none();
        free.then(|| frame_overlay::detected_face_at(self.scene, &self.screen_from_photo, on_screen)).flatten()
    }
}

impl PointerInput {
    /// Resets the state, for a new photo.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Cancels the active drag without further actions.
    pub fn cancel_drag(&mut self) {
        self.active_drag = None;
    }

    pub fn is_dragging(&self) -> bool {
        self.active_drag.is_some()
    }

    /// The kind of the active stroke.
    pub fn stroke_kind(&self) -> Option<StrokeKind> {
        match self.active_drag {
            Some((_, ActiveDrag::Stroke(path))) => Some(path.kind),
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
        around: &PointerContext<'_>,
    ) -> Vec<CanvasAction> {
        let mut actions = Vec::new();
        let (events, modifiers, two_fingers) = ui.input(|input| {
            let pointer_event = |event: &&Event| matches!(event, Event::PointerMoved(_) | Event::PointerButton { .. });
            let events: Vec<Event> = input.events.iter().filter(pointer_event).cloned().collect();
            (events, input.modifiers, input.multi_touch().is_some())
        });
        let moves_frame = matches!(self.active_drag, Some((_, ActiveDrag::Frame(_))));
        if two_fingers || (moves_frame && around.scene.is_frame_locked) {
            self.end_drag(None, modifiers, around, &mut actions);
        }
        for event in events {
            match event {
                Event::PointerMoved(to) => self.drag_to(to, modifiers, view, around, &mut actions),
                Event::PointerButton { pos, button, pressed: true, modifiers }
                    if self.active_drag.is_none() && response.contains_pointer() && response.rect.contains(pos) =>
                {
                    self.active_drag =
                        self.begin_drag(pos, button, modifiers, around, &mut actions).map(|drag| (button, drag));
                }
                Event::PointerButton { pos, button, pressed: false, modifiers }
                    if self.active_drag.is_some_and(|(began, _)| began == button) =>
                {
                    self.end_drag(Some(pos), modifiers, around, &mut actions);
                }
                _ => {}
            }
        }
        // The release event is missing, for example because another window took the pointer.
        if let Some((button, _)) = self.active_drag
            && !ui.input(|input| input.pointer.button_down(button))
        {
            self.end_drag(None, modifiers, around, &mut actions);
        }
        actions
    }

    fn begin_drag(
        &mut self,
        pos: Pos2,
        button: PointerButton,
        modifiers: Modifiers,
        around: &PointerContext<'_>,
        actions: &mut Vec<CanvasAction>,
    ) -> Option<ActiveDrag> {
        let scene = around.scene;
        let pan = ActiveDrag::Pan { last: pos };
        match button {
            PointerButton::Middle => return Some(pan),
            PointerButton::Primary if around.is_pan_key_held => return Some(pan),
            PointerButton::Primary => {
                if let Some(divider) = around.divider.filter(|divider| divider.is_hit(pos)) {
                    return Some(ActiveDrag::Divider { offset: divider.x - pos.x });
                }
                if scene.tool == Tool::Frame {
                    if let Some(face) = around.detected_face_at(pos) {
                        actions.push(CanvasAction::PickFace(face));
                        return None;
                    }
                    let start_in_photo = around.screen_from_photo.invert(pos);
                    return Some(around.handle_at(pos).map_or(pan, |handle| {
                        ActiveDrag::Frame(FrameDrag { start_frame: scene.face_frame, handle, start_in_photo })
                    }));
                }
            }
            PointerButton::Secondary => {}
            _ => return None,
        }
        let erase = button == PointerButton::Secondary || scene.tool == Tool::Eraser;
        let kind = if erase { StrokeKind::Erase } else { StrokeKind::Paint };
        let at_in_photo = around.screen_from_photo.invert(pos);
        let from = self.last_stroke_end_in_photo.filter(|_| modifiers.shift).unwrap_or(at_in_photo);
        let mut path = ActiveStroke::begin(kind, scene.brush_radius_px, from, actions);
        path.extend(at_in_photo, actions);
        Some(ActiveDrag::Stroke(path))
    }

    fn drag_to(
        &mut self,
        to: Pos2,
        modifiers: Modifiers,
        view: &mut CanvasView,
        around: &PointerContext<'_>,
        actions: &mut Vec<CanvasAction>,
    ) {
        match &mut self.active_drag {
            Some((_, ActiveDrag::Pan { last })) => {
                view.pan(to - *last);
                *last = to;
            }
            Some((_, ActiveDrag::Stroke(path))) => path.extend(around.screen_from_photo.invert(to), actions),
            Some((_, ActiveDrag::Frame(drag))) => {
                actions.push(CanvasAction::SetFrame(dragged_frame(drag, to, modifiers, around)));
            }
            Some((_, ActiveDrag::Divider { offset })) => {
                if let Some(divider) = around.divider {
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
        around: &PointerContext<'_>,
        actions: &mut Vec<CanvasAction>,
    ) {
        match self.active_drag.take() {
            Some((_, ActiveDrag::Stroke(mut path))) => {
                path.end(pos.map_or(path.last_point_in_photo, |pos| around.screen_from_photo.invert(pos)), actions);
                self.last_stroke_end_in_photo = Some(path.last_point_in_photo);
            }
            Some((_, ActiveDrag::Frame(drag))) => {
                let frame = pos.map_or(around.scene.face_frame, |pos| dragged_frame(&drag, pos, modifiers, around));
                if frame != around.scene.face_frame {
                    actions.push(CanvasAction::SetFrame(frame));
                }
                if frame != drag.start_frame {
                    actions.push(CanvasAction::FrameChanged { before: drag.start_frame });
                }
            }
            Some((_, ActiveDrag::Pan { .. } | ActiveDrag::Divider { .. })) | None => {}
        }
    }

    /// The frame's handle that is dragged or under the pointer.
    pub fn highlighted_handle(&self, hovered_at: Option<Pos2>, around: &PointerContext<'_>) -> Option<FrameHandle> {
        match self.active_drag {
            Some((_, ActiveDrag::Frame(drag))) => Some(drag.handle),
            Some(_) => None,
            None => hovered_at.and_then(|pos| around.handle_at(pos)),
        }
    }

    /// The cursor icon; `None` leaves it unchanged. [`CursorIcon::None`] hides it, because the brush outline is drawn
    /// instead.
    pub fn cursor_icon(&self, hovered_at: Option<Pos2>, around: &PointerContext<'_>) -> Option<CursorIcon> {
        match self.active_drag {
            Some((_, ActiveDrag::Pan { .. })) => Some(CursorIcon::Grabbing),
            Some((_, ActiveDrag::Stroke(_))) => Some(CursorIcon::None),
            Some((_, ActiveDrag::Frame(drag))) => {
                Some(frame_overlay::cursor_icon(&around.scene.face_frame, drag.handle, true))
            }
            Some((_, ActiveDrag::Divider { .. })) => Some(CursorIcon::ResizeHorizontal),
            None => {
                let pos = hovered_at?;
                if around.is_pan_key_held {
                    Some(CursorIcon::Grab)
                } else if around.divider.is_some_and(|divider| divider.is_hit(pos)) {
                    Some(CursorIcon::ResizeHorizontal)
                } else if around.scene.tool == Tool::Frame {
                    let face = around.detected_face_at(pos).map(|_| CursorIcon::PointingHand);
                    face.or_else(|| {
                        Some(frame_overlay::cursor_icon(&around.scene.face_frame, around.handle_at(pos)?, false))
                    })
                } else {
                    Some(CursorIcon::None)
                }
            }
        }
    }
}

fn dragged_frame(
    drag: &FrameDrag,
    to: Pos2,
    modifiers: Modifiers,
    around: &PointerContext<'_>,
) -> crate::geometry::FaceFrame {
    let photo = around.scene.photo;
    drag.frame_at(around.screen_from_photo.invert(to), vec2(photo.width() as f32, photo.height() as f32), modifiers)
}
