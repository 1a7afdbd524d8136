/** What the toolkit tests found, as one JSON document; docs/json.md describes it. */
import type { CheckReport } from '../model/check.js';
import type { EngineInfo, HostInfo } from '../model/recording.js';
import { keyByLine } from './json.js';

export const CHECKS_SCHEMA = 'dit.test/1';

export interface ChecksDocument {
  readonly ditVersion: string;
  readonly host: HostInfo;
  readonly engine: EngineInfo;
  readonly reports: readonly CheckReport[];
  readonly leftBehind: readonly string[];
}

export function checksJson({
  ditVersion,
  host,
  engine,
  reports,
  leftBehind,
}: ChecksDocument): string {
  return keyByLine({
    schema: CHECKS_SCHEMA,
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
      figures: rest.figures,
      findings: rest.findings,
      evidence: rest.evidence,
    })),
  });
}
