/** Linux capabilities: names by bit, and what the powerful ones allow. */

/** By bit, of linux/capability.h; without "CAP_". */
export const CAPABILITY_NAMES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
] as const;

/**
 * The names in a mask as /proc/PID/status writes it: "00000000a80425fb"; in the order of their bits. A bit that
 * has no name here (a newer kernel's) is "bit 41".
 */
export function decodeCapabilities(mask: string): string[] {
  if (!/^[0-9a-f]{1,16}$/i.test(mask)) return [];
  const bits = BigInt(`0x${mask}`);
  return Array.from({ length: 64 }, (_, bit) => bit)
    .filter((bit) => (bits >> BigInt(bit)) & 1n)
    .map((bit) => CAPABILITY_NAMES[bit] ?? `bit ${bit}`);
}

/** What a container gets of Docker unless it is told otherwise: 14 names (moby, oci/caps/defaults.go). */
export const DEFAULT_CAPABILITIES: readonly string[] = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SYS_CHROOT',
  'MKNOD',
  'AUDIT_WRITE',
  'SETFCAP',
];

/** Those that reach beyond the container, and how (capabilities(7)). */
export const POWERFUL_CAPABILITIES: Readonly<
  Record<string, { readonly severity: 'high' | 'medium'; readonly allows: string }>
> = {
  SYS_ADMIN: { severity: 'high', allows: 'mounts file systems, among very much else' },
  SYS_MODULE: { severity: 'high', allows: 'loads modules into the kernel' },
  SYS_RAWIO: { severity: 'high', allows: "reads and writes the machine's memory and ports" },
  SYS_PTRACE: { severity: 'high', allows: 'reads and changes other processes' },
  DAC_READ_SEARCH: { severity: 'high', allows: 'opens any file of the file system by its handle' },
  BPF: { severity: 'high', allows: 'loads BPF programs' },
  SYS_BOOT: { severity: 'high', allows: 'restarts the machine or its kernel' },
  MAC_ADMIN: { severity: 'high', allows: 'changes the rules of the security module' },
  MAC_OVERRIDE: { severity: 'high', allows: 'is not bound by the security module' },
  CHECKPOINT_RESTORE: { severity: 'medium', allows: "reads other processes' maps" },
  NET_ADMIN: { severity: 'medium', allows: 'changes interfaces, routes and packet filters' },
  SYS_TIME: { severity: 'medium', allows: "sets the machine's clock" },
  SYS_RESOURCE: { severity: 'medium', allows: 'goes beyond resource limits' },
  SYS_NICE: { severity: 'medium', allows: "changes others' priorities" },
  SYSLOG: { severity: 'medium', allows: "reads the kernel's messages and addresses" },
  PERFMON: { severity: 'medium', allows: 'observes the whole kernel' },
  AUDIT_CONTROL: { severity: 'medium', allows: "changes the machine's audit" },
  LINUX_IMMUTABLE: { severity: 'medium', allows: 'makes files immutable' },
};
