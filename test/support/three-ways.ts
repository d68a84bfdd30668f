import * as node from 'node:child_process';
import * as ours from '../../lib/child_process';
import { install } from '../../lib/facade/drop-in';
import { capability } from './needs';

/** What `node:child_process` and `autoreap/child_process` both export. */
export type ChildProcessApi = Pick<typeof node, Exclude<keyof typeof ours, 'default'>>;

/** Whom the sentences of a run are about. */
export interface Subject {
  readonly name: string;
  readonly cp: ChildProcessApi;
  /** Undefined for Node's own, which does not say. */
  readonly reapedBy: 'kernel' | 'waitid' | undefined;
  /** Runs a program on Node's own, also where that is replaced; to its end, before anything else. */
  stock<T>(program: (cp: ChildProcessApi) => T | Promise<T>): Promise<T>;
}

interface Way {
  readonly name: string;
  readonly cp: ChildProcessApi;
  readonly registered: boolean;
}

const MODULE: Way = { name: 'autoreap/child_process', cp: ours, registered: false };
const REGISTER: Way = {
  name: 'node:child_process under autoreap/register',
  cp: node,
  registered: true,
};

const REAPERS = [
  { reapedBy: 'kernel', needs: 'CLONE_AUTOREAP', mode: 'require' },
  { reapedBy: 'waitid', needs: 'P_PIDFD', mode: 'avoid' },
] as const;

/**
 * The same sentences for Node's own module, for ours in its place, and for Node's under `register`; the
 * latter two for every way of reaping that this kernel has. Where the kernel's own is missing the block
 * is skipped by name; with AUTOREAP_NO_SKIP=1 (7.x in CI) that is a failure instead.
 *
 * In the laboratory (`npm run vm`) the kernel is in question, and an emulated machine is slow: there only
 * under `register`, and by the best way of reaping that there is. Every page still compares with Node's own.
 */
export function describeThreeWays(page: string, block: (subject: () => Subject) => void): void {
  if (process.env.AUTOREAP_VM === '1') {
    const { reapedBy, mode } = REAPERS.find(({ needs }) => capability(needs).supported)!;
    describe(`${page} of ${REGISTER.name}, reaped by ${reapedBy}`, () => {
      aboutOurs(REGISTER, reapedBy, mode, block);
    });
    return;
  }
  describe(`${page} of node:child_process`, () => {
    aboutNode(block);
  });
  for (const way of [MODULE, REGISTER]) {
    for (const { reapedBy, needs, mode } of REAPERS) {
      const { supported, errno } = capability(needs);
      const title = `${page} of ${way.name}, reaped by ${reapedBy}`;
      if (supported || process.env.AUTOREAP_NO_SKIP === '1') {
        describe(title, () => {
          aboutOurs(way, reapedBy, mode, block);
        });
      } else {
        describe.skip(`${title} (no ${needs}: ${errno ?? 'unknown'})`, () => {
          aboutOurs(way, reapedBy, mode, block);
        });
      }
    }
  }
}

function aboutNode(block: (subject: () => Subject) => void): void {
  const subject: Subject = {
    name: 'node:child_process',
    cp: node,
    reapedBy: undefined,
    stock: async (program) => await program(node),
  };
  itIsWhoItIs(subject);
  block(() => subject);
}

function aboutOurs(
  { name, cp, registered }: Way,
  reapedBy: 'kernel' | 'waitid',
  mode: string,
  block: (subject: () => Subject) => void,
): void {
  const before = process.env.AUTOREAP;
  let takeBack = (): void => undefined;
  const begin = (): void => {
    process.env.AUTOREAP = mode; // The drop-in's, not our children's: that is another process.env.
    if (registered) takeBack = install();
  };
  const end = (): void => {
    takeBack();
    if (before === undefined) delete process.env.AUTOREAP;
    else process.env.AUTOREAP = before;
  };
  beforeAll(begin);
  afterAll(end);

  const subject: Subject = {
    name,
    cp,
    reapedBy,
    stock: async (program) => {
      end();
      try {
        return await program(node);
      } finally {
        begin();
      }
    },
  };
  itIsWhoItIs(subject);
  block(() => subject);
}

// So that no run can be about somebody else without a word. Our pipes are pipes, Node's are sockets.
function itIsWhoItIs({ cp, reapedBy }: Subject): void {
  const pipe = reapedBy === undefined ? /^socket:/ : /^pipe:/;

  it('makes its children in its own way', async () => {
    const child = cp.spawn('true', { stdio: 'ignore' });
    await new Promise((resolve) => child.once('close', resolve));
    expect((child as { reapedBy?: string }).reapedBy).toBe(reapedBy);
    expect(cp.execFileSync('readlink', ['/proc/self/fd/1'], { encoding: 'utf8' })).toMatch(pipe);
  });
}

/** Runs a program on Node's own and on the subject, and expects to see the same. */
export async function expectAsNode<T>(
  subject: Subject,
  program: (cp: ChildProcessApi) => T | Promise<T>,
): Promise<T> {
  const nodes = await subject.stock(program);
  const seen = await program(subject.cp);
  expect(seen).toEqual(nodes);
  return seen;
}
