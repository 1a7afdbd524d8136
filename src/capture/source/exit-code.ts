/** The kernel's status of a process that ended as dit has it: its exit code, or the signal that ended it, negative. */
export function exitCodeOf(status: number): number {
  const signal = status & 0x7f;
  return signal !== 0 ? -signal : (status >> 8) & 0xff;
}
