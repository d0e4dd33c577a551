//! The colours of the maps.
//!
//! Both scales can be told apart with any colour vision: their lightness rises evenly (one scale) or from the middle to
//! both ends (two directions, blue and orange). Small values are more transparent, so that the face stays visible where
//! the map has nothing to tell.

use super::FaceMap;

/// A colour: red, green, blue, and opacity.
pub type MapColor = [u8; 4];

/// Colours of a map, `[side, side]`, not premultiplied; transparent where it says nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct MapColors {
    pub side_px: usize,
    pub pixels: Vec<MapColor>,
}

/// The colours of a value from 0 to 1, evenly spaced: night blue, blue, green, yellow, nearly white.
const ONE_DIRECTION: [[f32; 3]; 6] = [
    [13.0, 16.0, 66.0],
    [38.0, 53.0, 140.0],
    [23.0, 116.0, 158.0],
    [44.0, 173.0, 127.0],
    [170.0, 213.0, 61.0],
    [255.0, 243.0, 120.0],
];
/// The colours of a value from -1 to 1: light blue, blue, dark grey, orange, light orange.
const TWO_DIRECTIONS: [[f32; 3]; 5] =
    [[120.0, 205.0, 255.0], [32.0, 110.0, 214.0], [45.0, 45.0, 50.0], [222.0, 106.0, 12.0], [255.0, 196.0, 110.0]];
/// Opacity of 0, and of 1 and -1. In between it rises evenly.
const OPACITY: [f32; 2] = [0.35, 0.92];

impl FaceMap {
    /// The colours of the map.
    #[must_use]
    pub fn colors(&self) -> MapColors {
        let color = |pixel| self.share_at(pixel).map_or([0; 4], |share| color_of(share, self.kind.is_signed()));
        MapColors { side_px: self.side_px, pixels: (0..self.values.len()).map(color).collect() }
    }
}

/// The colours of a bar from the lowest value to the highest, opaque.
pub fn color_bar(is_signed: bool, count: usize) -> impl Iterator<Item = [u8; 3]> {
    #[expect(clippy::cast_precision_loss, reason = "a bar has a few hundred pixels")]
    let position = move |index: usize| index as f32 / count.saturating_sub(1).max(1) as f32;
    (0..count).map(move |index| {
        let share = if is_signed { 2.0 * position(index) - 1.0 } else { position(index) };
        let [red, green, blue, _] = color_of(share, is_signed);
        [red, green, blue]
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
fn color_of(share: f32, is_signed: bool) -> MapColor {
    let [red, green, blue] =
        if is_signed { interpolate(&TWO_DIRECTIONS, share.midpoint(1.0)) } else { interpolate(&ONE_DIRECTION, share) };
    let opacity = OPACITY[0] + (OPACITY[1] - OPACITY[0]) * share.abs();
    [red, green, blue, 255.0 * opacity].map(|value| value.round() as u8)
}

/// The colour at a position from 0 to 1.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few colours, and the position is clamped"
)]
fn interpolate(colors: &[[f32; 3]], position: f32) -> [f32; 3] {
    let last = colors.len() - 1;
    let at = position.clamp(0.0, 1.0) * last as f32;
    let below = (at as usize).min(last - 1);
    let share = at - below as f32;
    std::array::from_fn(|channel| colors[below][channel] * (1.0 - share) + colors[below + 1][channel] * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::face_maps::MapKind;

    /// CIE lightness, 0 to 100.
    fn lightness([red, green, blue]: [u8; 3]) -> f32 {
        let linear = |byte: u8| {
            let value = f32::from(byte) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
        116.0 * luminance.cbrt() - 16.0
    }

    #[test]
    fn lightness_rises_with_the_value() {
        let one: Vec<f32> = color_bar(false, 101).map(lightness).collect();
        assert!(one.windows(2).all(|pair| pair[1] > pair[0]), "{one:?}");
        // Each tenth of the bar is at least this much lighter: nobody has to tell hues apart.
        assert!((0..10).all(|tenth| one[10 * tenth + 10] - one[10 * tenth] > 4.0), "{one:?}");
        let two: Vec<f32> = color_bar(true, 101).map(lightness).collect();
        assert!(
            two[..51].windows(2).all(|pair| pair[1] < pair[0]) && two[50..].windows(2).all(|pair| pair[1] > pair[0])
        );
    }

    #[test]
    fn only_shown_pixels_are_coloured() {
        let map = FaceMap::new(MapKind::Residual, 2, vec![0.0, 64.0, 64.0, 10.0], vec![true, true, false, true]);
        let MapColors { side_px, pixels } = map.colors();
        assert_eq!((side_px, pixels[2]), (2, [0; 4]));
        assert!(pixels[0][3] < pixels[3][3] && pixels[3][3] < pixels[1][3], "stronger is more opaque");
    }

    #[test]
    fn signs_have_different_colours() {
        let map = FaceMap::new(MapKind::ContextGradient, 2, vec![-1.0, 1.0, 0.0, 0.0], vec![true; 4]);
        let [darker, lighter, ..] = map.colors().pixels[..] else { panic!("four pixels") };
        assert!(darker[2] > darker[0] && lighter[0] > lighter[2], "blue and orange: {darker:?} {lighter:?}");
    }
}
