#!/usr/bin/env bash
# Makes the folder Countenance.AppDir from a built program:
#
#     assets/linux/appdir.sh target/release/countenance
#
# It runs as it is, by its AppRun. `appimagetool Countenance.AppDir` makes one file of it, an AppImage. That was not tried:
# the tool downloads the AppImage runtime.
#
# X11, Wayland and graphics drivers stay out, as in every AppImage: they belong to the system where it runs. So does glibc,
# which must not be older than that of the system where the program was built.
set -euo pipefail

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

[ $# = 1 ] || [ $# = 2 ] || fail "Usage: $0 PROGRAM [FOLDER]: makes FOLDER/Countenance.AppDir, by default in this folder"
program=$1
appdir="${2:-.}/Countenance.AppDir"
share="$(dirname "$0")/share"
[ -f "$program" ] && [ -x "$program" ] || fail "There is no program $program: build it with \`cargo build --release\`"
[ ! -e "$appdir" ] || fail "$appdir exists already: remove it, or give another folder"

mkdir -p "$appdir/usr"
cp -R "$share" "$appdir/usr/share"
install -D -m 755 "$program" "$appdir/usr/bin/countenance"
# At the top of an AppDir, desktops look for these.
ln -s usr/bin/countenance "$appdir/AppRun"
ln -s usr/share/applications/countenance.desktop "$appdir/countenance.desktop"
ln -s usr/share/icons/hicolor/256x256/apps/countenance.png "$appdir/countenance.png"
ln -s countenance.png "$appdir/.DirIcon"
echo "Made $appdir: start it with $appdir/AppRun"
