//! `TensorBoard` event files: scalars, histograms and images by step, and the graph of the networks.
//!
//! A file is a sequence of records: length, its masked CRC-32C, the bytes of an `Event` message, their masked CRC-32C
//! (`TFRecord`, `record_writer.h` of TensorFlow).
//!
//! A resumed run opens a new file and marks its start with a session event. `TensorBoard` then drops later steps from
//! earlier files.
//!
//! | file | purpose |
//! | --- | --- |
//! | `messages` | the messages |
//! | `histogram` | the buckets of a histogram |
//! | `graph` | the networks as a graph of TensorFlow |

mod graph;
mod histogram;
mod messages;

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message;

use super::TrainError;
use crate::fs;
use crate::model::NetworkPlan;
use messages::{EventMessage, EventPayload, EventSummary, SessionLog, SummaryContent, SummaryImage, SummaryValue};

/// An open event file.
pub(super) struct TensorBoardFile {
    file: File,
    path: PathBuf,
}

impl TensorBoardFile {
    /// Opens a new file in a run folder. `first_step` is the first step of this session.
    pub fn create(run: &Path, first_step: u64) -> Result<Self, TrainError> {
        let mut events = Self::create_file(run, SystemTime::now())?;
        events.write(0, EventPayload::FileVersion("brain.Event:2".into()))?;
        events.write(first_step, EventPayload::SessionLog(SessionLog { status: 1 }))?;
        Ok(events)
    }

    /// The file of a session that starts now. A clock before 1970 counts as 1970.
    fn create_file(run: &Path, now: SystemTime) -> Result<Self, TrainError> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        // The last number tells two sessions of the same second apart, and of the same instant, if the clock was set back.
        let mut number = now.subsec_nanos();
        loop {
            let path = run.join(format!("events.out.tfevents.{}.countenance.{number}", now.as_secs()));
            match OpenOptions::new().create_new(true).append(true).open(&path) {
                Ok(file) => return Ok(Self { file, path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number = number.wrapping_add(1),
                Err(source) => return Err(TrainError::Write { path, source }),
            }
        }
    }

    /// Writes scalars of one step.
    pub fn scalars<'a>(&mut self, step: u64, values: impl Iterator<Item = (&'a str, f32)>) -> Result<(), TrainError> {
        let value = |(tag, scalar): (&str, f32)| SummaryValue {
            tag: tag.into(),
            content: Some(SummaryContent::Scalar(scalar)),
        };
        self.write(step, EventPayload::Summary(EventSummary { value: values.map(value).collect() }))
    }

    /// Writes histograms of one step. Lists without a finite value are left out.
    pub fn histograms<'a>(
        &mut self,
        step: u64,
        values: impl Iterator<Item = (String, &'a [f32])>,
    ) -> Result<(), TrainError> {
        let value = |(tag, values): (String, &[f32])| {
            Some(SummaryValue { tag, content: Some(SummaryContent::Histogram(histogram::histogram(values)?)) })
        };
        self.write(step, EventPayload::Summary(EventSummary { value: values.filter_map(value).collect() }))
    }

    /// Writes the graph of the networks.
    pub fn graph(&mut self, plans: &[NetworkPlan]) -> Result<(), TrainError> {
        self.write(0, EventPayload::Graph(graph::graph(plans).encode_to_vec()))
    }

    /// Writes an image of one step: the bytes of a PNG with this size.
    pub fn image(&mut self, step: u64, tag: &str, size_px: [u32; 2], png: Vec<u8>) -> Result<(), TrainError> {
        let [width, height] = size_px.map(|side| i32::try_from(side).unwrap_or(i32::MAX));
        let image = SummaryImage { height, width, colorspace: 3, encoded: png };
        let value = SummaryValue { tag: tag.into(), content: Some(SummaryContent::Image(image)) };
        self.write(step, EventPayload::Summary(EventSummary { value: vec![value] }))
    }

    fn write(&mut self, step: u64, payload: EventPayload) -> Result<(), TrainError> {
        let wall_time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let event = EventMessage { wall_time, step: i64::try_from(step).unwrap_or(i64::MAX), payload: Some(payload) };
        let record = encode_record(&event.encode_to_vec());
        fs::append(&mut self.file, &self.path, &record)
            .map_err(|source| TrainError::Save { path: self.path.clone(), source: source.into() })
    }
}

fn encode_record(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u64).to_le_bytes();
    let parts = [&length[..], &masked_crc32c(&length).to_le_bytes(), bytes, &masked_crc32c(bytes).to_le_bytes()];
    parts.concat()
}

/// CRC-32C with the mask of `TFRecord`: rotated, plus a constant. The mask keeps checksums reliable for data that
/// contains checksums.
fn masked_crc32c(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Reads the events of a file and verifies every checksum: step, tag, and the value if it is a scalar.
    pub(in crate::train) fn read_events(path: &Path) -> Vec<(i64, String, Option<f32>)> {
        let mut found = Vec::new();
        for event in decode(&std::fs::read(path).unwrap()) {
            match event.payload {
                Some(EventPayload::Summary(summary)) => found.extend(summary.value.into_iter().map(|value| {
                    let scalar = match value.content {
                        Some(SummaryContent::Scalar(scalar)) => Some(scalar),
                        _ => None,
                    };
                    (event.step, value.tag, scalar)
                })),
                Some(EventPayload::SessionLog(_)) => found.push((event.step, "session".into(), None)),
                Some(EventPayload::Graph(bytes)) => {
                    assert!(messages::GraphMessage::decode(&bytes[..]).unwrap().node.len() > 10);
                    found.push((event.step, "graph".into(), None));
                }
                _ => {}
            }
        }
        found
    }

    fn decode(mut bytes: &[u8]) -> Vec<EventMessage> {
        let mut events = Vec::new();
        while !bytes.is_empty() {
            let (length, rest) = bytes.split_at(8);
            let (sum, rest) = rest.split_at(4);
            assert_eq!(sum, masked_crc32c(length).to_le_bytes());
            let (data, rest) = rest.split_at(usize::try_from(u64::from_le_bytes(length.try_into().unwrap())).unwrap());
            let (sum, rest) = rest.split_at(4);
            assert_eq!(sum, masked_crc32c(data).to_le_bytes());
            events.push(EventMessage::decode(data).unwrap());
            bytes = rest;
        }
        events
    }

    #[test]
    fn record_checksums_match_tensorboard() {
        // The expected checksums come from TensorBoard's masked_crc32c.
        let expected = [3, 0, 0, 0, 0, 0, 0, 0, 0xb0, 0x99, 0x49, 0x0e, b'a', b'b', b'c', 0x6e, 0x57, 0xf1, 0x21];
        assert_eq!(encode_record(b"abc"), expected);
        assert_eq!(masked_crc32c(b""), 0xa282_ead8);
    }

    #[test]
    fn a_clock_set_back_starts_another_file() {
        let run = tempfile::tempdir().unwrap();
        let before_1970 = UNIX_EPOCH - std::time::Duration::from_secs(5);
        for time in [before_1970, before_1970, UNIX_EPOCH] {
            TensorBoardFile::create_file(run.path(), time).unwrap();
        }
        assert_eq!(std::fs::read_dir(run.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_full_disk_leaves_whole_events() {
        let run = tempfile::tempdir().unwrap();
        let mut events = TensorBoardFile::create(run.path(), 7).unwrap();
        let scalars = |events: &mut TensorBoardFile, step| events.scalars(step, [("loss/d", 0.5)].into_iter());
        let disk = fs::faults::FullDisk::new(run.path(), 9);
        assert!(scalars(&mut events, 8).is_err());
        drop(disk);
        scalars(&mut events, 9).unwrap();
        let steps: Vec<i64> = read_events(&events.path).into_iter().map(|(step, ..)| step).collect();
        assert_eq!(steps, [7, 9]);
    }

    #[test]
    fn written_events_can_be_read() {
        let run = tempfile::tempdir().unwrap();
        let mut events = TensorBoardFile::create(run.path(), 7).unwrap();
        events.scalars(8, [("loss/d", 0.5), ("loss/g", 2.0)].into_iter()).unwrap();
        events.image(8, "samples", [4, 2], vec![1, 2, 3]).unwrap();
        let histograms = [("z", &[0.5, -1.0][..]), ("none", &[])];
        events.histograms(8, histograms.into_iter().map(|(tag, values)| (tag.to_string(), values))).unwrap();
        let events_read = read_events(&events.path);
        let scalars = [(8, "loss/d", Some(0.5)), (8, "loss/g", Some(2.0))];
        let expected = [(7, "session", None), scalars[0], scalars[1], (8, "samples", None), (8, "z", None)];
        assert_eq!(events_read, expected.map(|(step, tag, value)| (step, tag.to_string(), value)));
        let all = decode(&std::fs::read(&events.path).unwrap());
        assert_eq!(all[0].payload, Some(EventPayload::FileVersion("brain.Event:2".into())));
        let Some(EventPayload::Summary(summary)) = &all[3].payload else { panic!("{:?}", all[3]) };
        let image = SummaryImage { height: 2, width: 4, colorspace: 3, encoded: vec![1, 2, 3] };
        assert_eq!(summary.value[0].content, Some(SummaryContent::Image(image)));
        let Some(EventPayload::Summary(summary)) = &all[4].payload else { panic!("{:?}", all[4]) };
        let Some(SummaryContent::Histogram(histogram)) = &summary.value[0].content else { panic!("{summary:?}") };
        assert_eq!((histogram.num, histogram.sum, histogram.sum_squares), (2.0, -0.5, 1.25));
    }
}
