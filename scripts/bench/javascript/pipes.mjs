// A great many bytes through a pipe.

import path from 'node:path';
import { cpuMs } from './clock.mjs';

const BLOCK = 1 << 16; // What a pipe holds.

export function pipeActions({ countOutput, feed }, children) {
  const measure = async (bytes, work) => {
    const startMs = performance.now();
    const startCpuMs = cpuMs();
    await work();
    const tookMs = performance.now() - startMs;
    return { rate: [bytes / tookMs / 1e6], cpu: [cpuMs() - startCpuMs] }; // GB/s, ms.
  };

  return {
    /** The child writes, we read. */
    pipeIn: (bytes) =>
      measure(bytes, async () => {
        const count = await countOutput(path.join(children, 'source'), [String(bytes)]);
        if (count !== bytes) throw new Error(`${count} bytes came of ${bytes}`);
      }),

    /** We write, the child reads. */
    pipeOut: (bytes) =>
      measure(bytes, () => feed(path.join(children, 'sink'), [String(bytes)], blocks(bytes))),
  };
}

function* blocks(bytes) {
  const block = Buffer.alloc(BLOCK);
  for (let left = bytes; left > 0; left -= BLOCK) {
    yield left < BLOCK ? block.subarray(0, left) : block;
  }
}
