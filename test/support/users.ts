import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { outputOf } from './programs';

const root = path.resolve(__dirname, '../../..');
const fixture = (name: string): string => path.join(root, 'test/fixtures/users', name);

const WITNESS = pathToFileURL(fixture('witness.mjs')).href;
const REGISTER = pathToFileURL(path.join(root, 'dist/lib/register.js')).href;

/** Whose the children of a program were, as witness.mjs counts them at its end. */
interface Count {
  readonly program: string;
  readonly kernel: number;
  readonly waitid: number;
  /** Not ours. */
  readonly node: number;
  readonly unborn: number;
  /** Calls of spawnSync and its kin that came to Node's own. */
  readonly syncByNode: number;
}

/** Each scene of a scenario by its name: what it saw. */
type Saw = Readonly<Record<string, unknown>>;

interface Played {
  readonly saw: Saw;
  readonly counts: readonly Count[];
}

const PATIENCE_MS = process.env.AUTOREAP_VM === '1' ? 200_000 : 50_000;

const running = new Set<ChildProcess>();

// What did not come to its end; jest would wait for it for ever.
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

async function play(name: string, preloads: readonly string[]): Promise<Played> {
  const folder = mkdtempSync(path.join(tmpdir(), 'autoreap-witness-'));
  const witness = path.join(folder, 'counts');
  const imports = preloads.map((url) => `--import=${url}`);
  try {
    const child = spawn(process.execPath, [...imports, fixture(`${name}.mjs`)], {
      cwd: root,
      env: { ...plainEnvironment(), AUTOREAP_WITNESS: witness, TRACE: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    // Before jest gives up: then what is written below says in which scene it hung.
    const hangs = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    const { stdout, stderr, exitCode, signalCode } = await outputOf(child);
    clearTimeout(hangs);
    running.delete(child);
    if (exitCode !== 0) {
      const how = preloads.includes(REGISTER) ? 'under register' : 'on its own';
      const end = String(exitCode ?? signalCode);
      throw new Error(`${name}, ${how}, ended with ${end}:\n${stderr}${stdout}`);
    }
    const counts = readFileSync(witness, 'utf8').trim().split('\n');
    return {
      saw: JSON.parse(stdout) as Saw,
      counts: counts.map((line) => JSON.parse(line) as Count),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Ours without what jest, npm and a terminal have put there: the tools would behave by it. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|JEST_|NODE_|FORCE_COLOR|NO_COLOR|CI$|INIT_CWD|AUTOREAP$)/i.test(name),
  );
  return { ...Object.fromEntries(kept), NO_COLOR: '1', NPM_CLI: process.env.npm_execpath };
}

function sum(counts: readonly Count[], program: string, of: (count: Count) => number): number {
  return counts.filter((count) => count.program === program).reduce((all, it) => all + of(it), 0);
}

interface Cast {
  readonly programs?: readonly string[];
  readonly sync?: readonly string[];
}

/**
 * Plays test/fixtures/users/NAME.mjs under `node --import autoreap/register`, and the same without, and
 * says that nothing in it can tell them apart but whose the children were. `programs` are those that had
 * children; `sync` are those of them that used the synchronous family too.
 *
 * Returns what the scene of that name saw under our register.
 */
export function playUser(
  name: string,
  { programs = [`${name}.mjs`], sync = programs }: Cast = {},
): (scene: string) => unknown {
  let ours: Played;
  let nodes: Played;
  beforeAll(async () => {
    [ours, nodes] = await Promise.all([play(name, [WITNESS, REGISTER]), play(name, [WITNESS])]);
  });

  it("sees the same on our handles and on Node's own", () => {
    expect(ours.saw).toEqual(nodes.saw);
  });

  it.each(programs)('has children of ours and no other, where %s runs them', (program) => {
    const all = sum(nodes.counts, program, ({ node }) => node);
    const allSync = sum(nodes.counts, program, ({ syncByNode }) => syncByNode);
    expect(all + allSync).toBeGreaterThan(0);
    expect(allSync > 0).toBe(sync.includes(program));

    expect({
      ours: sum(ours.counts, program, ({ kernel, waitid }) => kernel + waitid),
      nodes: sum(ours.counts, program, ({ node }) => node),
      syncByNode: sum(ours.counts, program, ({ syncByNode }) => syncByNode),
      unborn: sum(ours.counts, program, ({ unborn }) => unborn),
    }).toEqual({
      ours: all,
      nodes: 0,
      syncByNode: 0,
      unborn: sum(nodes.counts, program, ({ unborn }) => unborn),
    });
  });

  return (scene) => ours.saw[scene];
}
