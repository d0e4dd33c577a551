#!/usr/bin/env python3
"""Measures the tasks of `countenance fill --task` against what OpenCV offers, on photos whose truth is known.

  measure_tasks.py COUNTENANCE WORK PHOTO… [--tar FACES.tar --count N]

Needs numpy and opencv-python. COUNTENANCE is the program, WORK a folder for pictures. Every photo is first reduced to a face
frame of about SIDE pixels (the truth), then degraded; `countenance fill --task` restores it. Of a tar of face chips, the first
N in order of name are used. PSNR in dB and SSIM (7×7 windows, luma) are those of the middle 80 % of the face frame, which
`countenance faces` finds in the truth. Prints a table of means over the photos, in columns: the degraded photo as
it is (for superres: cubic), OpenCV's equal where it has one, Countenance.
"""

import argparse, json, subprocess, sys, tarfile
from pathlib import Path
import cv2, numpy as np

SIDE = 128
TASKS = {
    "superres ×2": ["superres", "--factor", "2"],
    "superres ×4": ["superres", "--factor", "4"],
    "superres ×8": ["superres", "--factor", "8"],
    "colorize": ["colorize"],
    "deblur 3": ["deblur", "--blur-radius", "3"],
    "denoise 25": ["denoise", "--noise-level", "25"],
    "dejpeg 10": ["dejpeg", "--jpeg-quality", "10"],
}


def block_means(picture, factor):
    height, width = (side // factor * factor for side in picture.shape[:2])
    blocks = picture[:height, :width].reshape(height // factor, factor, width // factor, factor, -1)
    return np.round(blocks.mean((1, 3))).astype(np.uint8)


def degrade(name, truth, rng):
    """The degraded picture, and OpenCV's answer to it (None if it has no equal)."""
    kind = name.split()[0]
    if kind == "superres":
        factor = int(name[-1])
        small = block_means(truth, factor)
        size = (small.shape[1] * factor, small.shape[0] * factor)
        return small, cv2.resize(small, size, interpolation=cv2.INTER_LANCZOS4)
    if kind == "colorize":
        return cv2.cvtColor(truth, cv2.COLOR_BGR2GRAY), None
    if kind == "deblur":
        return cv2.GaussianBlur(truth, (0, 0), 3), None
    if kind == "denoise":
        noisy = truth + rng.normal(0, 25, truth.shape)
        noisy = np.clip(np.round(noisy), 0, 255).astype(np.uint8)
        return noisy, cv2.fastNlMeansDenoisingColored(noisy, None, 25, 25)
    return cv2.imdecode(cv2.imencode(".jpg", truth, [cv2.IMWRITE_JPEG_QUALITY, 10])[1], cv2.IMREAD_COLOR), None


def plain(name, degraded, size):
    """The degraded picture at the truth's size."""
    if degraded.ndim == 2:
        degraded = cv2.cvtColor(degraded, cv2.COLOR_GRAY2BGR)
    return cv2.resize(degraded, size, interpolation=cv2.INTER_CUBIC) if name.startswith("superres") else degraded


def psnr(a, b):
    return 10 * np.log10(255**2 / max(((a.astype(float) - b) ** 2).mean(), 1e-9))


def ssim(a, b):
    a, b = (cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(float) for picture in (a, b))
    mean = lambda picture: cv2.blur(picture, (7, 7))
    (ma, mb), c1, c2 = (mean(a), mean(b)), 6.5025, 58.5225
    va, vb, cov = mean(a * a) - ma * ma, mean(b * b) - mb * mb, mean(a * b) - ma * mb
    return ((2 * ma * mb + c1) * (2 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))).mean()


def faces(program, path):
    found = subprocess.run([program, "faces", path, "--json"], capture_output=True, text=True)
    return json.loads(found.stdout or "[]")


def truths(options):
    pictures = [(Path(photo).stem, cv2.imread(photo)) for photo in options.photos]
    if options.tar:
        with tarfile.open(options.tar) as tar:
            members = sorted((m for m in tar.getmembers() if m.isfile()), key=lambda m: m.name)[: options.count]
            for member in members:
                data = np.frombuffer(tar.extractfile(member).read(), np.uint8)
                pictures.append((Path(member.name).stem, cv2.imdecode(data, cv2.IMREAD_COLOR)))
    return pictures


def frame_of(face):
    """Centre and side of the upright square that a face's landmarks ask for."""
    points = np.array(face["landmarks"])
    eyes, mouth = points[:2].mean(0), points[3:].mean(0)
    side = np.linalg.norm(mouth - eyes) / 0.411
    return (eyes + mouth) / 2, side


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("work", type=Path)
    parser.add_argument("photos", nargs="*")
    parser.add_argument("--tar")
    parser.add_argument("--count", type=int, default=8)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    scores = {name: [] for name in TASKS}
    for stem, photo in truths(options):
        path = str(options.work / f"{stem}-truth.png")
        cv2.imwrite(path, photo)
        found = faces(options.program, path)
        if not found:
            print(f"{stem}: no face", file=sys.stderr)
            continue
        _, side = frame_of(found[0])
        scale = SIDE / side
        size = tuple(int(length * scale) // 8 * 8 for length in photo.shape[1::-1])
        truth = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
        cv2.imwrite(path, truth)
        (x, y), side = frame_of((faces(options.program, path) or found)[0])
        low = np.maximum(np.array([x, y]) - 0.4 * side, 0).astype(int)
        high = (np.array([x, y]) + 0.4 * side).astype(int)
        part = (slice(low[1], high[1]), slice(low[0], high[0]))
        for index, (name, arguments) in enumerate(TASKS.items()):
            degraded, equal = degrade(name, truth, np.random.default_rng(index))
            key = name.replace(" ×", "").replace(" ", "")
            given, out = (options.work / f"{stem}-{key}{end}.png" for end in ("", "-out"))
            cv2.imwrite(str(given), degraded)
            command = [options.program, "fill", given, "--face", "1", "--task", *arguments, "--out", out, "--force"]
            if subprocess.run(command, capture_output=True).returncode:
                print(f"{stem}, {name}: failed", file=sys.stderr)
                continue
            restored = cv2.imread(str(out))
            row = [plain(name, degraded, truth.shape[1::-1]), equal, restored]
            score = [None if it is None else (psnr(it[part], truth[part]), ssim(it[part], truth[part])) for it in row]
            scores[name].append(score)
            print(stem, name, score, file=sys.stderr, flush=True)
    print("| task | photos | as it is (superres: cubic) | OpenCV | Countenance |\n| --- | --- | --- | --- | --- |")
    for name, rows in scores.items():
        if not rows:
            continue
        columns = zip(*rows)
        cells = ["–" if c[0] is None else "%.1f / %.3f" % tuple(np.mean(c, 0)) for c in columns]
        print(f"| {name} | {len(rows)} | " + " | ".join(cells) + " |")


main()
