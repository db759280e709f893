// Loaded only to send something: this client is larger than the rest of an action.
import { HttpClient } from "@actions/http-client";
import { type Dispatcher, request } from "undici";

type Options = NonNullable<Parameters<typeof request>[1]>;

/**
 * Sends an HTTP request, through the proxies of the environment. Follows no redirect.
 *
 * @param silenceMs the server counts as gone after this many milliseconds without a byte.
 */
export function send(address: URL, silenceMs: number, options: Options): Promise<Dispatcher.ResponseData> {
  const proxy: Dispatcher | undefined = new HttpClient().getAgentDispatcher(address.href);
  return request(address, {
    headersTimeout: silenceMs,
    bodyTimeout: silenceMs,
    ...(proxy === undefined ? {} : { dispatcher: proxy }),
    ...options,
  });
}
