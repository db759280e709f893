import { Asked } from "./asked.js";
import type { Rules } from "./rules.js";
import { Transcript } from "./transcript.js";
import type { Evidence } from "./verdict.js";

/** What a guest is judged by, and all that was seen of it so far. */
export class Findings {
  readonly transcript: Transcript;
  readonly asked: Asked;
  /** The VMM's first own line that is not a warning. */
  complaint: Evidence | undefined;
  /** The guest asked to be restarted, or fell over. */
  wasReset = false;
  /** QEMU was told from outside to end: nothing that the guest did. */
  wasStopped = false;

  constructor(readonly rules: Rules) {
    this.transcript = new Transcript(rules.words);
    this.asked = new Asked(rules);
  }

  /** Its backend's banner or a line of its own was seen. */
  get guestSpoke(): boolean {
    return this.transcript.bannerSeen || this.transcript.firstOwnLine !== undefined;
  }

  /** Something was seen that only the unikernel itself can have done. */
  get hasShownItself(): boolean {
    return this.asked.hasAnswered || this.transcript.firstOwnLine !== undefined;
  }
}
