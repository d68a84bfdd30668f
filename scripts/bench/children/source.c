// A child of questions/pipes.mjs: writes so many bytes to its stdout, as fast as it is read.
#include <stdlib.h>
#include <unistd.h>

enum { kBlock = 1 << 16 };  // What a pipe holds.

static char block[kBlock];

int main(int argc, char** argv) {
  long long left = argc > 1 ? atoll(argv[1]) : 0;
  while (left > 0) {
    const ssize_t written = write(1, block, left < kBlock ? left : kBlock);
    if (written <= 0) return 1;
    left -= written;
  }
  return 0;
}
