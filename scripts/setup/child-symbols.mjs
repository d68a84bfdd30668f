// The child's half may not call libc: it runs in the parent's memory beside the parent's threads
// (native/child.cc). A compiler can slip a memcpy or a stack protector in, so this looks at what came
// out: the object file of the child imports no symbol at all.
//
//   node scripts/setup/child-symbols.mjs
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const object = join(root, 'build/Release/obj.target/autoreap/native/child.o');
const imported = execFileSync('nm', ['--undefined-only', object], { encoding: 'utf8' })
  .split('\n')
  .map((line) => line.trim().replace(/^U /, ''))
  .filter((symbol) => symbol !== '' && symbol !== '_GLOBAL_OFFSET_TABLE_');
if (imported.length > 0) {
  console.error(`native/child.cc calls what a child must not: ${imported.join(', ')}`);
  process.exitCode = 1;
}
