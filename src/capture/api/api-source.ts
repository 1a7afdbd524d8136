/**
 * No view of the kernel: for engines on other machines, Docker Desktop, and users without privileges. What
 * is left are the client's requests and the engine's own events, which the recording marks itself.
 */
import type { RecordingSource, SourceOptions } from '../source/source.js';

export function startApi(_options: SourceOptions): Promise<RecordingSource> {
  return Promise.resolve({
    info: { name: 'api', probes: [], perturbed: false, perturbation: '', ringBytes: 0 },
    follow: () => false,
    drain: () => {},
    pendingBytes: 0,
    stop: () => Promise.resolve({ losses: [], disarmNs: 0 }),
  });
}
