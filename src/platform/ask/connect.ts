import { type Socket, createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { NoAnswer, noAnswer } from "./no-answer.js";
import { abortable, within } from "./within.js";

/** The address of a guest's port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ConnectOptions {
  /** Time for the guest to accept, in milliseconds. */
  readonly acceptMs: number;
  /**
   * Whether the guest itself has accepted the connection: for QEMU's user networking, which accepts before the guest
   * does. Undefined: an open connection is an accepted one.
   */
  readonly isEstablished?: (() => Promise<boolean>) | undefined;
}

/** Between two calls of `isEstablished`, which takes time of QEMU's main loop. */
const pollMs = { first: 10, longest: 100 };

/**
 * Opens a connection that the guest itself accepts; it may be half-open, if the guest has closed it since. The caller
 * closes it.
 *
 * @throws NoAnswer when the guest refuses, or does not accept in time.
 */
export async function connect(
  address: Address,
  { acceptMs, isEstablished, signal }: ConnectOptions & { readonly signal: AbortSignal },
): Promise<Socket> {
  const socket = createConnection({ ...address, allowHalfOpen: true, noDelay: true });
  // Readers add their own listeners; an error between them must not end our process.
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

/** Waits until the guest has accepted. A connection that closes before that was refused. */
async function accepted(socket: Socket, isEstablished: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  // A connected socket fills its buffer even without a reader, so an end shows, and no byte is lost.
  const isOver = () => socket.readableEnded || socket.destroyed;
  for (let ms = pollMs.first; ; ms = Math.min(pollMs.longest, 2 * ms)) {
    // In this order: a connection that the guest accepted and then closed still counts as established.
    const wasOver = isOver();
    if (socket.readableLength > 0 || (await orAborted(isEstablished(), signal))) return;
    if (wasOver) throw new NoAnswer("connection refused");
    await orAborted(sleep(ms, undefined, { signal }), signal);
  }
}

function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return abortable(signal, (resolve, reject) => void promise.then(resolve, reject));
}
