#!/usr/bin/env bash
# Draws the PNG icons from the SVG files in share/icons. Run it after a change of these; it needs rsvg-convert (Debian:
# librsvg2-bin).
set -euo pipefail
cd "$(dirname "$0")/share/icons/hicolor"

for side in 16 22 24 32 48 64 128 256 512; do
    for icon in apps/countenance mimetypes/application-x-countenance-project; do
        mkdir -p "${side}x$side/$(dirname "$icon")"
        rsvg-convert --width="$side" --height="$side" --output="${side}x$side/$icon.png" "scalable/$icon.svg"
    done
done
# The window sets its icon from this file.
cp 256x256/apps/countenance.png ../../../../icon.png
