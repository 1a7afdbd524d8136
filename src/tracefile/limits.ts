/**
 * What a trace file may make its reader's programs cost: limits that no recording of dit comes near. Whatever
 * lies beyond is left out and becomes a problem of the file. docs/limits.md lists them.
 */

/** One text. The kernel's side cuts a path at 4,096 bytes, and all arguments of an exec at 16 KiB. */
export const TEXT_CHARACTERS = 16 << 10;

/** What people call things: hosts, images, networks, versions. */
export const NAME_CHARACTERS = 1 << 10;

/** A process's name, which the kernel cuts at 15 bytes (a kernel thread's at 63), or a syscall's. */
export const COMM_CHARACTERS = 255;

/**
 * All texts that the events refer to, each as often as it is referred to. A million events of a real recording
 * refer to 10 MiB; without a limit, a text of 16 KiB in a file of a megabyte becomes gigabytes of output.
 */
export const REFERRED_CHARACTERS = 32 << 20;

/**
 * Marks, clock readings, diagnostics and processes, of each: an empty one takes two bytes of a file and hundreds of
 * memory. A start has about ten marks, and a machine some thousand processes.
 */
export const MOST_OF_A_KIND = 50_000;

/** A text that is too long, as far as it is kept. */
export const cutText = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most)}…` : text;
