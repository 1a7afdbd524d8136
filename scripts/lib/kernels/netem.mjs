/**
 * In a guest, whose kernel has netem: does the network test's ping see 20 ms that are added to a container's interface as
 * 20 ± 2 ms? What the way takes without them (1 ms in an emulator) is measured before. Needs DOCKER_HOST, the built
 * program and the built-in image. A guest shares its processors with others: one of three tries has to. Exits with 1
 * where none does.
 */
import { execFileSync } from 'node:child_process';
import Dockerode from 'dockerode';
import { BUILTIN_IMAGE, ensureBuiltinImage } from '../../../dist/engine/builtin-image.js';
import { addressOf, ping } from '../../../dist/measure/network/network.js';
import { spreadOf } from '../../../dist/measure/network/rates.js';
import { Sandbox } from '../../../dist/measure/sandbox/sandbox.js';

const PINGS = 20;
const TRIES = 3;
const docker = new Dockerode();
const { signal } = new AbortController();
const sandbox = new Sandbox(docker, 'abcdef0123456789'.repeat(2), signal);

/** Median of all, ms. @throws where one is lost */
async function roundTrip(from, to) {
  const { rttsMs, evidence } = await ping(from, to, PINGS);
  if (rttsMs.length < PINGS) throw new Error(evidence);
  return spreadOf(rttsMs).median;
}

try {
  await ensureBuiltinImage(docker);
  const stays = { Image: BUILTIN_IMAGE, Cmd: ['sleep', '300'] };
  const [near, far] = [await sandbox.start(stays), await sandbox.start(stays)];
  const { address } = await addressOf(docker, far);
  const tc = (command) =>
    execFileSync('nsenter', [`--net=/proc/${far.pid}/ns/net`, 'tc', 'qdisc', ...command.split(' ')]);
  let seen = Number.NaN;
  const right = () => Math.abs(seen - 20) <= 2;
  for (let tries = TRIES; tries > 0 && !right(); tries--) {
    const before = await roundTrip(near, address);
    tc('add dev eth0 root netem delay 20ms');
    const after = await roundTrip(near, address);
    tc('del dev eth0 root');
    seen = after - before;
    console.log(`${before.toFixed(2)} ms before, ${after.toFixed(2)} ms with netem: ${seen.toFixed(2)} ms more`);
  }
  if (!right()) process.exitCode = 1;
} finally {
  const left = await sandbox.close();
  if (left.length > 0) throw new Error(left.join('; '));
}
