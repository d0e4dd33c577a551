//! Repairs checksums and lengths of a changed file, so that its reader looks at the rest.

/// Repairs a changed file of one kind. A file that is too broken stays as it is.
pub type Repair = fn(&mut [u8]) -> Option<()>;

/// For files without checksums.
pub fn nothing(_: &mut [u8]) -> Option<()> {
    None
}

/// CRC-32 of PNG chunks and ZIP entries.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ if sum & 1 == 1 { 0xEDB8_8320 } else { 0 })
    })
}

fn u16_at(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?).into())
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?)).ok()
}

/// Writes the CRC of every chunk of a PNG.
pub fn png(bytes: &mut [u8]) -> Option<()> {
    let mut at = 8;
    loop {
        let length = usize::try_from(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).ok()?;
        let end = at + 8 + length;
        let sum = crc32(bytes.get(at + 4..end)?);
        bytes.get_mut(end..end + 4)?.copy_from_slice(&sum.to_be_bytes());
        at = end + 4;
    }
}

/// Writes the length of a safetensors header: up to the `}` before the tensors, which the last two braces in a row end.
pub fn safetensors(bytes: &mut [u8]) -> Option<()> {
    let end = bytes.windows(2).rposition(|pair| pair == b"}}")? + 2;
    let spaces = bytes[end..].iter().take_while(|byte| **byte == b' ').count();
    let length = u64::try_from((end + spaces).checked_sub(8)?).ok()?;
    bytes.get_mut(..8)?.copy_from_slice(&length.to_le_bytes());
    Some(())
}

/// Writes the CRC of every uncompressed entry into the central directory of a ZIP file, where readers take it from
/// (APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16).
pub fn zip(bytes: &mut [u8]) -> Option<()> {
    let directory = bytes.windows(4).rposition(|mark| mark == b"PK\x05\x06")?;
    let mut at = u32_at(bytes, directory + 16)?;
    while bytes.get(at..at.checked_add(4)?)? == b"PK\x01\x02" {
        let (size, local) = (u32_at(bytes, at + 20)?, u32_at(bytes, at + 42)?);
        let start = local.checked_add(30)? + u16_at(bytes, local + 26)? + u16_at(bytes, local + 28)?;
        let sum = crc32(bytes.get(start..start.checked_add(size)?)?).to_le_bytes();
        bytes.get_mut(at + 16..at + 20)?.copy_from_slice(&sum);
        at += 46 + u16_at(bytes, at + 28)? + u16_at(bytes, at + 30)? + u16_at(bytes, at + 32)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_png_gets_its_checksums_back() {
        let pixels = image::DynamicImage::new_rgb8(3, 2);
        let whole = crate::photo::encode_png(&pixels, &crate::photo::PngMetadata::default()).unwrap();
        let mut broken = whole.clone();
        // The last byte of the header's checksum.
        broken[32] ^= 1;
        png(&mut broken);
        assert_eq!(broken, whole);
    }

    #[test]
    fn changed_zip_gets_its_checksums_back() {
        let whole = include_bytes!("../../assets/fixtures/dcgan-16.pth").to_vec();
        let mut broken = whole.clone();
        let directory = broken.windows(4).position(|mark| mark == b"PK\x01\x02").unwrap();
        broken[directory + 16] ^= 1;
        zip(&mut broken);
        assert_eq!(broken, whole);
    }

    #[test]
    fn changed_safetensors_get_their_length_back() {
        let whole = crate::model::TINY_MODEL.to_vec();
        let mut broken = whole.clone();
        broken[0] ^= 5;
        safetensors(&mut broken);
        assert_eq!(broken, whole);
    }
}
