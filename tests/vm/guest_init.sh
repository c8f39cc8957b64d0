#!/bin/sh
# Process 1 of the virtual machine: mount what the host shares, run its command, power off.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
export PYTHONPATH=/checkout:/wheels PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
mount -t proc proc /proc
mount -t sysfs sys /sys
for place in /tmp /run /dev/shm /dev/pts; do mkdir -p $place; done
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
mount -t tmpfs shm /dev/shm
mount -t devpts pts /dev/pts
modprobe -a 9p 9pnet_virtio
shared() { mount -t 9p -o "trans=virtio,version=9p2000.L,msize=262144,$3" "$1" "$2"; }
shared checkout /checkout ro,cache=loose
shared results /results rw
shared lab /lab rw
ip link set lo up
modprobe -a snd-seq snd-virmidi snd-hrtimer
cut -d' ' -f1 /proc/uptime >/lab/booted
cd /results || exit
sh /lab/command >/lab/stdout 2>&1
echo $? >/lab/status
sync
echo o >/proc/sysrq-trigger
while :; do sleep 1; done
