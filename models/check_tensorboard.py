#!/usr/bin/env python3
"""Reads the event files of a training run with TensorBoard itself and checks what they hold:

    pip install tensorboard
    python3 check_tensorboard.py runs/mine

Without TensorBoard the check is skipped (exit status 0). With REQUIRE_TENSORBOARD=1 that is a failure.
"""
import os
import sys

try:
    from tensorboard.backend.event_processing import event_accumulator
except ImportError:
    print("skipped: TensorBoard is not installed")
    sys.exit(1 if os.environ.get("REQUIRE_TENSORBOARD") == "1" else 0)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    keep_all = {event_accumulator.HISTOGRAMS: 0, event_accumulator.SCALARS: 0}
    events = event_accumulator.EventAccumulator(sys.argv[1], size_guidance=keep_all)
    events.Reload()
    tags = events.Tags()
    for kind in ("scalars", "histograms", "images"):
        print(f"{len(tags[kind])} {kind}: {', '.join(sorted(tags[kind])[:8])} …")

    for name in ("z", "d", "d_"):
        for event in events.Histograms(name):
            value = event.histogram_value
            assert abs(sum(value.bucket) - value.num) < 0.5 and value.num > 0, (name, event.step)
            assert -1 <= value.min <= value.max <= 1 and (name == "z" or value.min >= 0), (name, event.step)
            assert list(value.bucket_limit) == sorted(set(value.bucket_limit)), (name, event.step)
        print(f"{name}: {len(events.Histograms(name))} histograms, the last of {value.num:.0f} values "
              f"in [{value.min:.3f}, {value.max:.3f}]")

    graph = events.Graph()
    names = {node.name for node in graph.node}
    scopes = sorted({name.split("/")[0] for name in names})
    print(f"graph: {len(names)} nodes in {', '.join(scopes)}")
    assert {"generator", "discriminator", "discriminator_1"} <= set(scopes)
    for node in graph.node:
        assert set(node.input) <= names, node.name
        assert node.attr["_output_shapes"].list.shape, node.name
    weights = {name for name in names if name.endswith("/weight")}
    missing = weights - set(tags["histograms"])
    assert weights and not missing, missing
    shape = next(node for node in graph.node if node.name.startswith("generator/to_rgb/Tanh"))
    print("pictures:", [dim.size for dim in shape.attr["_output_shapes"].list.shape[0].dim])


main()
