import { type ConnectOptions, connect, secured, ping } from "../../platform/ask/connect.js";
import { requestHttp } from "../../platform/ask/http.js";
import { within } from "../../platform/ask/within.js";
import { messageOf } from "../../platform/problem.js";
import { judgeDns, judgeHttp } from "./answers.js";
import type { HttpProbe, Probe, ProbeAddress, ProbeAnswer } from "./probe.js";

export interface AskOptions extends ConnectOptions {
  /** For the whole question. */
  readonly timeoutMs: number;
  /** Ends the question at once; an answer after that means nothing. */
  readonly signal: AbortSignal;
}

/** Asks a guest once. Never throws: an error is an answer that does not hold. */
export async function ask(probe: Probe, address: ProbeAddress, options: AskOptions): Promise<ProbeAnswer> {
  const { timeoutMs, signal } = options;
  try {
    const outOfTime = `no answer within ${timeoutMs / 1000} s`;
    return await within(timeoutMs, outOfTime, signal, (bounded) =>
      question(probe, address, { ...options, signal: bounded }),
    );
  } catch (error) {
    return { holds: false, said: messageOf(error) };
  }
}

async function question(probe: Probe, { host, port }: ProbeAddress, options: AskOptions): Promise<ProbeAnswer> {
  const { signal } = options;
  if (probe.kind === "ping") return { holds: true, said: await ping(host, signal) };
  const address = { host, port: port ?? probe.port };
  switch (probe.kind) {
    case "tcp":
      (await connect(address, options)).destroy();
      return { holds: true, said: "connection accepted" };
    case "http":
      return judgeHttp(probe, await askHttp(probe, address, options));
    case "dns": {
      // The codec, a tenth of this action's own code, is loaded only for a DNS probe.
      const { queryDns } = await import("../../platform/ask/dns.js");
      return judgeDns(probe, await queryDns(probe, address, signal));
    }
  }
}

async function askHttp(probe: HttpProbe, address: Required<ProbeAddress>, options: AskOptions) {
  const { signal } = options;
  const socket = await connect(address, options);
  try {
    const stream = probe.secure ? await secured(socket, { ...address, insecure: probe.insecure }, signal) : socket;
    return await requestHttp(stream, { ...address, path: probe.path, secure: probe.secure }, signal);
  } finally {
    socket.destroy();
  }
}
