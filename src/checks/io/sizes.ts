/** How much the io test reads and writes. */

/** Of each file that is written. */
export const FILE_MEBIBYTES = 64;
/** By dd in the container. Much, for the clock there (/proc/uptime) ticks in 10 ms. */
export const DD_MEBIBYTES = 256;
/** In each folder. */
export const METADATA_FILES = 200;
/** With a folder for each. */
export const METADATA_ROUNDS = 3;
