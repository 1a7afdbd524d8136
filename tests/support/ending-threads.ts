/** A program of which two threads end at the same moment, so that each is the last: about one time in four. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { EventTable } from '../../src/model/recording/event-table.js';

const SOURCE = `
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
static atomic_int ready;
static void *end(void *unused)
{
	atomic_fetch_add(&ready, 1);
	while (atomic_load(&ready) < 2) {}
	syscall(SYS_exit, 0);
	return unused;
}
int main(int count, char **arguments)
{
	for (int i = 0; i < atoi(arguments[1]); i++) {
		pthread_t thread;
		if (fork() == 0) {
			pthread_create(&thread, 0, end, 0);
			end(0);
		}
		wait(0);
	}
}`;

/** Compiles it into the folder; a shell's command that starts so many processes one after the other. */
export function endingThreads(folder: string, processes: number): string {
  const program = join(folder, 'threads');
  execFileSync('cc', ['-O1', '-pthread', '-x', 'c', '-o', program, '-'], { input: SOURCE });
  return `${program} ${processes}`;
}

/** Threads whose birth was recorded, and whose end was not. */
export function withoutEnd(table: EventTable): number[] {
  const alive = new Set<number>();
  for (let row = 0; row < table.length; row++) {
    if (table.kindName(row) === 'fork') alive.add(table.value(row, 'child_tids'));
  }
  for (let row = 0; row < table.length; row++) {
    if (table.kindName(row) === 'exit') alive.delete(table.tid.at(row));
  }
  return [...alive];
}
