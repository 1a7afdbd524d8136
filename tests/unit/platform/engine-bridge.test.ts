import { expect, test } from 'vitest';
import { freeNetwork } from '../../../src/platform/engine-bridge.js';

const link = (local: string) => ({ ifname: 'x', addr_info: [{ family: 'inet', local }] });

test('takes the first network of the range where nothing is in it', () => {
  const routes = [{ dst: 'default' }, { dst: '192.0.2.0/24' }, {}];
  expect(freeNetwork([link('192.0.2.2')], routes)).toBe('198.18.0');
});

test('passes by addresses, routes of any length, and single hosts', () => {
  expect(freeNetwork([link('198.18.0.77')], [])).toBe('198.18.1');
  expect(freeNetwork([], [{ dst: '198.18.0.0/23' }, { dst: '198.18.2.9' }])).toBe('198.18.3');
  expect(freeNetwork([], [{ dst: '198.18.0.0/16' }])).toBe('198.19.0');
});

test('IPv6 and what is no address take nothing', () => {
  const links = [{ ifname: 'x', addr_info: [{ family: 'inet6', local: 'fe80::1' }] }];
  expect(freeNetwork(links, [{ dst: 'fe80::/64' }, { dst: '300.1.2.3' }])).toBe('198.18.0');
});

test('finds none where a route takes the whole range', () => {
  expect(freeNetwork([], [{ dst: '198.18.0.0/15' }])).toBeUndefined();
});
