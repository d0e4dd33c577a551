#!/usr/bin/env python3
"""The recipe of completion.safetensors: a network that redraws the hole of a 192-pixel face crop from the known pixels and G(z).

  completion.py pack    FACES.tar YUNET.onnx OUT.zip [NAMES]
  completion.py train   --model MODEL.safetensors --crops GLOB --held-out GLOB --features NPZ --out RUN --minutes M [--from RUN/state.pt, or a folder with completion.safetensors and judges.safetensors]
  completion.py measure --model MODEL.safetensors --held-out GLOB --features NPZ NET.safetensors...

Runs beside face_128.py, whose faces, masks, views, judges and features it uses. Crops have 192 pixels of the template and 12 more on each side (FairFace's chips
hold as many: eyes about 90 of 224 pixels apart). MODEL is the shipped generator with its encoder: it makes the coarse pictures, stays frozen, and is not trained here.
On a CPU with AMX or AVX-512 BF16: --device cpu --bf16.

Input  [B, 7, 192, 192]: known RGB (hole zero), known mask (1 known), coarse RGB (G's picture enlarged). Output [B, 3, 192, 192]: what is added to the coarse picture.
The fill is known * photo + (1 - known) * clamp(coarse + output).

Coarse pictures in training: a third E's guess from the masked face, a third after a short search on the known pixels, a third E's guess from the whole face: so the
network follows what a candidate shows (else choosing, mixing and sliders would mean nothing) and still mends what a search gets wrong.
Loss: L1 in the hole, LPIPS, judges of AlexNet's features (Projected GANs), and a discriminator that sees the mask. --plain is the share of the time, at the start,
with the first two only: a step then takes half as long.
"""

import argparse, copy, json, math, os, sys, time
from pathlib import Path
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
import face_128 as T

S, M = 192, 128  # sides of this network's picture and of the generator's
T.SIDE, T.WIDE = S, S * 9 // 8


def join(g, x, known):
    """Poisson: the picture g, its colours moved by the harmonic membrane of the differences at the hole's edge."""
    ker = (
        torch.tensor([[0, 1, 0], [1, 0, 1], [0, 1, 0]], device=x.device).float().view(1, 1, 3, 3).repeat(3, 1, 1, 1) / 4
    )
    f, u = (x - g) * known, None
    for t in (12, 24, 48, 96, 192):
        k = F.adaptive_avg_pool2d(known, t)
        ft = F.adaptive_avg_pool2d(f, t) / k.clamp_min(1e-6) * (k > 0)
        kk = (k > 0.01).expand_as(ft)
        u = torch.where(kk, ft, torch.zeros_like(ft) if u is None else F.interpolate(u, size=(t, t), mode="bilinear"))
        for _ in range(150 if t < S else 60):
            u = torch.where(kk, ft, u + 0.96 * (F.conv2d(F.pad(u, (1, 1, 1, 1), mode="replicate"), ker, groups=3) - u))
    return torch.where(known > 0, x, g + u).clamp(-1, 1)


T.join = join


class Block(nn.Module):
    """Two 3x3 convolutions around which the input goes on unchanged."""

    def __init__(self, c, dilation=1):
        super().__init__()
        self.a = nn.Conv2d(c, c, 3, 1, dilation, dilation)
        self.b = nn.Conv2d(c, c, 3, 1, 1)
        nn.init.kaiming_normal_(self.a.weight, 0.2)
        nn.init.zeros_(self.a.bias)
        nn.init.normal_(self.b.weight, 0, 0.002)
        nn.init.zeros_(self.b.bias)

    def forward(self, x):
        return x + self.b(F.leaky_relu(self.a(F.leaky_relu(x, 0.2)), 0.2))


class Completion(nn.Module):
    """U-net on 3x3 blocks of pixels: sides 64, 32, 16; plain convolutions, no normalisation. 6.4 M parameters and 4.1 GMAC at width 64, 3.6 M and 2.3 at width 48."""

    def __init__(self, w=64):
        super().__init__()
        self.input = nn.Conv2d(63, w, 3, 1, 1)
        self.down1, self.down2 = nn.Conv2d(w, 2 * w, 4, 2, 1), nn.Conv2d(2 * w, 4 * w, 4, 2, 1)
        self.enc0, self.enc1 = nn.Sequential(Block(w), Block(w)), nn.Sequential(Block(2 * w), Block(2 * w))
        self.middle = nn.Sequential(Block(4 * w), Block(4 * w, 2), Block(4 * w, 4))
        self.up2, self.up1 = nn.ConvTranspose2d(4 * w, 2 * w, 4, 2, 1), nn.ConvTranspose2d(2 * w, w, 4, 2, 1)
        self.dec1, self.dec0 = nn.Sequential(Block(2 * w), Block(2 * w)), nn.Sequential(Block(w), Block(w))
        self.output = nn.Conv2d(w, 27, 3, 1, 1)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, x):
        a = self.enc0(self.input(F.pixel_unshuffle(x, 3)))
        b = self.enc1(self.down1(a))
        y = self.dec1(self.up2(self.middle(self.down2(b))) + b)
        return F.pixel_shuffle(self.output(self.dec0(self.up1(y) + a)), 3)


def compose(net, photo, known, coarse):
    out = net(torch.cat([photo * known, known, coarse], 1).contiguous(memory_format=T.CL)).float()
    return torch.where(known > 0, photo, (coarse + out).clamp(-1, 1))


class MaskedD(nn.Module):
    """Picture and mask to a logit for each 8x8 patch."""

    def __init__(self, c=(32, 64, 128, 128)):
        super().__init__()
        n = [4, *c]
        self.net = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in zip(n, n[1:]))
        self.score = nn.Conv2d(c[-1], 1, 3, 1, 1)
        for m in self.net:
            nn.init.kaiming_normal_(m.weight, 0.2)
            nn.init.zeros_(m.bias)

    def forward(self, x):
        for m in self.net:
            x = F.leaky_relu(m(x), 0.2)
        return self.score(x).float()


def smaller(y, known):
    """Photo and mask at the generator's size: a pixel is known where all of its footprint is."""
    k = (F.interpolate(known, size=(M, M), mode="area") > 0.999).float()
    return T.resample(y, M) * k, k


def larger(x):
    return F.interpolate(x, size=(S, S), mode="bicubic", align_corners=False).clamp(-1, 1)


def short_search(g, e, y, known, steps, rate=0.02):
    """What the product's search does, shorter: Adam on z from E's guess, weighted L1 on known pixels. Pictures of S pixels in and out."""
    y, known = smaller(y * known, known)
    with torch.no_grad():
        z0 = e(torch.cat([y * known, known], 1)).float()
    w = F.avg_pool2d(F.pad(1 - known, (14,) * 4), 29, 1) * known
    w = 0.2 * known / known.sum((1, 2, 3), keepdim=True) + 0.8 * w / w.sum((1, 2, 3), keepdim=True).clamp_min(1e-6)
    z = z0.clone().requires_grad_(True)
    opt = torch.optim.Adam([z], rate)
    for i in range(steps):
        opt.param_groups[0]["lr"] = rate * 0.5 * (1 + math.cos(math.pi * i / steps))
        loss = ((g(z).float() - y).abs() * w).sum((1, 2, 3)) / 3 + 0.05 * ((z - z0) ** 2).mean(1)
        opt.zero_grad()
        loss.sum().backward()
        opt.step()
        with torch.no_grad():
            z.clamp_(-1, 1)
    with torch.no_grad():
        return larger(g(z).float())


def draw_known(rng):
    """A training mask: two of three cover what people paint over (eyes, nose, mouth, a half, a band), the others are those of the generator."""
    if rng.random() < 0.33:
        while True:
            m = T.draw_known(S, rng)
            if m.mean() < 0.995 and rng.random() < 1.2 - abs(2 * m.mean() - 1):
                return m
    y, x = (np.mgrid[0:S, 0:S] + 0.5) / S
    hole = np.zeros((S, S), bool)
    marks = dict(right=(0.299, 0.297), left=(0.701, 0.297), nose=(0.5, 0.5), mouth=(0.5, 0.708))

    def blob(cx, cy, rx, ry):
        nonlocal hole
        cx, cy, turn = cx + rng.normal() * 0.03, cy + rng.normal() * 0.03, rng.normal() * 0.15
        rx, ry, p = rx * math.exp(rng.normal() * 0.25), ry * math.exp(rng.normal() * 0.25), rng.choice([1.5, 2, 3, 8])
        u, v = (x - cx) * math.cos(turn) + (y - cy) * math.sin(turn), (y - cy) * math.cos(turn) - (x - cx) * math.sin(
            turn
        )
        wobble = 1 + 0.12 * np.sin(np.arctan2(v, u) * rng.integers(2, 6) + rng.random() * 6.28)
        hole |= np.abs(u / rx) ** p + np.abs(v / ry) ** p < wobble

    kind = rng.integers(0, 9)
    if kind == 0:
        blob(*marks["right"], 0.16, 0.11)
    elif kind == 1:
        blob(*marks["left"], 0.16, 0.11)
    elif kind == 2:
        blob(*marks["right"], 0.16, 0.11)
        blob(*marks["left"], 0.16, 0.11)
    elif kind == 3:
        blob(0.5, 0.3, 0.4, 0.12)
    elif kind == 4:
        blob(*marks["nose"], 0.13, 0.17)
    elif kind in (5, 6):
        blob(*marks["mouth"], 0.23, 0.13)
    elif kind == 7:
        turn, shift = rng.integers(0, 4) * math.pi / 2 + rng.normal() * 0.15, rng.normal() * 0.06
        hole |= (x - 0.5) * math.cos(turn) + (y - 0.5) * math.sin(turn) > shift
    else:
        for _ in range(rng.integers(1, 4)):
            cx, cy, turn, wide = (
                rng.uniform(0.2, 0.8),
                rng.uniform(0.2, 0.8),
                rng.random() * 3.14,
                rng.uniform(0.008, 0.04),
            )
            hole |= np.abs((x - cx) * math.sin(turn) - (y - cy) * math.cos(turn)) < wide
    return 1 - hole.astype(np.float32)


def byte(x):
    return ((x.clamp(-1, 1) + 1) * 127.5).round().byte()


def unit(x):
    return x.float() / 127.5 - 1


def train(a):
    dev = torch.device(a.device)
    torch.manual_seed(a.seed)
    rng = np.random.default_rng(a.seed)
    out = Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    began = time.time()
    cuda = dev.type == "cuda"
    if cuda:
        torch.backends.cudnn.benchmark = True
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    cast = lambda: torch.autocast(dev.type, dtype=torch.bfloat16, enabled=cuda or a.bf16)
    size, _, g, e, _ = T.folded(a.model, dev)
    assert size == M, "a 128-pixel model is needed"
    data = T.load_crops(a.crops)[: a.limit or None].to(dev)
    held = T.load_crops(a.held_out)[: a.limit or None]
    bs = a.batch
    bank = torch.from_numpy(np.stack([draw_known(rng) for _ in range(a.masks)])).to(dev)[:, None]
    bank = bank[bank.mean((1, 2, 3)) < 0.995]
    feats = T.Features(a.features, dev, S)
    net, h, d = Completion(a.width), T.Judges(), MaskedD()
    seen = 0
    state = {}
    if a.start:
        state = read_state(Path(a.start))
        seen = state["seen"]
    nets = dict(net=net, h=h, d=d)
    for k, m in nets.items():
        if k in state:
            m.load_state_dict(state[k])
        m.to(dev).to(memory_format=T.CL)
    avg = copy.deepcopy(net).requires_grad_(False)
    if "avg" in state:
        avg.load_state_dict(state["avg"])
    betas = dict(net=(0.5, 0.99), h=(0.5, 0.99), d=(0.0, 0.99))
    opts = {
        k: torch.optim.Adam([p for p in m.parameters() if p.requires_grad], a.lr, betas[k], fused=True)
        for k, m in nets.items()
    }
    for k, o in opts.items():
        if f"opt_{k}" in state:
            o.load_state_dict(state[f"opt_{k}"])
    mask = lambda n: (lambda m: torch.where(torch.rand(n, 1, 1, 1, device=dev) < 0.5, m.flip(3), m))(
        bank[torch.randint(0, len(bank), (n,), device=dev)]
    )

    def searched(n):
        """Faces, masks, coarse pictures after a short search: bytes on the device."""
        rs, ms, cs = [], [], []
        for _ in range(0, n, bs):
            r, m = T.draw_faces(data, bs, S), mask(bs)
            with cast():
                c = short_search(g, e, r, m, a.search_steps)
            rs.append(byte(r))
            ms.append(m.byte())
            cs.append(byte(c))
        return torch.cat(rs), torch.cat(ms), torch.cat(cs)

    pool = searched(a.pool)
    print(f"{len(data)} faces, {len(pool[0])} searched; {time.time() - began:.0f} s to prepare", flush=True)
    bench = Bench(a, held, g, e, dev)
    hinge = lambda xs, s: sum(F.relu(1 - s * x.float()).mean() for x in xs)
    keep = 0.5 ** (bs / a.average)
    acc = torch.zeros(6, device=dev)
    t0 = last = time.time()
    step = 0
    due = t0 + a.every
    third = bs // 3

    def save():
        torch.save(
            {
                **{k: m.state_dict() for k, m in nets.items()},
                **{f"opt_{k}": o.state_dict() for k, o in opts.items()},
                "avg": avg.state_dict(),
                "seen": seen,
            },
            out / "state.new",
        )
        os.replace(out / "state.new", out / "state.pt")
        export(avg, seen, a.width, out / "completion.safetensors", (("h", h), ("d", d)))

    while time.time() - t0 < a.minutes * 60 and not (out / "stop").exists():
        q = (time.time() - t0) / (a.minutes * 60)
        lr = a.lr * min(1, (step + 1) / 200) * (1 if q < 0.7 or not a.settle else max(0.05, 1 - (q - 0.7) / 0.3))
        for k, o in opts.items():
            for p in o.param_groups:
                p["lr"] = lr * (1.5 if k == "h" else 1)
        pick = torch.randint(0, len(pool[0]), (third,), device=dev)
        r, m = T.draw_faces(data, bs - third, S), mask(bs - third)
        with cast(), torch.no_grad():
            k = m.clone()
            k[third:] = 1
            coarse = larger(g(e(torch.cat(smaller(r * k, k), 1).contiguous(memory_format=T.CL)).float()).float())
        r, m, coarse = (
            torch.cat(t).contiguous(memory_format=T.CL)
            for t in ((r, unit(pool[0][pick])), (m, pool[1][pick].float()), (coarse, unit(pool[2][pick])))
        )
        draw = int(rng.integers(0, 1 << 30))
        plain = q < a.plain
        if plain:
            with cast():
                x = compose(net, r, m, coarse)
                opts["net"].zero_grad(set_to_none=True)
                with torch.no_grad():
                    fr = feats(r)
                hole = 1 - m
                l1 = ((x - r).abs().mean(1, keepdim=True) * hole).sum((1, 2, 3)) / hole.sum((1, 2, 3)).clamp_min(64)
                lp = feats.distance(feats(x), fr).mean()
                (a.l1 * l1.mean() + a.lpips * lp).backward()
                torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
                opts["net"].step()
            lj = lg = ld = lh = torch.zeros((), device=dev)
        else:
            with cast():
                x = compose(net, r, m, coarse)
                ax, ar = T.augment(x, draw, a.strong), T.augment(r, draw, a.strong)
                with torch.no_grad():
                    fr = feats(ar)
                fx = feats(ax)
                real, fake = torch.cat([r, m], 1), torch.cat([x, m], 1)
                opts["h"].zero_grad(set_to_none=True)
                lh = hinge(h(fr), 1) + hinge(h([t.detach() for t in fx]), -1)
                lh.backward()
                opts["h"].step()
                opts["d"].zero_grad(set_to_none=True)
                ld = F.softplus(-d(real)).mean() + F.softplus(d(fake.detach())).mean()
                ld.backward()
                if step % 16 == 0:
                    with torch.autocast(dev.type, enabled=False):
                        t = real[: bs // 2].detach().requires_grad_(True)
                        gr = torch.autograd.grad(d(t).mean((1, 2, 3)).sum(), t, create_graph=True)[0]
                        (8 * a.r1 * gr.pow(2).sum((1, 2, 3)).mean()).backward()
                opts["d"].step()
                h.net.requires_grad_(False)
                d.requires_grad_(False)
                opts["net"].zero_grad(set_to_none=True)
                hole = 1 - m
                l1 = ((x - r).abs().mean(1, keepdim=True) * hole).sum((1, 2, 3)) / hole.sum((1, 2, 3)).clamp_min(64)
                lp = feats.distance(fx, fr).mean()
                lj = -sum(t.float().mean() for t in h(fx))
                lg = F.softplus(-d(fake)).mean()
                (a.l1 * l1.mean() + a.lpips * lp + a.judges * lj + a.d_weight * lg).backward()
                torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
                opts["net"].step()
                h.net.requires_grad_(True)
                d.requires_grad_(True)
        step += 1
        seen += bs
        acc += torch.stack([v.detach().float().mean() for v in (l1, lp, lj, lg, ld, lh)])
        b = keep if a.start else min(keep, (step + 1) / (step + 100))
        with torch.no_grad():
            torch._foreach_lerp_(list(avg.parameters()), list(net.parameters()), 1 - b)
        if step % a.log == 0:
            v = (acc / a.log).tolist()
            acc.zero_()
            print(
                f"{time.time() - t0:.0f} s, {seen // 1000}k, "
                + " ".join(f"{n} {x:.4f}" for n, x in zip(("l1", "lpips", "gj", "gd", "d", "judges"), v))
                + f", {a.log * bs / (time.time() - last):.0f} images/s",
                flush=True,
            )
            last = time.time()
            if not all(map(math.isfinite, v)):
                sys.exit("a loss is not finite: lower --lr, start from the last state")
        if time.time() > due:
            bench.table(avg, seen, out)
            save()
            due = time.time() + a.every
            last = time.time()
    bench.table(avg, seen, out)
    save()


class Bench:
    """Held-out faces: hole dB, LPIPS x 1000 (this AlexNet also judged), sharpness: the coarse fill joined by Poisson, and the network's."""

    def __init__(self, a, held, g, e, dev):
        self.b = T.Bench(held, a.features, dev, min(a.faces, len(held)), 2)
        self.coarse = {k: short_search(g, e, self.b.y, known, a.bench_steps) for k, known in self.b.masks.items()}

    @torch.no_grad()
    def table(self, net, seen, out=None, label=""):
        text, pics, rows = [], [], {}
        for k, known in self.b.masks.items():
            before = self.b.score(self.coarse[k], known)
            x = compose(net, self.b.y, known, self.coarse[k])
            after = self.b.score(x, known)
            rows[k] = [round(v, 3) for v in before[:3] + after[:3]]
            text.append(
                f"{k} {before[0]:.2f}/{before[1]:.0f}/{before[2]:.2f} > {after[0]:.2f}/{after[1]:.0f}/{after[2]:.2f}"
            )
            pics += [(self.b.y * known)[:12], before[3][:12], after[3][:12]]
        print(f"{label or seen // 1000}k: " + "  ".join(text), flush=True)
        if out:
            p = byte(torch.cat([self.b.y[:12], *pics])).permute(0, 2, 3, 1).cpu().numpy()
            r, c = -(-len(p) // len(self.b.y[:12])), len(self.b.y[:12])
            Image.fromarray(p.reshape(r, c, S, S, 3).swapaxes(1, 2).reshape(r * S, c * S, 3)).save(
                Path(out) / f"fills-{seen // 1000:06d}k.jpg", quality=88
            )
            with open(Path(out) / "table.jsonl", "a") as f:
                f.write(json.dumps({"seen": seen, **rows}) + "\n")


def read_state(path):
    """A state.pt, or a folder with what was exported: that one goes on with fresh optimizers."""
    if path.is_file():
        return torch.load(path, map_location="cpu", weights_only=True)
    from safetensors import safe_open

    parts, seen = {}, 0
    for name in ("completion", "judges"):
        with safe_open(path / f"{name}.safetensors", "pt") as f:
            seen = int((f.metadata() or {}).get("images_seen", seen))
            for k in f.keys():
                part, key = k.split(".", 1)
                parts.setdefault({"completion": "net"}.get(part, part), {})[key] = f.get_tensor(k).float()
    return {**parts, "avg": parts["net"], "seen": seen}


def export(net, seen, width, path, judges=()):
    from safetensors.torch import save_file

    if judges:
        save_file(
            {
                f"{n}.{k}": (v.half() if v.is_floating_point() else v).contiguous().cpu()
                for n, m in judges
                for k, v in m.state_dict().items()
            },
            str(Path(path).with_name("judges.safetensors")),
            metadata=dict(images_seen=str(seen)),
        )
    save_file(
        {f"completion.{k}": v.half().contiguous().cpu() for k, v in net.state_dict().items()},
        str(path),
        metadata=dict(completion="unet-1", width=str(width), images_seen=str(seen), licence="CC-BY-4.0"),
    )


def measure(a):
    from safetensors import safe_open

    dev = torch.device(a.device)
    _, _, g, e, _ = T.folded(a.model, dev)
    bench = Bench(a, T.load_crops(a.held_out)[: a.limit or None], g, e, dev)
    for path in a.nets:
        with safe_open(path, "pt") as f:
            net = Completion(int(f.metadata()["width"])).to(dev)
            net.load_state_dict({k.removeprefix("completion."): f.get_tensor(k).float() for k in f.keys()})
        bench.table(net, 0, a.out or None, Path(path).stem)


def main():
    q = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = q.add_subparsers(required=True)
    t, m = sub.add_parser("train"), sub.add_parser("measure")
    t.set_defaults(run=train)
    m.set_defaults(run=measure)
    m.add_argument("nets", nargs="+")
    k = sub.add_parser("pack")
    k.set_defaults(run=T.pack)
    k.add_argument("tar")
    k.add_argument("yunet")
    k.add_argument("out")
    k.add_argument("names", nargs="?")
    for p in (t, m):
        for n in ("model", "held-out", "features"):
            p.add_argument("--" + n, required=True)
        p.add_argument("--device", default="cuda")
        p.add_argument("--limit", type=int, default=0)
        p.add_argument("--faces", type=int, default=96)
        p.add_argument("--bench-steps", type=int, default=60)
        p.add_argument("--out", default="")
    t.add_argument("--crops", required=True)
    t.add_argument("--minutes", type=float, required=True)
    t.add_argument("--from", dest="start", default="")
    for n, v in dict(batch=192, width=64, masks=6000, pool=24000, search_steps=12, seed=0, log=50).items():
        t.add_argument("--" + n.replace("_", "-"), type=int, default=v)
    for n, v in dict(
        plain=0.0, lr=4e-4, every=90, average=60_000, l1=4, lpips=8, judges=0.15, d_weight=0.15, r1=0.3, strong=0.2
    ).items():
        t.add_argument("--" + n.replace("_", "-"), type=float, default=v)
    t.add_argument("--bf16", action="store_true", help="bfloat16 on a CPU that has it (AMX or AVX-512 BF16)")
    t.add_argument(
        "--settle", action="store_true", help="the last call: the learning rate falls over its last 30 percent"
    )
    a = q.parse_args()
    a.run(a)


if __name__ == "__main__":
    main()
