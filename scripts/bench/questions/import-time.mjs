// How long does the first import take, in a fresh process?

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { takeTurns } from '../rounds.mjs';

export const question = 'how long does it take to import?';

export const contenders = ['autoreap', 'drop-in', 'node-20', 'execa', 'nano-spawn', 'tinyexec'];

export const names = {
  autoreap: 'autoreap',
  'drop-in': 'autoreap/child_process',
  'node-20': 'child_process',
};

export const metrics = { took: { title: 'the first import', unit: 'ms' } };

export const charts = [{ metric: 'took', kind: 'dots' }];

const PROGRAM = fileURLToPath(new URL('../javascript/import-time.mjs', import.meta.url));
const BLOCK = 5;

export function ask({ present, quick, folders }) {
  const arms = present.map((contender) => ({
    contender,
    async measure() {
      const took = [];
      for (let i = 0; i < BLOCK; i++) {
        const args = [PROGRAM, contender.api, folders.libraries];
        const { stdout } = await promisify(execFile)(folders.node, args);
        took.push(Number(stdout));
      }
      return [{ samples: { took } }];
    },
  }));
  return takeTurns('import-time', arms, { rounds: quick ? 3 : 9, warmUp: true });
}

export const judge = () => [];
