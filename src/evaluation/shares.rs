//! Shares of an evaluation: several machines measure faces at once, each into a file of its own beside the report. A run
//! without a share takes over what they have measured, and measures the rest.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::external_fills::external_fill_path;
use super::face_results::FaceResults;
use super::share_log::{FORMAT, FaceRecord, ShareError, ShareLog, read_share};
use super::{EvaluationFaceSource, EvaluationProtocol};
use crate::fs::parent_folder;
use crate::hash::sha256_of_bytes;
use crate::shard::{Shard, share_files};

/// Extension of a share's file.
const EXTENSION: &str = "jsonl";

/// Where the shares of an evaluation are.
#[derive(Clone, Debug)]
pub struct EvaluationShares {
    /// The report that they are made for. The shares of `eval.json` are `eval-1-of-8.jsonl`, and so on.
    pub report: PathBuf,
    pub model_sha256: String,
}

impl EvaluationShares {
    /// The file of a share.
    #[must_use]
    pub fn path(&self, shard: Shard) -> PathBuf {
        self.report.with_file_name(format!("{}-{}.{EXTENSION}", self.prefix(), shard.name()))
    }

    /// The files of all shares that are there.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        share_files(parent_folder(&self.report), &self.prefix(), EXTENSION)
    }

    fn prefix(&self) -> String {
        self.report.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Opens the file of a share. Also returns the results that it has.
    pub(super) fn open(
        &self,
        shard: Shard,
        protocol: &EvaluationProtocol,
    ) -> Result<(ShareLog, HashMap<usize, FaceResults>), ShareError> {
        let (log, records) = ShareLog::open(&self.path(shard), &self.header(protocol)?)?;
        let records = records.into_iter().filter(|record| shard.holds(record.index as u64 + 1));
        Ok((log, current_results(records, protocol)))
    }

    /// The results of all shares.
    pub(super) fn read_all(&self, protocol: &EvaluationProtocol) -> Result<HashMap<usize, FaceResults>, ShareError> {
        let paths = self.files();
        if paths.is_empty() {
            return Ok(HashMap::new());
        }
        let header = self.header(protocol)?;
        let records = paths.iter().map(|path| read_share(path, &header)).collect::<Result<Vec<_>, _>>()?;
        Ok(current_results(records.into_iter().flatten(), protocol))
    }

    /// What a share measures: the first line of its file. The device may differ; each face names its own.
    fn header(&self, protocol: &EvaluationProtocol) -> Result<String, ShareError> {
        let features = protocol.features.as_ref().map(|path| {
            let bytes = std::fs::read(path).map_err(|source| ShareError::Read { path: path.clone(), source })?;
            Ok(sha256_of_bytes(&bytes))
        });
        let others: Vec<&String> = protocol.external_fills.iter().map(|fills| &fills.name).collect();
        let header = json!({
            "format": FORMAT,
            "version": env!("CARGO_PKG_VERSION"),
            "protocol": protocol.holes.protocol_name(),
            "model": self.model_sha256,
            "size_px": protocol.crop_size_px,
            "seed": protocol.seed,
            "masks": protocol.holes.ids(),
            "searches": protocol.searches,
            "frames": protocol.frames,
            "blends": protocol.blends,
            "others": others,
            "features": features.transpose()?,
            "uncertainty": protocol.measures_uncertainty,
        });
        Ok(header.to_string())
    }
}

/// The results by index of the face, without those of faces that have changed since or lack pictures for the sheet.
fn current_results(
    records: impl Iterator<Item = FaceRecord>,
    protocol: &EvaluationProtocol,
) -> HashMap<usize, FaceResults> {
    let is_current = |record: &FaceRecord| {
        let source = protocol.faces.get(record.index);
        let has_pictures = record.index >= protocol.sheet_face_count || record.results.sheet_rows.is_some();
        has_pictures && source.is_some_and(|source| inputs_sha256(source, protocol) == record.inputs_sha256)
    };
    let mut results = HashMap::new();
    for record in records.filter(is_current) {
        let is_on_sheet = record.index < protocol.sheet_face_count;
        let sheet_rows = record.results.sheet_rows.filter(|_| is_on_sheet);
        results.insert(record.index, FaceResults { sheet_rows, ..record.results });
    }
    results
}

/// SHA-256 of what is measured for one face: its name, its picture, and the external fills.
pub(super) fn inputs_sha256(source: &EvaluationFaceSource, protocol: &EvaluationProtocol) -> String {
    let name = source.name();
    let mut hash = Sha256::new();
    hash.update(&name);
    match source {
        EvaluationFaceSource::File(path) | EvaluationFaceSource::Photo(path) => hash.update(file_sha256(path)),
        EvaluationFaceSource::Dataset(faces, index) => hash.update(Sha256::digest(faces.picture(*index))),
    }
    for fills in &protocol.external_fills {
        for mask in protocol.holes.ids() {
            hash.update(file_sha256(&external_fill_path(fills, &name, mask)));
        }
    }
    format!("{:x}", hash.finalize())
}

/// All zero for a file that cannot be read.
fn file_sha256(path: &Path) -> [u8; 32] {
    std::fs::read(path).map_or([0; 32], |bytes| Sha256::digest(&bytes).into())
}
