/**
 * Turns of the event loop and the clock, as they are when this is loaded. Fake timers (sinon, node:test)
 * replace them in their modules, and a child must end and time out under those too.
 */
import * as timers from 'node:timers';

export const { setImmediate } = timers;

const hrtime = process.hrtime.bigint.bind(process.hrtime);

export const nextTick = process.nextTick.bind(process);

/** CLOCK_MONOTONIC, as the addon has it. */
export const nowMs = (): number => Number(hrtime()) / 1e6;
