import { expect, test } from 'vitest';
import { freeBridges } from '../../../../src/engine/private/bridge.js';

const link = (local: string) => ({ ifname: 'x', addr_info: [{ family: 'inet', local }] });
const first = (...args: Parameters<typeof freeBridges>) => freeBridges(...args)[0]?.address;

test('takes the first network of the range where nothing is in it', () => {
  const routes = [{ dst: 'default' }, { dst: '192.0.2.0/24' }, {}];
  const bridges = freeBridges([link('192.0.2.2')], routes);
  expect(bridges[0]).toEqual({ name: 'dit0', address: '198.18.0.1/24' });
  expect(bridges).toHaveLength(256);
});

test('passes by addresses, routes of any length, and single hosts', () => {
  expect(first([link('198.18.0.77')], [])).toBe('198.18.1.1/24');
  expect(first([], [{ dst: '198.18.0.0/23' }, { dst: '198.18.2.9' }])).toBe('198.18.3.1/24');
  expect(first([], [{ dst: '198.18.0.0/16' }])).toBe('198.19.0.1/24');
});

test('a network has one name, so that two engines that choose at once cannot both have it', () => {
  const bridges = freeBridges([], []);
  expect(new Set(bridges.map(({ name }) => name)).size).toBe(bridges.length);
  expect(new Set(bridges.map(({ address }) => address)).size).toBe(bridges.length);
  const rest = freeBridges([{ ifname: 'dit0' }, { ifname: 'dit2' }], []);
  expect(rest).toEqual(bridges.filter(({ name }) => name !== 'dit0' && name !== 'dit2'));
});

test('IPv6 and what is no address take nothing', () => {
  const links = [{ ifname: 'x', addr_info: [{ family: 'inet6', local: 'fe80::1' }] }];
  expect(first(links, [{ dst: 'fe80::/64' }, { dst: '300.1.2.3' }])).toBe('198.18.0.1/24');
});

test('finds none where a route takes the whole range', () => {
  expect(freeBridges([], [{ dst: '198.18.0.0/15' }])).toEqual([]);
});
