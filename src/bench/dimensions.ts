/** The nine dimensions of the benchmark, in the order of their files. */
import type { CsvDimension } from '../model/bench/bench.js';
import type { Dimension } from './contract/dimension.js';
import { copyUpDimension } from './measure/copy-up.js';
import { cpuDimension } from './measure/cpu.js';
import { memoryDimension } from './measure/memory.js';
import { metadataDimension } from './measure/metadata.js';
import { namespacesDimension } from './measure/namespaces.js';
import { networkDimension } from './measure/network.js';
import { pullDimension } from './measure/pull.js';
import { startupDimension } from './measure/startup.js';
import { writeDimension } from './measure/write.js';

export const DIMENSIONS: readonly Dimension[] = [
  startupDimension,
  copyUpDimension,
  cpuDimension,
  writeDimension,
  metadataDimension,
  pullDimension,
  namespacesDimension,
  networkDimension,
  memoryDimension,
];

export const dimensionsNamed = (names: readonly CsvDimension[]): Dimension[] =>
  DIMENSIONS.filter(({ name }) => names.includes(name));
