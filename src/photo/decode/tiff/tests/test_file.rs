//! Writes TIFF files of any kind for the tests.

use std::collections::BTreeMap;

/// The values of a tag, with their type.
#[derive(Clone)]
pub enum Field {
    /// 16-bit numbers.
    Short(Vec<u16>),
    /// Offsets and sizes: 32-bit numbers, 64-bit ones in a `BigTIFF`.
    Long(Vec<u32>),
    Ratio(Vec<[u32; 2]>),
    Text(&'static str),
    /// Bytes as they are, with the type and the number of values.
    Raw(u16, u32, Vec<u8>),
}

/// A directory with its picture.
#[derive(Clone, Default)]
pub struct TestPage {
    pub fields: BTreeMap<u16, Field>,
    /// The data of the strips or tiles.
    pub chunks: Vec<Vec<u8>>,
    pub is_tiled: bool,
    /// Directories below this one, with the tag that points to them.
    pub children: Vec<(u16, TestPage)>,
}

impl TestPage {
    /// One strip of 8-bit samples.
    pub fn new(width: u16, height: u16, photometric: u16, samples: &[u8]) -> Self {
        let channels = u16::try_from(samples.len()).unwrap() / (width * height);
        let page = Self { chunks: vec![samples.to_vec()], ..Self::default() };
        page.with(256, Field::Short(vec![width]))
            .with(257, Field::Short(vec![height]))
            .with(258, Field::Short(vec![8; channels.into()]))
            .with(262, Field::Short(vec![photometric]))
            .with(277, Field::Short(vec![channels]))
    }

    /// A page of another bit depth, with the bytes of its strip.
    pub fn with_bits(size: (u16, u16), photometric: u16, (bits, channels): (u16, u16), strip: Vec<u8>) -> Self {
        let page = Self { chunks: vec![strip], ..Self::default() };
        page.with(256, Field::Short(vec![size.0]))
            .with(257, Field::Short(vec![size.1]))
            .with(258, Field::Short(vec![bits; channels.into()]))
            .with(262, Field::Short(vec![photometric]))
            .with(277, Field::Short(vec![channels]))
    }

    pub fn with(mut self, tag: u16, field: Field) -> Self {
        self.fields.insert(tag, field);
        self
    }

    pub fn short(self, tag: u16, value: u16) -> Self {
        self.with(tag, Field::Short(vec![value]))
    }

    pub fn child(mut self, tag: u16, page: Self) -> Self {
        self.children.push((tag, page));
        self
    }

    /// Replaces the data by several strips or tiles.
    pub fn chunks(mut self, is_tiled: bool, chunks: Vec<Vec<u8>>) -> Self {
        (self.is_tiled, self.chunks) = (is_tiled, chunks);
        self
    }
}

/// The form of a file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Form {
    pub is_big_tiff: bool,
    pub is_big_endian: bool,
}

/// Writes a file with a chain of pages.
pub fn write(form: Form, pages: &[TestPage]) -> Vec<u8> {
    let mut writer = Writer { form, bytes: if form.is_big_endian { b"MM".to_vec() } else { b"II".to_vec() } };
    writer.number(2, if form.is_big_tiff { 43 } else { 42 });
    if form.is_big_tiff {
        writer.number(2, 8);
        writer.number(2, 0);
    }
    let mut link = writer.bytes.len();
    writer.number(writer.offset_bytes(), 0);
    for page in pages {
        let (start, next) = writer.directory(page);
        writer.patch(link, start);
        link = next;
    }
    writer.bytes
}

struct Writer {
    form: Form,
    bytes: Vec<u8>,
}

impl Writer {
    fn offset_bytes(&self) -> usize {
        if self.form.is_big_tiff { 8 } else { 4 }
    }

    fn encode(&self, size: usize, value: u64) -> Vec<u8> {
        if self.form.is_big_endian {
            value.to_be_bytes()[8 - size..].to_vec()
        } else {
            value.to_le_bytes()[..size].to_vec()
        }
    }

    fn number(&mut self, size: usize, value: u64) {
        let bytes = self.encode(size, value);
        self.bytes.extend(bytes);
    }

    fn patch(&mut self, at: usize, offset: usize) {
        let bytes = self.encode(self.offset_bytes(), offset as u64);
        self.bytes[at..at + bytes.len()].copy_from_slice(&bytes);
    }

    fn append(&mut self, bytes: &[u8]) -> usize {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        self.bytes.extend(bytes);
        self.bytes.len() - bytes.len()
    }

    /// The type, the number of values and their bytes.
    fn values(&self, field: &Field) -> (u16, u64, Vec<u8>) {
        let all =
            |size, values: &mut dyn Iterator<Item = u64>| values.flat_map(|value| self.encode(size, value)).collect();
        match field {
            Field::Short(values) => (3, values.len() as u64, all(2, &mut values.iter().map(|value| u64::from(*value)))),
            Field::Long(values) => {
                let (kind, size) = if self.form.is_big_tiff { (16, 8) } else { (4, 4) };
                (kind, values.len() as u64, all(size, &mut values.iter().map(|value| u64::from(*value))))
            }
            Field::Ratio(values) => {
                (5, values.len() as u64, all(4, &mut values.as_flattened().iter().map(|value| u64::from(*value))))
            }
            Field::Text(text) => (2, text.len() as u64 + 1, [text.as_bytes(), &[0]].concat()),
            Field::Raw(kind, count, bytes) => (*kind, u64::from(*count), bytes.clone()),
        }
    }

    /// Appends a page. Returns where its directory starts, and where the link to the next one stands.
    fn directory(&mut self, page: &TestPage) -> (usize, usize) {
        let mut fields = page.fields.clone();
        let mut lists: BTreeMap<u16, Vec<u32>> = BTreeMap::new();
        for (tag, child) in &page.children {
            let start = self.directory(child).0;
            lists.entry(*tag).or_default().push(u32::try_from(start).unwrap());
        }
        for chunk in &page.chunks {
            let (offsets, counts) = if page.is_tiled { (324, 325) } else { (273, 279) };
            let start = self.append(chunk);
            lists.entry(offsets).or_default().push(u32::try_from(start).unwrap());
            lists.entry(counts).or_default().push(u32::try_from(chunk.len()).unwrap());
        }
        for (tag, list) in lists {
            fields.entry(tag).or_insert(Field::Long(list));
        }
        let mut entries = Vec::new();
        for (tag, field) in &fields {
            let (kind, count, mut bytes) = self.values(field);
            if bytes.len() > self.offset_bytes() {
                let offset = self.append(&bytes);
                bytes = self.encode(self.offset_bytes(), offset as u64);
            }
            bytes.resize(self.offset_bytes(), 0);
            entries.extend(self.encode(2, u64::from(*tag)));
            entries.extend(self.encode(2, u64::from(kind)));
            entries.extend(self.encode(self.offset_bytes(), count));
            entries.extend(bytes);
        }
        let start = self.append(&[]);
        self.number(if self.form.is_big_tiff { 8 } else { 2 }, fields.len() as u64);
        self.bytes.extend(entries);
        let link = self.bytes.len();
        self.number(self.offset_bytes(), 0);
        (start, link)
    }
}
