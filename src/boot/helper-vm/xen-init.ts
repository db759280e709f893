import type { VmmEnd } from "../../platform/process/vmm-process.js";
import type { Purpose } from "./guest-init.js";
import { applets as linuxApplets, inside, scriptHead } from "./guest-init.js";

/** Busybox's tools in the Xen helper VM. */
export const xenApplets = [...linuxApplets, "ln", "stat"] as const;

/** Programs of Xen's own packages, by the names that the scripts use. */
export const xenPrograms = ["xenstored", "xen-init-dom0", "xenconsoled", "xl", "xenstore"] as const;

/** What the program `xenstore` does depends on the name by which it is called. */
export const xenstoreNames = ["xenstore-read", "xenstore-write"] as const;

/** In the order of use: Xen's modules have no dependencies among each other. */
export const xenModules: Readonly<Record<Purpose | "xen", readonly string[]>> = {
  xen: ["xen_privcmd", "xen_evtchn", "xen_gntdev", "xen_gntalloc", "xenfs"],
  console: ["virtio_pci", "virtio_console"],
  kvm: [],
  net: ["virtio_net", "bridge", "xen_netback"],
  block: ["virtio_blk", "xen_blkback"],
};

/** Paths in the Xen helper VM, beside those of the others. */
export const insideXen = {
  domain: "/carrier/domain",
  attach: "/bin/attach",
} as const;

/** The name of the unikernel's domain. */
const name = "unikernel";

/**
 * The only program of the Xen helper VM, which is Xen's control domain: it starts Xen's daemons, and runs the file that
 * {@link xenRunScript} writes.
 *
 * Neither Xen nor its guests can write to the serial port, which belongs to the control domain alone: Xen has no
 * console, and the unikernel's goes through xenconsoled's log to a virtio port, byte by byte. Lines of `xl` are marked
 * as a tender's are.
 */
export const xenInitScript = `${scriptHead}
mkdir -p /dev/pts && mount -t devpts pts /dev/pts
ln -s /run /var/run
load xen
mount -t xenfs xen /proc/xen
xenstored || fail 'xenstored did not start'
# Its word for success would be taken for the cause of a later failure.
said=$(xen-init-dom0 2>&1) || fail "xen-init-dom0: $said"
# The pipe gives the whole output, and its end shows that xenconsoled has written all of it.
log=/var/log/xen/console/guest-${name}.log
mkfifo "$log" /err
xenconsoled --log=guest || fail 'xenconsoled did not start'

# A bridge passes the unikernel's frames with its own address. Its domain's card joins it later.
bridge() {
  brctl addbr "bridge$1" && brctl addif "bridge$1" "eth$1" &&
    ip link set "eth$1" up && ip link set "bridge$1" up ||
    fail "the network device $1 could not be set up"
}

run() {
  await_port /dev/vport0p1
  exec 5>/dev/vport0p1
  cat "$log" >&5 &
  relay=$!
  xl create -F -p ${insideXen.domain} >/dev/null 2>/err 5>&- &
  xl=$!
  reason=
  while IFS= read -r line; do
    case "$line" in
      'Waiting for domain '*)
        echo 'carrier: start'
        xl unpause ${name} >/dev/null 5>&- || echo 'carrier: error xl: the domain could not be started' ;;
      'Domain '*' has shut down, reason code '*)
        reason=\${line##* code }
        reason=\${reason%% *} ;;
      'Parsing config from '* | 'Action for shutdown '* | 'Domain '*' needs to be '* | 'Done. Exiting now') ;;
      *) echo "carrier: error $line" ;;
    esac
  done </err
  if [ -z "$reason" ]; then
    wait "$xl"
    # SIGKILL, by which only Linux, short of memory, kills it.
    [ $? != 137 ] || fail 'it ran out of memory'
    echo 'carrier: end 256'
    stay
  fi
  wait "$relay"
  sync
  echo "carrier: shutdown $reason"
  stay
}

. ${inside.run}
fail 'its script ended unexpectedly'
`;

/**
 * Xen's own scripts for devices need bash and many tools, and take a second each. `xl` calls this one with `online`
 * for a network card, `add` for a disk, and other words when the domain ends.
 */
export const attachScript = `#!/bin/sh
PATH=/bin
case "$1" in
  online)
    brctl addif "$(xenstore-read "$XENBUS_PATH/bridge")" "$vif" && ip link set "$vif" up || exit 1 ;;
  add)
    disk=$(xenstore-read "$XENBUS_PATH/params") &&
      xenstore-write "$XENBUS_PATH/physical-device" "$(stat -c %t:%T "$disk")" || exit 1 ;;
  *) exit 0 ;;
esac
xenstore-write "$XENBUS_PATH/hotplug-status" connected
`;

export interface XenRunScript {
  readonly netCount: number;
  /** The last of its disks: `/dev/vdb`. */
  readonly lastDisk: string | undefined;
}

/** The script that {@link xenInitScript} runs: modules and devices, then the domain of its own file. */
export function xenRunScript({ netCount, lastDisk }: XenRunScript): string {
  return [
    "load console",
    ...(netCount === 0 ? [] : ["load net"]),
    ...(lastDisk === undefined ? [] : ["load block"]),
    ...Array.from({ length: netCount }, (_, index) => `bridge ${index}`),
    ...(lastDisk === undefined ? [] : [`await_file ${lastDisk}`]),
    "run",
    "",
  ].join("\n");
}

/**
 * The end of a domain, by the reason of its shutdown (`SHUTDOWN_*` in Xen's public/sched.h). A soft reset is a restart;
 * a watchdog that was not fed ends the domain as a crash does.
 */
export function endOfDomain(reason: number): VmmEnd {
  const end = { code: 0, signal: null };
  if (reason === 0) return end;
  return { ...end, guest: reason === 1 || reason === 5 ? "reset" : "crashed" };
}
