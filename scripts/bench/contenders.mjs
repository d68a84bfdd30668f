// The two that JavaScript can choose between, under one signature.

import * as nodeChildProcess from 'node:child_process';
import { spawn } from 'autoreap';

export const CONTENDERS = { autoreap: spawn, child_process: nodeChildProcess.spawn };

/** The least that can be spawned, and asked for in the same words of every contender. */
export const PROGRAM = '/bin/true';
export const NOTHING = { stdio: 'ignore' };
