/**
 * What recording costs a start: pairs of starts with and without it, in random order, one after the other on
 * the private engine, network none. Prints the median of the paired ratios with its bootstrap interval, then
 * how long arming and disarming take, and the losses in single starts and in 20 at once.
 *
 *   sudo npx tsx scripts/bench/overhead.ts [--pairs 40] [--seed 1] [--name bench] [--source ebpf|bpftrace|strace|api]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import type { SourceName } from '../../src/capture/sources.js';
import { EngineClient } from '../../src/engine/engine-client.js';
import { packagePath } from '../../src/platform/package-files.js';
import { randomFrom } from '../../src/stats/random.js';
import { bootstrapMedian, median, quantile } from '../../src/stats/summary.js';
import { readTraceFile } from '../../src/tracefile/reader.js';
import { withBenchEngine } from './bench-engine.js';

const { values: options } = parseArgs({
  options: {
    pairs: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    name: { type: 'string', default: 'bench' },
    source: { type: 'string', default: 'ebpf' },
  },
});
const pairs = Number(options.pairs);
const source = options.source as SourceName;
const random = randomFrom(Number(options.seed));
const folder = mkdtempSync(join(tmpdir(), 'dit-bench-'));
await withBenchEngine(
  { name: options.name, source },
  async ({ docker, handle, image, info: engine, record }) => {
    /** Create request to start's answer, ms: what both kinds of start can be measured by, by one client. */
    const bare = async (): Promise<number> => {
      const begin = process.hrtime.bigint();
      let started = 0;
      const client = new EngineClient(docker, () => {});
      const container = await client.create({
        Image: image,
        Cmd: ['true'],
        HostConfig: { NetworkMode: 'none' },
      });
      const output = await client.attach(container, () => {});
      const exited = client.wait(container, new AbortController().signal);
      await client.start(container);
      started = Number(process.hrtime.bigint() - begin) / 1e6;
      await exited;
      output.close();
      await client.remove(container);
      return started;
    };
    const recorded = async (): Promise<{ ms: number; lost: number; events: number }> => {
      const { path, result } = await record();
      const { marks } = readTraceFile(path);
      const at = (name: string) => marks.find((mark) => mark.name === name);
      const ms = ((at('start')?.end ?? Number.NaN) - (at('create')?.start ?? Number.NaN)) / 1e6;
      return { ms, lost: result.summary.lost, events: result.summary.events };
    };

    for (let i = 0; i < 5; i++) {
      await bare();
      await recorded();
    }
    const ratios: number[] = [];
    const controls: number[] = [];
    const without: number[] = [];
    const withIt: number[] = [];
    let lost = 0;
    for (let i = 0; i < pairs; i++) {
      // A, A and B in random order: the A/A ratio shows the noise.
      const steps = ['first', 'second', 'recorded'].sort(() => random() - 0.5);
      const ms: Record<string, number> = {};
      for (const step of steps) {
        if (step === 'recorded') {
          const run = await recorded();
          ms[step] = run.ms;
          lost += run.lost;
        } else {
          ms[step] = await bare();
        }
      }
      without.push(ms.first as number);
      withIt.push(ms.recorded as number);
      // Against both of the others: half the noise of one.
      ratios.push((2 * (ms.recorded as number)) / ((ms.first as number) + (ms.second as number)));
      controls.push((ms.second as number) / (ms.first as number));
    }
    const say = (name: string, values: readonly number[], unit: string): void => {
      const { low, high } = bootstrapMedian(values);
      console.log(
        `${name.padEnd(34)} median ${median(values).toFixed(3)} ${unit}, 95 % [${low.toFixed(3)}, ${high.toFixed(3)}], p10 ${quantile(values, 0.1).toFixed(3)}, p90 ${quantile(values, 0.9).toFixed(3)}`,
      );
    };
    console.log(
      `Docker ${engine.version}, source ${source}, ${pairs} interleaved pairs, seed ${options.seed}`,
    );
    say('start without recording', without, 'ms');
    say('start with recording', withIt, 'ms');
    say('ratio with / without', ratios, '');
    say('ratio without / without (noise)', controls, '');

    const armed: number[] = [];
    const disarmed: number[] = [];
    for (let i = 0; i < 10; i++) {
      const path = join(folder, `cli-${i}.dit`);
      await execa('node', [
        packagePath('dist/cli/main.js'),
        'trace',
        'run',
        '-q',
        '--source',
        source,
        '-o',
        path,
        '--network',
        'none',
        '--host',
        handle.endpoint,
      ]);
      const { header, processes, footer } = readTraceFile(path);
      const client = processes.find(({ role }) => role === 'client');
      const last = header.source.probes.reduce(
        (ns, probe) => (probe.attachedNs > ns ? probe.attachedNs : ns),
        0n,
      );
      armed.push((Number(last - header.startNs) - (client?.start ?? 0)) / 1e6);
      disarmed.push((footer?.disarmNs ?? Number.NaN) / 1e6);
    }
    say('process start to armed (± 10 ms)', armed, 'ms');
    say('disarming', disarmed, 'ms');
    console.log(`lost events in ${pairs} recorded starts: ${lost}`);

    const crowd = Array.from({ length: 19 }, () => bare());
    const inCrowd = await recorded();
    await Promise.all(crowd);
    console.log(`lost events in one of 20 starts at once: ${inCrowd.lost} of ${inCrowd.events}`);
  },
);
rmSync(folder, { recursive: true, force: true });
