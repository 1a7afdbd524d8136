/** The export in speedscope's own page. */

import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTracks } from '../../src/analysis/tracks/tracks.js';
import { raw } from '../../src/base/foreign.js';
import { speedscopeFile } from '../../src/export/speedscope.js';
import type { ContainerRun, Trace } from '../../src/model/trace/trace.js';
import { chromiumPath } from '../support/chromium.js';
import { lacks } from '../support/requirements.js';
import { SAMPLES, sampleTrace } from '../support/samples.js';

const LIMIT_MS = 300_000;
const release = join(
  dirname(createRequire(import.meta.url).resolve('speedscope/package.json')),
  'dist/release',
);
const TYPES: Readonly<Record<string, string>> = { html: 'text/html', css: 'text/css' };

let browser: Browser;
let server: Server;
/** What the server gives as profile.json. */
let profile = '';

beforeAll(async () => {
  if (lacks('chromium')) return;
  browser = await chromium.launch({
    executablePath: chromiumPath(),
    args: ['--no-sandbox'],
  });
  server = createServer((request, response) => {
    const name = new URL(request.url ?? '', 'http://page').pathname.slice(1);
    if (name === 'profile.json') return response.end(profile);
    try {
      const file = readFileSync(join(release, name));
      const type = TYPES[name.split('.').at(-1) ?? ''] ?? 'text/javascript';
      return response.writeHead(200, { 'content-type': type }).end(file);
    } catch {
      return response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}, LIMIT_MS);

afterAll(async () => {
  await browser?.close();
  server?.close();
});

/** The page with a trace, and what went wrong in it. */
async function open(trace: Trace): Promise<{ page: Page; errors: string[] }> {
  profile = [...speedscopeFile(trace, buildTracks(trace))].join('');
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  await page.goto(`${origin}/index.html#profileURL=${origin}/profile.json`);
  return { page, errors };
}

describe.skipIf(lacks('chromium'))('speedscope', () => {
  it.each(SAMPLES)(
    'shows the window of %s as the total',
    async (name) => {
      const trace = sampleTrace(name);
      const { window, name: container } = trace.runs[0] as ContainerRun;
      const { page, errors } = await open(trace);
      await page.getByText(`${container}: critical path`).first().waitFor();
      // The sandwich's table is text; the flame graphs are drawn. It begins with the largest.
      await page.getByText('Sandwich').click();
      await page.getByText('Total', { exact: true }).click();
      const row = page.locator('tr', { hasText: '(100%)' }).filter({ hasText: raw(container) });
      const ms = ((window?.end ?? 0) - (window?.start ?? 0)) / 1e6;
      expect(await row.first().innerText()).toContain(`${ms.toFixed(2)}ms (100%)`);
      expect(errors).toEqual([]);
      await page.close();
    },
    LIMIT_MS,
  );
});
