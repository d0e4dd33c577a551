#!/usr/bin/env python3
"""Measures what `countenance fill --edit` changes, by means that had no part in computing the directions.

  measure_directions.py COUNTENANCE WORK DETECTOR.onnx FACES.tar FACES.csv PHOTO… [--model NAME] [--count N]

Needs numpy and opencv-python. COUNTENANCE is the program, WORK a folder for pictures, DETECTOR.onnx YuNet as OpenCV runs it.
FACES are face chips with columns name, age and gender: the first N teach two linear classifiers on HOG features of aligned
grey pixels of 64×64, the next N/4 check them, and give the standard deviation of every measure. Age and gender of a fill are
the classifiers'; mouth width and turn come from the detector's landmarks; light is the brightness of the picture's right half
of the face less that of its left half. No latent and no encoder takes part.

Each photo is filled in the same hole without an edit, and with -2 and 2 units of one direction. Prints for each hole and direction: the change of
its measure from -2 to 2 in standard deviations (mean over the photos), the share of photos in which it has the right sign, the
mean change of the other measures (without sign), and the context loss at -2 and 2 divided by that of the fill without an edit
(median, largest).
"""

import argparse, csv, json, subprocess, sys, tarfile
from pathlib import Path
import cv2, numpy as np

TEMPLATE = np.array([[0.2991, 0.2969], [0.7009, 0.2969], [0.3348, 0.7076], [0.6652, 0.7076]]) * 64
DIRECTIONS = {
    "smile": ["mouth", "half"], "turn": ["half", "center"], "light": ["half", "center"],
    "age": ["half", "center"], "gender": ["half", "center"],
}
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def age(text):
    """The middle of a range; spreadsheets have made dates of some."""
    number = lambda part: MONTHS.index(part.lower()) + 1 if part.lower() in MONTHS else float(part)
    return 70.0 if text.startswith("more") else float(np.mean([number(part) for part in text.split("-")]))


class Detector:
    def __init__(self, path):
        self.network = cv2.FaceDetectorYN.create(path, "", (320, 320), 0.5)

    def landmarks(self, picture):
        """Right eye, left eye, nose, corners of the mouth of the largest face, found with a border around the picture."""
        border = int(0.15 * max(picture.shape[:2]))
        framed = cv2.copyMakeBorder(picture, border, border, border, border, cv2.BORDER_REPLICATE)
        scale = 480 / max(framed.shape[:2])
        framed = cv2.resize(framed, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        self.network.setInputSize(framed.shape[1::-1])
        _, faces = self.network.detect(framed)
        if faces is None:
            return None
        largest = max(faces, key=lambda face: face[2] * face[3])
        return largest[4:14].reshape(5, 2) / scale - border


def aligned(picture, points):
    matrix, _ = cv2.estimateAffinePartial2D(points[[0, 1, 3, 4]].astype(np.float32), TEMPLATE.astype(np.float32))
    return cv2.warpAffine(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), matrix, (64, 64), borderMode=cv2.BORDER_REPLICATE)


def hog(crop):
    """Histograms of oriented gradients (Dalal and Triggs 2005) of 8×8 pixels in 9 directions, normalised in blocks of 2×2."""
    dy, dx = np.gradient(crop.astype(float))
    bins = (np.arctan2(dy, dx) % np.pi / np.pi * 9).astype(int) % 9
    cells = np.zeros((8, 8, 9))
    rows, columns = np.indices(crop.shape) // 8
    np.add.at(cells, (rows, columns, bins), np.hypot(dx, dy))
    blocks = np.concatenate([cells[:-1, :-1], cells[1:, :-1], cells[:-1, 1:], cells[1:, 1:]], 2)
    return (blocks / (np.linalg.norm(blocks, axis=2, keepdims=True) + 1)).ravel()


def ridge(features, values):
    mean, target = features.mean(0), values - values.mean()
    x = features - mean
    weights = np.linalg.solve(x.T @ x + 0.05 * len(x) * np.eye(x.shape[1]), x.T @ target)
    return lambda f: (f - mean) @ weights + values.mean()


class Measures:
    """The measures of a picture, and their standard deviations over faces."""

    def __init__(self, detector, tar, table, count):
        self.detector = detector
        labels = {row["name"]: row for row in csv.DictReader(open(table))}
        rows, features = [], []
        with tarfile.open(tar) as archive:
            for member in sorted((m for m in archive.getmembers() if m.isfile()), key=lambda m: m.name):
                label = labels.get(Path(member.name).name)
                picture = cv2.imdecode(np.frombuffer(archive.extractfile(member).read(), np.uint8), cv2.IMREAD_COLOR)
                points = detector.landmarks(picture) if label else None
                if points is None:
                    continue
                crop = aligned(picture, points)
                rows.append((age(label["age"]), float(label["gender"] == "Female"), *self.geometry(points, crop)))
                features.append(hog(crop))
                if len(rows) == count + count // 4:
                    break
        rows, features = np.array(rows), np.array(features)
        self.age, self.gender = ridge(features[:count], rows[:count, 0]), ridge(features[:count], rows[:count, 1])
        rest = slice(count, None)
        ages, genders = self.age(features[rest]), self.gender(features[rest])
        print(f"classifiers on {len(ages)} other faces: age correlates {np.corrcoef(ages, rows[rest, 0])[0, 1]:.2f}, gender is "
              f"right for {np.mean((genders > 0.5) == (rows[rest, 1] > 0.5)):.0%}")
        columns = [rows[rest, 2], rows[rest, 3], rows[rest, 4], ages, genders]
        self.deviations = dict(zip(DIRECTIONS, (column.std() for column in columns)))

    @staticmethod
    def geometry(points, crop):
        eyes = points[1] - points[0]
        middle = points[[0, 1, 3, 4]].mean(0)
        values = crop.astype(float)[13:52]
        return (np.linalg.norm(points[4] - points[3]) / np.linalg.norm(eyes),
                (points[2] - middle) @ eyes / (eyes @ eyes), values[:, 32:52].mean() - values[:, 12:32].mean())

    def of(self, picture):
        points = self.detector.landmarks(picture)
        if points is None:
            return None
        crop = aligned(picture, points)
        features = hog(crop)[None]
        values = (*self.geometry(points, crop), self.age(features)[0], self.gender(features)[0])
        return {name: value / self.deviations[name] for name, value in zip(DIRECTIONS, values)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ["program", "work", "detector", "faces", "table"]:
        parser.add_argument(name)
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--model", default="face-128")
    parser.add_argument("--count", type=int, default=4000)
    options = parser.parse_args()
    work = Path(options.work)
    work.mkdir(parents=True, exist_ok=True)
    measures = Measures(Detector(options.detector), options.faces, options.table, options.count)
    print("| hole | direction | change, -2 to 2 | right sign | others | context loss, median | largest |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for direction, holes in DIRECTIONS.items():
        for hole in holes:
            changes, others, ratios = [], [], []
            for photo in options.photos:
                found = {}
                for amount in [-2, 0, 2]:
                    out = work / f"{Path(photo).stem}-{hole}-{direction}{amount:+d}.png"
                    report = work / "report.json"
                    command = [options.program, "fill", photo, "--face", "1", "--mask", hole, "--seed", "1", "--model",
                               options.model, "--out", out, "--report", report, "--force"]
                    if amount:
                        command += ["--edit", f"{direction}={amount}"]
                    if subprocess.run(command, capture_output=True).returncode == 0:
                        loss = json.loads(report.read_text())["photos"][0]["context_loss"]["end"]
                        found[amount] = loss, measures.of(cv2.imread(str(out)))
                if len(found) < 3 or any(measured is None for _, measured in found.values()):
                    print(f"{photo}, {hole}, {direction}: no face", file=sys.stderr)
                    continue
                difference = {name: found[2][1][name] - found[-2][1][name] for name in DIRECTIONS}
                changes.append(difference.pop(direction))
                others.append(np.mean(np.abs(list(difference.values()))))
                ratios += [found[amount][0] / found[0][0] for amount in [-2, 2]]
            print(f"| {hole} | {direction} | {np.mean(changes):+.2f} | {np.mean(np.array(changes) > 0):.0%} | "
                  f"{np.mean(others):.2f} | {np.median(ratios):.3f} | {max(ratios):.3f} |", flush=True)


main()
