#!/bin/busybox sh
# First program of the virtual machine: load the disk's drivers and hand over to the root on it.
b=/bin/busybox
$b mkdir -p /proc /dev
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
while read -r module; do
	$b insmod "/modules/$module"
done </modules/order
tries=0
while [ ! -b /dev/vda ] && [ $tries -lt 100 ]; do
	$b sleep 0.1
	tries=$((tries + 1))
done
$b mount -t ext4 /dev/vda /root || exec $b sh
$b mount --move /dev /root/dev
$b umount /proc
exec $b switch_root /root /sbin/guest-init
