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

/** Those that reach beyond the container (capabilities(7)). */
export const POWERFUL_CAPABILITIES = {
  SYS_ADMIN: 'high',
  SYS_MODULE: 'high',
  SYS_RAWIO: 'high',
  SYS_PTRACE: 'high',
  DAC_READ_SEARCH: 'high',
  BPF: 'high',
  SYS_BOOT: 'high',
  MAC_ADMIN: 'high',
  MAC_OVERRIDE: 'high',
  CHECKPOINT_RESTORE: 'medium',
  NET_ADMIN: 'medium',
  SYS_TIME: 'medium',
  SYS_RESOURCE: 'medium',
  SYS_NICE: 'medium',
  SYSLOG: 'medium',
  PERFMON: 'medium',
  AUDIT_CONTROL: 'medium',
  LINUX_IMMUTABLE: 'medium',
} as const;
export type PowerfulCapability = keyof typeof POWERFUL_CAPABILITIES;
