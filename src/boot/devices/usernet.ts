/**
 * States of a connection in which the guest has not answered yet, as libslirp names them (`slirp_connection_info` in
 * https://gitlab.freedesktop.org/slirp/libslirp/-/blob/master/src/misc.c). Every other one comes after its handshake.
 */
const beforeHandshake = ["HOST_FORWARD", "NONE", "CLOSED", "LISTEN", "SYN_SENT", "SYN_RCVD"];

/**
 * `  TCP[ESTABLISHED]  12       127.0.0.1 18080       10.0.2.15    80     0     0`: the source is the forwarded port. For a
 * connection that the guest opened it is the guest's own, perhaps with the same number.
 */
const connection = /^\s*TCP\[(?<state>\w+)\]\s+\d+\s+127\.0\.0\.1\s+(?<hostPort>\d+)\s/;

/**
 * Whether the guest has accepted a connection through a forwarded port: any that is open or about to close.
 *
 * QEMU's user networking accepts every connection itself, before it asks the guest, and keeps it open for as long as
 * the guest says nothing: an open connection alone says nothing of the guest.
 *
 * @param info what QEMU's monitor command `info usernet` prints.
 * @param hostPort the port of the host's loopback interface that is forwarded.
 */
export function hasAccepted(info: string, hostPort: number): boolean {
  return info.split("\n").some((line) => {
    const { state = "", hostPort: port } = connection.exec(line)?.groups ?? {};
    return Number(port) === hostPort && !beforeHandshake.includes(state);
  });
}
