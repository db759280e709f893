/** An IPv4 address and the prefix of its network: `10.0.0.1/24`. */
export interface Subnet {
  /** As an unsigned number. */
  readonly address: number;
  readonly prefix: number;
}

/** @throws RangeError for anything but `10.0.0.1`; device-text.ts checks inputs. */
export function parseAddress(text: string): number {
  const bytes = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number) ?? [];
  if (bytes.length !== 4 || bytes.some((byte) => byte > 255)) throw new RangeError(`${text} is not an IPv4 address`);
  return bytes.reduce((address, byte) => address * 256 + byte, 0);
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

/** @throws RangeError for anything but `ADDRESS/PREFIX`. */
export function parseSubnet(text: string): Subnet {
  const [address = "", prefix = ""] = text.split("/");
  if (!/^\d{1,2}$/.test(prefix) || Number(prefix) > 32)
    throw new RangeError(`${text} is not an IPv4 address with a prefix`);
  return { address: parseAddress(address), prefix: Number(prefix) };
}

export function formatSubnet({ address, prefix }: Subnet): string {
  return `${formatAddress(address)}/${prefix}`;
}

export function networkOf({ address, prefix }: Subnet): Subnet {
  const size = 2 ** (32 - prefix);
  return { address: address - (address % size), prefix };
}

export function overlap(one: Subnet, other: Subnet): boolean {
  const prefix = Math.min(one.prefix, other.prefix);
  return networkOf({ ...one, prefix }).address === networkOf({ ...other, prefix }).address;
}

/** Whether a host of the network may have the address: the lowest and the highest are reserved. */
export function isHostOf(address: number, subnet: Subnet): boolean {
  const { address: lowest } = networkOf(subnet);
  return address > lowest && address < lowest + 2 ** (32 - subnet.prefix) - 1;
}

/** Whether it is a host's address on a network with room for a host, a guest, and QEMU's name server. */
export function isUsable(subnet: Subnet): boolean {
  return subnet.prefix >= 8 && subnet.prefix <= 29 && isHostOf(subnet.address, subnet);
}

export function firstFree(subnet: Subnet, taken: readonly number[]): number {
  const { address: lowest } = networkOf(subnet);
  let address = lowest + 1;
  while (taken.includes(address)) address++;
  return address;
}
