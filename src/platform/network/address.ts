/** An address without the user and password in it: artifacts are read by more people than the secrets of a workflow. */
export function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//");
}
