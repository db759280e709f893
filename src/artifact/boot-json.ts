import type { Image } from "../image/image.js";
import { type BootFacts, type BootedImage, bootFacts } from "./boot-facts.js";

/** What `boot.json` holds: all that is known of boots, for programs. */
export interface BootJson {
  /** Number of this format; raised when a field changes its meaning or goes. */
  readonly schema: 1;
  readonly images: readonly BootedImageFacts[];
}

interface BootedImageFacts extends Omit<BootedImage, "boots"> {
  /** What the file itself says that it is; null when it was not booted. */
  readonly image: Image | null;
  /** One for each scenario, in their order. */
  readonly boots: readonly BootFacts[];
}

/** The text of boot.json. */
export function bootJson(images: readonly BootedImage[]): string {
  const content: BootJson = {
    schema: 1,
    images: images.map(({ boots, ...image }) => ({
      ...image,
      image: boots[0]?.report.image ?? null,
      boots: boots.map(bootFacts),
    })),
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}
