import { type ExecFileException, execFile } from "node:child_process";
import { NoAnswer } from "./no-answer.js";
import { abortable } from "./within.js";

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
