import { constants } from 'node:os';
import { decodeWaitStatus, signalName } from '../../lib/policy/wait-status';

describe('decodeWaitStatus', () => {
  it('reads every exit code', () => {
    const codes = Array.from({ length: 256 }, (_, exitCode) => exitCode);

    expect(codes.map((exitCode) => decodeWaitStatus(exitCode << 8))).toEqual(
      codes.map((exitCode) => ({
        exitCode,
        signalCode: null,
        coreDumped: false,
        code: 'CLD_EXITED',
      })),
    );
  });

  it.each([
    ['without a core', 0, 'CLD_KILLED'],
    ['with a core', 0x80, 'CLD_DUMPED'],
  ])('reads every signal, %s', (_title, core, code) => {
    const signals = Array.from({ length: 64 }, (_, i) => i + 1);

    expect(signals.map((signo) => decodeWaitStatus(signo | core))).toEqual(
      signals.map((signo) => ({
        exitCode: null,
        signalCode: signalName(signo),
        coreDumped: core !== 0,
        code,
      })),
    );
  });

  it('does not take a high bit for an exit code', () => {
    expect(decodeWaitStatus(0x1_0300).exitCode).toBe(3);
  });
});

describe('signalName', () => {
  it("has Node's name for each of its signals", () => {
    for (const [name, signo] of Object.entries(constants.signals)) {
      const { signals } = constants as { signals: Record<string, number> };
      expect(signals[signalName(signo)]).toBe(signals[name]);
    }
  });

  it.each([
    [1, 'SIGHUP'],
    [6, 'SIGABRT'],
    [9, 'SIGKILL'],
    [15, 'SIGTERM'],
    [29, 'SIGIO'],
    [31, 'SIGSYS'],
    [32, 'SIGRTMIN-2'],
    [33, 'SIGRTMIN-1'],
    [34, 'SIGRTMIN'],
    [35, 'SIGRTMIN+1'],
    [64, 'SIGRTMIN+30'],
  ])('calls %i %s', (signo, name) => {
    expect(signalName(signo)).toBe(name);
  });
});
