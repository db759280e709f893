import type { ProtectionTable } from "../protection.js";

// What is released and reported.

export const releases: ProtectionTable = {
  "for parts of the build that others may have written": [{ mark: "no-builds-of-others", instead: "return [];" }],
  "for a toolchain that others may have written": [{ mark: "no-toolchains-of-others", instead: "return [];" }],
  "for another commit than the tag’s": [{ mark: "built-from-the-tag", instead: "return [];" }],
  "for an artifact that records %s": [
    { mark: "built-from-a-commit", instead: "if (built === null || changes === null) return [];" },
  ],
  "for changes to the tag’s commit": [{ mark: "built-without-changes", instead: "return [];" }],
  "is the commit that is checked out, whatever the workflow ran for": [
    { mark: "git-is-not-led-elsewhere", instead: "true" },
  ],
  "has a change that comes before the names of thousands of other files": [
    { mark: "changes-are-all-read", instead: "false" },
  ],
  "has no change that an earlier build left, but each that was there before": [
    { mark: "changes-stay-changes", instead: "true" },
  ],
  "for an artifact that is damaged": [{ mark: "artifact-bytes-are-compared", instead: "true" }],
  "an image without its hash": ["images-have-a-hash"],
  "with invalid checksums, or checksums of files in another folder": [
    "checksums-stay-in-their-folder",
    "checksums-are-whole-lines",
    "every-line-is-a-checksum",
  ],
  "with a link to a file elsewhere, even when its bytes are right": [{ mark: "files-are-no-links", instead: "0" }],
  "with a link to a folder elsewhere in place of its own": [{ mark: "folders-are-no-links", instead: "0" }],
  "with a link to a device for %s": [{ mark: "files-are-no-links", instead: "0" }],
  "with a pipe, which is not waited for": [{ mark: "files-are-not-waited-for", instead: "0" }, "files-are-regular"],
  "a file is read to a limit, even one that the system reports as empty": [
    { mark: "files-have-a-limit", instead: "0" },
  ],
  "with a file that SHA256SUMS names twice": ["checksums-name-a-file-once"],
  "with an image of another size than build info says": ["artifact-sizes-are-measured"],
  "a file that is not what was checked is not copied, and nothing is left": [
    { mark: "copied-bytes-are-the-checked-ones", instead: "return;" },
  ],
  "a file whose folder became a link after it was checked is not copied": [
    { mark: "folders-are-no-links", instead: "0" },
  ],
  "an artifact named %s is one like another": [{ mark: "reports-lie-elsewhere", instead: "artifacts" }],
  "for an image, in variant %s, that has the name of another’s debug file": [
    { mark: "released-names-differ", instead: "return [];" },
    { mark: "released-names-differ-in-letters", instead: "name" },
  ],
  "gives no file the name of another in other letters, of its own either": [
    { mark: "file-names-differ-in-letters", instead: "name" },
  ],
  "publishes the draft before a deletion: the published file stays": ["drafts-are-read-before-a-deletion"],
  "publishes the draft before an upload: nothing is added": ["drafts-are-read-before-an-upload"],
  "publishes the draft of a person: its notes stay": ["drafts-are-read-before-they-are-described"],
  "publishes the complete draft first: it is not published again": ["drafts-are-read-before-they-are-published"],
  "uploads to the draft: this run stops at once": [{ mark: "strangers-stop-a-run", instead: "true" }],
  "creates a draft in the same moment: the later one is deleted, and nothing is uploaded": ["one-run-has-the-draft"],
  "moves the tag: nothing is published": ["tags-that-move-stop-a-run"],
  "changes a file of the draft: it is not published": ["drafts-are-compared-before-they-are-published"],
  "changes a file while the draft is published: that is an error": [
    { mark: "releases-are-compared-when-published", instead: "return;" },
  ],
  "a build forgets the boots of an earlier one, even if it makes the same bytes": ["builds-forget-boots"],
  "a set-up that fails leaves no toolchain of an earlier one": ["setups-forget-toolchains"],
  "are about the bytes that were booted, not about those that are there when they are saved": [
    "records-are-about-bytes",
  ],
  "publishes no image that has changed since its build": [
    { mark: "images-are-those-of-their-record", instead: "undefined" },
  ],
  "the report stays below the runner’s limit, however many images an artifact claims to have": [
    { mark: "report-has-a-size", instead: 'sections.filter((section) => section !== "").join("\\n\\n")' },
  ],
  "replaces no comment of a person": [{ mark: "comments-of-people-stay", instead: "true" }],
  "that is published is left alone": [
    { mark: "published-is-found", instead: "undefined" },
    { mark: "published-is-not-changed", instead: "return;" },
  ],
  "gives its token to no address that it is sent to": [
    {
      mark: "token-follows-no-redirect",
      instead: (answered) =>
        `const location = answer.headers["location"];
         if (location !== undefined)
           return sendOnce({ baseUrl, token, silenceMs } as GitHubApiOptions, { ...request, url: String(location) });
         ${answered}`,
    },
  ],
  "publishes no credentials of an address": [
    { mark: "addresses-without-credentials", instead: "url" },
    { mark: "repositories-without-credentials", instead: "spec.repositories" },
    { mark: "pins-without-credentials", instead: "spec.pins" },
  ],
  "refuses an artifact that is not what its checksums say": [{ mark: "artifact-bytes-are-compared", instead: "true" }],
  "has its fields itself: a key that would be a prototype is a key like another": [
    { mark: "keys-are-no-prototypes", instead: (parsed) => `Object.assign({}, ${parsed})` },
  ],
};
