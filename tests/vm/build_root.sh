#!/bin/sh
# Build the virtual machine's disk: build_root.sh OUT SUITE PACKAGES MODULES KERNELS [APT-SOURCE...]
#
#   OUT       folder to fill: root.ext4 and, for each kernel, vmlinuz-NAME and initrd-NAME;
#             OUT/wheels, Python packages, moves into the root as /wheels
#   PACKAGES  Debian packages of the root, comma-separated
#   MODULES   kernel modules the guest may load, separated by spaces (with all they depend on)
#   KERNELS   NAME=METAPACKAGE, separated by spaces
#
# As root, on any machine with mmdebstrap and mke2fs: all other tools are those of the new root.
set -eu

out=$1 suite=$2 packages=$3 modules=$4 kernels=$5
shift 5
here=$(cd "$(dirname "$0")" && pwd)
root=$out/root
boot_modules='virtio_pci virtio_blk ext4'

# The hook runs in the folder that takes the kernels' packages, with the new root's own apt.
# A kernel package is only unpacked: installing it would build an initramfs and fill the disk.
mkdir -p "$out/debs"
cat >"$out/fetch_kernels" <<'END'
set -eu
export APT_CONFIG=$MMDEBSTRAP_APT_CONFIG
for metapackage in $METAPACKAGES; do
	apt-get download "$(apt-cache depends "$metapackage" |
		sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p')"
done
END
METAPACKAGES=$(for k in $kernels; do echo "${k#*=}"; done)
export METAPACKAGES

(cd "$out/debs" && mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" \
	--aptopt='Acquire::Languages "none"' --aptopt='APT::Sandbox::User "root"' \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
	--customize-hook="cd '$out/debs' && sh '$out/fetch_kernels'" \
	"$suite" "$root" "$@")

list_modules() { # list_modules MODULE...: their files, each after those that it depends on
	found=$(for module in "$@"; do
		chroot "$root" modprobe -d /unpacked -S "$version" --show-depends "$module" || exit 1
	done)
	echo "$found" | sed -n 's|^insmod /unpacked/\([^ ]*\).*|\1|p' | awk '!seen[$0]++'
}

unpack_kernel() { # unpack_kernel NAME METAPACKAGE
	case $2 in
	*-rt-*) deb=$(echo "$out"/debs/linux-image-*-rt-*.deb) ;;
	*) deb=$(find "$out/debs" -name 'linux-image-*.deb' ! -name '*-rt-*') ;;
	esac
	all=$root/unpacked
	mkdir "$all"
	dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$all" --wildcards \
		--exclude='*/drivers/gpu/*' --exclude='*/drivers/net/*' --exclude='*/drivers/infiniband/*' \
		./boot './lib/modules/*'
	version=$(ls "$all/lib/modules")
	mv "$all/boot/vmlinuz-$version" "$out/vmlinuz-$1"
	chroot "$root" depmod -b /unpacked "$version"
	# shellcheck disable=SC2086  # lists of names
	list_modules $boot_modules $modules >"$out/modules"
	(cd "$all" && xargs cp --parents -t "$root" <"$out/modules")
	cp "$all/lib/modules/$version"/modules.builtin* "$all/lib/modules/$version/modules.order" \
		"$root/lib/modules/$version/"
	chroot "$root" depmod "$version"

	ram=$root/initramfs
	mkdir -p "$ram/bin" "$ram/modules" "$ram/root"
	cp "$root/bin/busybox" "$ram/bin/"
	cp "$here/initramfs_init.sh" "$ram/init"
	chmod +x "$ram/init"
	# shellcheck disable=SC2086
	list_modules $boot_modules >"$out/modules"
	while read -r path; do
		cp "$all/$path" "$ram/modules/"
		basename "$path" >>"$ram/modules/order"
	done <"$out/modules"
	chroot "$root" sh -c 'cd /initramfs && find . | busybox cpio -o -H newc' 2>/dev/null |
		gzip -1 >"$out/initrd-$1"
	rm -rf "$all" "$ram"
}

for kernel in $kernels; do
	unpack_kernel "${kernel%%=*}" "${kernel#*=}"
done

cp "$here/guest_init.sh" "$root/sbin/guest-init"
chmod +x "$root/sbin/guest-init"
mkdir -p "$root/checkout" "$root/results" "$root/lab"
mv "$out/wheels" "$root/wheels"
chroot "$root" python3 -m compileall -q -j 0 /wheels || true # some packages carry broken examples
rm -rf "$root/var/cache/apt" "$root/var/lib/apt/lists"
mke2fs -q -t ext4 -O ^has_journal -d "$root" "$out/root.ext4" 1G
rm -rf "$root" "$out/debs" "$out/fetch_kernels" "$out/modules"
