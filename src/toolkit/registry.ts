/** The ten toolkit tests in their order, each loaded when it is needed. */
import type { CheckName } from '../model/check.js';
import type { Check } from './check.js';

export const CHECKS: Readonly<Record<CheckName, () => Promise<Check>>> = {
  startup: async () => (await import('./startup.js')).startupCheck,
  syscalls: async () => (await import('./syscalls.js')).syscallsCheck,
  overlay: async () => (await import('./overlay.js')).overlayCheck,
  io: async () => (await import('./io.js')).ioCheck,
  network: async () => (await import('./network.js')).networkCheck,
  memory: async () => (await import('./memory.js')).memoryCheck,
  security: async () => (await import('./security.js')).securityCheck,
  cpu: async () => (await import('./cpu.js')).cpuCheck,
  namespaces: async () => (await import('./namespaces.js')).namespacesCheck,
  ebpf: async () => (await import('./ebpf.js')).ebpfCheck,
};
