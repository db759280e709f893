import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { type RecordType, RECURSION_DESIRED, decode, encode } from "dns-packet";
import type { Address } from "./connect.js";
import { NoAnswer, noAnswer, abortable } from "./within.js";

export interface DnsAnswer {
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, …: RFC 1035, section 4.1.1. */
  readonly code: string;
  /** The records of the answer section. */
  readonly records: readonly DnsRecord[];
  readonly truncated: boolean;
}

export interface DnsRecord {
  readonly type: string;
  readonly data: string;
}

/** A datagram can get lost: the query is repeated after this time, then after twice as long, and so on. */
const repeatMs = 250;

/**
 * Queries a name server over UDP, until it answers or `signal` aborts.
 *
 * @throws NoAnswer when the reply is not an answer to this query.
 */
export async function queryDns(
  { name, type }: { readonly name: string; readonly type: RecordType },
  { host, port }: Address,
  signal: AbortSignal,
): Promise<DnsAnswer> {
  const id = randomInt(0x1_0000);
  const question = encode({ type: "query", id, flags: RECURSION_DESIRED, questions: [{ name, type }] });
  const socket = createSocket("udp4");
  let timer: NodeJS.Timeout | undefined;
  const send = (again: number) => {
    socket.send(question);
    timer = setTimeout(() => send(2 * again), again);
  };
  try {
    const answer = await abortable<Buffer>(signal, (resolve, reject) => {
      socket.once("error", (error) => reject(noAnswer(error)));
      socket.once("message", resolve);
      // A connected socket receives only from this server, and gets an error when nothing listens there.
      socket.connect(port, host, () => send(repeatMs));
    });
    return readAnswer(answer, id);
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

/**
 * Reads a name server's answer to the query `id`.
 *
 * @throws NoAnswer for any other message.
 */
export function readAnswer(message: Buffer, id: number): DnsAnswer {
  const packet = decoded(message);
  if (packet.type !== "response") throw new NoAnswer("no DNS answer: received a query");
  if (packet.id !== id) throw new NoAnswer("no DNS answer: the id is of another query");
  const records = (packet.answers ?? []).map((answer) => ({
    type: answer.type,
    data: "data" in answer ? textOf(answer.data) : "",
  }));
  return { code: packet.rcode, records, truncated: packet.flag_tc };
}

type DnsPacket = ReturnType<typeof decode> & { readonly rcode: string };

function decoded(message: Buffer): DnsPacket {
  try {
    // The types lack `rcode`: https://github.com/mafintosh/dns-packet#packets
    return decode(message) as DnsPacket;
  } catch (error) {
    throw new NoAnswer(`no DNS answer: received ${message.length} bytes that are not DNS`, { cause: error });
  }
}

function textOf(data: unknown): string {
  if (typeof data === "string") return data;
  const parts = Array.isArray(data) ? (data as unknown[]) : [data];
  return parts.map((part) => (Buffer.isBuffer(part) ? part.toString("utf8") : JSON.stringify(part))).join("");
}
