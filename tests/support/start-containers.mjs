// A client that is not dit: starts containers one after the other or at once, and removes them.
//   node start-containers.mjs SOCKET IMAGE PREFIX COUNT one-by-one|at-once
// Prints "NAME ID" of each.
import Dockerode from 'dockerode';

const [socketPath, Image, prefix, count, how] = process.argv.slice(2);
const docker = new Dockerode({ socketPath });

async function start(index) {
  const name = `${prefix}-${index}`;
  const container = await docker.createContainer({
    Image,
    name,
    Cmd: ['true'],
    HostConfig: { NetworkMode: 'none' },
  });
  try {
    await container.start();
    await container.wait();
  } finally {
    await container.remove({ force: true });
  }
  console.log(`${name} ${container.id}`);
}

const indexes = Array.from({ length: Number(count) }, (_, index) => index);
if (how === 'at-once') await Promise.all(indexes.map(start));
else for (const index of indexes) await start(index);
