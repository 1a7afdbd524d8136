/** The ten toolkit tests in their order, each loaded when it is needed. */
import type { CheckName } from '../model/checks/check.js';
import type { Check } from './contract/check.js';

export const CHECKS: Readonly<Record<CheckName, () => Promise<Check>>> = {
  startup: async () => (await import('./startup/startup.js')).startupCheck,
  syscalls: async () => (await import('./syscalls/syscalls.js')).syscallsCheck,
  overlay: async () => (await import('./overlay/overlay.js')).overlayCheck,
  io: async () => (await import('./io/io.js')).ioCheck,
  network: async () => (await import('./network/network.js')).networkCheck,
  memory: async () => (await import('./memory/memory.js')).memoryCheck,
  security: async () => (await import('./security/security.js')).securityCheck,
  cpu: async () => (await import('./cpu/cpu.js')).cpuCheck,
  namespaces: async () => (await import('./namespaces/namespaces.js')).namespacesCheck,
  ebpf: async () => (await import('./ebpf/ebpf.js')).ebpfCheck,
};
