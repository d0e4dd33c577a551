//! What the components of a picture mean.

/// What the components mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColorModel {
    Grey,
    YCbCr,
    Rgb,
    /// Inverted: 255 is no ink.
    Cmyk,
    /// Inverted CMYK, its first three components as Y, Cb and Cr.
    Ycck,
}

impl ColorModel {
    /// Decides as libjpeg does. JFIF is always Y, Cb, Cr (ITU-T T.871); otherwise Adobe's segment tells (ITU-T T.872,
    /// section 6.5.3), then the numbers of the components.
    pub fn of(ids: &[u8], has_jfif: bool, adobe_transform: Option<u8>) -> Self {
        match (ids.len(), adobe_transform) {
            (1, _) => Self::Grey,
            (4, None | Some(0)) => Self::Cmyk,
            (4, _) => Self::Ycck,
            _ if has_jfif => Self::YCbCr,
            (_, Some(0)) => Self::Rgb,
            (_, None) if ids == b"RGB" => Self::Rgb,
            _ => Self::YCbCr,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adobe_and_numbers_tell_the_model() {
        let model = ColorModel::of;
        assert_eq!(model(&[1], true, Some(0)), ColorModel::Grey);
        assert_eq!(model(&[1, 2, 3], false, None), ColorModel::YCbCr);
        assert_eq!(model(b"RGB", false, None), ColorModel::Rgb);
        assert_eq!(model(b"RGB", false, Some(1)), ColorModel::YCbCr);
        assert_eq!(model(&[1, 2, 3], false, Some(0)), ColorModel::Rgb);
        assert_eq!(model(&[1, 2, 3], true, Some(0)), ColorModel::YCbCr);
        assert_eq!(model(&[1, 2, 3, 4], false, Some(2)), ColorModel::Ycck);
        assert_eq!(model(&[1, 2, 3, 4], true, Some(0)), ColorModel::Cmyk);
        assert_eq!(model(b"CMYK", false, None), ColorModel::Cmyk);
    }
}
