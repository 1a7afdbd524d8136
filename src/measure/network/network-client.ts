/**
 * The program that measures from within a container's network: connects, receives, resolves, and prints what it
 * saw as JSON. It runs only in the container's network namespace, so it needs nothing of its image.
 */
import { safeJson } from '../../base/escape.js';
import { type ClientTask, runClient } from './network.js';

const task = JSON.parse(process.argv[2] ?? '') as ClientTask;
process.stdout.write(safeJson(await runClient(task)));
