import type { Socket } from "node:net";
import { type TLSSocket, connect } from "node:tls";
import { messageOf } from "../problem.js";
import { NoAnswer } from "./no-answer.js";
import { abortable } from "./within.js";

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
  const stream = connect({ socket, host, rejectUnauthorized: !insecure, ALPNProtocols: ["http/1.1"] });
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
