/** One thing that a machine can do for dit, or cannot, with what was seen and what to do about it. */
import type { Foreign } from '../../base/foreign.js';
export interface Feature {
  /** Stable: "btf", "docker". */
  readonly id: string;
  /** In people's words. */
  readonly title: string;
  readonly available: boolean;
  /** Without it dit records nothing here. */
  readonly required: boolean;
  /** What was seen: a version, a path, a refusal in the kernel's words. */
  readonly evidence: Foreign;
  /** A line that can be run or done; '' when available. */
  readonly remedy: Foreign;
}
