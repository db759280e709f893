import { describe, expect, it } from "vitest";
import type { AttachedDevice } from "../../../../src/boot/devices/devices.js";
import { domainConfiguration, xen } from "../../../../src/boot/vmms/xen.js";
import { askedOf, goodMachine, siteOf } from "../requests.js";

const tap: AttachedDevice = {
  type: "net",
  name: "service",
  mac: "52:54:00:00:00:01",
  link: { kind: "tap", interface: "uci0", host: "10.0.0.1/24", guest: "10.0.0.2" },
};
const disk: AttachedDevice = { type: "block", name: "data", path: "/tmp/data" };

describe("the exact command of the Xen helper VM", () => {
  const vm = (folder: string) => ({ key: "", folder, kernel: `${folder}/kernel`, initramfs: `${folder}/initramfs` });
  const commandIn = (folder: string, devices: readonly AttachedDevice[] = []) => {
    const helperVms = {
      x86_64: vm("/x"),
      aarch64: vm("/a"),
      "xen-x86_64": { ...vm(folder), hypervisor: `${folder}/hypervisor` },
    };
    const site = siteOf({ devices, places: { helperVms, initrd: "/tmp/boot/initrd" } });
    return xen.command(askedOf("xen"), site, "tcg", goodMachine);
  };

  it("starts Xen without a console, and gives the serial port to its control domain", () => {
    expect(commandIn("/vms/xen").argv).toEqual([
      "qemu-system-x86_64",
      ..."-nodefaults -no-user-config -no-reboot -display none -machine q35,accel=tcg".split(" "),
      ..."-cpu max,la57=off,-smap,-smep,-monitor -smp 1 -m 384M".split(" "),
      ..."-chardev stdio,id=events,signal=off -serial chardev:events -chardev socket,id=console,fd=3".split(" "),
      ..."-chardev socket,id=qmp,fd=4 -mon chardev=qmp,mode=control".split(" "),
      ..."-device virtio-serial-pci,max_ports=2,ioeventfd=off -device virtserialport,chardev=console".split(" "),
      ..."-kernel /vms/xen/hypervisor -initrd".split(" "),
      "/vms/xen/kernel console=ttyS0 rdinit=/init quiet panic=-1 mitigations=off nokaslr,/tmp/boot/initrd",
      "-append",
      "console=none dom0_mem=224M,,max:224M dom0_max_vcpus=1 cpuidle=0 xpti=0 spec-ctrl=no".replace(",,", ","),
    ]);
  });

  it("doubles the commas of paths, which would begin another module", () => {
    const { argv } = commandIn("/vms/a,b");
    expect(argv[argv.indexOf("-initrd") + 1]).toMatch(/^\/vms\/a,,b\/kernel console=[^,]*,\/tmp\/boot\/initrd$/);
  });

  it("attaches devices with other addresses than the unikernel’s", () => {
    const { argv } = commandIn("/vms/xen", [tap, disk]);
    expect(argv).toContain("virtio-net-pci,netdev=device0,mac=56:54:00:00:00:01,romfile=");
    expect(argv).toContain("file=/tmp/data,if=none,id=device1,format=raw");
  });
});

describe("the domain", () => {
  const lines = (args: readonly string[], devices: readonly AttachedDevice[] = []) =>
    domainConfiguration({ memory: 64 }, siteOf({ args, devices })).split("\n");

  it("is destroyed however it ends", () => {
    expect(lines([])).toEqual([
      'name = "unikernel"',
      'type = "pvh"',
      'kernel = "/carrier/image"',
      "memory = 64",
      "vcpus = 1",
      "vif = []",
      "disk = []",
      'on_poweroff = "destroy"',
      'on_reboot = "destroy"',
      'on_crash = "destroy"',
      'on_watchdog = "destroy"',
      'on_soft_reset = "destroy"',
      "",
    ]);
  });

  it("has its devices in order, each kind counted separately", () => {
    const devices = [tap, disk, { ...tap, mac: "52:54:00:00:00:02" }, disk];
    expect(lines([], devices)).toEqual(
      expect.arrayContaining([
        'vif = ["mac=52:54:00:00:00:01,bridge=bridge0,script=/bin/attach", ' +
          '"mac=52:54:00:00:00:02,bridge=bridge1,script=/bin/attach"]',
        'disk = ["format=raw,vdev=xvda,access=rw,script=/bin/attach,target=/dev/vda", ' +
          '"format=raw,vdev=xvdb,access=rw,script=/bin/attach,target=/dev/vdb"]',
      ]),
    );
  });

  it("gets its arguments as one string: no argument adds a line to its configuration", () => {
    expect(lines(['say "hi"\\', "a\nkernel = '/etc/passwd'\t#", "ü"])[5]).toBe(
      String.raw`cmdline = "\"say \\\"hi\\\"\\\\\" \"a\nkernel = '/etc/passwd'\t#\" ü"`,
    );
  });
});
