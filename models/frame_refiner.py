#!/usr/bin/env python3
"""The recipe of frame_refiner.safetensors: a network that corrects a face frame from the known pixels alone.

  frame_refiner.py prepare FACES.tar YUNET.onnx OUT.npz [NAMES]
  frame_refiner.py train   FACES.npz HELD_OUT.npz OUT.safetensors --minutes M

Needs torch, numpy, pillow, opencv-python-headless and safetensors; runs beside completion.py, whose masks it uses. FACES.tar holds
face chips of 224 pixels (FairFace). NAMES lists the pictures to take, one a line.

Input [1, 4, 96, 96]: RGB in [-1, 1], zero where not known, and the known mask, of the inner 80 % of the current frame. Output
[1, 4]: where the true frame is, seen from the current one: its centre (x, y) in sides, the logarithm of its scale, its angle.
The product applies it three times.

The true frames are those that the generator was trained on: the mean of YuNet's landmarks at 160 pixels with borders of 8, 10
and 12 %, and of the mirrored picture. In training, the frame is displaced at random, masks lie where people paint (with some
jitter, so that a mask alone does not tell the frame), and random bands are unknown, so that the chip's edge tells nothing.
"""

import argparse, copy, io, math, sys, tarfile, time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parent))

CHIP, SIDE, INNER = 224, 96, 0.8
TEMPLATE = np.array([[0.2991, 0.2969], [0.7009, 0.2969], [0.5, 0.5223], [0.3348, 0.7076], [0.6652, 0.7076]], np.float32)
FITTED = [0, 1, 3, 4]  # without the nose
EYES_APART = 0.4018
POINTS = torch.from_numpy(TEMPLATE[FITTED]) - 0.5


# ---- data -----------------------------------------------------------------------------------------------------------
def fit(marks):
    """Least-squares similarity from the template to landmarks: centre x, centre y, side, angle, as in frame_from_landmarks.rs."""
    f, t = TEMPLATE[FITTED].mean(0), marks[FITTED].mean(0)
    a, b = TEMPLATE[FITTED] - f, marks[FITTED] - t
    power = (a * a).sum()
    re, im = (a * b).sum() / power, (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / power
    d = np.array([0.5, 0.5]) - f
    x, y = t + np.array([re * d[0] - im * d[1], im * d[0] + re * d[1]])
    return np.array([x, y, np.hypot(re, im), np.arctan2(im, re)], np.float32)


def landmarks(net, picture, border_share):
    import cv2

    b = int(CHIP * border_share)
    big = cv2.copyMakeBorder(picture, b, b, b, b, cv2.BORDER_REPLICATE)
    _, found = net.detect(cv2.resize(big, (160, 160), interpolation=cv2.INTER_AREA))
    if found is None:
        return None
    face = min(found, key=lambda r: np.hypot(*(r[:2] + r[2:4] / 2 - 80)) - 0.3 * r[2])
    return face[4:14].reshape(5, 2) * big.shape[0] / 160 - b


def measure_chip(job):
    """A chip at half size, RGB, and its frame in pixels of the whole chip. None where the passes disagree."""
    import cv2

    data, yunet = job
    cv2.setNumThreads(1)
    if not hasattr(measure_chip, "net"):
        measure_chip.net = cv2.FaceDetectorYN.create(yunet, "", (160, 160), 0.5, 0.3, 50)
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), 1)
    if picture.shape[:2] != (CHIP, CHIP):
        return None
    marks = [landmarks(measure_chip.net, picture, b) for b in (0.08, 0.1, 0.12)]
    mirrored = landmarks(measure_chip.net, picture[:, ::-1].copy(), 0.1)
    if mirrored is not None:
        mirrored[:, 0] = CHIP - mirrored[:, 0]
        marks.append(mirrored[[1, 0, 2, 4, 3]])
    if len(marks) < 4 or any(m is None for m in marks):
        return None
    if np.abs(np.array(marks) - np.median(marks, 0)).mean((1, 2)).max() > 8:
        return None
    half = cv2.resize(picture, (CHIP // 2, CHIP // 2), interpolation=cv2.INTER_AREA)
    return half[:, :, ::-1].copy(), fit(np.mean(marks, 0))


def prepare(a):
    names = set(Path(a.names).read_text().split()) if a.names else None
    with tarfile.open(a.tar) as tar:
        files = [m for m in tar if m.isfile() and (names is None or Path(m.name).name in names)]
        jobs = [(tar.extractfile(m).read(), a.yunet) for m in files]
    with ProcessPoolExecutor() as pool:
        found = [r for r in pool.map(measure_chip, jobs, chunksize=100) if r is not None]
    np.savez(a.out, chips=np.stack([c for c, _ in found]), frames=np.stack([f for _, f in found]))
    print(len(found), "of", len(jobs), "chips")


def load(path):
    data = np.load(path)
    return torch.from_numpy(data["chips"]).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(data["frames"])


# ---- geometry -------------------------------------------------------------------------------------------------------
def rotation(angle):
    return torch.stack([torch.stack([angle.cos(), -angle.sin()], -1), torch.stack([angle.sin(), angle.cos()], -1)], -2)


def step_to(current, true):
    """The correction from the current frames to the true ones: what the network shall say."""
    d = torch.einsum("bij,bj->bi", rotation(-current[:, 3]), true[:, :2] - current[:, :2]) / current[:, 2, None]
    return torch.cat([d, (true[:, 2] / current[:, 2]).log()[:, None], (true[:, 3] - current[:, 3])[:, None]], 1)


def apply_step(current, step):
    step = torch.cat([step[:, :2].clamp(-0.3, 0.3), step[:, 2:].clamp(-0.4, 0.4)], 1)
    c = current[:, :2] + torch.einsum("bij,bj->bi", rotation(current[:, 3]), step[:, :2]) * current[:, 2, None]
    return torch.cat([c, current[:, 2, None] * step[:, 2:3].exp(), current[:, 3, None] + step[:, 3:]], 1)


def error(a, b):
    """Mean distance of eyes and corners of the mouth between two corrections, in distances of the eyes."""
    points = lambda t: (
        torch.einsum("bij,pj->bpi", rotation(t[:, 3]) * t[:, 2].exp()[:, None, None], POINTS) + t[:, None, :2]
    )
    return (points(a) - points(b)).pow(2).sum(-1).add(1e-8).sqrt().mean(1) / EYES_APART


AXIS = (torch.arange(SIDE) + 0.5) / SIDE - 0.5
GRID = torch.stack(torch.meshgrid(AXIS, AXIS, indexing="xy"), -1) * INNER


def window(chips, current, true, masks, mask_shift):
    """The network's picture and mask: the inner part of the current frame. Masks are given in the true frame."""
    points = torch.einsum("bij,hwj->bhwi", rotation(current[:, 3]) * current[:, 2, None, None], GRID)
    points = points + current[:, None, None, :2]
    sample = lambda x, at: F.grid_sample(x, at, mode="bilinear", padding_mode="border", align_corners=False)
    picture = sample(chips.float() / 127.5 - 1, points / (CHIP / 2) - 1)
    to_true = rotation(-true[:, 3]) / true[:, 2, None, None]
    unit = torch.einsum("bij,bhwj->bhwi", to_true, points - true[:, None, None, :2]) + 0.5 + mask_shift[:, None, None]
    inside = ((points >= 0) & (points <= CHIP)).all(-1)[:, None].float()
    return picture, (sample(masks.float(), 2 * unit - 1) * inside > 0.999).float()


# ---- training -------------------------------------------------------------------------------------------------------
class Refiner(nn.Module):
    def __init__(self, channels=(32, 48, 96, 128, 160)):
        super().__init__()
        layers, inputs = [], 4
        for outputs in channels:
            layers += [nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(True)]
            inputs = outputs
        self.body = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(inputs * 9, 128), nn.ReLU(True), nn.Linear(128, 4))
        nn.init.zeros_(self.head[-1].weight)
        nn.init.zeros_(self.head[-1].bias)

    def forward(self, x):
        return self.head(self.body(x))


def draw(chips, frames, bank, batch):
    """Random inputs and their true corrections."""
    pick = torch.randint(0, len(chips), (batch,))
    x, true = chips[pick], frames[pick].clone()
    flip = torch.rand(batch) < 0.5
    x = torch.where(flip[:, None, None, None], x.flip(3), x)
    true[:, 0] = torch.where(flip, CHIP - true[:, 0], true[:, 0])
    true[:, 3] = torch.where(flip, -true[:, 3], true[:, 3])
    m = bank[torch.randint(0, len(bank), (batch,))]
    m = torch.where((torch.rand(batch) < 0.12)[:, None, None, None], torch.ones_like(m), m)
    m = torch.where((torch.rand(batch) < 0.5)[:, None, None, None], m.flip(3), m)
    large, r = (torch.rand(batch, 1) < 0.5).float(), lambda n: torch.randn(batch, n).clamp(-2.5, 2.5)
    shift, scale, turn = r(2) * (0.03 + 0.07 * large), r(1) * (0.04 + 0.1 * large), r(1) * (0.05 + 0.1 * large)
    current = torch.cat(
        [true[:, :2] + shift * true[:, 2, None], true[:, 2, None] * scale.exp(), true[:, 3, None] + turn], 1
    )
    picture, known = window(x, current, true, m, torch.randn(batch, 2) * 0.04)
    position = torch.arange(SIDE)[None]
    for side in range(4):
        width = (torch.rand(batch) * 0.2 * (torch.rand(batch) < 0.15) * SIDE)[:, None]
        band = position < width if side < 2 else position >= SIDE - width
        known = known * (~(band[:, None, :, None] if side % 2 else band[:, None, None, :])).float()
    n = lambda *s: torch.randn(batch, *s)
    some = lambda share: (torch.rand(batch, 1, 1, 1) < share).float()
    mean = picture.mean((1, 2, 3), keepdim=True)
    picture = (picture - mean) * torch.exp(n(1, 1, 1) * 0.25) + mean + n(1, 1, 1) * 0.12 + n(3, 1, 1) * 0.05
    grey, blurred = some(0.1), some(0.2)
    picture = picture * (1 - grey) + picture.mean(1, keepdim=True) * grey
    picture = picture * (1 - blurred) + F.avg_pool2d(picture, 3, 1, 1) * blurred
    picture = picture + n(3, SIDE, SIDE) * 0.04 * torch.rand(batch, 1, 1, 1)
    x = torch.cat([picture.clamp(-1, 1) * known, known], 1).contiguous(memory_format=torch.channels_last)
    return x, step_to(current, true)


def test_holes():
    y, x = (np.mgrid[0:SIDE, 0:SIDE] + 0.5) / SIDE
    ellipse = lambda cx, cy, rx, ry: ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1
    right, left = ellipse(0.299, 0.297, 0.17, 0.11), ellipse(0.701, 0.297, 0.17, 0.11)
    holes = dict(none=x < 0, mouth=ellipse(0.5, 0.708, 0.24, 0.13), eye=right, eyes=right | left)
    holes |= dict(band=np.abs(y - 0.3) < 0.12, lower=y > 0.55, half=x < 0.5)
    return {name: torch.from_numpy(1 - hole.astype(np.float32))[None, None] for name, hole in holes.items()}


@torch.no_grad()
def evaluate(net, chips, frames):
    """For each hole the median error at the start and after each of three corrections, and the last one's 90th percentile."""
    generator, rows = torch.Generator().manual_seed(1), []
    for name, hole in test_holes().items():
        errors = []
        for x, true in zip(chips[:512].split(64), frames[:512].split(64)):
            r = torch.randn(len(x), 4, generator=generator) * torch.tensor([0.07, 0.07, 0.1, 0.1])
            current = torch.cat(
                [true[:, :2] + r[:, :2] * true[:, 2, None], true[:, 2:3] * r[:, 2:3].exp(), true[:, 3:] + r[:, 3:]], 1
            )
            zero = torch.zeros(len(x), 4)
            e = [error(step_to(current, true), zero)]
            for _ in range(3):
                picture, known = window(x, current, true, hole.expand(len(x), -1, -1, -1), zero[:, :2])
                current = apply_step(current, net(torch.cat([picture * known, known], 1)))
                e.append(error(step_to(current, true), zero))
            errors.append(torch.stack(e))
        e = torch.cat(errors, 1)
        rows.append(f"{name} {'/'.join(f'{v:.3f}' for v in e.median(1).values)} p90 {e[-1].quantile(0.9):.3f}")
    print("; ".join(rows), flush=True)


def train(a):
    import completion

    torch.manual_seed(a.seed)
    rng = np.random.default_rng(a.seed)
    (chips, frames), held_out = load(a.faces), load(a.held_out)
    bank = torch.from_numpy(np.stack([completion.draw_known(rng)[::2, ::2] for _ in range(3000)]))[:, None]
    net = Refiner().to(memory_format=torch.channels_last)
    average = copy.deepcopy(net).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(net.parameters(), a.lr, weight_decay=1e-2, fused=True)
    start, seen, step = time.time(), 0, 0
    while (progress := (time.time() - start) / (60 * a.minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = a.lr * min(1, seen / 20000 + 0.02) * (0.5 + 0.5 * math.cos(math.pi * progress)) + 1e-6
        x, target = draw(chips, frames, bank, a.batch)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output = net(x)
        loss = error(output.float(), target).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        seen, step = seen + a.batch, step + 1
        keep = min(0.998, (step + 1) / (step + 20))
        with torch.no_grad():
            for old, new in zip(average.state_dict().values(), net.state_dict().values()):
                old.lerp_(new, 1 - keep) if old.is_floating_point() else old.copy_(new)
        if step % 1000 == 0:
            print(f"{seen // 1000}k, loss {loss:.4f}: ", end="")
            evaluate(average, *held_out)
            export(average.state_dict(), a.out)
    evaluate(average, *held_out)
    export(average.state_dict(), a.out)


def export(state, path):
    """A safetensors file with BatchNorm folded into the convolutions, and dense layers as convolutions over all of their input."""
    tensors = {}
    for i in range(5):
        w, bn = state[f"body.{3 * i}.weight"], lambda k: state[f"body.{3 * i + 1}.{k}"]
        k = bn("weight") / torch.sqrt(bn("running_var") + 1e-5)
        tensors[f"conv{i}.weight"] = w * k.view(-1, 1, 1, 1)
        tensors[f"conv{i}.bias"] = bn("bias") - bn("running_mean") * k
    for i, (layer, shape) in enumerate(((1, (128, -1, 3, 3)), (3, (4, -1, 1, 1)))):
        tensors[f"dense{i}.weight"] = state[f"head.{layer}.weight"].reshape(shape)
        tensors[f"dense{i}.bias"] = state[f"head.{layer}.bias"]
    save_file({name: value.float().contiguous() for name, value in tensors.items()}, path)


def main():
    q = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = q.add_subparsers(required=True)
    p, t = sub.add_parser("prepare"), sub.add_parser("train")
    p.set_defaults(run=prepare)
    t.set_defaults(run=train)
    for name in ("tar", "yunet", "out"):
        p.add_argument(name)
    p.add_argument("names", nargs="?")
    for name in ("faces", "held_out", "out"):
        t.add_argument(name)
    for name, value in dict(minutes=11.0, lr=2e-3).items():
        t.add_argument("--" + name, type=float, default=value)
    for name, value in dict(batch=64, seed=0).items():
        t.add_argument("--" + name, type=int, default=value)
    a = q.parse_args()
    a.run(a)


if __name__ == "__main__":
    main()
