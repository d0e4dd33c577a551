#!/usr/bin/env bash
# Trains a model through wgpu and measures it: from photos to the model file and its numbers.
#
#   models/train.sh PHOTOS HELD_OUT RUN [more options of `countenance train`]
#
# PHOTOS and HELD_OUT are folders of photos or .tar files of them. No person may be in both. Started again after a stop, it
# continues. RUN gets
#
#   photos/, held-out/       the unpacked photos
#   faces/, held-out-faces/  datasets, each with a contact sheet
#   training/                checkpoints, samples, curves; best.safetensors is the model
#   eval.json, eval.png      fills of held-out faces; eval-built-in.json: those of the built-in model
#
# Environment variables: SIZE (128), BATCH (64), STEPS (60000), DEVICE (gpu), EVAL_FACES (30), and
# COUNTENANCE, the program (target/release/countenance).
set -euo pipefail

if [ $# -lt 3 ]; then
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
photos=$1 held_out=$2 run=$3
shift 3
countenance=${COUNTENANCE:-$(dirname "$0")/../target/release/countenance}
size=${SIZE:-128} device=${DEVICE:-gpu}

# Unpacks an archive, completely or not at all. A folder is used as it is.
unpack() {
    if [ -d "$1" ]; then
        echo "$1"
        return
    fi
    if [ ! -d "$2" ]; then
        rm -rf "$2.part"
        mkdir -p "$2.part"
        tar -xf "$1" -C "$2.part"
        mv "$2.part" "$2"
    fi
    echo "$2"
}

# `prepare` continues after a stop, and refuses to make the same dataset twice.
prepare() {
    [ -f "$2/faces.safetensors" ] || "$countenance" prepare "$1" "$2" --size "$size"
}

measure() {
    "$countenance" eval "$run/held-out-faces/faces.safetensors" --blend poisson --count "${EVAL_FACES:-30}" \
        --device "$device" "$@"
}

mkdir -p "$run"
photos=$(unpack "$photos" "$run/photos")
held_out=$(unpack "$held_out" "$run/held-out")
prepare "$photos" "$run/faces"
prepare "$held_out" "$run/held-out-faces"
"$countenance" train --data "$run/faces/faces.safetensors" --held-out "$run/held-out-faces/faces.safetensors" \
    --out "$run/training" --resume --size "$size" --batch "${BATCH:-64}" --steps "${STEPS:-60000}" --device "$device" "$@"
measure --model "$run/training/best.safetensors" --json "$run/eval.json" --sheet "$run/eval.png"
measure --json "$run/eval-built-in.json"
