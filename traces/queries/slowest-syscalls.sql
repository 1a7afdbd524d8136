-- The system calls that took longest, without those that wait for others (futex, poll, read; FIFOs that are opened).
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
AND texts NOT LIKE '/proc/%/fd/%'
AND duration_ns IS NOT NULL
ORDER BY duration_ns DESC
LIMIT 30;
