/** Loaded before the program: says at its end what it took. */
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const cpuMs = (userCPUTime + systemCPUTime) / 1_000;
  require('node:fs').writeFileSync(
    process.env.DIT_TELL_USAGE,
    JSON.stringify({ cpuMs, peakBytes: maxRSS * 1024 }),
  );
});
