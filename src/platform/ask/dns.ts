import { createSocket } from "node:dgram";
import { randomInt } from "node:crypto";
import { type RecordType, RECURSION_DESIRED, decode, encode } from "dns-packet";
import type { Address } from "./connect.js";
import { NoAnswer, noAnswer } from "./no-answer.js";
import { abortable } from "./within.js";

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

/** A datagram may be lost: the question is sent again after this long, then after twice as long, and so on. */
const repeatMs = 250;

/**
 * Asks a name server over UDP until there is an answer.
 *
 * @throws NoAnswer when what comes back is none to this question.
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
      // A connected socket hears only whom it asked, and is told when nothing listens there.
      socket.connect(port, host, () => send(repeatMs));
    });
    return readAnswer(answer, id);
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

/**
 * Reads a name server's answer to the question with that id.
 *
 * @throws NoAnswer for anything else.
 */
export function readAnswer(message: Buffer, id: number): DnsAnswer {
  const packet = decoded(message);
  if (packet.type !== "response") throw new NoAnswer("no DNS answer: a question came back");
  if (packet.id !== id) throw new NoAnswer("no DNS answer: it has the id of another question");
  const records = (packet.answers ?? []).map((answer) => ({
    type: answer.type,
    data: "data" in answer ? textOf(answer.data) : "",
  }));
  return { code: packet.rcode, records, truncated: packet.flag_tc };
}

type DnsPacket = ReturnType<typeof decode> & { readonly rcode: string };

function decoded(message: Buffer): DnsPacket {
  try {
    // The types leave `rcode` out: https://github.com/mafintosh/dns-packet#packets
    return decode(message) as DnsPacket;
  } catch (error) {
    throw new NoAnswer(`no DNS answer: ${message.length} bytes that are none`, { cause: error });
  }
}

function textOf(data: unknown): string {
  if (typeof data === "string") return data;
  const parts = Array.isArray(data) ? (data as unknown[]) : [data];
  return parts.map((part) => (Buffer.isBuffer(part) ? part.toString("utf8") : JSON.stringify(part))).join("");
}
