#!/bin/busybox sh
# First program of the box: find the card, settle which root it is to be, and hand over to it.
#
# One sector of the card, the file slot.txt of the boot partition, names the slot that the Pi's
# firmware starts next ("os_prefix=a/") and whether that is on trial. A slot on trial gets one start:
# before anything else the sector is put back to the other one. What comes up well confirms itself.
b=/bin/busybox
$b mkdir -p /proc /dev /run /root
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
$b mount -t tmpfs -o mode=755,nosuid,nodev run /run
$b mkdir /run/groovebox

give_up() { # what a next start cannot mend either: tell, and try again
	echo "groovebox: $1" >/dev/kmsg
	$b sleep 5
	$b reboot -f
}

while read -r module; do
	$b insmod "/modules/$module"
done </modules/order

slot=a slot_at= board=pi options=
for word in $($b cat /proc/cmdline); do
	case $word in
	groovebox.slot=*) slot=${word#*=} ;;
	groovebox.slot_at=*) slot_at=${word#*=} ;;
	groovebox.board=*) board=${word#*=} ;;
	groovebox.option=*) options="$options --${word#*=}" ;;
	esac
done
while [ "${slot_at#0}" != "$slot_at" ]; do slot_at=${slot_at#0}; done # not octal
case $slot in a) other=b root=2 ;; *) other=a root=3 ;; esac

disk=
tries=0
while [ -z "$disk" ] && [ $tries -lt 200 ]; do
	for found in /dev/mmcblk0 /dev/mmcblk1 /dev/vda /dev/vdb; do
		# The table's own number, four bytes at 440: oorg
		[ -b $found ] && [ "$($b dd if=$found bs=1 skip=440 count=4 2>/dev/null)" = oorg ] && disk=$found
	done
	[ -n "$disk" ] || $b sleep 0.05
	tries=$((tries + 1))
done
[ -n "$disk" ] || give_up 'there is no card'
case $disk in *mmcblk*) part=${disk}p ;; *) part=$disk ;; esac

write_slot() { # write_slot NEXT WORD: one sector, so the old one or the new one after a power cut
	text="os_prefix=$1/
# $2
#"
	$b printf '%-511s\n' "$text" | $b dd of=$disk bs=512 seek="$slot_at" conv=notrunc,fsync 2>/dev/null
}
if [ -n "$slot_at" ]; then
	state=$($b dd if=$disk bs=512 skip="$slot_at" count=1 2>/dev/null)
	case $state in *"# trial=$slot"*) write_slot $other "tried=$slot" ;; esac
fi

if ! $b mount -t squashfs -o ro $part$root /root; then
	[ -z "$slot_at" ] || write_slot $other "tried=$slot"
	give_up "root $slot cannot be read"
fi

{
	echo "DISK=$disk"
	echo "PART=$part"
	echo "SLOT=$slot"
	echo "SLOT_AT=$slot_at"
	echo "BOARD=$board"
	echo "OPTIONS='$options'"
} >/run/groovebox/start
$b mount --move /dev /root/dev
$b mount --move /run /root/run
$b umount /proc
exec $b switch_root /root /sbin/init
