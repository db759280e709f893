import type { Socket } from "node:net";
import { type TLSSocket, connect } from "node:tls";
import { messageOf } from "../problem.js";
import { NoAnswer } from "./no-answer.js";
import { abortable } from "./within.js";

/**
 * TLS over a connection that is there.
 *
 * @param options.host whom the certificate must name.
 * @param options.insecure accept any certificate.
 * @throws NoAnswer that says what the handshake failed by.
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
    stream.once("close", () => reject(new NoAnswer("TLS: connection closed in the handshake")));
  });
  return stream;
}

function failure(error: Error, stream: TLSSocket): NoAnswer {
  // OpenSSL's own phrase, without the place in its sources.
  const { reason } = error as { readonly reason?: unknown };
  const said = `TLS: ${typeof reason === "string" && reason !== "" ? reason : messageOf(error)}`;
  // The types promise an Error; there is none before a certificate was looked at.
  const isCertificates = Boolean(stream.authorizationError);
  return new NoAnswer(isCertificates ? `${said} (\`insecure\` accepts any certificate)` : said, { cause: error });
}
