/** Machine and engine, as labels: recorded beside the data, and compared before data are added to. */
import { cpus } from 'node:os';
import type { BenchEnvironment } from '../model/bench/bench.js';
import type { EngineInfo, HostInfo } from '../model/recording/recording.js';
import { LOAD_LABEL } from './contract/settings.js';

export function benchEnvironment(
  host: HostInfo,
  engine: EngineInfo,
  ditVersion: string,
): BenchEnvironment {
  return {
    host: {
      kernel: host.kernelRelease,
      architecture: host.architecture,
      CPU: cpus()[0]?.model ?? '',
      CPUs: String(host.cpus),
      'memory, bytes': String(host.memoryBytes),
      OS: host.os,
      'cgroup version': host.cgroupVersion,
      'host name': host.hostname,
      dit: ditVersion,
      [LOAD_LABEL]: host.loadAverage1m.toFixed(2),
    },
    engine: {
      name: engine.name,
      version: engine.version,
      API: engine.apiVersion,
      containerd: engine.containerdVersion,
      runc: engine.runcVersion,
      runtime: engine.defaultRuntime,
      storage: engine.storageDriver,
      'cgroup driver': engine.cgroupDriver,
      'cgroup version': engine.cgroupVersion,
    },
  };
}
