#!/bin/sh
# Install the system packages that tests use beside Python. Immediate when all are there.
set -eu

packages="chromium e2fsprogs ffmpeg fonts-dejavu-core fuse3 mount openssl python3-gi vlc-bin vlc-plugin-base xfsprogs
gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly"

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "This is no Debian or Ubuntu: install by hand what corresponds to:" $packages >&2
    exit 1
fi

missing=""
for package in $packages; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1; then
    as_root="sudo"
else
    echo "Tests need$missing; as root: apt-get install$missing" >&2
    exit 1
fi

echo "-- Installing$missing"
export DEBIAN_FRONTEND=noninteractive
# The lock may be held by the machine's own updates for minutes.
$as_root apt-get -qq -o DPkg::Lock::Timeout=500 update
$as_root apt-get -qq -o DPkg::Lock::Timeout=500 install -y --no-install-recommends $missing >/dev/null
