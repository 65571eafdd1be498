#!/bin/sh
# PID 1 of the lab's sandbox. Tells its maker its process number outside, makes the network, and waits for the word `keep`
# on standard input. When the maker dies before, at whatever point, the input ends, this ends, and with it all in the sandbox.

fail() {
    echo "failed $*"
    exit 1
}
attempt() { problem=$("$@" 2>&1) || fail "$* : $problem"; }

read -r outside _ </proc/self/stat # /proc is still the one of outside
attempt mount -t proc proc /proc

attempt ip link set lo up
attempt ip link add lab0 type bridge
# A card that is always up keeps the bridge up, and its link-local address usable, while all machines are off.
attempt ip link add keep0 type veth peer name keep1
attempt ip link set keep0 master lab0
echo 0 >/proc/sys/net/ipv6/conf/lab0/accept_dad
attempt ip link set lab0 address 52:54:00:77:ff:01 type bridge mcast_snooping 0 forward_delay 0
for link in keep1 keep0 lab0; do attempt ip link set $link up; done
attempt ip address add 10.77.0.1/24 dev lab0

echo "ready $outside"
exec >/dev/null 2>&1
read -r word
[ "$word" = keep ] || exit 1
exec </dev/null

# The shell's wait also reaps what the dead leave behind, so a process that is gone is gone.
while :; do
    sleep 86400 &
    wait
done
