/** What an engine reports: versions, drivers, folders, images. Asked plainly, before a client is loaded. */
import { own } from '../base/own.js';
import type { EngineInfo } from '../model/recording/recording.js';
import { getJson, StatusError } from './api/get-json.js';
import { ENGINE_LIMITS } from './api/limits.js';
import { engineError } from './docker.js';
import { apiAddress, type EngineEndpoint } from './endpoint.js';

interface VersionAnswer {
  readonly Version: string;
  readonly ApiVersion?: string | null;
  readonly Platform?: { readonly Name?: string | null } | null;
  readonly Components?: readonly { readonly Name?: string; readonly Version?: string }[] | null;
}

/** What is known of the engine where none takes part. */
export const NO_ENGINE: EngineInfo = {
  endpoint: '',
  name: '',
  version: '',
  apiVersion: '',
  containerdVersion: '',
  runcVersion: '',
  storageDriver: '',
  cgroupDriver: '',
  cgroupVersion: '',
  privateEngine: false,
  defaultRuntime: '',
  dataRoot: '',
};

/**
 * @param privateEngine the caller's knowledge
 * @throws DitError engine-gone, engine-silent, engine-nonsense
 */
export async function readEngineInfo(
  endpoint: EngineEndpoint,
  privateEngine: boolean,
  signal?: AbortSignal,
): Promise<EngineInfo> {
  const address = apiAddress(endpoint);
  const ask = (path: string): Promise<unknown> =>
    getJson(address, path, ENGINE_LIMITS.answerMs, signal);
  try {
    const [version, info] = (await Promise.all([ask('/version'), ask('/info')])) as [
      VersionAnswer,
      Readonly<Record<string, unknown>>,
    ];
    const component = (name: string): string =>
      version.Components?.find((candidate) => candidate.Name === name)?.Version ?? '';
    const said = (name: string): string => String(own(info, name) ?? '');
    return {
      endpoint: endpoint.url,
      name: version.Platform?.Name || 'Docker Engine',
      version: version.Version,
      apiVersion: version.ApiVersion ?? '',
      containerdVersion: component('containerd'),
      runcVersion: component('runc'),
      storageDriver: said('Driver'),
      cgroupDriver: said('CgroupDriver'),
      cgroupVersion: said('CgroupVersion'),
      privateEngine,
      defaultRuntime: said('DefaultRuntime'),
      dataRoot: said('DockerRootDir'),
    };
  } catch (error) {
    throw engineError(error, 'asking for its version');
  }
}

/** Whether the engine has the image. @throws DitError engine-gone … */
export async function hasImage(
  endpoint: EngineEndpoint,
  image: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const path = `/images/${encodeURI(image)}/json`;
  try {
    await getJson(apiAddress(endpoint), path, ENGINE_LIMITS.answerMs, signal);
    return true;
  } catch (error) {
    if (error instanceof StatusError && error.statusCode === 404) return false;
    throw engineError(error, `looking for image '${image}'`);
  }
}
