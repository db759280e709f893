import { howItRan } from "../artifact/verdicts.js";
import { size } from "../platform/log.js";
import { code, prose, table } from "../summary/markup.js";
import { type NamedImage, releaseVerdict } from "./images.js";

/** For the commands that verify a release. */
export interface ReleasePlace {
  /** `owner/name` */
  readonly repository: string;
  readonly tag: string;
  /** `owner/name` of the repository whose workflow attests it, if that is another one. */
  readonly signer?: string | undefined;
}

const begin = "<!-- unikernel-ci: what follows is generated -->";
const end = "<!-- unikernel-ci: what is above is generated -->";

/** The generated part of a release's notes: its images, and how to verify them. */
export function generatedNotes(
  images: readonly [NamedImage, ...NamedImage[]],
  { repository, tag, signer }: ReleasePlace,
): string {
  const header = ["image", "target", "size", "boot", "made with"];
  const rows = images.map((image) => [
    code(image.name),
    targetOf(image),
    size(image.image.bytes),
    bootCell(image),
    prose(versionsOf(image)),
  ]);
  // gh trusts a workflow of another repository only if it is named: https://github.com/cli/cli/issues/9045
  const signedBy = signer === undefined ? "" : ` --signer-repo ${signer}`;
  const commands = [
    `gh release download ${tag} --repo ${repository}`,
    "sha256sum --check SHA256SUMS",
    `gh attestation verify ${images[0].name} --repo ${repository}${signedBy}`,
  ];
  return [
    begin,
    "### Images",
    table(header, rows),
    "### Verify",
    ["```sh", ...commands, "```"].join("\n"),
    "The last command shows which workflow built the image from which commit, if the release was attested. " +
      "`sbom.cdx.json` and `build-info.json` list the packages and versions.",
    end,
  ].join("\n\n");
}

/**
 * The notes of a draft with a new generated part. Text around it stays.
 *
 * @param former undefined for a new draft, which starts with `intro`.
 */
export function notesWith(generated: string, intro: string, former: string | undefined): string {
  // GitHub's web page saves line ends as CRLF.
  const text = (former ?? intro).replaceAll("\r\n", "\n");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from >= 0 && to > from) return `${text.slice(0, from)}${generated}${text.slice(to + end.length)}`;
  return text.trim() === "" ? generated : `${text.trimEnd()}\n\n${generated}`;
}

const targetOf = ({ artifact: { info } }: NamedImage): string => `${info.target} ${info.architecture}`;

function bootCell(named: NamedImage): string {
  const { image } = named;
  const verdict = releaseVerdict(named);
  if (verdict === "none") return "not booted";
  const decisive = image.boots.find((boot) => boot.verdict === verdict);
  const ran = decisive?.attempts.at(-1);
  const how = ran === undefined ? "" : ` (${howItRan(ran)})`;
  const several = image.boots.length > 1 ? `${image.boots.length} scenarios` : (decisive?.summary ?? "");
  return `${verdict}: ${/* promise: notes-are-prose */ prose(several)}${how}`;
}

function versionsOf({ artifact }: NamedImage): string {
  const { toolchain } = artifact.info;
  return toolchain === null
    ? "its own toolchain"
    : Object.entries<string>({ ...toolchain.versions })
        .map((part) => part.join(" "))
        .join(", ");
}
