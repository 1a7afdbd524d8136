/** Bounds what reading a file may allocate, whatever the file claims. */

/**
 * Says how many bytes of memory are about to be taken (a negative number: given back); throws where too
 * few are left.
 */
export type Charge = (bytes: number) => void;

export class OverBudgetError extends Error {}

/** A budget of so many bytes. What is charged is an estimate on the high side. */
export function memoryBudget(bytes: number): Charge {
  let left = bytes;
  return (taken) => {
    left -= taken;
    if (left < 0) throw new OverBudgetError(`more than ${Math.round(bytes / 2 ** 20)} MiB`);
  };
}
