// A child of questions/crowd.mjs: does nothing, in as little memory as can be, until it is killed
// or the FIFO that it is given ends, for which thousands may wait. It dies with its parent, and in
// any case after ten minutes.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  alarm(600);
  if (argc < 2) return 2;
  const int fifo = open(argv[1], O_RDONLY);
  char byte;
  return fifo < 0 || read(fifo, &byte, 1) != 0;
}
