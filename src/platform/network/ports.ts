import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

export type Protocol = "tcp" | "udp";

/** Ports that a VMM of ours may be about to open: a process never gives one twice. */
const given = new Set<string>();

/**
 * Free ports of 127.0.0.1, one for each protocol. They are not reserved: another process may open one first.
 */
export async function freePorts(protocols: readonly Protocol[]): Promise<number[]> {
  const ports: number[] = [];
  for (const protocol of protocols) {
    let port: number;
    do port = await (protocol === "tcp" ? freeTcpPort() : freeUdpPort());
    while (given.has(`${protocol} ${port}`));
    given.add(`${protocol} ${port}`);
    ports.push(port);
  }
  return ports;
}

async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  await once(socket, "close");
  return port;
}
