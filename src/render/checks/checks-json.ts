/** What the toolkit tests found, as one JSON document; docs/json.md describes it. */
import { type Foreign, joinForeign, quoting } from '../../base/foreign.js';
import type { CheckReport } from '../../model/checks/check.js';
import type { EngineInfo, HostInfo } from '../../model/recording/recording.js';
import { keyByLine } from '../json/json.js';

const CHECKS_SCHEMA = 'dit.test/1';

export interface ChecksDocument {
  /** ISO 8601, UTC. */
  readonly begun: string;
  /** The tests that follow the last report were not made. */
  readonly interrupted: boolean;
  readonly ditVersion: string;
  readonly host: HostInfo;
  readonly engine: EngineInfo;
  readonly reports: readonly CheckReport[];
  readonly leftBehind: readonly Foreign[];
}

/** "Docker Engine 28.5.2 (overlay2, cgroupfs), Linux 6.12.0, 2 CPUs, dit 0.1.0; begun at 2026-…": untrusted. */
export const whereAndWhen = ({
  begun,
  interrupted,
  ditVersion,
  host,
  engine,
}: ChecksDocument): Foreign =>
  joinForeign(
    [
      quoting`${engine.name} ${engine.version} (${engine.storageDriver}, ${engine.cgroupDriver})`,
      quoting`Linux ${host.kernelRelease}, ${host.cpus} CPUs, dit ${ditVersion}; begun at ${begun}`,
      ...(interrupted ? ['interrupted: the other tests were not run'] : []),
    ],
    ', ',
  );

export function checksJson({
  begun,
  interrupted,
  ditVersion,
  host,
  engine,
  reports,
  leftBehind,
}: ChecksDocument): string {
  return keyByLine({
    schema: CHECKS_SCHEMA,
    begun,
    interrupted,
    dit_version: ditVersion,
    host: {
      hostname: host.hostname,
      kernel: host.kernelRelease,
      architecture: host.architecture,
      cpus: host.cpus,
      memory_bytes: host.memoryBytes,
      os: host.os,
      cgroup_version: host.cgroupVersion,
    },
    engine: {
      name: engine.name,
      version: engine.version,
      containerd_version: engine.containerdVersion,
      runc_version: engine.runcVersion,
      storage_driver: engine.storageDriver,
      cgroup_driver: engine.cgroupDriver,
    },
    left_behind: leftBehind,
    tests: reports.map(({ name, verdict, reason, remedy, shows, thresholds, ms, ...rest }) => ({
      name,
      verdict,
      reason,
      remedy,
      shows,
      thresholds,
      ms: Math.round(ms),
      figures: rest.figures.map(({ part: _, ...figure }) => figure),
      findings: rest.findings,
      evidence: rest.evidence,
    })),
  });
}
