"""A data set of one's own, as a user would have it: PNG files, DICOM clips, gaze, own labels."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundMultiFrameImageStorage, generate_uid

from export.data.phantom import phantom_cine, phantom_frame

HEIGHT, WIDTH = 48, 64
OWN = {"heart": "abdomen", "kidney": "femur"}  # the phantom's anatomies, under own names


def write_clip(path: Path, frames: np.ndarray, frame_time_ms: float | None = 40.0) -> Path:
    """Write grey frames (count, height, width) as one multi-frame ultrasound DICOM file."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = UltrasoundMultiFrameImageStorage
    dataset.SOPInstanceUID = generate_uid()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.Modality = "US"
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = frames.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    if frame_time_ms is not None:
        dataset.FrameTime = frame_time_ms
    data = frames.tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB"
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_table(folder: Path, rows: list[dict[str, object]]) -> Path:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return folder / "labels.csv"


def write_own_folder(folder: Path, patients: int = 24) -> Path:
    """Write still frames of two own labels, and one clip of each that its row labels whole."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    for patient in range(patients):
        for label, anatomy in OWN.items():
            name = f"p{patient:02d}_{label}.png"
            pixels = phantom_frame(anatomy, seed=patient, height=HEIGHT, width=WIDTH).pixels
            Image.fromarray(pixels).save(folder / name)
            rows.append({"file": name, "label": label, "group": f"p{patient}"})
    for label, anatomy in OWN.items():
        cine = phantom_cine(anatomy, 99, 6, 25.0, height=HEIGHT, width=WIDTH)
        write_clip(folder / f"{label}.dcm", np.stack([frame.pixels for frame in cine]))
        rows.append({"file": f"{label}.dcm", "label": label, "group": "q3", "every": 2})
    write_table(folder, rows)
    return folder
