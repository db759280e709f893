import type { Architecture } from "../../target/architecture.js";

/** QEMU for an architecture: the program, and the Debian package that has it. */
export const qemuPrograms: Readonly<
  Record<Architecture, { readonly program: string; readonly debianPackage: string }>
> = {
  x86_64: { program: "qemu-system-x86_64", debianPackage: "qemu-system-x86" },
  aarch64: { program: "qemu-system-aarch64", debianPackage: "qemu-system-arm" },
};

/** A machine that has nothing but what is asked for, and ends where it would restart. */
export const bareMachine = ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"] as const;

/** QEMU's control channel: a socket pair on one of its file descriptors, so that nobody else can reach it. */
export const controlChannel = (descriptor: number) =>
  ["-chardev", `socket,id=qmp,fd=${descriptor}`, "-mon", "chardev=qmp,mode=control"] as const;

/** What runs a guest as QEMU's own: its console on standard output, its control channel on 3; paused until QMP says `cont`. */
export const guestsMachine = [
  "-chardev",
  "stdio,id=console,signal=off",
  "-serial",
  "chardev:console",
  ...controlChannel(3),
  "-S",
] as const;
