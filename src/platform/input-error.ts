/** Text that an input does not accept. Whoever reads all inputs adds the input's name. */
export class InputError extends Error {
  override readonly name = "InputError";

  /**
   * @param got the text, or the line of it that is wrong.
   * @param accepted what would have been right, as a phrase.
   */
  constructor(
    readonly got: string,
    readonly accepted: string,
  ) {
    super(`${JSON.stringify(got)} is not accepted`);
  }
}
