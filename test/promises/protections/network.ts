import { type ProtectionTable, without } from "../protection.js";

// What a guest reaches, and what servers can make of us.

export const network: ProtectionTable = {
  "is the one of the list that was read first, whatever the mirror's list becomes meanwhile": [
    { mark: "mirror-list-is-read-once", instead: (read) => read.replace("??=", "=") },
  ],
  "is one whole archive when two set-ups at once have different ones for its key": ["first-set-up-stays"],
  "is one whole archive when two boots at once have different ones for its key": ["first-helper-vm-stays"],
  "a comma in a path does not end it": [{ mark: "disk-commas-are-doubled", instead: "path" }],
  "lets only the forwarded ports in, and nothing out": [
    "guests-reach-nothing-outside",
    { mark: "ports-are-forwarded-from-this-machine", instead: without("127.0.0.1") },
  ],
  "QEMU’s channels are descriptors, without a name: %s": [
    { mark: "qemu-channel-has-no-name", instead: '"socket,id=qmp,path=/tmp/qmp,server=on"' },
  ],
  "is this user’s only, and gone afterwards with what is in it": [
    { mark: "own-folder-is-new", instead: '(await mkdir(join(parent, "draft"), { recursive: true })) ?? ""' },
    "own-folder-is-removed",
  ],
  "a list from %s names no file of this machine": ["lists-name-no-local-file"],
  "is not followed to a file or another scheme": ["redirects-are-checked"],
  "is led from %s to %s: %s": ["http-follows-only-http"],
  "that comes to no end is cut off": ["downloads-have-a-size"],
  "that breaks off where nobody reads it any more ends nothing else": ["unread-bodies-may-fail"],
  "goes on where it ended too early without a word": [{ mark: "downloads-are-whole", instead: "return;" }],
  "does not take another part than it asked for": ["parts-are-those-asked-for"],
  "is not asked of a mirror that is none: %s": ["mirror-schemes", "mirror-without-user", "mirror-without-password"],
  "of a mirror must be the one that this action names": [{ mark: "mirror-has-what-is-named", instead: "mirrored" }],
  "are Ubuntu’s other server, with its updates, and only by its own key": [
    { mark: "ubuntu-server-has-its-key", instead: '"[trusted=yes]"' },
  ],
  "reaches nothing of this machine’s own": ["guests-reach-nothing-outside"],
  "answers the host, and reaches neither its services nor the guest of another tap": [
    "taps-are-isolated",
    "taps-only-answer",
  ],
  "answers no guest of another tap": [{ mark: "taps-answer-only-the-host", instead: '""' }],
  "is made only where its guest can be isolated, unless it may reach everything": [
    { mark: "taps-need-isolation", instead: "true" },
  ],
  "sends nothing but what it asks for, also where it is led": [
    {
      mark: "downloads-send-no-token",
      instead: (header) => `${header}, authorization: \`Bearer \${process.env["GITHUB_TOKEN"]}\``,
    },
  ],
  "that comes to no end is none": [{ mark: "list-has-a-size", instead: "Infinity" }],
  "that comes too slowly is given up": ["downloads-have-a-pace"],
};
