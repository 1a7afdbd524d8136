/**
 * The frames of a trace file and their small messages: trace.proto as data. EventChunk and StringTable,
 * which hold the bulk, have codecs of their own (columns.ts, writer.ts, reader.ts).
 */
import {
  bool,
  double,
  instant,
  many,
  map,
  message,
  name,
  signedInstant,
  text,
  uint,
} from './messages.js';

export const VERSION_MAJOR = 1;
export const VERSION_MINOR = 0;

/** TraceFile.frames */
export const FRAMES_FIELD = 1;

/** The fields of Frame's oneof. */
export const FRAME = {
  header: 1,
  clock: 2,
  strings: 3,
  events: 4,
  mark: 5,
  processes: 6,
  loss: 7,
  diagnostic: 8,
  footer: 9,
} as const;

export const STRING_TABLE = { values: 1, firstId: 2 } as const;

export const CHUNK = {
  baseNs: 1,
  timeDeltaNs: 2,
  kinds: 3,
  cpus: 4,
  pidDeltas: 5,
  tidDeltas: 6,
} as const;

/** Events in one chunk, at most. */
export const CHUNK_EVENTS = 65_536;

const HOST = {
  hostname: name(1),
  kernelRelease: name(2),
  architecture: name(3),
  cpus: uint(4),
  memoryBytes: uint(5),
  os: name(6),
  cgroupVersion: name(7),
  lockdown: name(8),
  loadAverage1m: double(9),
};

const ENGINE = {
  endpoint: name(1),
  name: name(2),
  version: name(3),
  apiVersion: name(4),
  containerdVersion: name(5),
  runcVersion: name(6),
  storageDriver: name(7),
  cgroupDriver: name(8),
  cgroupVersion: name(9),
  privateEngine: bool(10),
  defaultRuntime: name(11),
  dataRoot: name(12),
};

const PROBE = {
  program: text(1),
  attachPoint: text(2),
  attached: bool(3),
  refusal: text(4),
  attachedNs: instant(5),
};

const SOURCE = {
  name: text(1),
  probes: many(message(2, PROBE)),
  perturbed: bool(3),
  perturbation: text(4),
  ringBytes: uint(5),
};

const TARGET = {
  image: name(1),
  command: many(text(2)),
  containerName: name(3),
  network: name(4),
  runtime: name(5),
  scope: name(6),
  containerId: name(7),
};

export const HEADER = {
  versionMajor: uint(1),
  versionMinor: uint(2),
  traceId: name(3),
  ditVersion: name(4),
  startNs: instant(5),
  startRealtimeNs: signedInstant(6),
  host: message(7, HOST),
  engine: message(8, ENGINE),
  source: message(9, SOURCE),
  target: message(10, TARGET),
  redacted: bool(11),
  command: many(text(12)),
};

export const CLOCK_SNAPSHOT = {
  traceNs: instant(1),
  realtimeNs: signedInstant(2),
  boottimeNs: instant(3),
  uncertaintyNs: uint(4),
};

export const API_MARK = {
  name: name(1),
  startNs: instant(2),
  endNs: instant(3),
  containerId: name(4),
  status: uint(5),
  error: text(6),
  wallClock: bool(7),
  detail: map(8),
};

const PROCESS = {
  pid: uint(1),
  parentPid: uint(2),
  comm: name(3),
  arguments: many(text(4)),
  startNs: instant(5),
  role: name(6),
  tids: many(uint(7)),
};

export const PROCESS_SNAPSHOT = { takenNs: instant(1), processes: many(message(2, PROCESS)) };

const LOSS = { where: name(1), records: uint(2) };

export const LOSS_REPORT = { atNs: instant(1), losses: many(message(2, LOSS)) };

export const DIAGNOSTIC = { atNs: instant(1), code: text(2), message: text(3), remedy: text(4) };

export const FOOTER = {
  endNs: instant(1),
  outcome: name(2),
  failure: text(3),
  events: uint(4),
  malformed: uint(5),
  disarmNs: uint(6),
  recorderCpuNs: uint(7),
};

/** The schemas by the name of their message in trace.proto. */
export const MESSAGES = {
  Header: HEADER,
  Host: HOST,
  Engine: ENGINE,
  Source: SOURCE,
  Probe: PROBE,
  Target: TARGET,
  ClockSnapshot: CLOCK_SNAPSHOT,
  ApiMark: API_MARK,
  ProcessSnapshot: PROCESS_SNAPSHOT,
  Process: PROCESS,
  LossReport: LOSS_REPORT,
  Loss: LOSS,
  Diagnostic: DIAGNOSTIC,
  Footer: FOOTER,
} as const;
