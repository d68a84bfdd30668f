/**
 * After every test, the open descriptors and the children of this process are those it began with. Runs
 * in every jest worker (setupFilesAfterEnv).
 *
 * A test waits for what it started ('close', `exited`), so nothing is left to wait for here.
 */
import { spawn } from '../../lib/index';
import { childrenOf } from './children';
import { openDescriptors } from './descriptors';

let before: { descriptors: string[]; children: string[] };

// What is opened once per process is opened now: the watcher's epoll set, and the /dev/null that libuv
// keeps in reserve from its first stream on.
beforeAll(async () => {
  const child = spawn('true');
  await new Promise((resolve) => child.once('close', resolve));
});

beforeEach(() => {
  before = { descriptors: openDescriptors(), children: childrenOf() };
});

afterEach(() => {
  const after = { descriptors: openDescriptors(), children: childrenOf() };
  const minus = (all: string[], known: string[]): string[] =>
    all.filter((it) => !known.includes(it));
  expect({
    openedDescriptors: minus(after.descriptors, before.descriptors),
    // Sockets aside: where one file is run alone, jest's own workers end during the first test.
    closedDescriptors: minus(before.descriptors, after.descriptors).filter(
      (it) => !/socket:/.test(it),
    ),
    newChildren: minus(after.children, before.children),
  }).toEqual({ openedDescriptors: [], closedDescriptors: [], newChildren: [] });
});
