/** Where the page begins: the embedded traces are unpacked, and shown. */
import { h, render } from 'preact';
import { App } from './app.js';
import { decodeTrace, type LoadedTrace } from './data/decode.js';
import { startsOf } from './data/starts.js';
import { Session } from './timeline/session.js';

async function unpack(element: Element): Promise<LoadedTrace> {
  const text = atob(element.textContent ?? '');
  const packed = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) packed[index] = text.charCodeAt(index);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'));
  return decodeTrace(new Uint8Array(await new Response(stream).arrayBuffer()));
}

async function show(): Promise<void> {
  const root = document.getElementById('page');
  if (root === null) throw new Error('the page has no place to show anything');
  try {
    const elements = [...document.querySelectorAll('script[type="application/x-dit-trace"]')];
    const traces = await Promise.all(elements.map(unpack));
    const starts = startsOf(traces);
    // Of several files the first two are compared; of one with several starts the first is shown.
    const second = starts.findIndex(({ trace }) => trace === traces[1]?.trace);
    root.replaceChildren();
    render(h(App, { session: new Session(starts, second > 0 ? [0, second] : [0]) }), root);
  } catch (error) {
    root.textContent = `This page cannot be shown: ${error instanceof Error ? error.message : error}`;
    throw error;
  }
}

void show();
