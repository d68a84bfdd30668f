// child_process.spawn and kill() where the whole process is at stake: its user, its limits, its uncaught
// exceptions.
import { constants } from 'node:os';
import { installedApp, wayOf, type AppOptions } from '../support/apps';
import { describeThreeWays, type Subject } from '../support/three-ways';

const app = installedApp();

// What all of them use.
const PRELUDE = `
  const fs = require('node:fs');
  void process.stdout;
  const shown = ({ message, code, errno, syscall, path }) => ({ message, code, errno, syscall, path });
  const lifeOf = (child) => new Promise((resolve) => {
    const events = [];
    for (const event of ['spawn', 'exit', 'close']) child.on(event, () => events.push(event));
    child.on('error', (error) => events.push(shown(error)));
    child.once('close', () => setImmediate(() => resolve(events)));
  });
  const attempt = (...args) => {
    try {
      return lifeOf(spawn(...args));
    } catch (error) {
      return { thrown: shown(error) };
    }
  };
  const print = (told) => console.log(JSON.stringify(told));`;

/** The JSON that a program prints which has \`spawn\`, and these helpers. */
function tell(subject: Subject, source: string, options: AppOptions = {}): Promise<unknown> {
  const { module, ...way } = wayOf(subject);
  const program = `const { spawn } = require('${module}');
    ${PRELUDE}
    (async () => {${source}})();`;
  return app.tell('alone.cjs', program, { ...options, ...way });
}

const { EAGAIN, EMFILE, EPERM } = constants.errno;

describeThreeWays('a process that spawns', (subject) => {
  it("is told EMFILE by 'error', and of no streams, where it may have no more descriptors", async () => {
    const source = `
      await lifeOf(spawn('true', { stdio: 'ignore' }));
      const held = [];
      try {
        for (;;) held.push(fs.openSync('/dev/null'));
      } catch {}
      const child = spawn('true', ['a']);
      const { pid, stdin, stdout, stderr } = child;
      const fields = [pid, stdin, stdout, stderr].map((it) => it ?? 'none');
      const none = await lifeOf(child);
      for (const fd of held) fs.closeSync(fd);
      const born = spawn('true');
      for (const stream of [born.stdout, born.stderr]) stream.resume();
      print({ fields, none, killed: child.kill(), after: await lifeOf(born) });`;

    const told = await tell(subject(), source, { rlimits: { nofile: 64 } });

    const about = { code: 'EMFILE', errno: -EMFILE, syscall: 'spawn true', path: 'true' };
    expect(told).toEqual({
      fields: ['none', 'none', 'none', 'none'],
      none: [{ message: 'spawn true EMFILE', ...about }, 'close'],
      killed: false,
      after: ['spawn', 'exit', 'close'],
    });
  });

  it("is told EAGAIN by 'error' where its user may have no more processes", async () => {
    const source = `
      await lifeOf(spawn('true', { stdio: 'ignore' }));
      process.setgid(65534);
      process.setuid(65534);
      print(await attempt('/bin/true', ['a'], { stdio: 'ignore' }));`;

    const told = await tell(subject(), source, { rlimits: { nproc: 1 } });

    const about = { code: 'EAGAIN', errno: -EAGAIN, syscall: 'spawn /bin/true', path: '/bin/true' };
    expect(told).toEqual([{ message: 'spawn /bin/true EAGAIN', ...about }, 'close']);
  });

  it('is told EPERM for a user it may not become, and of a child it may not kill', async () => {
    const source = `
      const roots = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
      const life = lifeOf(roots);
      process.setgroups([]);
      process.setgid(65534);
      process.setuid(65534);
      const answers = [roots.kill(), roots.kill('SIGKILL'), roots.kill(0), roots.killed];
      roots.stdin.end();
      const told = [];
      for (const options of [{ uid: 0 }, { gid: 0 }, { uid: 65534, gid: 65534 }]) {
        told.push(await attempt('/bin/true', [], { stdio: 'ignore', ...options }));
      }
      print({ answers, life: await life, told });`;

    const told = await tell(subject(), source);

    const refused = { message: 'kill EPERM', code: 'EPERM', errno: -EPERM, syscall: 'kill' };
    const unborn = { message: 'spawn EPERM', code: 'EPERM', errno: -EPERM, syscall: 'spawn' };
    expect(told).toEqual({
      answers: [false, false, false, false],
      life: [refused, refused, refused, 'spawn', 'exit', 'close'],
      told: [{ thrown: unborn }, { thrown: unborn }, ['spawn', 'exit', 'close']],
    });
  });

  it("has an uncaught exception of an 'error' that nobody hears, and of what a listener throws", async () => {
    const source = `
      const uncaught = () => new Promise((resolve) => {
        process.once('uncaughtException', (error) => resolve(error.message));
      });
      const child = (event) => spawn('sh', ['-c', 'exit 3'], { stdio: 'ignore' }).once(event, () => {
        throw new Error('of ' + event);
      });
      const told = [];
      spawn('no-such-program', { stdio: 'ignore' });
      told.push(await uncaught());
      const born = child('spawn');
      const exited = new Promise((resolve) => born.once('exit', resolve));
      told.push(await uncaught(), await exited);
      const dead = child('exit');
      told.push(await uncaught(), dead.exitCode);
      child('close');
      told.push(await uncaught());
      print(told);`;

    const told = await tell(subject(), source);

    expect(told).toEqual(['spawn no-such-program ENOENT', 'of spawn', 3, 'of exit', 3, 'of close']);
  });
});
