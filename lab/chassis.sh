#!/bin/sh
# chassis.sh FOLDER get NAME... | set NAME VALUE...: the power switch of one lab machine, called by its BMC (ipmi_sim).
# FOLDER/settings says what the machine is. A reading looks at the process itself, not at what was ordered.

folder=$1 operation=$2
shift 2
. "$folder/settings"

# Prints STATE STARTTIME of process $1 (proc(5), fields 3 and 22).
process() {
    read -r line 2>/dev/null <"/proc/$1/stat" || return 1
    set -- ${line##*) }
    echo "$1 ${20}"
}

running() { # sets pid
    read -r pid started 2>/dev/null <"$folder/process" || return 1
    case $(process "$pid") in
    [ZX]*) return 1 ;;
    *" $started") return 0 ;;
    *) return 1 ;;
    esac
}

switch_on() {
    running && return 0
    rm -f "$folder/qemu.pid"
    echo "--- power on" >>"$folder/power.log"
    : >"$folder/console.log"
    # File descriptors of the BMC must not live on in the machine.
    for descriptor in 3 4 5 6 7 8 9; do eval "exec $descriptor>&-"; done
    qemu-system-x86_64 -name "$name" -daemonize -pidfile "$folder/qemu.pid" \
        -accel "$accelerator" -cpu "$cpu" -machine pc,graphics=off -smp "$cpus" -m "$memory" -uuid "$uuid" \
        -nodefaults -display none -vga none -boot n,reboot-timeout=5000 -serial "file:$folder/console.log" \
        -chardev "pipe,id=monitor,path=$folder/monitor" -mon chardev=monitor,mode=readline \
        -netdev "tap,id=boot,ifname=$tap,script=no,downscript=no" \
        -device "virtio-net-pci,netdev=boot,mac=$mac,bootindex=1" ${watchdog:+-device "$watchdog"} </dev/null >>"$folder/power.log" 2>&1 || return 1
    read -r pid <"$folder/qemu.pid" && set -- $(process "$pid") && echo "$pid $2" >"$folder/process"
}

switch_off() {
    running || return 0
    echo "--- power off" >>"$folder/power.log"
    kill -9 "$pid"
    while running; do sleep 0.02; done
}

# What the monitor answers nobody reads, so it is read away before each order.
monitor() {
    running || return 1
    timeout 0.1 cat "$folder/monitor.out" >/dev/null
    echo "$1" >"$folder/monitor.in"
}

case $operation in
get)
    for parameter; do
        case $parameter in
        power) running && echo power:1 || echo power:0 ;;
        boot) read -r device <"$folder/boot" && echo "boot:$device" ;;
        *) exit 1 ;;
        esac
    done
    ;;
set)
    while [ $# -gt 1 ]; do
        case $1,$2 in
        power,0) switch_off || exit 1 ;;
        power,*) switch_on || exit 1 ;;
        reset,*) monitor system_reset || exit 1 ;;
        shutdown,*) monitor system_powerdown || exit 1 ;;
        boot,*) echo "$2" >"$folder/boot" ;;
        identify,*) ;;
        *) exit 1 ;;
        esac
        shift 2
    done
    ;;
esac
exit 0
