//! The texts of a map's legend, in the language of the interface.

use crate::app::language::{t, translate};
use crate::app::panels::face_regions::region_title;
use crate::job::{Certainty, FaceMap, MapKind, PartSpread, Uncertainty};

/// The texts of a legend.
#[derive(Clone, Debug, PartialEq)]
pub struct LegendText {
    pub title: &'static str,
    pub explanation: &'static str,
    /// At the two ends of the colour bar.
    pub scale_ends: [String; 2],
    pub unit: &'static str,
    /// What the map says in one number, and then about each part of the face.
    pub findings: Vec<String>,
}

impl LegendText {
    pub fn new(map: &FaceMap, uncertainty: Option<&Uncertainty>) -> Self {
        Self {
            title: map_title(map.kind),
            explanation: translate(map.kind.explanation()),
            scale_ends: map.scale_ends(),
            unit: translate(map.kind.unit()),
            findings: uncertainty.map(findings).unwrap_or_default(),
        }
    }
}

/// The name of a map.
pub fn map_title(kind: MapKind) -> &'static str {
    translate(kind.title())
}

fn findings(uncertainty: &Uncertainty) -> Vec<String> {
    let words = |spread: f32| translate(Certainty::of(spread).words());
    let number = |spread: f32| format!("{spread:.0}");
    let whole = uncertainty.spread;
    let whole = t!("The hole: {words}, ±{spread} of 255", words = words(whole), spread = number(whole));
    let part = |PartSpread { region, spread }: &PartSpread| {
        let (part, words, spread) = (region_title(*region), words(*spread), number(*spread));
        t!("{part}: {words} (±{spread})", part, words, spread)
    };
    std::iter::once(whole).chain(uncertainty.parts.iter().map(part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::FaceRegion;

    #[test]
    fn findings_name_the_hole_and_its_parts() {
        let part = |region, spread| PartSpread { region, spread };
        let parts = vec![part(FaceRegion::Mouth, 21.4), part(FaceRegion::Chin, 3.6)];
        let uncertainty = Uncertainty { spread: 12.3, parts, misfit_ratio: Some(1.1) };
        let map = FaceMap::new(MapKind::Uncertainty, 1, vec![12.3], vec![true]);
        let text = LegendText::new(&map, Some(&uncertainty));
        let expected =
            ["The hole: roughly known, ±12 of 255", "Mouth: could be many (±21)", "Chin: nearly certain (±4)"];
        assert_eq!(text.findings, expected);
        assert!(LegendText::new(&map, None).findings.is_empty());
    }
}
