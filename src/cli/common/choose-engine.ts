/** Which engine a recording uses: the one that answers, or dit's own, started where none does. */

import { DitError, EXIT } from '../../base/errors.js';
import { escapeText } from '../../base/escape.js';
import { joinForeign, quoting } from '../../base/foreign.js';
import { type EndpointAttempt, type EngineEndpoint, findEngine } from '../../engine/endpoint.js';
import type { CommandContext } from './context.js';

export interface ChosenEngine {
  readonly endpoint: EngineEndpoint;
  readonly privateEngine: boolean;
}

/** As options name it. */
export interface EngineOptions {
  readonly engine: 'auto' | 'private';
  readonly host?: string | undefined;
}

export interface EngineChoice extends EngineOptions {
  /** An engine on another machine will do: its kernel is not asked for. */
  readonly remoteWill?: boolean;
}

/**
 * @param say one line of progress
 * @throws DitError exit 3 or 4
 */
export async function chooseEngine(
  choice: EngineChoice,
  { env, signal }: Pick<CommandContext, 'env' | 'signal'>,
  say: (line: string) => Promise<void>,
): Promise<ChosenEngine> {
  if (choice.engine === 'private') {
    if (choice.host === undefined) return startPrivate([], say, signal);
    throw new DitError({
      code: 'option-conflict',
      exitCode: EXIT.usage,
      message: '--host and --engine private exclude each other',
      remedy: 'leave one of them out',
    });
  }
  const { endpoint, tried } = await findEngine({
    env,
    signal,
    ...(choice.host === undefined ? {} : { host: choice.host }),
  });
  if (endpoint === undefined) return startPrivate(tried, say, signal);
  if (endpoint.kind === 'remote' && choice.remoteWill !== true) {
    throw remoteError(endpoint);
  }
  return { endpoint, privateEngine: endpoint.origin === 'private engine' };
}

export const remoteError = ({ url }: EngineEndpoint): DitError =>
  new DitError({
    code: 'engine-remote',
    exitCode: EXIT.unavailable,
    message: `the engine at '${url}' runs on another machine: its kernel cannot be recorded from here`,
    remedy: "run dit on that machine, or use dit's own engine: --engine private",
  });

async function startPrivate(
  tried: readonly EndpointAttempt[],
  say: (line: string) => Promise<void>,
  signal: AbortSignal,
): Promise<ChosenEngine> {
  const { engineCommand, startEngine } = await import('../../engine/private/private-engine.js');
  if (tried.length > 0) {
    const places = joinForeign(
      tried.map(({ url, result }) => quoting`${url} (${result})`),
      ', ',
    );
    await say(`no Docker engine answers: ${escapeText(places)}`);
  }
  const handle = await startEngine({ signal });
  if (handle.started) {
    const stop = engineCommand('stop', handle.name);
    await say(`started dit's own engine, Docker ${handle.version}; stop it with: ${stop}`);
  }
  for (const note of handle.notes) await say(note);
  return {
    endpoint: {
      url: handle.endpoint,
      origin: 'private engine',
      kind: 'local',
      socketPath: handle.socketPath,
    },
    privateEngine: true,
  };
}
