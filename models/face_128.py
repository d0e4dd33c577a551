#!/usr/bin/env python3
"""The recipe of face-128.safetensors: trains G, D and E in PyTorch, on a CUDA GPU or, to try it out, a CPU.

  face_128.py pack    FACES.tar YUNET.onnx OUT.zip [NAMES]
  face_128.py train   --crops GLOB --held-out GLOB --features NPZ --out RUN --minutes M [--size 64|128] [--from STATE]
  face_128.py measure --held-out GLOB --features NPZ MODEL.safetensors...

Needs torch, numpy, pillow and safetensors; `pack` also needs opencv-python-headless. NAMES lists the pictures to take, one a
line. Crops are zip files of aligned faces, 144 pixels a side: the 128 pixels of the template and 8 more on each side.
NPZ holds AlexNet's convolutions as in torchvision (conv0.weight, conv0.bias … conv4.bias) and the linear heads of LPIPS
(lpips0 … lpips4); they judge during training, and nothing of them is in the model.

What it does: DCGAN's G and E against a D without normalisation (R1 penalty, a channel of the batch's deviation), against a
narrower D of the same kind, which becomes the search's, and against judges of AlexNet's features (Projected GANs, arXiv
2111.01007). G must also redraw each face from E's code of what a mask leaves of it (L1, LPIPS), and codes must look uniform. Faces
are turned, scaled, moved and relit a little before anything sees them; every judge sees views altered more, the more the surer
D is of real faces (after ADA, arXiv 2006.06676). So D finds held-out faces as real as those it learns from.
"""

import argparse, copy, glob, io, math, os, shutil, sys, tarfile, time, zipfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
from PIL import Image

CL = torch.channels_last
SIDE, WIDE = 128, 144
CHANNELS = {
    64: dict(g=[640, 320, 160, 80], d=[64, 128, 256, 512], s=[32, 64, 128, 256], e=[64, 128, 256, 512]),
    128: dict(
        g=[384, 384, 192, 96, 48], d=[48, 96, 192, 384, 512], s=[24, 48, 96, 192, 192], e=[32, 64, 128, 256, 512]
    ),
}


# ---- networks -------------------------------------------------------------------------------------------------------
class Generator(nn.Module):
    def __init__(self, c, latent):
        super().__init__()
        self.project = nn.ConvTranspose2d(latent, c[0], 4, 1, 0, bias=False)
        self.bn0 = nn.BatchNorm2d(c[0])
        self.up = nn.ModuleList(nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False) for a, b in zip(c, c[1:]))
        self.bn = nn.ModuleList(nn.BatchNorm2d(b) for b in c[1:])
        self.to_rgb = nn.ConvTranspose2d(c[-1], 3, 4, 2, 1)
        for m in self.modules():
            if isinstance(m, nn.ConvTranspose2d):
                nn.init.normal_(m.weight, 0, 0.02)

    def forward(self, z):
        x = F.relu(self.bn0(self.project(z[:, :, None, None])))
        for up, bn in zip(self.up, self.bn):
            x = F.relu(bn(up(x)))
        return torch.tanh(self.to_rgb(x))


class Encoder(nn.Module):
    """Encoder: known pixels and their mask to a latent, before tanh."""

    def __init__(self, c, latent):
        super().__init__()
        self.from_rgb = nn.Conv2d(4, c[0], 4, 2, 1)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1, bias=False) for a, b in zip(c, c[1:]))
        self.bn = nn.ModuleList(nn.BatchNorm2d(b) for b in c[1:])
        self.score = nn.Conv2d(c[-1], latent, 4, 1, 0)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.normal_(m.weight, 0, 0.02)

    def forward(self, x):
        x = F.leaky_relu(self.from_rgb(x), 0.2)
        for down, bn in zip(self.down, self.bn):
            x = F.leaky_relu(bn(down(x)), 0.2)
        return self.score(x).flatten(1)


class Discriminator(nn.Module):
    """Discriminator: picture to a logit, without normalisation; `spread` adds a channel of the batch's standard deviation."""

    def __init__(self, c, spread):
        super().__init__()
        self.spread = spread
        self.from_rgb = nn.Conv2d(3, c[0], 4, 2, 1)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in zip(c, c[1:]))
        self.score = nn.Conv2d(c[-1] + spread, 1, 4, 1, 0)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, 0.2)
                nn.init.zeros_(m.bias)
        nn.init.normal_(self.score.weight, 0, 0.01)

    def forward(self, x):
        x = F.leaky_relu(self.from_rgb(x), 0.2)
        for down in self.down:
            x = F.leaky_relu(down(x), 0.2)
        if self.spread:
            y = x.float().reshape(-1, 8, *x.shape[1:])
            s = (y.var(1, unbiased=False) + 1e-6).sqrt().mean((1, 2, 3))
            x = torch.cat([x, s.repeat_interleave(8).view(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:]).to(x.dtype)], 1)
        return self.score(x).flatten(1).float()


class Judges(nn.Module):
    """One patch discriminator for each feature level, behind a fixed random 1x1 projection."""

    def __init__(self, channels=(64, 192, 384, 256, 256), p=64):
        super().__init__()
        sn = nn.utils.parametrizations.spectral_norm
        self.proj = nn.ModuleList(nn.Conv2d(c, p, 1) for c in channels)
        for m in self.proj:
            nn.init.kaiming_normal_(m.weight)
            nn.init.zeros_(m.bias)
            m.requires_grad_(False)
        self.net = nn.ModuleList(
            nn.Sequential(
                sn(nn.Conv2d(p, 96, 4, 2, 1, bias=False)),
                nn.BatchNorm2d(96),
                nn.LeakyReLU(0.2),
                sn(nn.Conv2d(96, 128, 3, 1, 1, bias=False)),
                nn.BatchNorm2d(128),
                nn.LeakyReLU(0.2),
                sn(nn.Conv2d(128, 1, 3, 1, 1)),
            )
            for _ in channels
        )

    def forward(self, levels):
        return [net(proj(f)) for net, proj, f in zip(self.net, self.proj, levels)]


class Features:
    """AlexNet's five levels of pictures in [-1, 1], resampled to `side` pixels, and the LPIPS distance between two sets of levels."""

    def __init__(self, path, device, side):
        z = np.load(path)
        t = lambda k: torch.from_numpy(z[k].astype(np.float32)).to(device)
        self.side = side
        self.w = [t(f"conv{i}.weight").contiguous(memory_format=CL) for i in range(5)]
        self.b = [t(f"conv{i}.bias") for i in range(5)]
        self.lin = [t(f"lpips{i}").view(1, -1, 1, 1) for i in range(5)]
        self.shift = torch.tensor([-0.030, -0.088, -0.188], device=device).view(1, 3, 1, 1)
        self.scale = torch.tensor([0.458, 0.448, 0.450], device=device).view(1, 3, 1, 1)

    def __call__(self, x):
        if x.shape[-1] != self.side:
            x = F.interpolate(x, size=(self.side, self.side), mode="bilinear", align_corners=False)
        x = ((x - self.shift) / self.scale).contiguous(memory_format=CL)
        levels = []
        for i, (stride, pad, pool) in enumerate([(4, 2, 0), (1, 2, 1), (1, 1, 1), (1, 1, 0), (1, 1, 0)]):
            if pool:
                x = F.max_pool2d(x, 3, 2)
            x = F.relu(F.conv2d(x, self.w[i], self.b[i], stride=stride, padding=pad))
            levels.append(x)
        return levels

    def distance(self, a, b):
        total = 0
        for f, g, lin in zip(a, b, self.lin):
            f, g = f.float(), g.float()
            f = f / (f.pow(2).sum(1, keepdim=True) + 1e-6).sqrt()
            g = g / (g.pow(2).sum(1, keepdim=True) + 1e-6).sqrt()
            total = total + ((f - g) ** 2 * lin).sum(1).mean((1, 2))
        return total


# ---- data -----------------------------------------------------------------------------------------------------------
TEMPLATE = np.array([[67, 66.5], [157, 66.5], [112, 117], [75, 158.5], [149, 158.5]], np.float32) / 224


def align(job):
    """Aligns one face to the template: eyes and corners of the mouth at fixed places."""
    import cv2

    cv2.setNumThreads(1)
    name, data, yunet = job
    if not hasattr(align, "net"):
        align.net = cv2.FaceDetectorYN.create(yunet, "", (160, 160), 0.5, 0.3, 50)
    im = cv2.imdecode(np.frombuffer(data, np.uint8), 1)
    border = int(max(im.shape[:2]) * 0.1)
    big = cv2.copyMakeBorder(im, border, border, border, border, cv2.BORDER_REPLICATE)
    _, found = align.net.detect(cv2.resize(big, (160, 160), interpolation=cv2.INTER_AREA))
    if found is None:
        return None
    face = min(found, key=lambda r: np.hypot(*(r[:2] + r[2:4] / 2 - 80)) - 0.3 * r[2])
    marks = face[4:14].reshape(5, 2) * big.shape[0] / 160 - border
    used = [0, 1, 3, 4]
    m, _ = cv2.estimateAffinePartial2D(marks[used].astype(np.float32), TEMPLATE[used] * SIDE, method=cv2.LMEDS)
    if m is None:
        return None
    scale = float(np.hypot(m[0, 0], m[0, 1]))
    m[:, 2] += (WIDE - SIDE) / 2
    if scale < 0.8:
        im = cv2.GaussianBlur(im, (0, 0), 0.5 * (1 / scale - 0.5))
    crop = cv2.warpAffine(im, m, (WIDE, WIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return name, cv2.imencode(".webp", crop, [cv2.IMWRITE_WEBP_QUALITY, 86])[1].tobytes()


def pack(a):
    names = set(Path(a.names).read_text().split()) if a.names else None
    with tarfile.open(a.tar) as tar, ProcessPoolExecutor() as pool, zipfile.ZipFile(a.out, "w") as out:
        files = [m for m in tar if m.isfile() and (names is None or Path(m.name).name in names)]
        jobs = [(Path(m.name).name, tar.extractfile(m).read(), a.yunet) for m in files]
        for packed in filter(None, pool.map(align, jobs, chunksize=100)):
            out.writestr(*packed)


def decode(job):
    path, names = job
    with zipfile.ZipFile(path) as z:
        return np.stack([np.asarray(Image.open(io.BytesIO(z.read(n))).convert("RGB")) for n in names])


def load_crops(pattern):
    """uint8 [N, 3, WIDE, WIDE]."""
    jobs = []
    for path in sorted(glob.glob(pattern)):
        names = zipfile.ZipFile(path).namelist()
        jobs += [(path, names[i : i + 250]) for i in range(0, len(names), 250)]
    with ProcessPoolExecutor() as ex:
        return torch.from_numpy(np.concatenate(list(ex.map(decode, jobs)))).permute(0, 3, 1, 2).contiguous()


def resample(x, size):
    """Resizes without aliasing."""
    if x.shape[-1] == size:
        return x
    antialias = size < x.shape[-1]
    return F.interpolate(x, size=(size, size), mode="bicubic", antialias=antialias, align_corners=False).clamp(-1, 1)


def middle(x, size):
    k = (WIDE - SIDE) // 2
    return resample(x[:, :, k:-k, k:-k].float() / 127.5 - 1, size)


def draw_faces(data, n, size):
    """Augmented faces: rotated, scaled and shifted by a little more than the alignment error, mirrored, slightly relit: [n, 3, size, size]."""
    dev = data.device
    x = data[torch.randint(0, len(data), (n,), device=dev)].float() / 127.5 - 1
    r = lambda *s: torch.randn(*s, device=dev).clamp(-2.5, 2.5)
    turn = r(n) * 0.03
    scale = torch.exp(r(n) * 0.03) * SIDE / WIDE
    flip = torch.where(torch.rand(n, device=dev) < 0.5, -1.0, 1.0)
    th = torch.zeros(n, 2, 3, device=dev)
    th[:, 0, 0] = scale * turn.cos() * flip
    th[:, 0, 1] = -scale * turn.sin()
    th[:, 1, 0] = scale * turn.sin() * flip
    th[:, 1, 1] = scale * turn.cos()
    th[:, :, 2] = r(n, 2) * 0.016
    x = F.grid_sample(
        x,
        F.affine_grid(th, (n, 3, SIDE, SIDE), align_corners=False),
        mode="bicubic",
        padding_mode="reflection",
        align_corners=False,
    )
    x = resample(x, size)
    m = x.mean(1, keepdim=True)
    x = (x - m) * torch.exp(r(n, 1, 1, 1) * 0.1) + m
    m = x.mean((1, 2, 3), keepdim=True)
    x = (x - m) * torch.exp(r(n, 1, 1, 1) * 0.06) + m
    return (
        ((x + 1) * torch.exp(r(n, 3, 1, 1) * 0.025) * torch.exp(r(n, 1, 1, 1) * 0.05) - 1)
        .clamp(-1, 1)
        .contiguous(memory_format=CL)
    )


def strokes(s, rng):
    m = np.ones((s, s), np.float32)
    for _ in range(rng.integers(2, 6)):
        x, y = rng.integers(s // 8, s - s // 8, 2).astype(float)
        t = rng.random() * 6.28
        r = int(rng.integers(max(1, s // 32), s // 10 + 1))
        for _ in range(rng.integers(8, 40)):
            t += rng.normal() * 0.4
            x = min(max(x + s / 32 * math.cos(t), 0), s - 1)
            y = min(max(y + s / 32 * math.sin(t), 0), s - 1)
            m[max(0, int(y) - r) : int(y) + r + 1, max(0, int(x) - r) : int(x) + r + 1] = 0
    return m


def draw_known(s, rng):
    """A training mask [S, S]: 1 known, 0 hole: whole face, boxes, halves, random pixels, strokes, an ellipse, a band."""
    m = np.ones((s, s), np.float32)
    k = rng.integers(0, 10)
    if k in (1, 2, 3):
        for _ in range(rng.integers(1, 4)):
            h, w = rng.integers(s // 8, s // 2 + 1, 2)
            y, x = rng.integers(0, s - h + 1), rng.integers(0, s - w + 1)
            m[y : y + h, x : x + w] = 0
    elif k == 4:
        half = rng.integers(0, 4)
        hidden = slice(0, s // 2) if half % 2 == 0 else slice(s // 2, s)
        (m.T if half < 2 else m)[hidden] = 0
    elif k == 5:
        m = (rng.random((s, s)) > rng.uniform(0.3, 0.85)).astype(np.float32)
    elif k in (6, 7):
        m = strokes(s, rng)
    elif k == 8:
        y, x = np.mgrid[0:s, 0:s] / s
        a = rng.random() * 3.14
        cx, cy = rng.uniform(0.2, 0.8, 2)
        u = (x - cx) * math.cos(a) + (y - cy) * math.sin(a)
        v = (y - cy) * math.cos(a) - (x - cx) * math.sin(a)
        m = ((u / rng.uniform(0.08, 0.35)) ** 2 + (v / rng.uniform(0.08, 0.3)) ** 2 > 1).astype(np.float32)
    elif k == 9:
        h = rng.integers(s // 6, s // 3)
        y = rng.integers(s // 6, s - h)
        m[y : y + h] = 0
    return m


def augment(x, seed, p):
    """Augmentation for every discriminator: always shifted by up to an eighth and relit; rotated, scaled and with a cutout with probability p. The same seed gives the same augmentation."""
    b, _, h, w = x.shape
    gen = torch.Generator(x.device).manual_seed(seed)
    u = lambda *s: torch.rand(*s, generator=gen, device=x.device)
    c = lambda *s: u(*s) * 2 - 1
    k = h // 8
    strong = (u(b, 1, 1, 1) < p).float()
    x = x + c(b, 1, 1, 1) * (0.12 + 0.2 * strong)
    m = x.mean(1, keepdim=True)
    x = (x - m) * (1 + c(b, 1, 1, 1) * (0.25 + 0.5 * strong)) + m
    m = x.mean((1, 2, 3), keepdim=True)
    x = (x - m) * (1 + c(b, 1, 1, 1) * (0.15 + 0.25 * strong)) + m
    on = (u(b) < p).float()
    turn = c(b) * 0.35 * on
    scale = torch.exp(c(b) * 0.25 * on)
    stretch = torch.exp(c(b) * 0.12 * on)
    shift = ((u(b, 2) * (2 * k + 1)).floor() - k) * 2 / h
    th = torch.zeros(b, 2, 3, device=x.device)
    th[:, 0, 0] = turn.cos() * scale * stretch
    th[:, 0, 1] = -turn.sin() * scale
    th[:, 1, 0] = turn.sin() * scale
    th[:, 1, 1] = turn.cos() * scale / stretch
    th[:, :, 2] = shift
    x = F.grid_sample(
        x,
        F.affine_grid(th, (b, 1, h, w), align_corners=False),
        mode="bilinear",
        padding_mode="zeros",
        align_corners=False,
    )
    cut = (u(b) < p * 0.7).float()
    cy, cx = u(b, 1, 1) * h, u(b, 1, 1) * w
    half = h * 0.22
    yy = torch.arange(h, device=x.device).view(1, h, 1) + 0.5
    xx = torch.arange(w, device=x.device).view(1, 1, w) + 0.5
    inside = ((yy - cy).abs() < half) & ((xx - cx).abs() < half) & (cut.view(b, 1, 1) > 0)
    return (x * (~inside[:, None]).float()).contiguous(memory_format=CL)


# ---- measuring ------------------------------------------------------------------------------------------------------
def folded(path, device):
    """G, E and D of a model file as functions."""
    from safetensors import safe_open

    with safe_open(path, "pt") as f:
        w = {k: f.get_tensor(k).float().to(device) for k in f.keys()}
        size = int(f.metadata()["image_size"])
    n = sum(k.startswith("generator.up.") and k.endswith("weight") for k in w)
    p = lambda k: (w[k + ".weight"], w[k + ".bias"])

    def g(z):
        x = F.relu(F.conv_transpose2d(z[:, :, None, None], *p("generator.project")))
        for i in range(n):
            x = F.relu(F.conv_transpose2d(x, *p(f"generator.up.{i}"), stride=2, padding=1))
        return torch.tanh(F.conv_transpose2d(x, *p("generator.to_rgb"), stride=2, padding=1))

    def stack(name, x):
        x = F.leaky_relu(F.conv2d(x, *p(f"{name}.from_rgb"), stride=2, padding=1), 0.2)
        for i in range(n):
            x = F.leaky_relu(F.conv2d(x, *p(f"{name}.down.{i}"), stride=2, padding=1), 0.2)
        return F.conv2d(x, *p(f"{name}.score")).flatten(1)

    return (
        size,
        w["generator.project.weight"].shape[0],
        g,
        lambda x: torch.tanh(stack("encoder", x)),
        lambda x: stack("discriminator", x),
    )


def join(g, x, known):
    """Poisson blending: the picture g plus the harmonic membrane of the differences at the hole's edge."""

    def relax(u, f, k, n):
        ker = (
            torch.tensor([[0, 1, 0], [1, 0, 1], [0, 1, 0]], device=u.device).float().view(1, 1, 3, 3).repeat(3, 1, 1, 1)
        )
        for _ in range(n):
            a = F.conv2d(F.pad(u, (1, 1, 1, 1), mode="replicate"), ker, groups=3) / 4
            u = torch.where(k > 0, f, u + 0.96 * (a - u))
        return u

    f = (x - g) * known
    s = x.shape[-1]
    u = None
    for t in (16, 32, 64, 128):
        if t > s:
            break
        k = F.adaptive_avg_pool2d(known, t)
        ft = F.adaptive_avg_pool2d(f, t) / k.clamp_min(1e-6) * (k > 0)
        kk = (k > 0.01).float().expand_as(ft)
        u = torch.zeros_like(ft) if u is None else F.interpolate(u, size=(t, t), mode="bilinear")
        u = relax(torch.where(kk > 0, ft, u), ft, kk, 150 if t < s else 60)
    return torch.where(known > 0, x, g + u).clamp(-1, 1)


class Bench:
    """Quality on held-out faces: fills of the encoder alone and of a short search against the truth at SIDE pixels; distance of samples."""

    def __init__(self, held_out, feats_path, device, faces=96, draws=20):
        self.draws = draws
        self.feats = Features(feats_path, device, 192)
        self.x = torch.cat([middle(t.to(device), SIDE) for t in held_out.split(256)])
        rng = np.random.default_rng(5)
        s = SIDE
        q = s // 4
        m = {}
        box = lambda y0, y1, x0, x1: torch.ones(1, 1, s, s).index_put_(
            (torch.tensor(0), torch.tensor(0), torch.arange(y0, y1)[:, None], torch.arange(x0, x1)[None]),
            torch.tensor(0.0),
        )
        m["centre"] = box(q, 3 * q, q, 3 * q)
        m["half"] = box(0, s, 0, s // 2)
        m["eyes"] = box(int(0.2 * s), int(0.42 * s), int(0.14 * s), int(0.86 * s))
        m["mouth"] = box(int(0.58 * s), int(0.86 * s), int(0.24 * s), int(0.76 * s))
        self.masks = {k: v.to(device).expand(faces, -1, -1, -1) for k, v in m.items()}
        coarse = torch.from_numpy(np.stack([strokes(64, rng) for _ in range(faces)]))[:, None].to(device)
        self.masks["irregular"] = F.interpolate(coarse, scale_factor=s // 64, mode="nearest")
        self.y = self.x[:: max(1, len(self.x) // faces)][:faces]
        self.fy = self.feats(self.y)
        self.fx = self.stats(self.x)

    def stats(self, x):
        with torch.no_grad():
            v = torch.cat(
                [torch.cat([l.float().mean((2, 3)) for l in self.feats(t)[2:]], 1) for t in x.split(256)]
            ).double()
            return v.mean(0), torch.cov(v.T)

    def distance(self, g, latent):
        x = torch.cat([self.samples(g, latent, 250, seed) for seed in range(self.draws)])
        (m, c), (n, d) = self.stats(x), self.fx
        return (
            ((m - n) ** 2).sum().item()
            + (torch.trace(c) + torch.trace(d)).item()
            - 2 * torch.linalg.eigvals(c @ d).sqrt().real.sum().item()
        )

    @torch.no_grad()
    def samples(self, g, latent, count, seed):
        z = torch.rand(count, latent, generator=torch.Generator().manual_seed(seed)) * 2 - 1
        return resample(g(z.to(self.x.device)).float(), SIDE)

    def score(self, g, known):
        fill = join(resample(g, SIDE), self.y, known)
        hole = 1 - known
        mse = ((fill - self.y) ** 2 * hole).sum((1, 2, 3)) / hole.sum((1, 2, 3)) / 3
        lap = lambda t: (
            F.conv2d(
                t.mean(1, keepdim=True),
                torch.tensor([[0, 1.0, 0], [1, -4, 1], [0, 1, 0]], device=t.device).view(1, 1, 3, 3),
                padding=1,
            ).abs()
            * hole
        ).sum()
        return [
            (10 * torch.log10(4 / mse)).mean().item(),
            1000 * self.feats.distance(self.feats(fill), self.fy).mean().item(),
            (lap(fill) / lap(self.y)).item(),
            fill,
        ]

    def run(self, size, g, e, d, steps=60):
        """Rows: mask, [dB, LPIPS x 1000, sharpness] of the encoder's guess and after the search; pictures of the latter."""
        rows, pics = {}, {}
        for name, known in self.masks.items():
            k = known if size == SIDE else 1 - F.max_pool2d(1 - known, SIDE // size)
            y = resample(self.y, size) * k
            with torch.no_grad():
                z0 = e(torch.cat([y, k], 1)).float()
                a = self.score(g(z0).float(), known)
            win = 15 * size // 64 | 1
            w = F.avg_pool2d(F.pad(1 - k, (win // 2,) * 4), win, 1) * k
            w = 0.2 * k / k.sum((1, 2, 3), keepdim=True) + 0.8 * w / w.sum((1, 2, 3), keepdim=True)
            z = z0.clone().requires_grad_(True)
            opt = torch.optim.Adam([z], 0.02)
            for i in range(steps):
                opt.param_groups[0]["lr"] = 0.02 * 0.5 * (1 + math.cos(math.pi * i / steps))
                x = g(z).float()
                loss = ((x - y).abs() * w).sum((1, 2, 3)) / 3 + 0.05 * ((z - z0) ** 2).mean(1)
                loss = loss + 0.02 * F.softplus(-d(x).float()).flatten()
                opt.zero_grad()
                loss.sum().backward()
                opt.step()
                with torch.no_grad():
                    z.clamp_(-1, 1)
            with torch.no_grad():
                b = self.score(g(z).float(), known)
            rows[name] = (a[:3], b[:3])
            pics[name] = b[3]
        return rows, pics

    def table(self, label, size, latent, g, e, d, out=None):
        rows, pics = self.run(size, g, e, d)
        fd = self.distance(g, latent)
        print(
            f"{label}: FD {fd:.2f}  "
            + "  ".join(
                f"{k} {a[0]:.2f}/{a[1]:.1f}/{a[2]:.2f} > {b[0]:.2f}/{b[1]:.1f}/{b[2]:.2f}" for k, (a, b) in rows.items()
            )
            + f"  mean LPIPS {np.mean([a[1] for a, _ in rows.values()]):.2f} > {np.mean([b[1] for _, b in rows.values()]):.2f}, dB {np.mean([a[0] for a, _ in rows.values()]):.2f} > {np.mean([b[0] for _, b in rows.values()]):.2f}",
            flush=True,
        )
        if out:
            s = self.samples(g, latent, 24, 7)
            p = torch.cat([s, self.y[:12]] + [t for k in pics for t in ((self.y * self.masks[k])[:12], pics[k][:12])])
            p = ((p.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()
            r = len(p) // 12
            Image.fromarray(p.reshape(r, 12, SIDE, SIDE, 3).swapaxes(1, 2).reshape(r * SIDE, 12 * SIDE, 3)).save(
                out, quality=88
            )
        return float(np.mean([b[1] for _, b in rows.values()]))


# ---- training -------------------------------------------------------------------------------------------------------
def train(a):
    dev = torch.device(a.device)
    torch.manual_seed(a.seed)
    rng = np.random.default_rng(a.seed)
    s, bs = a.size, a.batch
    out = Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    began = time.time()
    if dev.type == "cuda":
        torch.backends.cudnn.benchmark = True
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
    c = CHANNELS[s]
    data = load_crops(a.crops)[: a.limit or None].to(dev)
    held = load_crops(a.held_out)[: a.limit or None]
    bench = Bench(held, a.features, dev, min(a.faces, len(held)), a.draws)
    vx = middle(held[:256].to(dev), s)
    bank = torch.from_numpy(np.stack([draw_known(s, rng) for _ in range(a.masks)])).to(dev)[:, None]
    print(len(data), "faces,", f"{time.time() - began:.0f} s to load", flush=True)
    nets = dict(
        g=Generator(c["g"], a.latent),
        d=Discriminator(c["d"], 1),
        s=Discriminator(c["s"], 0),
        e=Encoder(c["e"], a.latent),
        c=nn.Sequential(
            nn.Linear(a.latent, 256), nn.LeakyReLU(0.2), nn.Linear(256, 256), nn.LeakyReLU(0.2), nn.Linear(256, 1)
        ),
        h=Judges(),
    )
    seen, state, p = 0, {}, a.strong
    if a.start:
        state = torch.load(a.start, map_location="cpu", weights_only=True)
        seen, p = state["seen"], state["p"]
    for k, m in nets.items():
        if k in state:
            m.load_state_dict(state[k])
    for k, src in (("ge", "g"), ("ee", "e")):
        nets[k] = copy.deepcopy(nets[src]).requires_grad_(False)
        if k in state:
            nets[k].load_state_dict(state[k])
    for k, m in nets.items():
        m.to(dev)
        if k != "c":
            m.to(memory_format=CL)
    g, d, ds, e, c, h, ge, ee = (nets[k] for k in ("g", "d", "s", "e", "c", "h", "ge", "ee"))
    feats = Features(a.features, dev, a.feature_side or min(192, 96 * s // 64))
    opts = {
        k: torch.optim.Adam(
            [q for q in nets[k].parameters() if q.requires_grad],
            a.lr,
            (0.5, 0.99) if k not in "ds" else (0.0, 0.99),
            fused=True,
        )
        for k in "gdsech"
    }
    for k, o in opts.items():
        if f"opt_{k}" in state:
            o.load_state_dict(state[f"opt_{k}"])
    one = lambda x: F.softplus(-x).mean()
    zero = lambda x: F.softplus(x).mean()
    hinge = lambda xs, sign: sum(F.relu(1 - sign * x.float()).mean() for x in xs)
    log = open(out / "log.csv", "a")
    half = bs // 2
    keep = 0.5 ** (bs / a.average)
    best = state.get("best", 1e9)

    def settle():
        """Measures the running statistics of the averaged networks."""
        for m in (*ge.modules(), *ee.modules()):
            if isinstance(m, nn.BatchNorm2d):
                m.reset_running_stats()
                m.momentum = None
        ge.train()
        ee.train()
        with torch.no_grad(), torch.autocast(dev.type, dtype=torch.bfloat16, enabled=dev.type == "cuda"):
            for _ in range(a.settle):
                r = draw_faces(data, bs, s)
                m = bank[torch.randint(0, len(bank), (bs,), device=dev)]
                z = torch.tanh(ee(torch.cat([r * m, m], 1)).float())
                ge(torch.cat([z, torch.rand(bs, a.latent, device=dev) * 2 - 1]))
        ge.eval()
        ee.eval()

    def check():
        nonlocal best
        t = time.time()
        settle()
        ds.requires_grad_(False)
        with torch.autocast(dev.type, dtype=torch.bfloat16, enabled=False):
            v = bench.table(
                f"{s} px, {seen // 1000}k, p {p:.2f}",
                s,
                a.latent,
                ge,
                lambda x: torch.tanh(ee(x)),
                ds,
                out / f"fills-{seen // 1000:06d}k.jpg",
            )
        with torch.no_grad():
            rt, rv, rf = (
                d(augment(x, 3, p)).mean().item()
                for x in (draw_faces(data, 256, s), vx, g((torch.rand(256, a.latent, device=dev) * 2 - 1)).float())
            )
        ds.requires_grad_(True)
        export(ge, ee, ds, seen, s, a.latent, out / "last.safetensors")
        if v < best:
            best = v
            shutil.copyfile(out / "last.safetensors", out / "best.safetensors")
        print(
            f"   D on faces {rt:.2f}, held-out {rv:.2f}, samples {rf:.2f}; {time.time() - t:.1f} s; best {best:.2f}",
            flush=True,
        )

    def save():
        torch.save(
            {
                **{k: m.state_dict() for k, m in nets.items()},
                **{f"opt_{k}": o.state_dict() for k, o in opts.items()},
                "seen": seen,
                "p": p,
                "best": best,
            },
            out / "state.new",
        )
        os.replace(out / "state.new", out / "state.pt")

    t0 = last = time.time()
    step = 0
    acc = torch.zeros(9, device=dev)
    due = t0 + a.every
    sign = torch.zeros((), device=dev)
    nsign = 0
    while time.time() - t0 < a.minutes * 60 and not (out / "stop").exists():
        lr = a.lr * min(1, (step + 1) / 200)
        for k, o in opts.items():
            for q in o.param_groups:
                q["lr"] = lr * (2 if k == "h" else 1)
        r = draw_faces(data, bs, s)
        m = bank[torch.randint(0, len(bank), (bs,), device=dev)]
        m = torch.where(torch.rand(bs, 1, 1, 1, device=dev) < 0.5, m.flip(3), m)
        zp = torch.rand(bs, a.latent, device=dev) * 2 - 1
        draw = int(rng.integers(0, 1 << 30))
        with torch.autocast(dev.type, dtype=torch.bfloat16, enabled=dev.type == "cuda"):
            ze = torch.tanh(e(torch.cat([r * m, m], 1).contiguous(memory_format=CL)).float())
            x = g(torch.cat([ze, zp])).float()
            xr, xf = x[:bs], x[bs:]
            ar, axr, axf = augment(r, draw, p), augment(xr, draw, p), augment(xf, draw + 1, p)
            fake = torch.cat([axf, axr[:half]])
            with torch.no_grad():
                fr = feats(ar)
            ff = feats(torch.cat([axf, axr]))
            judged = [t[: bs + half] for t in ff]
            dr, df = d(ar), d(fake.detach())
            ld = one(dr) + zero(df)
            lds = one(ds(ar)) + zero(ds(fake.detach()))
            opts["d"].zero_grad(set_to_none=True)
            opts["s"].zero_grad(set_to_none=True)
            (ld + lds).backward()
            if step % 16 == 0:
                with torch.autocast(dev.type, enabled=False):
                    t = ar[:half].detach().requires_grad_(True)
                    gr = torch.autograd.grad(d(t).sum(), t, create_graph=True)[0]
                    gs = torch.autograd.grad(ds(t).sum(), t, create_graph=True)[0]
                    r1 = gr.pow(2).sum((1, 2, 3)).mean()
                    r1s = gs.pow(2).sum((1, 2, 3)).mean()
                    (8 * a.r1 * r1 + 8 * a.r1_search * r1s).backward()
            opts["d"].step()
            opts["s"].step()
            sign += dr.detach().sign().mean()
            nsign += 1
            opts["h"].zero_grad(set_to_none=True)
            lh = hinge(h(fr), 1) + hinge(h([t.detach() for t in judged]), -1)
            lh.backward()
            opts["h"].step()
            opts["c"].zero_grad(set_to_none=True)
            lc = one(c(zp).float()) + zero(c(ze.detach()).float())
            lc.backward()
            opts["c"].step()
            for n in (d, ds, c, h.net):
                n.requires_grad_(False)
            opts["g"].zero_grad(set_to_none=True)
            opts["e"].zero_grad(set_to_none=True)
            lg = one(d(fake)) + 0.3 * one(ds(fake))
            lj = -sum(t.float().mean() for t in h(judged))
            wm = m + a.hole * (1 - m)
            l1 = ((xr - r).abs() * wm).mean()
            lp = feats.distance([t[bs:] for t in ff], fr).mean()
            lz = one(c(ze).float())
            lm = (
                (ze.mean(0) ** 2).mean()
                + ((ze.var(0) - 1 / 3) ** 2).mean() * 4
                + (((ze**4).mean(0) - 0.2) ** 2).mean() * 4
            )
            (a.d_weight * lg + a.judges * lj + a.l1 * l1 + a.lpips * lp + lz + 5 * lm).backward()
            opts["g"].step()
            opts["e"].step()
            for n in (d, ds, c, h.net):
                n.requires_grad_(True)
        step += 1
        seen += bs
        acc += torch.stack([v.detach().float() for v in (ld, lds, lg, lh, lj, l1, lp, ze.std(), r1)])
        beta = keep if a.start else min(keep, (step + 1) / (step + 100))
        with torch.no_grad():
            for avg, net in ((ge, g), (ee, e)):
                torch._foreach_lerp_(list(avg.parameters()), list(net.parameters()), 1 - beta)
        if nsign == 8:
            p = min(a.most, max(a.strong, p + math.copysign(8 * bs / 400_000, sign.item() / 8 - a.target)))
            sign.zero_()
            nsign = 0
        if step % a.log == 0:
            v = (acc / a.log).tolist()
            acc.zero_()
            line = (
                f"{time.time() - t0:.0f},{seen},"
                + ",".join(f"{x:.4f}" for x in v)
                + f",{p:.3f},{a.log * bs / (time.time() - last):.0f}"
            )
            last = time.time()
            print("s,seen,d,ds,g,judges,gj,l1,lpips,zstd,r1,p,img/s", line, flush=True)
            print(line, file=log, flush=True)
            if not all(map(math.isfinite, v)):
                sys.exit("a loss is not finite: lower --lr, start from the last state")
        if time.time() > due:
            check()
            save()
            due = time.time() + a.every
            last = time.time()
    check()
    save()


def export(ge, ee, ds, seen, size, latent, path):
    """BatchNorm folded, f16."""
    from safetensors.torch import save_file

    w = {}
    g, e, d = ge.state_dict(), ee.state_dict(), ds.state_dict()

    def put(name, weight, bias, sd=None, bn=None, dim=0):
        weight, bias = weight.float().cpu(), torch.zeros(weight.shape[dim]) if bias is None else bias.float().cpu()
        if bn:
            k = (sd[f"{bn}.weight"].float() / torch.sqrt(sd[f"{bn}.running_var"].float() + 1e-5)).cpu()
            weight = weight * k.view([-1 if i == dim else 1 for i in range(4)])
            bias = sd[f"{bn}.bias"].float().cpu() + (bias - sd[f"{bn}.running_mean"].float().cpu()) * k
        w[f"{name}.weight"], w[f"{name}.bias"] = weight.contiguous().half(), bias.contiguous().half()

    n = len(ge.up)
    put("generator.project", g["project.weight"], None, g, "bn0", 1)
    put("generator.to_rgb", g["to_rgb.weight"], g["to_rgb.bias"])
    for i in range(n):
        put(f"generator.up.{i}", g[f"up.{i}.weight"], None, g, f"bn.{i}", 1)
        put(f"encoder.down.{i}", e[f"down.{i}.weight"], None, e, f"bn.{i}", 0)
        put(f"discriminator.down.{i}", d[f"down.{i}.weight"], d[f"down.{i}.bias"])
    for name, sd in (("encoder", e), ("discriminator", d)):
        put(f"{name}.from_rgb", sd["from_rgb.weight"], sd["from_rgb.bias"])
        put(f"{name}.score", sd["score.weight"], sd["score.bias"])
    save_file(
        w,
        str(path),
        metadata=dict(
            format="countenance-gan-1",
            architecture="dcgan",
            image_size=str(size),
            latent_dim=str(latent),
            prior="uniform(-1,1)",
            batch_norm="folded",
            leaky_slope="0.2",
            images_seen=str(seen),
            trained_on="FairFace subset, aligned faces, CC BY 4.0 (Karkkainen & Joo, WACV 2021)",
            alignment="yunet5-v1",
            licence="CC-BY-4.0",
        ),
    )


def measure(a):
    dev = torch.device(a.device)
    bench = Bench(load_crops(a.held_out)[: a.limit or None], a.features, dev, a.faces, a.draws)
    for path in a.models:
        bench.table(
            Path(path).stem, *folded(path, dev), out=f"{a.pictures}{Path(path).stem}.jpg" if a.pictures else None
        )


def main():
    q = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = q.add_subparsers(required=True)
    k = sub.add_parser("pack")
    k.set_defaults(run=pack)
    for name in ("tar", "yunet", "out"):
        k.add_argument(name)
    k.add_argument("names", nargs="?")
    common = dict(
        held_out=dict(required=True),
        device=dict(default="cuda"),
        features=dict(required=True),
        limit=dict(type=int, default=0),
        faces=dict(type=int, default=96),
        draws=dict(type=int, default=20),
    )
    t = sub.add_parser("train")
    t.set_defaults(run=train)
    m = sub.add_parser("measure")
    m.set_defaults(run=measure)
    m.add_argument("models", nargs="+")
    m.add_argument("--pictures", default="")
    for name, kw in common.items():
        [x.add_argument("--" + name.replace("_", "-"), **kw) for x in (t, m)]
    for name, kw in dict(
        crops=dict(required=True),
        size=dict(type=int, default=128),
        out=dict(required=True),
        minutes=dict(type=float, required=True),
        batch=dict(type=int, default=256),
        latent=dict(type=int, default=128),
        lr=dict(type=float, default=2.5e-4),
        seed=dict(type=int, default=0),
        every=dict(type=float, default=75, help="seconds between checks"),
        average=dict(type=float, default=200_000, help="half-life of the averaged weights, in images"),
        l1=dict(type=float, default=12),
        hole=dict(type=float, default=0.6, help="weight of the hole's L1"),
        lpips=dict(type=float, default=10),
        judges=dict(type=float, default=1),
        d_weight=dict(type=float, default=0.5),
        r1=dict(type=float, default=0.3),
        r1_search=dict(type=float, default=1.0),
        strong=dict(type=float, default=0.2, help="least probability of strong augmentation"),
        most=dict(type=float, default=0.85),
        target=dict(type=float, default=0.5),
        feature_side=dict(type=int, default=0),
        masks=dict(type=int, default=6000),
        settle=dict(type=int, default=40),
        log=dict(type=int, default=100),
    ).items():
        t.add_argument("--" + name.replace("_", "-"), **kw)
    t.add_argument("--from", dest="start", default="")
    a = q.parse_args()
    a.run(a)


if __name__ == "__main__":
    main()
