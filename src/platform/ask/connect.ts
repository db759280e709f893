import { type Socket, createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { NoAnswer, noAnswer } from "./no-answer.js";
import { abortable, within } from "./within.js";

/** Where a guest's port is reached. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ConnectOptions {
  /** Milliseconds for the guest to accept. */
  readonly acceptMs: number;
  /**
   * Whether the guest has accepted a connection at this address. For networks that accept in its stead (QEMU's user
   * networking); without it, an open connection is an accepted one.
   */
  readonly isEstablished?: (() => Promise<boolean>) | undefined;
}

/** Between two questions to the network: it is QEMU’s main loop that answers. */
const pollMs = { first: 10, longest: 100 };

/**
 * A connection that the guest itself has accepted, half-open when the guest has closed it since. The caller ends it.
 *
 * @throws NoAnswer
 */
export async function connect(
  address: Address,
  { acceptMs, isEstablished, signal }: ConnectOptions & { readonly signal: AbortSignal },
): Promise<Socket> {
  const socket = createConnection({ ...address, allowHalfOpen: true, noDelay: true });
  // Whoever waits is told by listeners of his own; an error that comes while nobody does must not end our process.
  socket.on("error", () => undefined);
  try {
    await within(acceptMs, `connection not accepted within ${acceptMs / 1000} s`, signal, async (bounded) => {
      await opened(socket, bounded);
      if (isEstablished !== undefined) await accepted(socket, isEstablished, bounded);
    });
    return socket;
  } catch (error) {
    socket.destroy();
    throw noAnswer(error);
  }
}

function opened(socket: Socket, signal: AbortSignal): Promise<void> {
  return abortable(signal, (resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
}

/** Waits until the guest is known to have accepted, or to have refused: then the connection is closed without it. */
async function accepted(socket: Socket, isEstablished: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  // A connected socket fills its buffer unasked, so that an end shows; whoever reads next misses nothing.
  const isOver = () => socket.readableEnded || socket.destroyed;
  for (let ms = pollMs.first; ; ms = Math.min(pollMs.longest, 2 * ms)) {
    // Asked after the end was seen: a connection that the guest itself has closed is still known as one.
    const wasOver = isOver();
    if (socket.readableLength > 0 || (await orAborted(isEstablished(), signal))) return;
    if (wasOver) throw new NoAnswer("connection refused");
    await orAborted(sleep(ms, undefined, { signal }), signal);
  }
}

function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return abortable(signal, (resolve, reject) => void promise.then(resolve, reject));
}
