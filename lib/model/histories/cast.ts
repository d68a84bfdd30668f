// Who is on the stage in more than one story.
import { CLONE_AUTOREAP, CLONE_PIDFD, signals } from '../constants';
import type { SceneStep } from './history';
import type { Stage } from './stage';

/** The first descriptor that is free. */
export const PIDFD = 3;

/** An application, which catches SIGCHLD when it comes. */
export function startApp(stage: Stage): void {
  const app = stage.enter('app', stage.who('init').fork());
  app.rtSigaction(signals.SIGCHLD, { handler: 'catch' });
}

/** A worker of it that the kernel is to reap, and a descriptor for that. */
export function startWorker(stage: Stage): void {
  const born = stage.who('app').clone3({ flags: CLONE_AUTOREAP + CLONE_PIDFD, pidfd: {} });
  stage.enter('worker', born);
}

/** How a scene with these two begins. */
export const worker = (say: string): SceneStep => ({
  say,
  do: (stage) => {
    stage.quietly(() => startApp(stage));
    startWorker(stage);
  },
});
