// The thread that creates children which must die with us.
//
// PR_SET_PDEATHSIG is tied to the thread that created the child: a child armed from a Worker's
// thread is killed when the Worker ends, although the process lives on (measured). This thread is
// started by the first such child and lives as long as the process.
#pragma once

// Runs `work(argument)` on the spawner thread and waits for it. 0 | -errno of pthread_create(3).
int RunOnSpawner(void (*work)(void*), void* argument);
