/** The engines that scripts/test starts for live tests; see scripts/engines. */
export interface TestEngine {
  /** "docker-20.10" */
  readonly name: string;
  /** "unix:///run/dit/…/docker.sock" */
  readonly endpoint: string;
  readonly socketPath: string;
}

/** Empty when the tests were not started by scripts/test or scripts/engines. */
export function testEngines(): TestEngine[] {
  const list = (process.env.DIT_TEST_ENGINES ?? '').split(' ').filter(Boolean);
  return list.map((entry) => {
    const [name = '', endpoint = ''] = entry.split('=');
    return { name, endpoint, socketPath: endpoint.slice('unix://'.length) };
  });
}
