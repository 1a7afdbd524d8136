/** `dit engine start|status|stop`: dit's own Docker engine. */
import { EXIT } from '../../base/errors.js';
import { escapeText, safeJson } from '../../base/escape.js';
import type { EngineHandle } from '../../engine/private/private-engine.js';
import {
  engineCommand,
  engineStatus,
  startEngine,
  stopEngine,
} from '../../engine/private/private-engine.js';
import { alignLeft } from '../../render/common/columns.js';
import type { CommandContext } from '../common/context.js';
import { themeFor } from '../common/theme.js';

interface EngineOptions {
  readonly name: string;
  readonly json?: true;
}

export async function engineStart(
  { name, json }: EngineOptions,
  context: CommandContext,
): Promise<void> {
  const handle = await startEngine({ name, signal: context.signal });
  if (json === true) return context.stdout.line(safeJson(documentOf('running', handle), 2));
  const how = handle.started ? 'started' : 'runs already';
  for (const note of handle.notes) await context.stdout.line(escapeText(note));
  await tell(`the private engine '${name}' ${how}`, handle, context);
}

export async function engineStatusReport(
  { name, json }: EngineOptions,
  context: CommandContext,
): Promise<number> {
  const { stdout } = context;
  const status = await engineStatus(name);
  if (json === true) {
    await stdout.line(safeJson(documentOf(status.state, status), 2));
  } else if (status.state === 'running') {
    await tell(`the private engine '${name}' runs`, status, context);
  } else if (status.state === 'stopped') {
    const remedy = engineCommand('stop', name);
    const after = status.leftovers ? `; a killed one left things behind: ${remedy}` : '';
    await stdout.line(`the private engine '${name}' does not run${after}`);
  } else {
    const reason = escapeText(status.reason);
    await stdout.line(
      `the private engine '${name}' (pid ${status.pid}) does not answer: ${reason}`,
    );
    await stdout.line(`  its log: ${status.logFile}`);
  }
  return status.state === 'running' ? EXIT.ok : EXIT.engine;
}

export async function engineStop(
  { name, json, purge }: EngineOptions & { readonly purge?: true },
  { stdout, signal }: CommandContext,
): Promise<void> {
  const ran = await stopEngine({ name, purge: purge === true, signal });
  if (json === true) {
    return stdout.line(safeJson({ state: 'stopped', name, ran, purged: purge === true }, 2));
  }
  const data = purge === true ? '; its images and containers are deleted' : '';
  await stdout.line(`the private engine '${name}' ${ran ? 'stopped' : 'did not run'}${data}`);
}

async function tell(fact: string, handle: EngineHandle, { stdout }: CommandContext): Promise<void> {
  const theme = themeFor(stdout);
  await stdout.line(theme.strong(fact));
  const rows: readonly (readonly [string, string])[] = [
    ['endpoint', handle.endpoint],
    ['version', handle.version],
    ['pid', String(handle.pid)],
    ['data', handle.dataRoot],
    ['bridge', `${handle.bridge} ${handle.address}`.trim()],
    ['log', handle.logFile],
  ];
  for (const [label, value] of rows) {
    if (value !== '') await stdout.line(`  ${theme.dim(alignLeft(label, 10))}${escapeText(value)}`);
  }
  await stdout.line(
    `  ${theme.dim(alignLeft('use it', 10))}DOCKER_HOST=${escapeText(handle.endpoint)} docker ps`,
  );
}

function documentOf(state: string, facts: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries({ ...facts, state }).map(([key, value]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}
