#!/bin/busybox sh
# PID 1 of the guest: makes an ordinary small Linux of it, runs /vm/command in the project, says how
# that ended. It is busybox's shell, which waits for any child while it waits for the command, so
# orphans are reaped. What it says to the laboratory are lines "@@vm:NONCE WORD …".

/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s
chmod 755 / # A tmpfs begins as one for everybody.
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o mode=0620,ptmxmode=0666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=0755 tmpfs /run
ln -sf /proc/self/fd /dev/fd
ln -sf fd/0 /dev/stdin
ln -sf fd/1 /dev/stdout
ln -sf fd/2 /dev/stderr

mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup
# One that stays: the first cgroup made and the last one removed patch the kernel's text (a static key),
# and emulated processors have been seen to stumble over that (int3 oops, 7.3).
mkdir /sys/fs/cgroup/keep
for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
  echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
done 2>/dev/null

ip link set lo up
hostname autoreap
echo /tmp/core.%p >/proc/sys/kernel/core_pattern
# Some machines of QEMU have no clock that these kernels can read.
[ "$(date +%s)" -ge "$(tr -d @ </vm/now)" ] || date -s "$(cat /vm/now)" >/dev/null
ulimit -Hn 65536
ulimit -Sn 4096

# The command's output is a pipe, as in CI, not the console; PID 1 keeps the pipe from breaking. Our
# own lines go through it too, so they come after all that the command wrote.
stty -opost -echo </dev/console
mkfifo /run/output
exec 3<>/run/output
cat </run/output >/dev/console 3<&- &
nonce=$(cat /vm/nonce)
tell() { echo "@@vm:$nonce $*" >&3; }

# The session of a command: nothing of ours in its environment, descriptors or signals. In the
# foreground, because a shell makes its background ignore SIGINT.
in_session() {
  setsid env -i HOME=/root USER=root LOGNAME=root SHELL=/bin/sh LANG=C.UTF-8 TMPDIR=/tmp CI=1 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/autoreap/node_modules/.bin \
    AUTOREAP_VM=1 AUTOREAP_VM_KERNEL="$(uname -r)" $(cat /vm/environment) "$@" \
    </dev/null >/run/output 2>&1 3<&-
}

mkdir -p /autoreap
cd /autoreap || exit
tell booted
in_session timeout 120 node /vm/facts.cjs "@@vm:$nonce facts"
tell running
in_session sh /vm/command
tell exited $?

# The laboratory ends the machine as soon as it has read that line; this is for when it is gone.
sleep 60
poweroff -f
