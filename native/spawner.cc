#include "spawner.h"

#include "thread.h"

#include <condition_variable>
#include <deque>
#include <mutex>

namespace {

struct Job {
  void (*work)(void*);
  void* argument;
  bool done = false;
};

// Never destroyed: the thread may outlive every static destructor.
struct Spawner {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job*> jobs;
  bool running = false;
};

Spawner& Get() {
  static auto* spawner = new Spawner();
  return *spawner;
}

void* Run(void*) {
  Spawner& spawner = Get();
  std::unique_lock<std::mutex> lock(spawner.mutex);
  for (;;) {
    spawner.changed.wait(lock, [&] { return !spawner.jobs.empty(); });
    Job* job = spawner.jobs.front();
    spawner.jobs.pop_front();
    lock.unlock();
    job->work(job->argument);
    lock.lock();
    job->done = true;
    spawner.changed.notify_all();
  }
}

}  // namespace

int RunOnSpawner(void (*work)(void*), void* argument) {
  Spawner& spawner = Get();
  std::unique_lock<std::mutex> lock(spawner.mutex);
  if (!spawner.running) {
    if (const int result = StartThread("autoreap-spawn", Run); result < 0) return result;
    spawner.running = true;
  }
  Job job = {work, argument};
  spawner.jobs.push_back(&job);
  spawner.changed.notify_all();
  spawner.changed.wait(lock, [&] { return job.done; });
  return 0;
}
