//! Rectangles, ellipses, lassos and polygons.

use super::*;
use crate::mask::{Area, AreaOutline, MaskEdit};

/// The area that the only action draws.
fn area(harness: &mut Harness<'_, CanvasFixture>) -> Area {
    match take_actions(harness).as_slice() {
        [CanvasAction::Edit(DocumentAction::EditMask(MaskEdit::Area(area)))] => area.clone(),
        other => panic!("{other:?}"),
    }
}

fn are_near(points: &[Point], expected: &[Point]) -> bool {
    points.len() == expected.len() && points.iter().zip(expected).all(|(a, b)| is_near(*a, *b, 0.6))
}

#[test]
fn a_drag_draws_a_rectangle_or_an_ellipse() {
    let corners = [[150.0, 100.0], [240.0, 130.0]];
    for tool in [Tool::Rectangle, Tool::Ellipse] {
        for (button, kind) in
            [(PointerButton::Primary, StrokeKind::Paint), (PointerButton::Secondary, StrokeKind::Erase)]
        {
            let mut harness = open_canvas(CanvasFixture::new(tool), 1.0);
            let path = corners.map(|corner| screen_pos(&harness, corner));
            drag(&mut harness, button, &path);
            let drawn = area(&mut harness);
            assert_eq!(drawn.kind, kind);
            let found = match (tool, drawn.outline) {
                (Tool::Rectangle, AreaOutline::Rectangle(found)) | (Tool::Ellipse, AreaOutline::Ellipse(found)) => {
                    found
                }
                (_, other) => panic!("{other:?}"),
            };
            assert!(are_near(&found, &corners), "{found:?}");
        }
    }
}

#[test]
fn areas_can_be_ignored() {
    let fixture = CanvasFixture { area_kind: StrokeKind::Ignore, ..CanvasFixture::new(Tool::Rectangle) };
    let mut harness = open_canvas(fixture, 1.0);
    let path = [[150.0, 100.0], [240.0, 130.0]].map(|corner| screen_pos(&harness, corner));
    for (button, kind) in [(PointerButton::Primary, StrokeKind::Ignore), (PointerButton::Secondary, StrokeKind::Erase)]
    {
        drag(&mut harness, button, &path);
        assert_eq!(area(&mut harness).kind, kind);
    }
}

#[test]
fn shift_makes_a_square() {
    let mut harness = open_canvas(CanvasFixture::new(Tool::Rectangle), 1.0);
    let [from, to] = [[200.0, 150.0], [120.0, 170.0]].map(|corner| screen_pos(&harness, corner));
    press(&mut harness, from, PointerButton::Primary, Modifiers::SHIFT);
    harness.event(Event::PointerMoved(to));
    release(&mut harness, to, PointerButton::Primary, Modifiers::SHIFT);
    let AreaOutline::Rectangle(corners) = area(&mut harness).outline else { panic!("no rectangle") };
    assert!(are_near(&corners, &[[200.0, 150.0], [120.0, 230.0]]), "{corners:?}");
}

#[test]
fn a_lasso_follows_the_pointer() {
    let mut harness = open_canvas(CanvasFixture::new(Tool::Lasso), 1.0);
    let corners = [[100.0, 100.0], [200.0, 100.0], [200.0, 200.0], [100.0, 200.0]];
    let path = corners.map(|corner| screen_pos(&harness, corner));
    drag(&mut harness, PointerButton::Primary, &path);
    let AreaOutline::Polygon(points) = area(&mut harness).outline else { panic!("no polygon") };
    assert!(are_near(&points, &corners), "{points:?}");
}

#[test]
fn clicks_draw_a_polygon_until_one_closes_it() {
    let corners = [[100.0, 100.0], [220.0, 110.0], [160.0, 200.0]];
    // On the first corner, or twice on the last one.
    for closing in [0, 2] {
        let mut harness = open_canvas(CanvasFixture::new(Tool::Polygon), 1.0);
        for corner in corners.iter().chain([&corners[closing]]) {
            assert!(take_actions(&mut harness).is_empty());
            let at = screen_pos(&harness, *corner);
            drag(&mut harness, PointerButton::Primary, &[at]);
        }
        let AreaOutline::Polygon(points) = area(&mut harness).outline else { panic!("no polygon") };
        assert!(are_near(&points, &corners), "{points:?}");
        assert!(!harness.state().canvas.is_dragging());
    }
}

#[test]
fn an_area_can_be_cancelled_and_a_click_draws_none() {
    let mut harness = open_canvas(CanvasFixture::new(Tool::Polygon), 1.0);
    let at = screen_pos(&harness, [100.0, 100.0]);
    drag(&mut harness, PointerButton::Primary, &[at]);
    assert!(harness.state().canvas.is_dragging());
    harness.state_mut().canvas.cancel_drag();
    assert!(!harness.state().canvas.is_dragging() && take_actions(&mut harness).is_empty());
    drag(&mut harness, PointerButton::Primary, &[at]);
    harness.state_mut().tool = Tool::Lasso;
    harness.run();
    assert!(!harness.state().canvas.is_dragging(), "another tool was chosen");
    drag(&mut harness, PointerButton::Primary, &[at]);
    assert!(take_actions(&mut harness).is_empty(), "a lasso of one point");
}
