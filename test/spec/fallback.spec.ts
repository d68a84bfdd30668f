import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import type { ExitRecord, Support } from '../../lib/index';

const FIXTURE = resolve('test/fixtures/fallback.cjs');

interface Observed {
  record: Omit<ExitRecord, 'pid' | 'durationMs'> & { pid: boolean; durationMs: boolean };
  output: string;
  reapedBy: string;
  pidfd: boolean;
  stopped: string;
  error: string;
  rejected: boolean;
  run: string;
  runCode: string;
  refused: Record<string, string>;
  support: Support;
}

// In a process of its own: the addon is loaded once, and this one has it.
function observe(why: 'platform' | 'addon'): Observed {
  const env = {
    ...process.env,
    ...(why === 'addon' ? { AUTOREAP_ADDON: '/no/such/addon.node' } : {}),
  };
  return JSON.parse(
    execFileSync(process.execPath, [FIXTURE, why], { env, encoding: 'utf8' }),
  ) as Observed;
}

describe.each([
  ['on a platform that is not Linux', 'platform', "autoreap's addon is for Linux; this is sunos"],
  ['where the addon cannot be loaded', 'addon', 'Cannot find module'],
] as const)('%s', (_, why, message) => {
  let observed: Observed;
  beforeAll(() => {
    observed = observe(why);
  });

  it("spawn is Node's own, and says so", () => {
    expect(observed).toMatchObject({ reapedBy: 'libuv', pidfd: true, output: 'out\n' });
  });

  it('a child still has a record of its end', () => {
    expect(observed.record).toEqual({
      pid: true,
      exitCode: 7,
      signalCode: null,
      coreDumped: false,
      statusLost: false,
      code: 'CLD_EXITED',
      durationMs: true,
    });
  });

  it('stop() still ends a child', () => {
    expect(observed.stopped).toBe('SIGTERM');
  });

  it("a missing program is Node's error, and `exited` rejects with it", () => {
    expect(observed).toMatchObject({ error: 'ENOENT', rejected: true, runCode: 'ENOENT' });
  });

  it('run() still collects output', () => {
    expect(observed.run).toBe('ran\n');
  });

  it('what Node.js cannot do is refused, not ignored', () => {
    expect(observed.refused).toEqual({
      autokill: 'ERR_AUTOREAP_UNSUPPORTED',
      umask: 'ERR_AUTOREAP_UNSUPPORTED',
      require: 'ERR_AUTOREAP_UNSUPPORTED',
      subreaper: 'ERR_AUTOREAP_UNSUPPORTED',
      pidfd: 'ERR_AUTOREAP_UNSUPPORTED',
    });
  });

  it('support() says why', () => {
    expect(observed.support.reapedBy).toBe('libuv');
    expect(observed.support.addon).toEqual({
      loaded: false,
      error: expect.stringContaining(message) as string,
    });
  });
});
