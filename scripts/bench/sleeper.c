// A child of exit-latency.mjs: does nothing, in as little memory as can be, until it is killed. It
// dies with its parent, and in any case after ten minutes.
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  alarm(600);
  for (;;) pause();
}
