/** Whether a fact was measured, or concluded from what was. */
export type Certainty = 'exact' | 'inferred';
