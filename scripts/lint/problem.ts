/** What a check of the sources found. */
export interface Problem {
  /** From the project's folder. */
  readonly path: string;
  readonly line: number;
  readonly message: string;
}
