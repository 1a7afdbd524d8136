-- The slowest system calls, without those that wait for others (futex, poll, read; opens of FIFOs and of files without a recorded path).
SELECT
  round(duration_ns / 1e6, 2) AS ms,
  name,
  texts,
  actor,
  pid,
  error,
  host,
  trace_id
FROM syscalls
WHERE name NOT IN (
  'futex', 'epoll_wait', 'epoll_pwait', 'epoll_pwait2', 'poll', 'ppoll', 'select', 'pselect6', 'read', 'recvfrom',
  'recvmsg', 'accept', 'accept4', 'nanosleep', 'clock_nanosleep', 'wait4', 'waitid', 'pause', 'rt_sigtimedwait',
  'rt_sigsuspend', 'restart_syscall'
)
-- a container's FIFOs are opened by descriptor, below /proc/self/fd or by its number alone, and by name
AND NOT (
  name IN ('open', 'openat', 'openat2')
  AND (texts = '' OR texts LIKE '/proc/%/fd/%' OR regexp_full_match(texts, '[0-9]+|(.*/)?exec\.fifo'))
)
AND duration_ns IS NOT NULL
ORDER BY duration_ns DESC
LIMIT 30;
