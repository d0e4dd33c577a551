//! Turns pointer events into drags: pan, stroke, face frame and divider.
//!
//! Every pointer event of a frame is handled, not only the last position, so that a fast stroke stays smooth at any
//! frame rate. Only one drag is active at a time, and the button that began it ends it.

use egui::{CursorIcon, Event, Key, Modifiers, PointerButton, Pos2, Response, Ui, vec2};

use super::brush::StrokePath;
use super::divider::Divider;
use super::frame::{self, FrameDrag, Handle};
use super::view::{ScreenFromPhoto, View};
use super::{CanvasAction, CanvasScene, Tool};
use crate::mask::StrokeKind;
use crate::photo::Point;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Drag {
    Pan {
        last: Pos2,
    },
    Stroke(StrokePath),
    Frame(FrameDrag),
    /// `offset`: distance from the pointer to the line, in points.
    Divider {
        offset: f32,
    },
}

/// The state of pointer input.
#[derive(Debug, Default)]
pub(super) struct Pointer {
    active: Option<(PointerButton, Drag)>,
    /// The end of the last stroke. Shift and a click draw a straight line from there.
    last_stroke_in_photo: Option<Point>,
}

/// What the pointer can act on in this frame.
pub(super) struct Surroundings<'a> {
    pub scene: &'a CanvasScene<'a>,
    pub map: ScreenFromPhoto,
    pub divider: Option<Divider>,
    /// Space is held, so the primary button pans.
    pub panning: bool,
}

impl<'a> Surroundings<'a> {
    pub fn new(ui: &Ui, scene: &'a CanvasScene<'a>, map: ScreenFromPhoto, divider: Option<Divider>) -> Self {
        let panning = ui.input(|input| input.key_down(Key::Space)) && !ui.ctx().text_edit_focused();
        Self { scene, map, divider, panning }
    }

    fn handle_at(&self, on_screen: Pos2) -> Option<Handle> {
        let usable = self.scene.tool == Tool::Frame && self.scene.show_frame && !self.scene.frame_locked;
        usable.then(|| frame::hit(&self.scene.frame, &self.map, on_screen)).flatten()
    }
}

impl Surroundings<'_> {
    /// The detected face at a position outside the frame, as an index.
    fn found_face_at(&self, on_screen: Pos2) -> Option<usize> {
        let usable = self.scene.tool == Tool::Frame && self.scene.show_frame && !self.scene.frame_locked;
        let free = usable && self.handle_at(on_screen).is_none();
        free.then(|| frame::found_face(self.scene, &self.map, on_screen)).flatten()
    }
}

impl Pointer {
    /// Resets the state, for a new photo.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Cancels the active drag without further actions.
    pub fn cancel(&mut self) {
        self.active = None;
    }

    pub fn is_dragging(&self) -> bool {
        self.active.is_some()
    }

    /// The kind of the active stroke.
    pub fn stroke_kind(&self) -> Option<StrokeKind> {
        match self.active {
            Some((_, Drag::Stroke(path))) => Some(path.kind),
            _ => None,
        }
    }

    pub fn last_stroke_in_photo(&self) -> Option<Point> {
        self.last_stroke_in_photo
    }

    /// Handles this frame's pointer events.
    pub fn update(
        &mut self,
        ui: &Ui,
        response: &Response,
        view: &mut View,
        around: &Surroundings<'_>,
    ) -> Vec<CanvasAction> {
        let mut actions = Vec::new();
        let (events, modifiers, two_fingers) = ui.input(|input| {
            let pointer_event = |event: &&Event| matches!(event, Event::PointerMoved(_) | Event::PointerButton { .. });
            let events: Vec<Event> = input.events.iter().filter(pointer_event).cloned().collect();
            (events, input.modifiers, input.multi_touch().is_some())
        });
        let moves_frame = matches!(self.active, Some((_, Drag::Frame(_))));
        if two_fingers || (moves_frame && around.scene.frame_locked) {
            self.finish(None, modifiers, around, &mut actions);
        }
        for event in events {
            match event {
                Event::PointerMoved(to) => self.drag_to(to, modifiers, view, around, &mut actions),
                Event::PointerButton { pos, button, pressed: true, modifiers }
                    if self.active.is_none() && response.contains_pointer() && response.rect.contains(pos) =>
                {
                    self.active = self.begin(pos, button, modifiers, around, &mut actions).map(|drag| (button, drag));
                }
                Event::PointerButton { pos, button, pressed: false, modifiers }
                    if self.active.is_some_and(|(began, _)| began == button) =>
                {
                    self.finish(Some(pos), modifiers, around, &mut actions);
                }
                _ => {}
            }
        }
        // The release event is missing, for example because another window took the pointer.
        if let Some((button, _)) = self.active
            && !ui.input(|input| input.pointer.button_down(button))
        {
            self.finish(None, modifiers, around, &mut actions);
        }
        actions
    }

    fn begin(
        &mut self,
        pos: Pos2,
        button: PointerButton,
        modifiers: Modifiers,
        around: &Surroundings<'_>,
        actions: &mut Vec<CanvasAction>,
    ) -> Option<Drag> {
        let scene = around.scene;
        let pan = Drag::Pan { last: pos };
        match button {
            PointerButton::Middle => return Some(pan),
            PointerButton::Primary if around.panning => return Some(pan),
            PointerButton::Primary => {
                if let Some(divider) = around.divider.filter(|divider| divider.is_hit(pos)) {
                    return Some(Drag::Divider { offset: divider.x - pos.x });
                }
                if scene.tool == Tool::Frame {
                    if let Some(face) = around.found_face_at(pos) {
                        actions.push(CanvasAction::PickFace(face));
                        return None;
                    }
                    let start_in_photo = around.map.invert(pos);
                    return Some(
                        around.handle_at(pos).map_or(pan, |handle| {
                            Drag::Frame(FrameDrag { before: scene.frame, handle, start_in_photo })
                        }),
                    );
                }
            }
            PointerButton::Secondary => {}
            _ => return None,
        }
        let erase = button == PointerButton::Secondary || scene.tool == Tool::Eraser;
        let kind = if erase { StrokeKind::Erase } else { StrokeKind::Paint };
        let at_in_photo = around.map.invert(pos);
        let from = self.last_stroke_in_photo.filter(|_| modifiers.shift).unwrap_or(at_in_photo);
        let mut path = StrokePath::begin(kind, scene.brush_radius_px, from, actions);
        path.extend(at_in_photo, actions);
        Some(Drag::Stroke(path))
    }

    fn drag_to(
        &mut self,
        to: Pos2,
        modifiers: Modifiers,
        view: &mut View,
        around: &Surroundings<'_>,
        actions: &mut Vec<CanvasAction>,
    ) {
        match &mut self.active {
            Some((_, Drag::Pan { last })) => {
                view.pan(to - *last);
                *last = to;
            }
            Some((_, Drag::Stroke(path))) => path.extend(around.map.invert(to), actions),
            Some((_, Drag::Frame(drag))) => {
                actions.push(CanvasAction::SetFrame(dragged_frame(drag, to, modifiers, around)));
            }
            Some((_, Drag::Divider { offset })) => {
                if let Some(divider) = around.divider {
                    actions.push(CanvasAction::SetDivider(divider.share_at(to.x + *offset)));
                }
            }
            None => {}
        }
    }

    /// Ends the drag, at `pos` if the position is known.
    fn finish(
        &mut self,
        pos: Option<Pos2>,
        modifiers: Modifiers,
        around: &Surroundings<'_>,
        actions: &mut Vec<CanvasAction>,
    ) {
        match self.active.take() {
            Some((_, Drag::Stroke(mut path))) => {
                path.end(pos.map_or(path.last_in_photo, |pos| around.map.invert(pos)), actions);
                self.last_stroke_in_photo = Some(path.last_in_photo);
            }
            Some((_, Drag::Frame(drag))) => {
                let frame = pos.map_or(around.scene.frame, |pos| dragged_frame(&drag, pos, modifiers, around));
                if frame != around.scene.frame {
                    actions.push(CanvasAction::SetFrame(frame));
                }
                if frame != drag.before {
                    actions.push(CanvasAction::FrameChanged { before: drag.before });
                }
            }
            Some((_, Drag::Pan { .. } | Drag::Divider { .. })) | None => {}
        }
    }

    /// The frame's handle that is dragged or under the pointer.
    pub fn hot_handle(&self, hovered_at: Option<Pos2>, around: &Surroundings<'_>) -> Option<Handle> {
        match self.active {
            Some((_, Drag::Frame(drag))) => Some(drag.handle),
            Some(_) => None,
            None => hovered_at.and_then(|pos| around.handle_at(pos)),
        }
    }

    /// The cursor icon; `None` leaves it unchanged. [`CursorIcon::None`] hides it, because the brush outline is drawn
    /// instead.
    pub fn cursor(&self, hovered_at: Option<Pos2>, around: &Surroundings<'_>) -> Option<CursorIcon> {
        match self.active {
            Some((_, Drag::Pan { .. })) => Some(CursorIcon::Grabbing),
            Some((_, Drag::Stroke(_))) => Some(CursorIcon::None),
            Some((_, Drag::Frame(drag))) => Some(frame::cursor(&around.scene.frame, drag.handle, true)),
            Some((_, Drag::Divider { .. })) => Some(CursorIcon::ResizeHorizontal),
            None => {
                let pos = hovered_at?;
                if around.panning {
                    Some(CursorIcon::Grab)
                } else if around.divider.is_some_and(|divider| divider.is_hit(pos)) {
                    Some(CursorIcon::ResizeHorizontal)
                } else if around.scene.tool == Tool::Frame {
                    let face = around.found_face_at(pos).map(|_| CursorIcon::PointingHand);
                    face.or_else(|| Some(frame::cursor(&around.scene.frame, around.handle_at(pos)?, false)))
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
    around: &Surroundings<'_>,
) -> crate::face::FaceFrame {
    let photo = around.scene.photo;
    drag.frame_at(around.map.invert(to), vec2(photo.width() as f32, photo.height() as f32), modifiers)
}
