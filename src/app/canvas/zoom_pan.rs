//! Zoom and pan: the position of the photo on the screen.
//!
//! Zoom is physical screen pixels per photo pixel, so that zoom 1 shows each photo pixel as exactly one screen pixel at
//! any display scale. The middle of the view always lies over the photo, so that the photo cannot be lost off screen.

use egui::{Pos2, Rect, Vec2, pos2, vec2};

use crate::geometry::{FaceFrame, Point};

/// Smallest zoom, except for photos that fit only at a smaller one.
pub(super) const MIN_ZOOM: f32 = 1.0 / 64.0;
/// Largest zoom.
pub(super) const MAX_ZOOM: f32 = 64.0;
/// Margin around a fitted photo, in points, which leaves room for the frame's handles.
const FIT_MARGIN: f32 = 44.0;
/// Room on each side of a fitted face, as a share of the frame's side: for its handles, and for paint that leaves it.
const FACE_MARGIN_SHARE: f32 = 0.2;
/// A frame whose side is shorter on the screen, in points, is too small to be painted.
const MIN_PAINTABLE_SIDE: f32 = 160.0;

/// The transform from photo pixels to screen points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ScreenFromPhoto {
    /// Points per photo pixel.
    pub scale: f32,
    /// Physical pixels per photo pixel.
    pub zoom: f32,
    pub pixels_per_point: f32,
    center_in_photo: Point,
    center_on_screen: Pos2,
}

impl ScreenFromPhoto {
    /// The screen position of a photo point.
    pub fn apply(&self, [x, y]: Point) -> Pos2 {
        let [cx, cy] = self.center_in_photo;
        // Subtracts first: at high zoom, far from the photo's corner, the products would be too coarse in f32.
        self.center_on_screen + vec2(x - cx, y - cy) * self.scale
    }

    /// The photo point at a screen position.
    pub fn invert(&self, on_screen: Pos2) -> Point {
        let offset = (on_screen - self.center_on_screen) / self.scale;
        [self.center_in_photo[0] + offset.x, self.center_in_photo[1] + offset.y]
    }

    /// The screen rectangle of a rectangle in photo pixels.
    pub fn rect(&self, in_photo: Rect) -> Rect {
        Rect::from_min_max(self.apply(in_photo.min.into()), self.apply(in_photo.max.into()))
    }

    /// The rectangle in photo pixels of a screen rectangle.
    pub fn invert_rect(&self, on_screen: Rect) -> Rect {
        Rect::from_min_max(self.invert(on_screen.min).into(), self.invert(on_screen.max).into())
    }

    /// Rounds a screen position to the nearest corner of a physical pixel.
    pub fn snap(&self, on_screen: Pos2) -> Pos2 {
        (on_screen * self.pixels_per_point).round() / self.pixels_per_point
    }
}

/// What the view is fitted to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum FitTarget {
    Photo,
    /// The frame as it was when the view zoomed to it: the view must not follow it while the user paints.
    Face(FaceFrame),
}

/// Zoom and pan.
#[derive(Clone, Debug)]
pub(super) struct CanvasView {
    zoom: f32,
    /// The photo point in the middle of the view; `None` is the photo's centre.
    center_in_photo: Option<Point>,
    /// What stays fitted to the window until the user zooms or pans.
    fitted: Option<FitTarget>,
    /// Whether the user has zoomed, panned or fitted since the photo was opened.
    is_touched: bool,
    /// A face to zoom to at the next layout, if it is small then.
    offered_face: Option<FaceFrame>,
    photo_size: Vec2,
    viewport: Rect,
    pixels_per_point: f32,
}

impl Default for CanvasView {
    fn default() -> Self {
        Self {
            zoom: 1.0,
            center_in_photo: None,
            fitted: Some(FitTarget::Photo),
            is_touched: false,
            offered_face: None,
            photo_size: Vec2::splat(1.0),
            viewport: Rect::from_min_size(Pos2::ZERO, Vec2::splat(1.0)),
            pixels_per_point: 1.0,
        }
    }
}

impl CanvasView {
    /// Physical pixels per photo pixel.
    pub fn zoom(&self) -> f32 {
        self.zoom
    }

    /// Shows the whole photo, and keeps it fitted when the window is resized.
    pub fn fit(&mut self) {
        self.fit_to(FitTarget::Photo);
    }

    /// Zooms to a face, and keeps it fitted when the window is resized. If the view is fitted to this face already, it
    /// shows the whole photo again.
    pub fn fit_face_or_photo(&mut self, frame: FaceFrame) {
        let shows_face = matches!(self.fitted, Some(FitTarget::Face(shown)) if shown.is_of_same_face(&frame));
        self.fit_to(if shows_face { FitTarget::Photo } else { FitTarget::Face(frame) });
    }

    /// Zooms to another face, if the view is fitted to a face.
    pub fn follow_face(&mut self, frame: FaceFrame) {
        if matches!(self.fitted, Some(FitTarget::Face(_))) {
            self.fit_to(FitTarget::Face(frame));
        }
    }

    /// Zooms to a face at the next layout, if it is too small to be painted and the view is as the photo was opened.
    pub fn offer_face(&mut self, frame: FaceFrame) {
        self.offered_face = Some(frame);
    }

    fn fit_to(&mut self, target: FitTarget) {
        self.fitted = Some(target);
        self.is_touched = true;
    }

    /// Sets the zoom, around the middle of the view.
    pub fn zoom_to(&mut self, zoom: f32) {
        if zoom.is_finite() && zoom > 0.0 {
            self.zoom = zoom;
            (self.fitted, self.is_touched) = (None, true);
        }
    }

    /// Zooms by a factor so that the photo point at a screen position stays there.
    pub fn zoom_around(&mut self, factor: f32, on_screen: Pos2) {
        let (min, max) = self.zoom_range();
        let zoom = (self.zoom * factor).clamp(min, max);
        if !zoom.is_finite() || zoom <= 0.0 {
            return;
        }
        // Uses the transform as drawn, with its snap to whole pixels: zooming in would magnify any difference.
        let [x, y] = self.screen_from_photo().invert(on_screen);
        let offset = (on_screen - self.viewport.center()) * self.pixels_per_point / zoom;
        self.center_in_photo = Some(self.clamp_to_photo([x - offset.x, y - offset.y]));
        self.zoom_to(zoom);
    }

    /// Moves the photo by a distance in screen points.
    pub fn pan(&mut self, delta: Vec2) {
        let shift = delta * self.pixels_per_point / self.zoom;
        let [x, y] = self.center();
        self.center_in_photo = Some(self.clamp_to_photo([x - shift.x, y - shift.y]));
        (self.fitted, self.is_touched) = (None, true);
    }

    /// Updates zoom and position for this frame's sizes.
    pub fn update_layout(&mut self, photo_size: Vec2, viewport: Rect, pixels_per_point: f32) {
        self.photo_size = photo_size.max(Vec2::splat(1.0));
        let previous_viewport = std::mem::replace(&mut self.viewport, viewport);
        self.pixels_per_point = pixels_per_point;
        if let Some(frame) = self.offered_face.take().filter(|frame| !self.is_touched && self.is_small(frame)) {
            self.fitted = Some(FitTarget::Face(frame));
        }
        match self.fitted {
            Some(FitTarget::Photo) => (self.zoom, self.center_in_photo) = (self.fit_zoom(), None),
            Some(FitTarget::Face(frame)) => {
                self.zoom = self.face_zoom(&frame);
                self.center_in_photo = Some(self.clamp_to_photo(frame.center_in_photo));
            }
            None if is_one_edge_moved(previous_viewport, viewport) => self.keep_photo_in_place(previous_viewport),
            None => {}
        }
        let (min, max) = self.zoom_range();
        self.zoom = self.zoom.clamp(min, max);
        self.center_in_photo = self.center_in_photo.map(|center| self.clamp_to_photo(center));
    }

    /// The transform, shifted by less than a physical pixel so that the photo's corner lies on a pixel corner. So at
    /// 1:1 and other integer zooms no photo pixel is blurred over two screen pixels.
    pub fn screen_from_photo(&self) -> ScreenFromPhoto {
        let center_in_photo = self.center();
        let center = self.viewport.center();
        let subpixel_offset = |on_screen: f32, in_photo: f32| {
            let on_screen_px = f64::from(on_screen) * f64::from(self.pixels_per_point);
            let corner = on_screen_px - f64::from(in_photo) * f64::from(self.zoom);
            ((corner - corner.round()) as f32) / self.pixels_per_point
        };
        let [x, y] = center_in_photo;
        ScreenFromPhoto {
            scale: self.zoom / self.pixels_per_point,
            zoom: self.zoom,
            pixels_per_point: self.pixels_per_point,
            center_in_photo,
            center_on_screen: pos2(center.x - subpixel_offset(center.x, x), center.y - subpixel_offset(center.y, y)),
        }
    }

    fn center(&self) -> Point {
        self.center_in_photo.unwrap_or([self.photo_size.x / 2.0, self.photo_size.y / 2.0])
    }

    fn clamp_to_photo(&self, [x, y]: Point) -> Point {
        [x.clamp(0.0, self.photo_size.x), y.clamp(0.0, self.photo_size.y)]
    }

    fn fit_zoom(&self) -> f32 {
        let available = (self.viewport.size() - Vec2::splat(2.0 * FIT_MARGIN)).max(self.viewport.size() / 4.0);
        let zoom = available.max(Vec2::splat(1.0)) * self.pixels_per_point / self.photo_size;
        zoom.min_elem().min(MAX_ZOOM)
    }

    /// Shows a face with room around it, but not smaller than in the fitted photo.
    fn face_zoom(&self, frame: &FaceFrame) -> f32 {
        let corners = frame.grown(FACE_MARGIN_SHARE).corners_in_photo().map(Pos2::from);
        let zoom = (self.viewport.size() * self.pixels_per_point / Rect::from_points(&corners).size()).min_elem();
        let fit_zoom = self.fit_zoom();
        if zoom.is_finite() { zoom.clamp(fit_zoom, MAX_ZOOM.max(fit_zoom)) } else { fit_zoom }
    }

    /// Whether a frame is too small to be painted while the whole photo is shown.
    fn is_small(&self, frame: &FaceFrame) -> bool {
        frame.side_px * self.fit_zoom() < MIN_PAINTABLE_SIDE * self.pixels_per_point
    }

    /// A panel has opened or closed beside the view: the photo stays under the pointer.
    fn keep_photo_in_place(&mut self, previous_viewport: Rect) {
        let shift = (self.viewport.center() - previous_viewport.center()) * self.pixels_per_point / self.zoom;
        let [x, y] = self.center();
        self.center_in_photo = Some(self.clamp_to_photo([x + shift.x, y + shift.y]));
    }

    fn zoom_range(&self) -> (f32, f32) {
        (MIN_ZOOM.min(self.fit_zoom()), MAX_ZOOM)
    }
}

/// Whether exactly one edge of a rectangle has moved.
fn is_one_edge_moved(before: Rect, after: Rect) -> bool {
    let edges = |rect: Rect| [rect.left(), rect.right(), rect.top(), rect.bottom()];
    edges(before).into_iter().zip(edges(after)).filter(|(before, after)| (before - after).abs() > 0.01).count() == 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VIEWPORT: Rect = Rect { min: pos2(200.0, 40.0), max: pos2(1000.0, 640.0) };

    fn laid_out(photo_size: Vec2, pixels_per_point: f32) -> CanvasView {
        let mut view = CanvasView::default();
        view.update_layout(photo_size, VIEWPORT, pixels_per_point);
        view
    }

    fn photo_on_screen(view: &CanvasView) -> Rect {
        view.screen_from_photo().rect(Rect::from_min_size(Pos2::ZERO, view.photo_size))
    }

    proptest! {
        #[test]
        fn invert_undoes_apply_at_any_zoom_and_pan(
            width in 1.0f32..20_000.0, height in 1.0f32..20_000.0, pixels_per_point in 0.5f32..3.0,
            steps in prop::collection::vec((0.2f32..5.0, -900f32..900.0, -900f32..900.0), 0..12),
            at in (-2000f32..3000.0, -2000f32..3000.0),
        ) {
            let mut view = laid_out(vec2(width, height), pixels_per_point);
            for (factor, x, y) in steps {
                view.zoom_around(factor, pos2(x, y));
                view.pan(vec2(y, x));
                view.update_layout(vec2(width, height), VIEWPORT, pixels_per_point);
            }
            let map = view.screen_from_photo();
            let back = map.apply(map.invert(at.into()));
            // f32 rounds a photo coordinate of 20 000 to 0.001 pixels, which is 0.12 points at zoom 64.
            prop_assert!(back.distance(at.into()) < 0.3, "{back:?} for {at:?}");
            prop_assert!(photo_on_screen(&view).intersects(VIEWPORT), "the photo is lost");
        }

        #[test]
        fn zooming_in_keeps_the_point_under_the_pointer(
            factor in 1.0f32..6.0, x in 0.0f32..1.0, y in 0.0f32..1.0, pixels_per_point in 0.5f32..3.0,
        ) {
            let mut view = laid_out(vec2(3000.0, 2000.0), pixels_per_point);
            let photo = photo_on_screen(&view);
            let pointer = photo.min + vec2(x, y) * photo.size();
            let before = view.screen_from_photo().invert(pointer);
            view.zoom_around(factor, pointer);
            // The snap moves the photo's corner by up to half a physical pixel along each axis.
            let tolerance = 0.75 / pixels_per_point;
            prop_assert!(view.screen_from_photo().apply(before).distance(pointer) < tolerance);
        }
    }

    #[test]
    fn fitting_shows_the_photo_at_any_window_size() {
        let mut view = laid_out(vec2(6000.0, 4000.0), 2.0);
        assert!(VIEWPORT.contains_rect(photo_on_screen(&view)));
        let before = view.zoom();
        view.update_layout(vec2(6000.0, 4000.0), VIEWPORT.scale_from_center(0.5), 2.0);
        assert!(view.zoom() < before && VIEWPORT.scale_from_center(0.5).contains_rect(photo_on_screen(&view)));
        view.zoom_to(0.3);
        view.update_layout(vec2(6000.0, 4000.0), VIEWPORT, 2.0);
        assert!((view.zoom() - 0.3).abs() < 1e-6, "a zoom that the user chose stays");
    }

    const SMALL_FACE: FaceFrame = FaceFrame { center_in_photo: [1200.0, 900.0], side_px: 300.0, angle_radians: 0.3 };

    fn fitted_face(view: &mut CanvasView) -> f32 {
        view.update_layout(vec2(6000.0, 4000.0), VIEWPORT, 1.0);
        let map = view.screen_from_photo();
        let corners = SMALL_FACE.corners_in_photo().map(|corner| map.apply(corner));
        if corners.iter().all(|corner| VIEWPORT.contains(*corner)) {
            Rect::from_points(&corners).size().max_elem() / VIEWPORT.size().min_elem()
        } else {
            0.0
        }
    }

    #[test]
    fn a_face_fills_the_view_and_back() {
        let mut view = laid_out(vec2(6000.0, 4000.0), 1.0);
        let (whole_photo, frame) = (view.zoom(), SMALL_FACE);
        assert!(fitted_face(&mut view) < 0.1);
        view.fit_face_or_photo(frame);
        let share = fitted_face(&mut view);
        assert!((0.65..0.8).contains(&share), "the face with room around it: {share}");
        let half = VIEWPORT.scale_from_center(0.5);
        view.update_layout(vec2(6000.0, 4000.0), half, 1.0);
        assert!(half.contains(view.screen_from_photo().apply(frame.corners_in_photo()[0])), "in a smaller window too");
        // The frame follows the paint a little, so it is not exactly the same.
        view.fit_face_or_photo(FaceFrame { side_px: 310.0, ..frame });
        view.update_layout(vec2(6000.0, 4000.0), VIEWPORT, 1.0);
        assert!((view.zoom() - whole_photo).abs() < 1e-6, "back to the photo");
    }

    #[test]
    fn another_face_is_followed_only_when_zoomed_to_one() {
        let mut view = laid_out(vec2(6000.0, 4000.0), 1.0);
        view.follow_face(SMALL_FACE);
        assert!(fitted_face(&mut view) < 0.1);
        view.fit_face_or_photo(FaceFrame { center_in_photo: [5000.0, 3000.0], ..SMALL_FACE });
        assert!(fitted_face(&mut view) < 0.1, "it is not in view");
        view.follow_face(SMALL_FACE);
        assert!(fitted_face(&mut view) > 0.65);
        view.pan(vec2(30.0, 0.0));
        let zoom = view.zoom();
        view.follow_face(FaceFrame { center_in_photo: [5000.0, 3000.0], ..SMALL_FACE });
        view.update_layout(vec2(6000.0, 4000.0), VIEWPORT, 1.0);
        assert!((view.zoom() - zoom).abs() < 1e-6 && view.fitted.is_none(), "the user has moved the view");
    }

    #[test]
    fn only_a_small_face_is_zoomed_to_by_itself() {
        let fitted = |view: &mut CanvasView, side_px: f32| {
            view.offer_face(FaceFrame { side_px, ..SMALL_FACE });
            view.update_layout(vec2(6000.0, 4000.0), VIEWPORT, 1.0);
            matches!(view.fitted, Some(FitTarget::Face(_)))
        };
        let fit_zoom = laid_out(vec2(6000.0, 4000.0), 1.0).zoom();
        let limit = MIN_PAINTABLE_SIDE / fit_zoom;
        assert!(fitted(&mut CanvasView::default(), limit * 0.95));
        assert!(!fitted(&mut CanvasView::default(), limit * 1.05));
        let touches: [fn(&mut CanvasView); 4] = [
            CanvasView::fit,
            |view| view.pan(vec2(1.0, 0.0)),
            |view| view.zoom_around(1.1, VIEWPORT.center()),
            |view| view.zoom_to(1.0),
        ];
        for touch in touches {
            let mut view = laid_out(vec2(6000.0, 4000.0), 1.0);
            touch(&mut view);
            assert!(!fitted(&mut view, limit * 0.5), "the user has moved the view");
        }
        assert!(!fitted(&mut CanvasView::default(), f32::NAN));
    }

    #[test]
    fn a_panel_that_opens_leaves_the_photo_in_place() {
        let mut view = laid_out(vec2(3000.0, 2000.0), 1.5);
        view.zoom_around(2.0, VIEWPORT.center());
        let before = view.screen_from_photo().apply([1500.0, 900.0]);
        view.update_layout(vec2(3000.0, 2000.0), VIEWPORT.with_max_y(530.0), 1.5);
        let after = view.screen_from_photo().apply([1500.0, 900.0]);
        // The snap moves the photo by up to half a physical pixel along each axis.
        assert!(after.distance(before) < 0.75, "{before:?} to {after:?}");
    }

    #[test]
    fn actual_pixels_align_with_physical_pixels() {
        for pixels_per_point in [1.0, 1.25, 1.5, 2.0] {
            let mut view = laid_out(vec2(801.0, 333.0), pixels_per_point);
            view.zoom_to(1.0);
            view.pan(vec2(13.3, -7.7));
            let map = view.screen_from_photo();
            let step = (map.apply([11.0, 0.0]) - map.apply([10.0, 0.0])) * pixels_per_point;
            assert!((step.x - 1.0).abs() < 1e-3);
            let corner = map.apply([100.0, 50.0]).to_vec2() * pixels_per_point;
            assert!((corner - corner.round()).length() < 2e-3, "{corner:?} at {pixels_per_point}");
        }
    }

    #[test]
    fn zoom_limits_hold_for_very_large_photos() {
        let mut view = laid_out(vec2(100_000.0, 900.0), 1.0);
        assert!(view.zoom() < MIN_ZOOM && VIEWPORT.contains_rect(photo_on_screen(&view)));
        view.zoom_around(1e9, VIEWPORT.center());
        assert!((view.zoom() - MAX_ZOOM).abs() < 1e-3);
        view.zoom_around(1e-9, VIEWPORT.center());
        view.zoom_around(f32::NAN, VIEWPORT.center());
        assert!(view.zoom() > 0.0 && VIEWPORT.contains_rect(photo_on_screen(&view)));
    }
}
