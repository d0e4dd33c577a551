//! `TensorBoard` event files, written by hand: scalars and pictures by step.
//!
//! A file is a row of records: length, its masked CRC-32C, the bytes of an `Event` message, their masked CRC-32C (`TFRecord`,
//! `record_writer.h` of TensorFlow). The messages here are the parts of its `event.proto` and `summary.proto` that a training run needs, under the same field numbers.
//!
//! What would surprise: a resumed run opens a file of its own and says so in it, whereupon `TensorBoard` forgets what the
//! earlier files tell about later steps.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message;

use super::TrainError;

#[derive(Clone, PartialEq, Message)]
struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(oneof = "What", tags = "3, 5, 7")]
    what: Option<What>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum What {
    #[prost(string, tag = "3")]
    FileVersion(String),
    #[prost(message, tag = "5")]
    Summary(Summary),
    #[prost(message, tag = "7")]
    SessionLog(SessionLog),
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(oneof = "Content", tags = "2, 4")]
    content: Option<Content>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Content {
    #[prost(float, tag = "2")]
    Scalar(f32),
    #[prost(message, tag = "4")]
    Image(Image),
}

#[derive(Clone, PartialEq, Message)]
struct Image {
    #[prost(int32, tag = "1")]
    height: i32,
    #[prost(int32, tag = "2")]
    width: i32,
    /// 3 is RGB.
    #[prost(int32, tag = "3")]
    colorspace: i32,
    /// A PNG.
    #[prost(bytes = "vec", tag = "4")]
    encoded: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct SessionLog {
    /// 1 is START.
    #[prost(int32, tag = "1")]
    status: i32,
}

/// An event file under way.
pub(super) struct EventFile {
    file: File,
    path: PathBuf,
}

impl EventFile {
    /// Opens a new file in a run folder. `first_step` is told to be the first of this session.
    pub fn create(run: &Path, first_step: u64) -> Result<Self, TrainError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // Two sessions of one second are told apart by the rest.
        let name = format!("events.out.tfevents.{}.countenance.{}", now.as_secs(), now.subsec_nanos());
        let path = run.join(name);
        let opened = OpenOptions::new().create_new(true).append(true).open(&path);
        let file = opened.map_err(|source| TrainError::Write { path: path.clone(), source })?;
        let mut events = Self { file, path };
        events.write(0, What::FileVersion("brain.Event:2".into()))?;
        events.write(first_step, What::SessionLog(SessionLog { status: 1 }))?;
        Ok(events)
    }

    /// Numbers of one step.
    pub fn scalars<'a>(&mut self, step: u64, values: impl Iterator<Item = (&'a str, f32)>) -> Result<(), TrainError> {
        let value = |(tag, scalar): (&str, f32)| Value { tag: tag.into(), content: Some(Content::Scalar(scalar)) };
        self.write(step, What::Summary(Summary { value: values.map(value).collect() }))
    }

    /// A picture of one step: the bytes of a PNG with this size.
    pub fn picture(&mut self, step: u64, tag: &str, size_px: [u32; 2], png: Vec<u8>) -> Result<(), TrainError> {
        let [width, height] = size_px.map(|side| i32::try_from(side).unwrap_or(i32::MAX));
        let image = Image { height, width, colorspace: 3, encoded: png };
        let value = Value { tag: tag.into(), content: Some(Content::Image(image)) };
        self.write(step, What::Summary(Summary { value: vec![value] }))
    }

    fn write(&mut self, step: u64, what: What) -> Result<(), TrainError> {
        let wall_time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let event = Event { wall_time, step: i64::try_from(step).unwrap_or(i64::MAX), what: Some(what) };
        let record = record(&event.encode_to_vec());
        self.file.write_all(&record).map_err(|source| TrainError::Write { path: self.path.clone(), source })
    }
}

/// A record of these bytes.
fn record(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u64).to_le_bytes();
    let parts = [&length[..], &masked_checksum(&length).to_le_bytes(), bytes, &masked_checksum(bytes).to_le_bytes()];
    parts.concat()
}

/// CRC-32C as records have it: rotated and shifted, so that the sum of a record that holds sums is no special number.
fn masked_checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The events of a file, every checksum checked: step, tag, and the number if it is one.
    pub(in crate::train) fn told(path: &Path) -> Vec<(i64, String, Option<f32>)> {
        let mut found = Vec::new();
        for event in decode(&std::fs::read(path).unwrap()) {
            match event.what {
                Some(What::Summary(summary)) => found.extend(summary.value.into_iter().map(|value| {
                    let scalar = match value.content {
                        Some(Content::Scalar(scalar)) => Some(scalar),
                        _ => None,
                    };
                    (event.step, value.tag, scalar)
                })),
                Some(What::SessionLog(_)) => found.push((event.step, "session".into(), None)),
                _ => {}
            }
        }
        found
    }

    fn decode(mut bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        while !bytes.is_empty() {
            let (length, rest) = bytes.split_at(8);
            let (sum, rest) = rest.split_at(4);
            assert_eq!(sum, masked_checksum(length).to_le_bytes());
            let (data, rest) = rest.split_at(usize::try_from(u64::from_le_bytes(length.try_into().unwrap())).unwrap());
            let (sum, rest) = rest.split_at(4);
            assert_eq!(sum, masked_checksum(data).to_le_bytes());
            events.push(Event::decode(data).unwrap());
            bytes = rest;
        }
        events
    }

    #[test]
    fn a_record_has_the_checksums_that_tensorboard_asks_for() {
        // The checksums are those that TensorBoard's own masked_crc32c gives for these bytes.
        let expected = [3, 0, 0, 0, 0, 0, 0, 0, 0xb0, 0x99, 0x49, 0x0e, b'a', b'b', b'c', 0x6e, 0x57, 0xf1, 0x21];
        assert_eq!(record(b"abc"), expected);
        assert_eq!(masked_checksum(b""), 0xa282_ead8);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let run = tempfile::tempdir().unwrap();
        let mut events = EventFile::create(run.path(), 7).unwrap();
        events.scalars(8, [("loss/d", 0.5), ("loss/g", 2.0)].into_iter()).unwrap();
        events.picture(8, "samples", [4, 2], vec![1, 2, 3]).unwrap();
        let told = told(&events.path);
        let expected = [(7, "session", None), (8, "loss/d", Some(0.5)), (8, "loss/g", Some(2.0)), (8, "samples", None)];
        assert_eq!(told, expected.map(|(step, tag, value)| (step, tag.to_string(), value)));
        let all = decode(&std::fs::read(&events.path).unwrap());
        assert_eq!(all[0].what, Some(What::FileVersion("brain.Event:2".into())));
        let Some(What::Summary(summary)) = &all[3].what else { panic!("{:?}", all[3]) };
        let image = Image { height: 2, width: 4, colorspace: 3, encoded: vec![1, 2, 3] };
        assert_eq!(summary.value[0].content, Some(Content::Image(image)));
    }
}
