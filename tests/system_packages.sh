#!/bin/sh
# Install what the system lacks, where that is possible without asking: Debian and its relatives,
# as root. Elsewhere say what is missing; tests that need it skip with a reason.
set -eu

missing=
need() { # need COMMAND-OR-FILE PACKAGE
	command -v "$1" >/dev/null 2>&1 || [ -e "$1" ] || missing="$missing $2"
}

case "$1" in
venv)
	# Debian splits the venv module off; python3-venv brings it for the system's own Python.
	missing=' python3-venv'
	;;
test)
	[ "$(uname -s)" = Linux ] || exit 0
	need chromium chromium
	need jackd jackd2
	need mcopy mtools
	need /sbin/mkfs.fat dosfstools
	need signify-openbsd signify-openbsd
	ldconfig -p 2>/dev/null | grep -q 'libasound\.so\.2' || missing="$missing libasound2"
	;;
vm)
	[ "$(uname -sm)" = 'Linux x86_64' ] || exit 0
	need qemu-system-x86_64 qemu-system-x86
	need mmdebstrap mmdebstrap
	need /usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring
	need /sbin/mke2fs e2fsprogs
	;;
drawings)
	[ "$(uname -s)" = Linux ] || exit 0
	need dot graphviz
	need openscad openscad
	need xvfb-run xvfb
	need xauth xauth
	;;
image)
	[ "$(uname -sm)" = 'Linux x86_64' ] || exit 0
	need mmdebstrap mmdebstrap
	need qemu-aarch64-static qemu-user-static
	need arch-test arch-test
	need update-binfmts binfmt-support
	need mksquashfs squashfs-tools
	need genimage genimage
	need cpio cpio
	need dtc device-tree-compiler
	need mcopy mtools
	need /sbin/mkfs.fat dosfstools
	need signify-openbsd signify-openbsd
	need qemu-system-aarch64 qemu-system-arm
	need ssh openssh-client
	need /usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring
	;;
esac

[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "Installing$missing"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	# shellcheck disable=SC2086  # a list of names
	apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
	echo "Missing:$missing. To have it all: sudo apt-get install$missing" >&2
fi
