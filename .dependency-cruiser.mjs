/**
 * The arrows of src/ point down: a folder imports from those under it, never from one above or beside it.
 * docs/architecture.md has the picture.
 */
const floors = [
  ["actions"],
  ["init", "matrix", "collect", "release"],
  ["publish"],
  ["summary"],
  ["artifact"],
  ["boot", "project"],
  ["toolchain"],
  ["image"],
  ["platform"],
  ["targets"],
];

const folders = (names) => `^src/(${names.join("|")})/`;

const arrows = floors.flatMap((floor, height) =>
  floor.map((folder) => ({
    name: `${folder}-looks-down`,
    comment: `src/${folder} knows only what is under it`,
    severity: "error",
    from: { path: folders([folder]) },
    to: { path: "^src/", pathNot: folders([folder, ...floors.slice(height + 1).flat()]) },
  })),
);

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...arrows,
    {
      name: "no-cycles",
      comment: "files that need each other are one file, or lack a third one",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "actions-toolkit-at-the-edge",
      comment: "everything else runs the same from a command line, in a test and on another forge",
      severity: "error",
      from: { path: "^src/", pathNot: folders(["actions", "platform"]) },
      to: { path: "^node_modules/@actions/" },
    },
    {
      name: "processes-and-network-at-the-edge",
      comment: "a decision can be tested without them, and a test can replace them",
      severity: "error",
      from: { path: "^src/", pathNot: folders(["platform"]) },
      to: {
        path: [
          "^(child_process|http|https|net|dgram|tls|dns|worker_threads|undici|@actions/http-client)$",
          "^node_modules/(undici|@actions/(http-client|cache|artifact|exec))/",
        ],
      },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
  },
};
