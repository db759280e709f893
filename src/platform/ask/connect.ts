import { type ExecFileException, execFile } from "node:child_process";
import { type Socket, createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type TLSSocket, connect as connectTls } from "node:tls";
import { messageOf } from "../problem.js";
import { NoAnswer, abortable, noAnswer, within } from "./within.js";

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

/**
 * Starts TLS on an open connection.
 *
 * @param options.host the name that the certificate must have.
 * @param options.insecure accept any certificate.
 * @throws NoAnswer that says why the handshake failed.
 */
export async function secured(
  socket: Socket,
  { host, insecure }: { readonly host: string; readonly insecure: boolean },
  signal: AbortSignal,
): Promise<TLSSocket> {
  const stream = connectTls({ socket, host, rejectUnauthorized: !insecure, ALPNProtocols: ["http/1.1"] });
  stream.on("error", () => undefined);
  await abortable(signal, (resolve, reject) => {
    stream.once("secureConnect", () => resolve(undefined));
    stream.once("error", (error: Error) => reject(failure(error, stream)));
    stream.once("close", () => reject(new NoAnswer("TLS: connection closed during the handshake")));
  });
  return stream;
}

function failure(error: Error, stream: TLSSocket): NoAnswer {
  // OpenSSL's reason, without the line of its sources.
  const { reason } = error as { readonly reason?: unknown };
  const said = typeof reason === "string" && reason !== "" ? reason : messageOf(error);
  // Node.js 24 adds advice for programs that a person starts: `; if the root CA is installed locally, try …`.
  const text = `TLS: ${said.replace(/; if the root CA .*/, "")}`;
  // The types promise an Error, but it is unset until a certificate was checked.
  const isCertificates = Boolean(stream.authorizationError);
  return new NoAnswer(isCertificates ? `${text} (\`insecure\` accepts any certificate)` : text, { cause: error });
}

/** How long one echo request waits. The caller sends the next one. */
const waitSeconds = 1;

/**
 * Sends one ICMP echo request with the system's `ping`, which has the permission that we lack.
 *
 * @returns the reply, as ping prints it.
 * @throws NoAnswer
 */
export function ping(host: string, signal: AbortSignal): Promise<string> {
  const args = ["-n", "-c", "1", "-W", String(waitSeconds), host];
  // In the C locale, because we parse the output.
  const options = { signal, env: { PATH: process.env["PATH"], LC_ALL: "C" } };
  return abortable(signal, (resolve, reject) => {
    execFile("ping", args, options, (error, stdout, stderr) => {
      const reply = stdout.split("\n").find((line) => / time[=<]/.test(line));
      if (error === null && reply !== undefined) resolve(reply.trim());
      else reject(new NoAnswer(whyNot(error, stdout, stderr), { cause: error }));
    });
  });
}

function whyNot(error: ExecFileException | null, stdout: string, stderr: string): string {
  if (error?.code === "ENOENT") return "the program ping is not installed";
  const complaint = stderr.split("\n").find((line) => line.trim() !== "");
  if (complaint !== undefined) return complaint.trim();
  return /Destination \w+ Unreachable/.exec(stdout)?.[0] ?? `no echo reply within ${waitSeconds} s`;
}
