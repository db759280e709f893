import { Problem } from "../../platform/problem.js";
import type { AttachedDevice } from "./devices.js";

interface Way {
  readonly argv: readonly [string, ...string[]];
  /** Absent: as many as an image can declare. */
  readonly mostDevices?: number;
}

/** @throws Problem when no way has room: its program would refuse to start, which is not the guest's failure. */
export function withRoomFor<Any extends Way>(devices: readonly AttachedDevice[], ways: readonly Any[]): readonly Any[] {
  const most = (way: Way) => way.mostDevices ?? Infinity;
  const roomy = ways.filter((way) => devices.length <= most(way));
  if (roomy.length > 0 || ways.length === 0) return roomy;
  const largest = ways.reduce((one, other) => (most(other) > most(one) ? other : one));
  throw new Problem(`the guest has ${devices.length} network and block devices, too many for ${largest.argv[0]}`, {
    accepted: `${most(largest)} devices`,
    do:
      "use fewer in `net` and `block`, or declare fewer in the image’s manifest; " +
      "Solo5’s tenders take 63 when they run directly on the host",
  });
}
