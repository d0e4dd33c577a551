#!/usr/bin/env python3
"""Writes the variables of a TensorFlow checkpoint as safetensors, under their own names, for `countenance import`:

    python3 tensorflow_to_safetensors.py checkpoint/64/DCGAN.model-27002 dcgan.safetensors
    countenance import dcgan.safetensors --out models/mine.safetensors

Needs TensorFlow (any version), numpy and safetensors. CHECKPOINT is a path without `.index`, `.meta` or `.data-…`, or a
folder, of which the latest checkpoint is read. Variables of optimisers are left out.
"""
import os
import sys

import numpy as np
import tensorflow as tf
from safetensors.numpy import save_file


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    checkpoint, out = sys.argv[1:]
    if os.path.isdir(checkpoint):
        checkpoint = tf.train.latest_checkpoint(checkpoint) or sys.exit(f"there is no checkpoint in {checkpoint}")
    reader = tf.train.load_checkpoint(checkpoint)
    names = [name for name in reader.get_variable_to_shape_map() if "Adam" not in name and "power" not in name]
    tensors = {name: np.ascontiguousarray(reader.get_tensor(name)) for name in sorted(names)}
    save_file({name: value for name, value in tensors.items() if value.dtype.kind == "f"}, out)
    print(f"{out}: {len(tensors)} variables of {checkpoint}")


main()
