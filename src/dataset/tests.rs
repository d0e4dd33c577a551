use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};

use super::*;
use crate::fs::Overwrite;

fn info() -> DatasetInfo {
    DatasetInfo { source: "FairFace \"train\"".into(), licence: Some("CC BY 4.0".into()) }
}

/// The origin that a dataset's file records.
pub(crate) fn stored_info(path: &Path) -> DatasetInfo {
    let bytes = fs::read(path).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let metadata = header.metadata().clone().unwrap();
    DatasetInfo { source: metadata["source"].clone(), licence: metadata.get("licence").cloned() }
}

/// Writes a dataset of three pictures of 2×2 pixels. All values of picture n are n.
fn write_dataset(folder: &Path) -> PathBuf {
    let path = folder.join("faces.safetensors");
    let mut writer = FaceDatasetWriter::create(&path, 2, info(), Overwrite::Refuse).unwrap();
    for value in 0..3 {
        writer.push(&[value; 12]).unwrap();
    }
    assert_eq!(writer.finish().unwrap(), 3);
    path
}

/// Writes a file with one tensor and valid metadata except for `change`.
fn write_tensor_file(folder: &Path, name: &str, dtype: Dtype, shape: &[usize], change: &[(&str, &str)]) -> PathBuf {
    let bytes = vec![0; shape.iter().product::<usize>() * dtype.bitsize() / 8];
    let view = TensorView::new(dtype, shape.to_vec(), &bytes).unwrap();
    let mut metadata = HashMap::from([("format", FORMAT), ("image_size", "4"), ("source", "")]);
    metadata.extend(change.iter().copied());
    let metadata = metadata.into_iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    let path = folder.join("other.safetensors");
    fs::write(&path, serialize([(name, view)], Some(metadata)).unwrap()).unwrap();
    path
}

/// The error without the path of the temporary folder.
fn open_error(path: &Path) -> String {
    let folder = format!("{}/", path.parent().unwrap().display());
    FaceDataset::open(path).expect_err("the file must be refused").to_string().replace(&folder, "")
}

#[test]
fn a_written_dataset_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = write_dataset(folder.path());
    let faces = FaceDataset::open(&path).unwrap();
    assert_eq!((faces.len(), faces.size_px()), (3, 2));
    assert_eq!(faces.picture(0), [0; 12]);
    assert_eq!(faces.picture(2), [2; 12]);
    assert_eq!(stored_info(&path), info());
}

#[test]
fn the_safetensors_crate_reads_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = fs::read(write_dataset(folder.path())).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let faces = tensors.tensor("faces").unwrap();
    assert_eq!((faces.dtype(), faces.shape()), (Dtype::U8, &[3, 2, 2, 3][..]));
    assert_eq!(faces.data()[12..24], [1; 12]);
}

#[test]
fn an_unfinished_dataset_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faces.safetensors");
    let mut writer = FaceDatasetWriter::create(&path, 2, info(), Overwrite::Refuse).unwrap();
    writer.push(&[7; 12]).unwrap();
    assert!(!path.exists());
    drop(writer);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    write_dataset(folder.path());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn existing_datasets_are_replaced_only_when_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let path = write_dataset(folder.path());
    let create = |overwrite| FaceDatasetWriter::create(&path, 2, info(), overwrite);
    assert!(matches!(create(Overwrite::Refuse).err(), Some(DatasetError::Save(WriteError::Exists { .. }))));
    let mut writer = create(Overwrite::Allow).unwrap();
    writer.push(&[9; 12]).unwrap();
    writer.finish().unwrap();
    assert_eq!(FaceDataset::open(&path).unwrap().picture(0), [9; 12]);
}

#[test]
fn pictures_of_another_size_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faces.safetensors");
    let mut writer = FaceDatasetWriter::create(&path, 2, info(), Overwrite::Refuse).unwrap();
    assert!(matches!(writer.push(&[0; 13]), Err(DatasetError::WrongPictureSize { found: 13, size_px: 2 })));
    assert!(matches!(
        FaceDatasetWriter::create(&path, 0, info(), Overwrite::Refuse),
        Err(DatasetError::SizeOutOfRange { .. })
    ));
}

#[test]
fn invalid_files_are_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let folder_path = folder.path();
    let notes = folder_path.join("notes.txt");
    fs::write(&notes, "no dataset at all").unwrap();
    insta::assert_snapshot!(open_error(&notes), @"notes.txt is not a dataset (header too large): make one with `countenance prepare`");
    insta::assert_snapshot!(open_error(&folder_path.join("missing")), @"cannot read the dataset missing: check that the file exists and can be read");
    insta::assert_snapshot!(open_error(&write_tensor_file(folder_path, "faces", Dtype::F32, &[2, 4, 4, 3], &[])), @"other.safetensors holds faces of type F32 and shape [2, 4, 4, 3], but a dataset needs one tensor faces of type U8 and shape [count, size, size, 3]: make one with `countenance prepare`");
    insta::assert_snapshot!(open_error(&write_tensor_file(folder_path, "faces", Dtype::U8, &[2, 4, 5, 3], &[])), @"other.safetensors holds faces of type U8 and shape [2, 4, 5, 3], but a dataset needs one tensor faces of type U8 and shape [count, size, size, 3]: make one with `countenance prepare`");
    insta::assert_snapshot!(open_error(&write_tensor_file(folder_path, "images", Dtype::U8, &[2, 4, 4, 3], &[])), @"other.safetensors holds images, but a dataset needs one tensor faces of type U8 and shape [count, size, size, 3]: make one with `countenance prepare`");
    insta::assert_snapshot!(open_error(&write_tensor_file(folder_path, "faces", Dtype::U8, &[0, 4, 4, 3], &[])), @"the dataset other.safetensors holds no faces: prepare it again from more photos");
    insta::assert_snapshot!(open_error(&write_tensor_file(folder_path, "faces", Dtype::U8, &[2, 4, 4, 3], &[("image_size", "64")])), @"the metadata of other.safetensors says image_size = 64, but the pictures are 4 pixels wide: prepare it again");
    insta::assert_snapshot!(open_error(&write_tensor_file(folder_path, "faces", Dtype::U8, &[2, 4, 4, 3], &[("format", "other")])), @"other.safetensors is not a dataset (its metadata says format = other, not countenance-faces-1): make one with `countenance prepare`");
    assert!(FaceDataset::open(folder_path).is_err());
}

#[test]
fn truncated_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = write_dataset(folder.path());
    let bytes = fs::read(&path).unwrap();
    let cut = folder.path().join("cut.safetensors");
    for length in [0, 4, 8, 100, bytes.len() - 13, bytes.len() - 1] {
        fs::write(&cut, &bytes[..length]).unwrap();
        assert!(FaceDataset::open(&cut).is_err(), "{length} bytes");
    }
    insta::assert_snapshot!(open_error(&cut), @"the dataset cut.safetensors is truncated or has extra bytes: copy it again, or prepare it again");
}

proptest! {
    #[test]
    fn any_source_and_licence_text_reads_back(source in ".{0,40}", licence in proptest::option::of(".{0,20}")) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faces.safetensors");
        let info = DatasetInfo { source, licence };
        let mut writer = FaceDatasetWriter::create(&path, 1, info.clone(), Overwrite::Refuse).unwrap();
        writer.push(&[1, 2, 3]).unwrap();
        writer.finish().unwrap();
        prop_assert_eq!(stored_info(&path), info);
        let faces = FaceDataset::open(&path).unwrap();
        prop_assert_eq!(faces.picture(0), [1, 2, 3]);
    }
}
