/** The ten toolkit tests in their order, each loaded when it is needed. */
import type { CheckName } from '../model/checks/check.js';
import type { Check } from './contract/check.js';

export const CHECKS: { readonly [Name in CheckName]: () => Promise<Check<Name>> } = {
  startup: async () => (await import('./startup/check.js')).startupCheck,
  syscalls: async () => (await import('./syscalls/check.js')).syscallsCheck,
  overlay: async () => (await import('./overlay/check.js')).overlayCheck,
  io: async () => (await import('./io/check.js')).ioCheck,
  network: async () => (await import('./network/check.js')).networkCheck,
  memory: async () => (await import('./memory/check.js')).memoryCheck,
  security: async () => (await import('./security/check.js')).securityCheck,
  cpu: async () => (await import('./cpu/check.js')).cpuCheck,
  namespaces: async () => (await import('./namespaces/check.js')).namespacesCheck,
  ebpf: async () => (await import('./ebpf/check.js')).ebpfCheck,
};
