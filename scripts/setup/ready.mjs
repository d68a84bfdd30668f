// What `npm start` and `npm test` run first, so that either is the only command that a fresh clone
// needs: the right Node.js, the dependencies, the builds. Says nothing when all is up to date.
//
//   node scripts/setup/ready.mjs [--fixtures]

import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from './build.mjs';
import { at, changedAt, root } from './files.mjs';
import { buildFixtures } from './fixtures.mjs';
import { SetupError, main, run } from './run.mjs';

// The package runs on 20.10; eslint and node-gyp ask for more.
const MINIMUM = [20, 19];

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])) return;
  throw new SetupError(
    `Work on autoreap needs Node.js ${MINIMUM.join('.')} or newer; this is ${process.version}, ` +
      `${process.execPath}.\nInstall a current release (https://nodejs.org) or select one ` +
      '(nvm install 22, fnm use 22), then run the same command again.',
  );
}

const LOCK = at('package-lock.json');
const INSTALLED = at('node_modules/.package-lock.json');

async function installDependencies() {
  if (changedAt(INSTALLED) >= changedAt(LOCK)) return;
  if (installedIsLocked()) {
    const now = new Date();
    fs.utimesSync(INSTALLED, now, now);
    return;
  }
  // Without scripts: the only one that matters is our own `prepare`, and that comes next.
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const [command, ...args] = [...npm, 'ci', '--ignore-scripts'];
  const npmCi = () => run('installing dependencies (npm ci)', command, args);
  await retryOnNetworkFailure(npmCi);
}

/** A fresh checkout makes package-lock.json newer without changing it. */
function installedIsLocked() {
  if (!fs.existsSync(INSTALLED)) return false;
  const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8')).packages;
  const installed = read(INSTALLED);
  return Object.entries(read(LOCK)).every(([name, locked]) => {
    if (name === '') return true;
    const found = installed[name];
    return found ? found.integrity === locked.integrity : locked.optional || locked.devOptional;
  });
}

const NETWORK_FAILURE =
  /ECONN|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET|socket hang up|network|E(429|5\d\d)\b/i;
const PAUSES_MS = [3_000, 10_000, 30_000];

async function retryOnNetworkFailure(attempt) {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await attempt();
    } catch (error) {
      if (!NETWORK_FAILURE.test(error.message)) throw error;
      console.log(`the network failed; once more in ${pauseMs / 1000} s`);
      await sleep(pauseMs);
    }
  }
  return attempt();
}

await main(async () => {
  checkNode();
  process.chdir(root);
  await installDependencies();
  await build();
  if (process.argv.includes('--fixtures')) await buildFixtures();
});
