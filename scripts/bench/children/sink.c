// A child of questions/pipes.mjs: reads its stdin to the end, and is content if it was so many
// bytes.
#include <stdlib.h>
#include <unistd.h>

enum { kBlock = 1 << 16 };  // What a pipe holds.

static char block[kBlock];

int main(int argc, char** argv) {
  long long left = argc > 1 ? atoll(argv[1]) : 0;
  ssize_t count;
  while ((count = read(0, block, kBlock)) > 0) left -= count;
  return count < 0 || left != 0;
}
